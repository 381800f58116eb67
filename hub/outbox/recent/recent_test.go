package recent_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/recent"
)

type shelf map[string]bool // id: whether it counts

func (s shelf) read(id string) (keep.Job, bool, error) {
	counts, there := s[id]
	if !there {
		return keep.Job{}, false, keep.ErrNotFound
	}
	return keep.Job{ID: id}, counts, nil
}

func TestSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := recent.New(hubtest.Store(t))
		stored := shelf{}
		said := func(id, want string) {
			t.Helper()
			job, before, err := memory.Said(t.Context(), "hello ann", id, stored.read)
			if err != nil || before != (want != "") || job.ID != want && want != "" {
				t.Errorf("%s: %+v %v %v, want %q", id, job, before, err, want)
			}
		}
		said("m1", "")
		stored["m1"] = true
		said("m2", "m1")
		stored["m1"] = false // cancelled
		said("m3", "")
		stored["m3"] = true
		said("m4", "m3")
		delete(stored, "m3") // its call never stored it
		start := time.Now()
		said("m5", "")
		if waited := time.Since(start); waited < 500*time.Millisecond || waited > 2*time.Second {
			t.Errorf("waited %s for a message that does not come", waited)
		}
		stored["m5"] = true
		time.Sleep(10*time.Minute + time.Second) // the bubble's clock
		said("m6", "")
	})
}

func TestSaidPassesFailuresOn(t *testing.T) {
	t.Parallel()
	memory := recent.New(hubtest.Store(t))
	away := errors.New("away")
	read := func(string) (keep.Job, bool, error) { return keep.Job{}, false, away }
	if _, _, err := memory.Said(t.Context(), "x", "m1", read); err != nil {
		t.Fatal(err)
	}
	if _, _, err := memory.Said(t.Context(), "x", "m2", read); !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := memory.Said(ctx, "y", "m3", read); err == nil {
		t.Error("a call that is over says nothing")
	}
}
