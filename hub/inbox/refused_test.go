package inbox_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

// refusal is what another system answers to what it does not take.
type refusal struct{}

func (refusal) Error() string { return "no" }

func (refusal) AttemptInfo() (status int, code, detail string) { return 417, "ValidationError", "no" }

// TestRefusedDeliveriesEndSoon gives up what another system refuses again and
// again, long before the tries are over: the lane behind it goes on.
func TestRefusedDeliveriesEndSoon(t *testing.T) {
	t.Parallel()
	source := plain()
	source.Backoff = slices.Repeat([]time.Duration{time.Millisecond}, 20)
	source.Take = func(context.Context, keep.Job) (keep.Result, error) { return keep.Result{}, refusal{} }
	s := specimen(source)
	h := inboxtest.New(t, s.Source)
	h.Work()
	if job := h.Becomes(s.Post(h, s.Good).ID, keep.Dead); job.Tries != 7 {
		t.Errorf("given up after %d tries, want 7", job.Tries)
	}
}
