package fleet_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/fleet"
)

// TestOneReplicaTellsTheOther at once.
func TestOneReplicaTellsTheOther(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	here, there := fleet.New(fleet.Deps{Store: store}), fleet.New(fleet.Deps{Store: store})
	run(t, here)
	run(t, there)
	begin := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Minute)
	here.Take(at(begin, 1, 1))
	hubtest.Await(t, "the other replica knows", func() bool { return len(there.All()) == 1 })
	there.Take(at(begin, 1, 2), at(begin, 2, 2))
	hubtest.Await(t, "the first one knows", func() bool { return cmp.Equal(here.All(), there.All()) && len(here.All()) == 2 })
	late := fleet.New(fleet.Deps{Store: store})
	run(t, late)
	hubtest.Await(t, "one that comes late knows", func() bool { return cmp.Equal(here.All(), late.All()) })
}

// TestRadioLosesMessages lets three replicas hear different fixes by a radio that
// loses a third of the messages and breaks off: soon after it got quiet all of
// them know the same, and none ever went back.
func TestRadioLosesMessages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		radio := newAir()
		radio.set(33, false)
		replicas, witnesses := make([]*fleet.Fleet, 3), make([]*witness, 3)
		for i := range replicas {
			replicas[i], witnesses[i] = fleet.New(fleet.Deps{Store: radio}), &witness{last: map[int64]fix.Fix{}}
			replicas[i].Watch(witnesses[i].saw)
			run(t, replicas[i])
		}
		begin := time.Now().UTC()
		want := map[int64]fix.Fix{}
		for step := range 600 {
			x := at(begin, int64(1+rand.IntN(40)), float64(step)/10-float64(rand.IntN(3)))
			replicas[rand.IntN(3)].Take(x)
			if x.Newer(want[x.Device]) {
				want[x.Device] = x
			}
			if step%200 == 100 {
				radio.set(33, true)
				time.Sleep(2 * time.Second)
				radio.set(33, false)
			}
			time.Sleep(100 * time.Millisecond)
		}
		radio.set(0, false)
		time.Sleep(25 * time.Second)
		synctest.Wait()
		for i, f := range replicas {
			got := map[int64]fix.Fix{}
			for _, x := range f.All() {
				got[x.Device] = x
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("replica %d: -truth +known:\n%s", i, diff)
			}
			if diff := cmp.Diff(want, witnesses[i].last); diff != "" || witnesses[i].back > 0 {
				t.Errorf("replica %d went back %d times; -truth +told:\n%s", i, witnesses[i].back, diff)
			}
		}
	})
}

// TestSameInstant: two replicas that heard different things of one instant agree, by
// Traccar's number where there is one.
func TestSameInstant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		radio := newAir()
		here, there := fleet.New(fleet.Deps{Store: radio}), fleet.New(fleet.Deps{Store: radio})
		run(t, here)
		run(t, there)
		time.Sleep(time.Second)
		begin := time.Now().UTC()
		for device, turns := range map[int64][2]int64{1: {8, 9}, 2: {9, 8}, 3: {0, 0}, 4: {0, 9}} {
			a, b := at(begin, device, 0), at(begin, device, 0)
			a.Turn, b.Turn = turns[0], turns[1]
			b.Lat++
			radio.set(100, false)
			here.Take(a, b, a)
			there.Take(b)
			time.Sleep(time.Second)
			radio.set(0, false)
		}
		time.Sleep(25 * time.Second)
		if diff := cmp.Diff(here.All(), there.All()); diff != "" {
			t.Errorf("-here +there:\n%s", diff)
		}
		for i, want := range []float64{46, 45, 46, 46} {
			if got := here.All()[i].Lat; got != want {
				t.Errorf("device %d is at %v", i+1, got)
			}
		}
	})
}

// TestAloneIsQuiet: who is alone tells nobody, and two that know the same do not
// tell it each other over and over.
func TestAloneIsQuiet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		radio := newAir()
		here := fleet.New(fleet.Deps{Store: radio})
		run(t, here)
		begin := time.Now().UTC()
		for step := range 300 {
			here.Take(at(begin, int64(1+step%30), float64(step)/10))
			time.Sleep(100 * time.Millisecond)
		}
		if said, _ := radio.traffic(); said > 5 {
			t.Errorf("alone, it said %d things in 30 s", said)
		}
		there := fleet.New(fleet.Deps{Store: radio})
		run(t, there)
		time.Sleep(5 * time.Second)
		if !cmp.Equal(here.All(), there.All()) || len(there.All()) != 30 {
			t.Errorf("after 5 s the second knows %d devices", len(there.All()))
		}
		_, before := radio.traffic()
		time.Sleep(5 * time.Minute)
		if _, after := radio.traffic(); after-before > 20_000 {
			t.Errorf("with nothing to say, they said %d bytes in five minutes", after-before)
		}
	})
}

// TestStoreAway goes on without its store, and writes when it is back.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		radio := newAir()
		radio.set(0, true)
		f := fleet.New(fleet.Deps{Store: radio})
		stop := run(t, f)
		begin := time.Now().UTC()
		f.Take(at(begin, 1, 0))
		time.Sleep(40 * time.Second)
		if len(f.All()) != 1 {
			t.Error("without a store it knows nothing")
		}
		radio.set(0, false)
		time.Sleep(40 * time.Second)
		if _, _, err := radio.Value(t.Context(), "tracking:last:0"); err != nil {
			t.Errorf("the store is back, and nothing was written: %v", err)
		}
		time.Sleep(fix.Oldest)
		if n := len(f.All()); n != 0 {
			t.Errorf("of yesterday %d devices are known", n)
		}
		stop()
	})
}
