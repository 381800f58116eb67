package webhooks_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/webhooks"
)

// fickle is a source whose work fails until it is told otherwise.
func fickle(works *atomic.Bool, backoff ...time.Duration) specimen {
	s := sealSpecimen()
	s.source = webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: sealSecret}, func(context.Context, docuseal.Event) (inbox.Taken, error) {
		if works.Load() {
			return inbox.Taken{State: "signed"}, nil
		}
		return inbox.Taken{}, errors.New("not yet")
	})
	s.source.Backoff = backoff
	return s
}

// TestRepeatedDeliveryRevivesTheDead lets the sender have the last word: what
// was given up is tried anew when it is delivered again.
func TestRepeatedDeliveryRevivesTheDead(t *testing.T) {
	t.Parallel()
	var works atomic.Bool
	s := fickle(&works, time.Millisecond)
	h := build(t, s.source)
	h.work()
	id := s.post(h, s.good).ID
	h.becomes(id, keep.Dead)
	works.Store(true)
	if got := s.post(h, s.good); got.status != 200 || got.Status != "duplicate" || got.ID != id {
		t.Errorf("the repetition was answered %+v", got)
	}
	job := h.becomes(id, keep.Done)
	if len(job.Attempts) != 3 || job.Seen != 2 {
		t.Errorf("%d attempts, seen %d times; want 3 and 2", len(job.Attempts), job.Seen)
	}
}

// TestRepeatedDeliveryWaitsNoLonger tries at once what would have waited an hour.
func TestRepeatedDeliveryWaitsNoLonger(t *testing.T) {
	t.Parallel()
	var works atomic.Bool
	s := fickle(&works, time.Hour)
	h := build(t, s.source)
	h.work()
	id := s.post(h, s.good).ID
	hubtest.Await(t, "it failed once", func() bool { return h.becomes(id, keep.Pending).Tries == 1 })
	works.Store(true)
	s.post(h, s.good)
	h.becomes(id, keep.Done)
}

// TestRepeatedDeliveryReachesTheNextJob revives the job that carries on with a
// delivery that is done itself, and leaves one alone that a person cancelled.
func TestRepeatedDeliveryReachesTheNextJob(t *testing.T) {
	t.Parallel()
	s := sealSpecimen()
	var next atomic.Value
	s.source = webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: sealSecret}, func(context.Context, docuseal.Event) (inbox.Taken, error) {
		return inbox.Taken{State: "taken", LedTo: next.Load().(string)}, nil
	})
	h := build(t, s.source)
	ctx := context.Background()
	carrying, _, err := h.engine.Put(ctx, keep.Job{Kind: "inbox.acceptance", Dedupe: "Q-1"})
	if err != nil {
		t.Fatal(err)
	}
	next.Store(carrying.ID)
	h.work()
	id := s.post(h, s.good).ID
	h.becomes(id, keep.Done)

	lent, err := h.engine.Claim(ctx, []string{"inbox.acceptance"}, 1, time.Minute)
	if err != nil || len(lent) != 1 {
		t.Fatalf("claiming: %d jobs, error %v", len(lent), err)
	}
	gaveUp := keep.Outcome{Next: keep.Dead, Attempt: keep.Attempt{Class: keep.GaveUp}}
	if err := h.engine.Finish(ctx, carrying.ID, lent[0].Fence, gaveUp); err != nil {
		t.Fatal(err)
	}
	s.post(h, s.good)
	h.becomes(carrying.ID, keep.Pending)
	if _, err := h.engine.Change(ctx, carrying.ID, keep.Cancel, "a mistake"); err != nil {
		t.Fatal(err)
	}
	s.post(h, s.good)
	h.becomes(carrying.ID, keep.Cancelled)
	var shown inbox.Delivery
	if h.ask("GET", "/inbox/"+id, "", &shown); shown.LedTo != carrying.ID {
		t.Errorf("the delivery led to %q, want %q", shown.LedTo, carrying.ID)
	}
}
