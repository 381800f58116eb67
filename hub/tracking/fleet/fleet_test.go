package fleet_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/fleet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at is a fix of a device, so many seconds after a beginning.
func at(begin time.Time, device int64, seconds float64) fix.Fix {
	when := begin.Add(time.Duration(seconds * float64(time.Second))).Truncate(time.Millisecond)
	return fix.Fix{
		Device: device, Technician: fmt.Sprintf("T-%d", device), Name: "Ève", Group: "Nord", Lat: 45 + seconds/1e5, Lon: -73.5,
		SpeedKmh: 30, Course: 12, Accuracy: 5, Battery: 80, At: when, Heard: when,
	}
}

// run has a fleet run until the test, or stop, ends it.
func run(t testing.TB, f *fleet.Fleet) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// witness makes sure that nobody who watches sees a device go back in time.
type witness struct {
	mu   sync.Mutex
	last map[int64]fix.Fix
	back int
	told int
}

func (w *witness) saw(changed []fix.Fix) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, x := range changed {
		w.told++
		if was, known := w.last[x.Device]; known && !x.Newer(was) {
			w.back++
		}
		w.last[x.Device] = x
	}
}

// TestTake takes fixes in any order, several times, from several sides at once:
// the newest of each device is what remains, and what was told last.
func TestTake(t *testing.T) {
	t.Parallel()
	begin := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	rapid.Check(t, func(t *rapid.T) {
		type said struct {
			Device int64
			Second int
		}
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) said {
			return said{rapid.Int64Range(1, 5).Draw(t, "device"), rapid.IntRange(0, 50).Draw(t, "second")}
		}), 1, 100).Draw(t, "fixes")
		f := fleet.New(fleet.Deps{})
		w := &witness{last: map[int64]fix.Fix{}}
		f.Watch(w.saw)
		var sides sync.WaitGroup
		for side := range 3 {
			sides.Go(func() {
				for i := range all {
					s := all[(i+side*7)%len(all)]
					f.Take(at(begin, s.Device, float64(s.Second)), at(begin, s.Device, float64(s.Second)-0.5))
				}
			})
		}
		sides.Wait()
		want := map[int64]fix.Fix{}
		for _, s := range all {
			if x := at(begin, s.Device, float64(s.Second)); x.Newer(want[s.Device]) {
				want[s.Device] = x
			}
		}
		got := map[int64]fix.Fix{}
		for _, x := range f.All() {
			got[x.Device] = x
			if his, carries := f.Of(x.Technician); !carries || his != x {
				t.Fatalf("%s is at %+v, %v", x.Technician, his, carries)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || w.back > 0 {
			t.Fatalf("%d went back; -newest +known:\n%s", w.back, diff)
		}
		if diff := cmp.Diff(want, w.last); diff != "" {
			t.Fatalf("-newest +told:\n%s", diff)
		}
	})
}

// TestSeveralDevices says where somebody is by the newest fix of his devices, also
// when one of them becomes another's.
func TestSeveralDevices(t *testing.T) {
	t.Parallel()
	begin := time.Now().UTC().Add(-time.Minute)
	f := fleet.New(fleet.Deps{})
	mine := func(device int64, seconds float64, technician string) fix.Fix {
		x := at(begin, device, seconds)
		x.Technician = technician
		return x
	}
	is := func(technician string, want int64) {
		t.Helper()
		if x, _ := f.Of(technician); x.Device != want {
			t.Errorf("%s is where device %d is, not %d", technician, x.Device, want)
		}
	}
	f.Take(mine(1, 1, "A"), mine(2, 2, "A"))
	is("A", 2)
	f.Take(mine(1, 3, "A"))
	is("A", 1)
	f.Take(mine(1, 4, "B"))
	is("A", 2)
	is("B", 1)
	f.Take(mine(1, 5, ""))
	is("B", 0)
	is("", 0)
	if got := f.Take(mine(2, 2, "A"), mine(1, 4, "B")); len(got) != 0 || len(f.All()) != 2 {
		t.Errorf("repeated, they changed %v", got)
	}
}

// TestCrowd bounds what is known; technicians go before strangers.
func TestCrowd(t *testing.T) {
	t.Parallel()
	begin := time.Now().UTC().Add(-time.Minute)
	f := fleet.New(fleet.Deps{Most: 100})
	burst := make([]fix.Fix, 0, 10_000)
	for device := range int64(10_000) {
		x := at(begin, device+1, 1)
		x.Technician = ""
		burst = append(burst, x)
	}
	if got := f.Take(burst...); len(got) != 100 || len(f.All()) != 100 {
		t.Errorf("%d were taken, %d are known", len(got), len(f.All()))
	}
	if got := f.Take(at(begin, 20_000, 1)); len(got) != 1 || len(f.All()) != 100 {
		t.Errorf("a technician had no room: %v", got)
	}
	if got := f.Take(at(begin, 30_000, -fix.Oldest.Seconds())); len(got) != 0 {
		t.Errorf("of yesterday: %v", got)
	}
}

// TestRestart knows after a restart what it knew before, however much that was.
func TestRestart(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	begin := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Minute)
	before := fleet.New(fleet.Deps{Store: store})
	stop := run(t, before)
	fixes := make([]fix.Fix, 0, 2500)
	for device := range int64(2500) {
		x := at(begin, device+1, 1)
		x.Duplicate, x.Name = device%2 == 0, strings.Repeat("É", 140)
		fixes = append(fixes, x)
	}
	before.Take(fixes...)
	stop()
	if _, _, err := store.Value(t.Context(), "tracking:last:1"); err != nil {
		t.Errorf("it all fits into one value: %v", err)
	}
	after := fleet.New(fleet.Deps{Store: store})
	w := &witness{last: map[int64]fix.Fix{}}
	after.Watch(w.saw)
	run(t, after)
	hubtest.Await(t, "everything is known again", func() bool { return len(after.All()) == len(fixes) })
	if diff := cmp.Diff(fixes, after.All()); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
}
