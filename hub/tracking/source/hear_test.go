package source_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/fleet"
	"gigafibre.ca/targo-hub/hub/tracking/source"
)

// world is a source that leads, with a fleet behind and a test before it.
type world struct {
	t      *testing.T
	crew   *crew
	stream *stream
	fleet  *fleet.Fleet
	source *source.Source
	reg    *prometheus.Registry
	begin  time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		t: t, crew: &crew{off: map[string]bool{}}, stream: &stream{state: "connected", said: make(chan traccar.Frame)},
		fleet: fleet.New(fleet.Deps{}), reg: prometheus.NewRegistry(), begin: time.Now().Truncate(time.Millisecond).Add(-time.Minute),
	}
	w.source = source.New(source.Deps{
		Upstream: w.stream, Crew: w.crew, Fleet: w.fleet, Store: hubtest.Store(t), Most: 50, Metrics: w.reg,
	})
	start(t, w.source.Run)
	hubtest.Await(t, "it leads", w.source.Lead)
	return w
}

// at is a position of a device, so many seconds after the beginning.
func (w *world) at(device int64, second int) traccar.Position {
	when := w.begin.Add(time.Duration(second) * time.Second)
	return traccar.Position{
		DeviceID: device, FixedAt: when, ReceivedAt: when, Valid: true, Latitude: 45.5, Longitude: -73.5 + float64(second)/1000,
		SpeedKmh: 40, Attributes: map[string]json.RawMessage{"batteryLevel": []byte("81.5")},
	}
}

// whose are the technicians by device.
func (w *world) whose() map[int64]string {
	m := map[int64]string{}
	for _, x := range w.fleet.All() {
		m[x.Device] = x.Technician
	}
	return m
}

func (w *world) counted(outcome string) float64 {
	w.t.Helper()
	families, err := w.reg.Gather()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "targo_tracking_fixes_total" && m.GetLabel()[0].GetValue() == outcome {
				return m.GetCounter().GetValue()
			}
		}
	}
	w.t.Fatalf("nothing counts %s", outcome)
	return 0
}

// TestWhose finds out whose device it is by its number, or by what it calls itself;
// what is heard before that is known waits, and what changes hands is told anew.
func TestWhose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stream.said <- traccar.Frame{Snapshot: true, Devices: []traccar.Device{{ID: 1, UniqueID: "van-1", Name: "Van 1"}, {ID: 2, UniqueID: "van-2"}, {ID: 3, Name: "Van 3"}},
		Positions: []traccar.Position{w.at(1, 1), w.at(2, 1), w.at(3, 1)}}
	w.stream.said <- traccar.Frame{}
	if known := w.fleet.All(); len(known) != 0 {
		t.Errorf("known before anybody knows whose it is: %v", known)
	}
	w.crew.is(map[string]string{"T-1": " 1 ", "T-2": "van-2"})
	hubtest.Await(t, "what waited is known", func() bool { return cmp.Equal(w.whose(), map[int64]string{1: "T-1", 2: "T-2", 3: ""}) })
	x, _ := w.fleet.Of("T-1")
	want := fix.Fix{
		Device: 1, Technician: "T-1", Name: "Ève T-1", Group: "Nord", Lat: 45.5, Lon: -73.499, SpeedKmh: 40, Battery: 81.5,
		At: w.begin.Add(time.Second).UTC(), Heard: w.begin.Add(time.Second).UTC(),
	}
	if diff := cmp.Diff(want, x); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	w.crew.is(map[string]string{"T-1": "1,van-2", "T-3": "3"})
	hubtest.Await(t, "devices changed hands", func() bool { return cmp.Equal(w.whose(), map[int64]string{1: "T-1", 2: "T-1", 3: "T-3"}) })
	hubtest.Await(t, "both of one technician are marked", func() bool {
		x, _ := w.fleet.Of("T-1")
		return x.Duplicate
	})
	w.stream.said <- traccar.Frame{Positions: []traccar.Position{w.at(3, 1), w.at(3, 2)}}
	hubtest.Await(t, "the next fix overtakes", func() bool {
		x, _ := w.fleet.Of("T-3")
		return x.At.Equal(w.begin.Add(2*time.Second)) && !x.Duplicate
	})
	w.crew.mu.Lock()
	w.crew.off["T-4"] = true
	w.crew.mu.Unlock()
	w.crew.is(map[string]string{"T-1": "1", "T-4": "van-2", "T-3": "3"})
	w.stream.said <- traccar.Frame{Positions: []traccar.Position{w.at(2, 9)}}
	hubtest.Await(t, "it is refused", func() bool { return w.counted("off-shift") > 0 })
	if x, is := w.fleet.Of("T-4"); is {
		t.Errorf("somebody off shift is at %+v", x)
	}
}

