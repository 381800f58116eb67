package conversation

import (
	"context"
	"encoding/json"
	"fmt"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// keep stores the text for a person. The store is asked again for a pick
// afterwards: whoever picked in between did not see this text.
func (d *Desk) keep(ctx context.Context, t text) (Outcome, error) {
	payload, err := json.Marshal(t)
	if err != nil {
		return Outcome{}, fmt.Errorf("packing the text %s: %w", t.ID, err)
	}
	job, first, err := d.store.Put(ctx, keep.Job{
		Kind: KindSMS, Lane: laneOf(t.From), Dedupe: t.ID, Status: keep.Held, State: Unassigned, Payload: payload,
		Note: note(t), Subject: keep.Subject{Correlation: hub.RequestID(ctx)},
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("keeping the text %s: %w", t.ID, err)
	}
	if first {
		d.log.InfoContext(ctx, "text waits for a person", "conversation", job.ID, "candidates", len(t.Candidates))
	}
	return d.follow(ctx, job)
}

// note says why a text waits.
func note(t text) string {
	if len(t.Candidates) > 1 {
		return fmt.Sprintf("%d customers share this number.", len(t.Candidates))
	}
	return "Nobody is known by this number, or earlier texts of it wait."
}

// follow tells how a kept text stands, and sends it after those of its number
// that a person has assigned.
func (d *Desk) follow(ctx context.Context, job keep.Job) (Outcome, error) {
	if job.Status == keep.Held {
		chosen, _, err := d.picked(ctx, job.Lane)
		if err != nil {
			return Outcome{}, err
		}
		if chosen.Customer != "" {
			if _, err := d.release(ctx, job.Lane); err != nil {
				return Outcome{}, err
			}
		}
	}
	job, err := d.store.Job(ctx, job.ID)
	if err != nil {
		return Outcome{}, fmt.Errorf("reading how the text %s stands: %w", job.ID, err)
	}
	return outcomeOf(job), nil
}

func outcomeOf(job keep.Job) Outcome {
	out := Outcome{State: Unassigned, Conversation: job.ID}
	switch job.Status {
	case keep.Done:
		if json.Unmarshal(job.Result, &out) != nil {
			out.State = Filed
		}
	case keep.Pending, keep.Running:
		out.State = Assigned
	case keep.Cancelled:
		out.State = Dismissed
	case keep.Held, keep.Dead:
	}
	return out
}

// work files a text that a person assigned.
func (d *Desk) work(ctx context.Context, job keep.Job) (keep.Result, error) {
	var t text
	if err := json.Unmarshal(job.Payload, &t); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("unpacking a text: %w", err))
	}
	chosen, _, err := d.picked(ctx, job.Lane)
	if err != nil {
		return keep.Result{}, err
	}
	if chosen.Customer == "" { // it took longer than a pick holds
		return keep.Result{State: Unassigned, Note: "Nobody is picked for this number any more.", Hold: true}, nil
	}
	out, err := d.file(ctx, t, chosen.Customer)
	if err != nil {
		return keep.Result{}, err
	}
	out.Conversation = job.ID
	raw, err := json.Marshal(out)
	return keep.Result{State: Filed, Body: raw}, err
}
