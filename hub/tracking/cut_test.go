package tracking_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// place is where a device truly is.
type place struct {
	lat, lon float64
	at       time.Time
}

func (w *world) truth() map[int64]place {
	truth := map[int64]place{}
	for device, p := range w.trucks.Truth() {
		truth[device] = place{micro(p.Lat), micro(p.Lon), p.At.UTC()}
	}
	return truth
}

// micro rounds as positions are shown.
func micro(degrees float64) float64 { return math.Round(degrees*1e6) / 1e6 }

const both = 2 // parities

// traffic moves the trucks: up to a thousand fixes a second, now and then one that is
// late or says two things of one instant, some are forwarded to the hub as well, the
// late ones always, and at any time half of the trucks stand still, so that what they said last is not overtaken by what
// they say next.
type traffic struct {
	parked atomic.Int64 // trucks whose number is of this parity, when it is 0 or 1; all when it is both
	moved  atomic.Int64
	hub    atomic.Pointer[replica] // hears some fixes from the forwarder, too
}

func (tr *traffic) run(ctx context.Context, t testing.TB, w *world) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	last := make([]time.Time, crew+1)
	for n := int64(0); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for range 2 {
			n++
			device := n%crew + 1
			now := time.Now().UTC().Truncate(time.Millisecond)
			if parked := tr.parked.Load(); parked == both || device%2 == parked || !now.After(last[device]) {
				continue
			}
			f := traccarsim.Fix{Device: device, Lat: 45 + rand.Float64(), Lon: -74 + rand.Float64(), SpeedKmh: 50 * rand.Float64(), At: now}
			late := rand.IntN(20) == 0
			if late {
				f.At = f.At.Add(-time.Duration(1+rand.IntN(5000)) * time.Millisecond)
			} else {
				last[device] = now
			}
			if hub := tr.hub.Load(); hub != nil && (late || rand.IntN(5) == 0) {
				hub.Forwarded(ctx, traccar.Forwarded{Device: traccar.Device{ID: device}, Position: &traccar.Position{
					DeviceID: device, FixedAt: f.At, ReceivedAt: now, Valid: true, Latitude: f.Lat, Longitude: f.Lon, SpeedKmh: f.SpeedKmh,
				}})
			}
			moves := []traccarsim.Fix{f}
			if rand.IntN(8) == 0 {
				f.Lat += 0.01
				moves = append(moves, f)
			}
			if err := w.trucks.Move(moves...); err != nil {
				t.Error(err)
				return
			}
			tr.moved.Add(1)
		}
	}
}

// TestCutAHundredTimes cuts the live connection to Traccar a hundred times at random
// while trucks drive: it breaks off, Traccar restarts, falls silent, speaks
// nonsense, ends the token, answers with a page. Within two seconds of each
// reconnect every screen shows every truck where it truly is; no truck is ever
// missing, none goes back in time, and never is there a second connection.
func TestCutAHundredTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var tr traffic
	tr.parked.Store(-1)
	driving, park := context.WithCancel(context.Background())
	var trucks sync.WaitGroup
	trucks.Go(func() { tr.run(driving, t, w) })
	var lost stolen
	trucks.Go(func() { lost.measure(driving) })
	defer func() { park(); trucks.Wait() }()
	hubtest.Await(t, "every truck has been heard", func() bool { return len(w.truth()) == crew })
	hub := w.open(t, func(cfg *tracking.Config, d *tracking.Deps) {
		cfg.Tick, d.Traccar = 50*time.Millisecond, w.traccar(250*time.Millisecond)
	})
	tr.hub.Store(hub)
	hubtest.Await(t, "it is connected", func() bool { open, _ := w.trucks.Sockets(); return open == 1 })
	screens := make([]*screen, 6)
	for i := range screens {
		screens[i] = watch(t, hub, []string{"stream", "ws"}[i%2])
	}
	began := w.truth()
	hubtest.Await(t, "every screen shows every truck", func() bool {
		return !slices.ContainsFunc(screens, func(s *screen) bool { return s.behind(began, false) != "" })
	})
	for n := range 100 {
		_, ever := w.trucks.Sockets()
		w.cut(n)
		hubtest.Await(t, "it is connected again", func() bool { open, now := w.trucks.Sockets(); return open == 1 && now > ever })
		tr.parked.Store(int64(rand.IntN(2)))
		if truth := w.truth(); n%25 == 24 {
			converge(t, screens, truth, &lost)
		}
		<-time.After(time.Duration(rand.IntN(20)) * time.Millisecond)
	}
	tr.parked.Store(both)
	hubtest.Await(t, "every screen shows the very truth", func() bool {
		return !slices.ContainsFunc(screens, func(s *screen) bool { return s.behind(w.truth(), true) != "" })
	})
	park()
	trucks.Wait()
	late(t, w, hub)
	if _, ever := w.trucks.Sockets(); w.trucks.Peak() != 1 || ever < 101 {
		t.Errorf("%d connections were open at once, %d in all", w.trucks.Peak(), ever)
	}
	for _, s := range screens {
		for _, wrong := range s.complaints() {
			t.Errorf("%s: %s", s.kind, wrong)
		}
	}
	t.Logf("%d fixes", tr.moved.Load())
}

// late has the forwarder come with what is old, and makes sure that the list stays as
// it is.
func late(t *testing.T, w *world, hub *replica) {
	t.Helper()
	truth, list := w.truth(), &screen{kind: "list", shown: map[int64]fix.View{}}
	for device, p := range truth {
		old := traccar.Position{DeviceID: device, FixedAt: p.at.Add(-time.Second), ReceivedAt: time.Now(), Valid: true, Latitude: 45, Longitude: -73}
		if got := hub.Forwarded(t.Context(), traccar.Forwarded{Device: traccar.Device{ID: device}, Position: &old}); got != "passed" {
			t.Errorf("of what is a second old was %s", got)
		}
	}
	for _, v := range hub.positions(t, "").Items {
		list.shown[v.Device] = v
	}
	if behind := list.behind(truth, true); behind != "" {
		t.Error(behind)
	}
}

// cut ends the live connection in one of the ways in which that happens.
func (w *world) cut(n int) {
	switch {
	case n%33 == 7:
		w.trucks.Hush()
	case n%5 == 1:
		w.trucks.Restart()
	case n%10 == 2:
		w.trucks.Expire()
		w.trucks.Cut()
		time.AfterFunc(10*time.Millisecond, func() { w.trucks.Renew("traccar-sim-token") })
	case n%10 == 4:
		for range 30 {
			w.trucks.Say(`{"positions":[{"deviceId":1,"latitude":"NaN"`)
		}
		w.trucks.Cut()
	default:
		w.trucks.Cut()
	}
}

// converge waits until all screens show the truth, for two seconds of the hub's time.
func converge(t *testing.T, screens []*screen, truth map[int64]place, lost *stolen) {
	t.Helper()
	began, before := time.Now(), lost.Load()
	for _, s := range screens {
		for {
			behind := s.behind(truth, false)
			if behind == "" {
				break
			}
			if time.Since(began)-time.Duration(lost.Load()-before) > 2*time.Second {
				t.Fatalf("two seconds after the reconnect: %s", behind)
			}
			<-time.After(2 * time.Millisecond)
		}
	}
}

// stolen is the time that this process would have worked in if the machine had let it.
type stolen struct{ atomic.Int64 }

func (s *stolen) measure(ctx context.Context) {
	const beat = 5 * time.Millisecond
	for ctx.Err() == nil {
		began := time.Now()
		<-time.After(beat)
		s.Add(int64(max(time.Since(began)-beat, 0)))
	}
}