// TestTwoSources hears each position by the stream and, before or after, from the
// forwarder: it counts once.
func TestTwoSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew.is(map[string]string{"T-1": "van-1"})
	forwarded := func(second int) string {
		p := w.at(1, second)
		p.DeviceID = 0
		return w.source.Forwarded(traccar.Forwarded{Position: &p, Device: traccar.Device{ID: 1, UniqueID: "van-1"}})
	}
	if got := forwarded(1); got != source.Taken {
		t.Errorf("the first is %s", got)
	}
	w.stream.said <- traccar.Frame{Positions: []traccar.Position{w.at(1, 1), w.at(1, 2)}}
	hubtest.Await(t, "the next is taken", func() bool { return w.counted("taken") == 2 })
	for _, second := range []int{2, 1, 0} {
		if got := forwarded(second); got != source.Passed {
			t.Errorf("%d again is %s", second, got)
		}
	}
	if got := w.counted("repeated"); got != 4 {
		t.Errorf("repeated: %v", got)
	}
	if got := w.source.Forwarded(traccar.Forwarded{Device: traccar.Device{ID: 1}, Event: &traccar.Event{}}); got != source.Passed {
		t.Errorf("an event is %s", got)
	}
	w.source.Forwarded(traccar.Forwarded{Device: traccar.Device{ID: 1, Name: "Van"}, Event: &traccar.Event{}}) // without what it calls itself
	w.stream.said <- traccar.Frame{Positions: []traccar.Position{w.at(1, 3)}}
	hubtest.Await(t, "it is still his", func() bool { x, _ := w.fleet.Of("T-1"); return x.At.Equal(w.begin.Add(3 * time.Second)) })
	bad := w.at(1, 4)
	bad.Valid = false
	if got := w.source.Forwarded(traccar.Forwarded{Position: &bad}); got != source.Refused {
		t.Errorf("one that is not valid is %s", got)
	}
}

// TestNonsense is counted by reason, and changes nothing.
func TestNonsense(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew.is(map[string]string{"T-1": "1"})
	bad := make([]traccar.Position, 6)
	for i := range bad {
		bad[i] = w.at(1, 1)
	}
	bad[0].Latitude = math.NaN()
	bad[1].Latitude, bad[1].Longitude = 0, 0
	bad[2].FixedAt = time.Now().Add(time.Hour)
	bad[3].FixedAt = time.Now().Add(-25 * time.Hour)
	bad[4].Longitude = 999
	bad[5].Valid = false
	w.stream.said <- traccar.Frame{Dropped: 3, Positions: bad}
	w.stream.said <- traccar.Frame{}
	for outcome, want := range map[string]float64{
		"not-a-number": 1, "null-island": 1, "future": 1, "too-old": 1, "out-of-range": 1, "invalid": 1, "unreadable": 3, "taken": 0,
	} {
		if got := w.counted(outcome); got != want {
			t.Errorf("%s: %v", outcome, got)
		}
	}
	if known := w.fleet.All(); len(known) != 0 {
		t.Errorf("known: %v", known)
	}
}

// TestBurst bounds what is remembered of devices nobody knows.
func TestBurst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	burst := traccar.Frame{Snapshot: true}
	for device := range int64(10_000) {
		burst.Devices = append(burst.Devices, traccar.Device{ID: device + 1})
		burst.Positions = append(burst.Positions, w.at(device+1, 1))
	}
	w.stream.said <- burst
	w.stream.said <- traccar.Frame{}
	w.crew.is(map[string]string{"T-1": "9000"})
	hubtest.Await(t, "as many as may wait are known", func() bool { return len(w.fleet.All()) == 50 })
}

// TestOneByOne hears of ten thousand devices one after the other, which costs each no
// more than the first.
func TestOneByOne(t *testing.T) {
	t.Parallel()
	f, c := fleet.New(fleet.Deps{}), &crew{off: map[string]bool{}}
	c.is(map[string]string{"T-1": "9000"})
	s := source.New(source.Deps{Crew: c, Fleet: f, Store: hubtest.Store(t)})
	w := &world{t: t, begin: time.Now().Truncate(time.Millisecond).Add(-time.Minute)}
	asked := c.asked.Load()
	for device := range int64(10_000) {
		p := w.at(device+1, 1)
		s.Forwarded(traccar.Forwarded{Device: traccar.Device{ID: device + 1, UniqueID: fmt.Sprint("van-", device)}, Position: &p})
	}
	if x, is := f.Of("T-1"); !is || x.Device != 9000 || len(f.All()) != 10_000 {
		t.Errorf("%d are known; T-1 is at %+v", len(f.All()), x)
	}
	if n := c.asked.Load() - asked; n > 1 {
		t.Errorf("the technicians were gone through %d times", n)
	}
}

// TestRestart leaves the last positions with whom they were until Traccar has said
// what its devices call themselves.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	x, err := fix.Check(fix.Fix{Device: 2, Technician: "T-2", Name: "Ève T-2", Lat: 45, Lon: -73, At: w.begin, Heard: w.begin}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w.fleet.Take(x)
	w.crew.is(map[string]string{"T-1": "1", "T-2": "van-2"})
	w.stream.said <- traccar.Frame{Devices: []traccar.Device{{ID: 1}}, Positions: []traccar.Position{w.at(1, 1)}}
	hubtest.Await(t, "the crew is known", func() bool { return w.whose()[1] == "T-1" })
	if got, _ := w.fleet.Of("T-2"); got != x {
		t.Errorf("T-2 is at %+v", got)
	}
	w.stream.said <- traccar.Frame{Snapshot: true, Devices: []traccar.Device{{ID: 1}, {ID: 2, UniqueID: "van-9", Name: "Van"}}}
	hubtest.Await(t, "it is not his", func() bool { return w.whose()[2] == "" })
}

// TestFullOfDevices learns those that there are when it is full of those that there
// were.
func TestFullOfDevices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.crew.is(map[string]string{"T-1": "van-1000"})
	for from := int64(1); from <= 1000; from += 50 {
		f := traccar.Frame{Snapshot: true, Devices: []traccar.Device{}}
		for id := from; id < from+50; id++ {
			f.Devices = append(f.Devices, traccar.Device{ID: id, UniqueID: fmt.Sprintf("van-%d", id)})
		}
		w.stream.said <- f
	}
	w.stream.said <- traccar.Frame{Positions: []traccar.Position{w.at(1000, 1)}}
	hubtest.Await(t, "it is his", func() bool { return w.whose()[1000] == "T-1" })
}
