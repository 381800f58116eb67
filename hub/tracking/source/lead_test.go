package source_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/tracking/fleet"
	"gigafibre.ca/targo-hub/hub/tracking/source"
)

// sockets counts how many streams are open at once.
type sockets struct {
	mu              sync.Mutex
	now, most, ever int
}

func (s *sockets) open(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now += n; n > 0 {
		s.ever++
	}
	s.most = max(s.most, s.now)
}

func (s *sockets) counted() (now, most, ever int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, s.most, s.ever
}

// replica is a source that shares a store and counts its socket.
func replica(store keep.Values, s *sockets) *source.Source {
	return source.New(source.Deps{
		Upstream: &stream{state: "connected", said: make(chan traccar.Frame), open: s.open}, Fleet: fleet.New(fleet.Deps{}), Store: store,
	})
}

// TestOneSocketForAllReplicas, whatever the store does: it is away, it loses
// answers, replicas come and go.
func TestOneSocketForAllReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, open := newShelf(), &sockets{}
		stops := make([]func(), 4)
		begin := func(i int) { stops[i] = start(t, replica(store, open).Run) }
		for i := range stops {
			begin(i)
		}
		for range 400 {
			time.Sleep(time.Duration(rand.IntN(4000)) * time.Millisecond)
			switch i := rand.IntN(len(stops)); rand.IntN(4) {
			case 0:
				stops[i]()
				begin(i)
			case 1:
				store.make(func() (bool, bool) { return rand.IntN(3) == 0, rand.IntN(3) == 0 })
			case 2:
				store.make(func() (bool, bool) { return true, false })
			default:
				store.make(func() (bool, bool) { return false, false })
			}
		}
		store.make(func() (bool, bool) { return false, false })
		time.Sleep(15 * time.Second)
		now, most, ever := open.counted()
		if now != 1 || most != 1 || ever < 5 {
			t.Errorf("%d sockets are open, at most %d were, %d in all", now, most, ever)
		}
		for _, stop := range stops {
			stop()
		}
		if now, _, _ = open.counted(); now != 0 {
			t.Errorf("%d sockets are open at the end", now)
		}
	})
}

// TestTakeOver goes on at once when the replica that leads stops, and after its
// turn when it was cut off. The other one knows how the stream is.
func TestTakeOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, open := newShelf(), &sockets{}
		first := replica(store, open)
		stop := start(t, first.Run)
		time.Sleep(time.Second)
		second := replica(store, open)
		start(t, second.Run)
		time.Sleep(2 * time.Second)
		if !first.Lead() || second.Lead() {
			t.Fatalf("the first leads: %v, the second: %v", first.Lead(), second.Lead())
		}
		if state, since := second.State(); state != "connected" || !since.Equal(noon) {
			t.Errorf("the second says %s since %v", state, since)
		}
		began := time.Now()
		stop()
		for !second.Lead() {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("taking over took %v", took)
		}
	})
}

// swamp is a store in which a writer gets stuck, whatever its context says.
type swamp struct {
	*shelf
	stuck atomic.Pointer[chan struct{}]
}

func (s *swamp) Swap(ctx context.Context, key string, version int64, bytes []byte, ttl time.Duration) (int64, error) {
	if stuck := s.stuck.Load(); stuck != nil {
		<-*stuck
	}
	return s.shelf.Swap(ctx, key, version, bytes, ttl)
}

// TestStandsStill does not count on a turn whose end has come while the store gives
// no answer at all.
func TestStandsStill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, open := &swamp{shelf: newShelf()}, &sockets{}
		first := replica(store, open)
		start(t, first.Run)
		time.Sleep(time.Second)
		stuck := make(chan struct{})
		store.stuck.Store(&stuck)
		time.Sleep(7 * time.Second)
		if now, _, _ := open.counted(); !first.Lead() || now != 1 {
			t.Errorf("its turn has ended early: %d sockets", now)
		}
		time.Sleep(5 * time.Second)
		if first.Lead() {
			t.Error("it leads when its turn is over")
		}
		store.stuck.Store(nil)
		close(stuck)
		time.Sleep(15 * time.Second)
		if now, most, _ := open.counted(); !first.Lead() || now != 1 || most != 1 {
			t.Errorf("the store is back: %d sockets, %d at once", now, most)
		}
	})
}

// TestTakeOverOnAStore is the same on the store that there is.
func TestTakeOverOnAStore(t *testing.T) {
	t.Parallel()
	store, open := hubtest.Store(t), &sockets{}
	first, second := replica(store, open), replica(store, open)
	stop := start(t, first.Run)
	hubtest.Await(t, "the first leads", first.Lead)
	start(t, second.Run)
	hubtest.Await(t, "the second knows how the stream is", func() bool { state, _ := second.State(); return state == "connected" })
	stop()
	hubtest.Await(t, "the second leads", second.Lead)
	if _, most, ever := open.counted(); most != 1 || ever != 2 {
		t.Errorf("at most %d sockets were open, %d in all", most, ever)
	}
}
