package conversation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// keep stores the text: held for a person, or pending to be filed when ERPNext can
// be reached, or when those before it are through. The store is asked again for a
// pick afterwards: whoever picked in between did not see this text.
func (d *Desk) keep(ctx context.Context, t text, status keep.Status, state string) (Outcome, error) {
	payload, err := json.Marshal(t)
	if err != nil {
		return Outcome{}, fmt.Errorf("packing the text %s: %w", t.ID, err)
	}
	why := note(t)
	if state == Waiting {
		why = "ERPNext has not taken it yet: it is tried again."
	}
	job, first, err := d.store.Put(ctx, keep.Job{
		Kind: KindSMS, Lane: laneOf(t.From), Dedupe: t.ID, Status: status, State: state, Payload: payload,
		Note: why, Subject: keep.Subject{Correlation: hub.RequestID(ctx)},
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("keeping the text %s: %w", t.ID, err)
	}
	if first {
		d.log.InfoContext(ctx, "text is kept", "conversation", job.ID, "state", state, "candidates", len(t.Candidates))
	}
	if status == keep.Held {
		if err := d.trim(ctx, job.Lane, mostHeld); err != nil {
			return Outcome{}, err
		}
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
			if _, err := d.each(ctx, job.Lane, keep.Held, keep.Release, "assigned"); err != nil {
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
		if out.State = Assigned; job.State == Waiting {
			out.State = Waiting
		}
	case keep.Cancelled:
		out.State = Dismissed
	case keep.Held, keep.Dead:
	}
	return out
}

// work files a text that a person assigned, or that had to wait for ERPNext.
func (d *Desk) work(ctx context.Context, job keep.Job) (keep.Result, error) {
	var t text
	if err := json.Unmarshal(job.Payload, &t); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("unpacking a text: %w", err))
	}
	customer, err := d.meant(ctx, job, &t)
	if err != nil {
		return keep.Result{}, err
	}
	out := Outcome{State: Unassigned, Conversation: job.ID}
	result := keep.Result{Hold: customer == ""}
	if result.Hold {
		result.Note, result.Body, err = d.handOver(ctx, job, t)
	} else {
		if out, err = d.file(ctx, t, customer); err != nil {
			return keep.Result{}, err
		}
		out.Conversation = job.ID
		result.Body, err = json.Marshal(out)
	}
	if err == nil && job.State == Waiting {
		err = d.tell(ctx, t.ID, out)
	}
	if err != nil {
		return keep.Result{}, err
	}
	result.State = out.State
	return result, nil
}

// meant finds whose text it is: the customer whom a person picked after it came
// in, else the one to whom the number belongs; "" when there is not exactly one.
func (d *Desk) meant(ctx context.Context, job keep.Job, t *text) (customer string, err error) {
	chosen, _, err := d.picked(ctx, job.Lane)
	switch {
	case err != nil || d.erp == nil:
		return "", err
	case job.State != Waiting || chosen.Customer != "" && chosen.At.After(job.Created):
		return chosen.Customer, nil
	}
	customer, t.Candidates, err = d.whose(ctx, *t)
	return customer, err
}

// handOver makes room among those of the number that wait for a person, and says
// why the text is one of them, with those who share the number.
func (d *Desk) handOver(ctx context.Context, job keep.Job, t text) (why string, body []byte, err error) {
	if why = note(t); job.State != Waiting {
		why = "Nobody is picked for this number any more." // it took longer than a pick holds
	}
	if body, err = json.Marshal(sharers{t.Candidates}); err != nil {
		return "", nil, err
	}
	return why, body, d.trim(ctx, job.Lane, mostHeld-1)
}

// sharers is what was found out about a text after it was stored.
type sharers struct {
	Candidates []Candidate `json:"candidates"`
}

// Waits between the tries of a text: for three days, at most a quarter of an hour
// apart, so that it is not long behind an ERPNext that has come back.
var backoff = [...]time.Duration{10 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute}

const mostTries = 3 * 24 * 4

// mostRefusals is how often ERPNext may refuse a text before it is given up, and
// is shown as failed: the texts behind it wait.
const mostRefusals = 5
