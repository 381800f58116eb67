package shelf_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/hub/gateway/shelf"
)

type world struct{ one, all atomic.Uint64 }

func (w *world) stamp() shelf.Stamp { return shelf.StampOf(&w.one, &w.all) }

func TestShelf(t *testing.T) {
	t.Parallel()
	var w world
	s := shelf.New(1<<20, time.Hour)
	defer s.Close()
	key := shelf.Key{URI: "/a"}
	put := func(stamp shelf.Stamp) {
		s.Put(key, shelf.NewAnswer(http.Header{}, []byte("x")).Keepable(time.Now(), stamp))
	}
	put(w.stamp())
	if s.Get(key) == nil || s.Get(shelf.Key{URI: "/a", Lang: "en"}) != nil || s.Get(shelf.Key{URI: "/a", Class: &w}) != nil {
		t.Error("keys are mixed up")
	}
	for name, change := range map[string]func(){"of it": func() { w.one.Add(1) }, "of everything": func() { w.all.Add(1) }} {
		put(w.stamp())
		old := w.stamp()
		if change(); s.Get(key) != nil {
			t.Errorf("kept after news %s", name)
		}
		if put(old); s.Get(key) != nil {
			t.Errorf("an answer from before news %s is kept", name)
		}
	}
	put(w.stamp())
	if s.Drop(key); s.Get(key) != nil {
		t.Error("kept though dropped")
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	body := []byte(strings.Repeat("fibre ", 500))
	a := shelf.NewAnswer(http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body).Keepable(time.Now(), shelf.Stamp{})
	copy(body, "XXXXX") // the reader's buffer goes on to serve others
	if string(a.Body[:5]) != "fibre" || a.Type[0] != "application/json; charset=utf-8" || a.Packed == nil || len(a.Packed) >= len(a.Body) || a.ETag[0] == a.PackedETag[0] {
		t.Errorf("%+v", a)
	}
	if short := shelf.NewAnswer(http.Header{}, []byte("{}")).Keepable(time.Now(), shelf.Stamp{}); short.Packed != nil || short.Type[0] != "application/json" {
		t.Errorf("%+v", short)
	}
}

// TestContextOfAFlight ends with the budget, or with the last who leaves.
func TestContextOfAFlight(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, waits := range []bool{false, true} { // on Done, or only asked by Err
			var w world
			flights := shelf.NewFlights()
			caller, leave := context.WithCancel(t.Context())
			flight, lead := flights.Join(shelf.Key{}, w.stamp())
			ctx, release := flight.Context(caller, time.Minute)
			if _, lead2 := flights.Join(shelf.Key{}, w.stamp()); !lead || lead2 || flight.Alone() {
				t.Fatal("two lead, or none")
			}
			if waits {
				_ = ctx.Done()
			}
			leave()
			synctest.Wait()
			if ctx.Err() != nil || flights.Waiting() != 1 {
				t.Errorf("one left, one waits: %v, %d", ctx.Err(), flights.Waiting())
			}
			flight.Leave()
			synctest.Wait()
			if ctx.Err() != context.Canceled || flights.Waiting() != 0 {
				t.Errorf("all left: %v, %d", ctx.Err(), flights.Waiting())
			}
			<-ctx.Done()
			release()
			if fresh, lead := flights.Join(shelf.Key{}, w.stamp()); !lead || fresh == flight {
				t.Error("a call that was given up is joined")
			}
		}
		var w world
		flight, _ := shelf.NewFlights().Join(shelf.Key{}, w.stamp())
		ctx, release := flight.Context(t.Context(), time.Minute)
		defer release()
		time.Sleep(time.Minute + time.Second)
		if ctx.Err() != context.DeadlineExceeded {
			t.Errorf("after its budget: %v", ctx.Err())
		}
		if !flight.Alone() {
			t.Error("somebody joined")
		}
	})
}

// The library panics over a context that is done without saying why, in a
// goroutine of its own: that would be the end of the process.
func TestAReleasedCallSaysThatItIsOver(t *testing.T) {
	t.Parallel()
	for _, waits := range []bool{false, true} {
		var w world
		flights := shelf.NewFlights()
		flight, _ := flights.Join(shelf.Key{}, w.stamp())
		ctx, release := flight.Context(t.Context(), time.Minute)
		stop := func() bool { return true }
		if waits {
			stop = context.AfterFunc(ctx, func() {})
		}
		release()
		if <-ctx.Done(); ctx.Err() != context.Canceled {
			t.Errorf("waited %v: %v", waits, ctx.Err())
		}
		_ = stop()
	}
}

func TestAFlightFromBeforeAChangeIsNotJoined(t *testing.T) {
	t.Parallel()
	var w world
	flights := shelf.NewFlights()
	old, _ := flights.Join(shelf.Key{}, w.stamp())
	w.one.Add(1)
	fresh, lead := flights.Join(shelf.Key{}, w.stamp())
	if !lead || fresh == old {
		t.Fatal("joined")
	}
	old.Land(nil, nil)
	if again, lead := flights.Join(shelf.Key{}, w.stamp()); lead || again != fresh {
		t.Error("the end of the old one ended the new one")
	}
}
