package trace_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/trace"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func begun(t *testing.T, tr *trace.Trace, want bool) {
	t.Helper()
	if got, err := tr.Begun(t.Context(), "m1"); err != nil || got != want {
		t.Fatalf("begun is %v, %v; want %v", got, err, want)
	}
}

func TestOneHandingAtATime(t *testing.T) {
	t.Parallel()
	tr := trace.New(hubtest.Store(t))
	begun(t, tr, false)
	must(t, tr.Begin(t.Context(), "m1", 1))
	begun(t, tr, true)
	if err := tr.Begin(t.Context(), "m1", 2); !hub.IsKind(err, hub.Conflict) {
		t.Errorf("a second try may begin: %v", err)
	}
	must(t, tr.Retract(t.Context(), "m1", 2)) // of another try: nothing
	begun(t, tr, true)
	must(t, tr.Retract(t.Context(), "m1", 1))
	begun(t, tr, false)
	must(t, tr.Begin(t.Context(), "m1", 3))
	must(t, tr.Permit(t.Context(), "m1", 3))
	begun(t, tr, false)
	must(t, tr.Permit(t.Context(), "m1", 3)) // nothing to permit
	must(t, tr.Begin(t.Context(), "m1", 4))
	if err := tr.Permit(t.Context(), "m1", 3); !hub.IsKind(err, hub.Conflict) {
		t.Errorf("who knew of try 3 only may permit after try 4: %v", err)
	}
	begun(t, tr, true)
}

// Of many who begin at the same instant one does.
func TestBeginIsWonOnce(t *testing.T) {
	t.Parallel()
	tr := trace.New(hubtest.Store(t))
	var won atomic.Int32
	var all sync.WaitGroup
	for fence := range 8 {
		all.Go(func() {
			if err := tr.Begin(t.Context(), "m1", int64(fence)); err == nil {
				won.Add(1)
			} else if !hub.IsKind(err, hub.Conflict) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d have begun", won.Load())
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	tr := trace.New(hubtest.Store(t))
	must(t, tr.Known(t.Context(), "SM1", "m1"))
	must(t, tr.Known(t.Context(), "", "m2"))
	if id, err := tr.Find(t.Context(), "SM1"); id != "m1" || err != nil {
		t.Errorf("%q %v", id, err)
	}
	for _, unknown := range []string{"", "SM2"} {
		if _, err := tr.Find(t.Context(), unknown); !errors.Is(err, keep.ErrNotFound) {
			t.Errorf("%q: %v", unknown, err)
		}
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	tr := trace.New(hubtest.Store(t))
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			end, err := tr.Turn(t.Context(), "m1")
			if err != nil {
				t.Error(err)
				return
			}
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			inside.Add(-1)
			end()
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d at a time", most.Load())
	}
	end, err := tr.Turn(t.Context(), "m1")
	must(t, err)
	other, err := tr.Turn(t.Context(), "m2")
	must(t, err)
	other()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tr.Turn(ctx, "m1"); err == nil {
		t.Error("a turn was had twice")
	}
	end()
	again, err := tr.Turn(t.Context(), "m1")
	must(t, err)
	again()
}

func TestAfterARestore(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	tr := trace.New(store)
	restored := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	story := keep.Job{ID: "m1", Dedupe: "accept:1", Created: restored.Add(-time.Hour)}
	doubt := func(job keep.Job, want bool) {
		t.Helper()
		if got, err := tr.Doubtful(t.Context(), job); err != nil || got != want {
			t.Errorf("%+v is doubtful: %v, %v", job, got, err)
		}
	}
	doubt(story, false)
	letGo := func(want bool) {
		t.Helper()
		if got, err := tr.LetGo(t.Context(), "m1"); err != nil || got != want {
			t.Errorf("let go: %v, %v", got, err)
		}
	}
	letGo(false)
	defer letGo(true)
	must(t, tr.Released(t.Context(), "m1")) // says nothing about a later restore
	put := func(at time.Time) {
		_, err := store.Swap(t.Context(), "outbox:restored", keep.AnyVersion, []byte(at.Format(time.RFC3339)), time.Hour)
		must(t, err)
	}
	put(restored)
	doubt(story, true)
	doubt(keep.Job{ID: "m2", Dedupe: "accept:2", Created: restored.Add(23 * time.Hour)}, true)
	doubt(keep.Job{ID: "m3", Dedupe: "accept:3", Created: restored.Add(25 * time.Hour)}, false)
	doubt(keep.Job{ID: "m4", Created: restored.Add(-time.Hour)}, false)
	must(t, tr.Released(t.Context(), "m1"))
	doubt(story, false)
	put(restored.Add(time.Hour))
	doubt(story, true)
}
