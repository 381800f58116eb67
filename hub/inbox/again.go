package inbox

import (
	"context"
	"encoding/json"
	"errors"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Taken is what was made of a delivery.
type Taken struct {
	State string // one word for it, shown as the delivery's state
	LedTo string // id of the job that carries on with it, if there is one
}

// chain is the result of a delivery's job.
type chain struct {
	LedTo string `json:"led_to"`
}

// Result is how the runner records it.
func (t Taken) Result() keep.Result {
	r := keep.Result{State: t.State}
	if t.LedTo != "" {
		r.Body, _ = json.Marshal(chain{t.LedTo}) // a text always encodes
	}
	return r
}

func ledTo(job keep.Job) string {
	var c chain
	if len(job.Result) == 0 || json.Unmarshal(job.Result, &c) != nil {
		return ""
	}
	return c.LedTo
}

// again takes up what a sender tells a second time, and so wants done: what was
// given up is tried anew, what waits for its next try waits no longer. That goes
// for the job that carries on with the delivery too. What a person cancelled
// stays cancelled.
func (d *Door) again(ctx context.Context, job keep.Job) error {
	if next := ledTo(job); job.Status == keep.Done && next != "" {
		var err error
		if job, err = d.deps.Store.Job(ctx, next); err != nil {
			return ignore(err, keep.ErrNotFound)
		}
	}
	var action keep.Action
	switch {
	case job.Status == keep.Dead:
		action = keep.Retry
	case job.Status == keep.Pending && job.Tries > 0:
		action = keep.Hurry
	default:
		return nil
	}
	_, err := d.deps.Store.Change(ctx, job.ID, action, "delivered again")
	return ignore(err, keep.ErrState) // another repetition, or the runner, was faster
}

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}
