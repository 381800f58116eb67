package inbox_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

// fickle is a source whose work fails until it is told otherwise.
func fickle(works *atomic.Bool, backoff ...time.Duration) inboxtest.Specimen {
	source := plain()
	source.Backoff = backoff
	source.Take = func(context.Context, keep.Job) (keep.Result, error) {
		if works.Load() {
			return keep.Result{State: "seen"}, nil
		}
		return keep.Result{}, errors.New("not yet")
	}
	return specimen(source)
}

// TestRepeatedDeliveryRevivesTheDead lets the sender have the last word: what
// was given up is tried anew when it is delivered again, but not when the hub
// itself has fetched it again.
func TestRepeatedDeliveryRevivesTheDead(t *testing.T) {
	t.Parallel()
	var works atomic.Bool
	s := fickle(&works, time.Millisecond)
	h := inboxtest.New(t, s.Source)
	h.Work()
	id := s.Post(h, s.Good).ID
	h.Becomes(id, keep.Dead)
	works.Store(true)
	job, fresh, err := h.Door.File(t.Context(), "plain", s.Good, nil, "reconciled")
	if err != nil || fresh || job.ID != id || job.Status != keep.Dead {
		t.Errorf("fetched again it is %+v, %v, %v", job, fresh, err)
	}
	if got := s.Post(h, s.Good); got.Code != 200 || got.Status != "duplicate" || got.ID != id {
		t.Errorf("the repetition was answered %+v", got)
	}
	job = h.Becomes(id, keep.Done)
	if len(job.Attempts) != 3 || job.Seen != 3 {
		t.Errorf("%d attempts, seen %d times; want 3 and 3", len(job.Attempts), job.Seen)
	}
}

// TestRepeatedDeliveryWaitsNoLonger tries at once what would have waited an hour.
func TestRepeatedDeliveryWaitsNoLonger(t *testing.T) {
	t.Parallel()
	var works atomic.Bool
	s := fickle(&works, time.Hour)
	h := inboxtest.New(t, s.Source)
	h.Work()
	id := s.Post(h, s.Good).ID
	hubtest.Await(t, "it failed once", func() bool { return h.Becomes(id, keep.Pending).Tries == 1 })
	works.Store(true)
	s.Post(h, s.Good)
	h.Becomes(id, keep.Done)
}

// TestRepeatedDeliveryReachesTheNextJob revives the job that carries on with a
// delivery that is done itself, and leaves one alone that a person cancelled.
func TestRepeatedDeliveryReachesTheNextJob(t *testing.T) {
	t.Parallel()
	var next atomic.Value
	source := plain()
	source.Take = func(context.Context, keep.Job) (keep.Result, error) {
		return inbox.Taken{State: "taken", LedTo: next.Load().(string)}.Result(), nil
	}
	s := specimen(source)
	h := inboxtest.New(t, source)
	ctx := context.Background()
	carrying, _, err := h.Engine.Put(ctx, keep.Job{Kind: "inbox.acceptance", Dedupe: "Q-1"})
	if err != nil {
		t.Fatal(err)
	}
	next.Store(carrying.ID)
	h.Work()
	id := s.Post(h, s.Good).ID
	h.Becomes(id, keep.Done)

	lent, err := h.Engine.Claim(ctx, []string{"inbox.acceptance"}, 1, time.Minute)
	if err != nil || len(lent) != 1 {
		t.Fatalf("claiming: %d jobs, error %v", len(lent), err)
	}
	gaveUp := keep.Outcome{Next: keep.Dead, Attempt: keep.Attempt{Class: keep.GaveUp}}
	if err := h.Engine.Finish(ctx, carrying.ID, lent[0].Fence, gaveUp); err != nil {
		t.Fatal(err)
	}
	s.Post(h, s.Good)
	h.Becomes(carrying.ID, keep.Pending)
	if _, err := h.Engine.Change(ctx, carrying.ID, keep.Cancel, "a mistake"); err != nil {
		t.Fatal(err)
	}
	s.Post(h, s.Good)
	h.Becomes(carrying.ID, keep.Cancelled)
	var shown inbox.Delivery
	if h.Ask("GET", "/inbox/"+id, "", &shown); shown.LedTo != carrying.ID {
		t.Errorf("the delivery led to %q, want %q", shown.LedTo, carrying.ID)
	}
}
