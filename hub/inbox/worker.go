package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Ignored is the state of a delivery that was stored and asked for nothing.
const Ignored = "ignored"

// mostRefusals is how often another system may refuse what a delivery asks for:
// with the usual waits for a quarter of an hour. Then it is dead, and its lane goes
// on.
const mostRefusals = 7

// Work returns how the deliveries of each source are worked off.
func (d *Door) Work() []keep.Work {
	works := make([]keep.Work, 0, len(d.sources))
	for _, s := range d.sources {
		works = append(works, keep.Work{
			Kind: s.kind(), Concurrency: s.Concurrency, Budget: s.Budget, Backoff: s.Backoff, Retain: s.Retain, Refusals: mostRefusals,
			Do: func(ctx context.Context, job keep.Job) (keep.Result, error) { return d.work(ctx, s, job) },
		})
	}
	return works
}

func (d *Door) work(ctx context.Context, s Source, job keep.Job) (keep.Result, error) {
	label, err := s.read(job.Payload, job.Headers)
	if err != nil {
		note := "It was proven but cannot be decoded, and is parked for a person: " + wrong(err) + "."
		return keep.Result{Note: note}, keep.Reject(hub.Fail(hub.Malformed, "malformed", note, err))
	}
	if label.Ignore != "" {
		return keep.Result{State: Ignored, Note: label.Ignore}, nil
	}
	result, err := s.Take(ctx, job)
	if err != nil {
		return result, err
	}
	if !s.Quiet && !result.Hold {
		d.tell(ctx, hub.DeliveryTaken, job, nil)
	}
	return result, nil
}

// wrong says what is wrong with a body. Of JSON nothing is quoted: a value may be
// somebody's number.
func wrong(err error) string {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("the member %q is of a type that does not belong there", e.Field)
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("it is not JSON, from byte %d on", e.Offset)
	}
	text := err.Error()
	if letters := []rune(text); len(letters) > longest {
		return string(letters[:longest]) + "…"
	}
	return strings.TrimSuffix(text, ".")
}

// Died hears of every job that was given up and tells the news of deliveries.
// It goes to the runner's OnDead.
func (d *Door) Died(ctx context.Context, job keep.Job, _ error) {
	if strings.HasPrefix(job.Kind, kindPrefix) {
		d.tell(ctx, hub.DeliveryDied, job, map[string]any{"reason": job.Note})
	}
}

func (d *Door) tell(ctx context.Context, name string, job keep.Job, more map[string]any) {
	data := map[string]any{"delivery": job.ID, "source": sourceOf(job.Kind), "event": job.Headers[eventType]}
	for k, v := range more {
		data[k] = v
	}
	if err := d.deps.Events.Publish(ctx, hub.NewEvent(hub.TopicInbox, name, "", data)); err != nil {
		d.deps.Log.WarnContext(ctx, "event not published", "name", name, "delivery", job.ID, "err", err)
	}
}

func sourceOf(kind string) string { return strings.TrimPrefix(kind, kindPrefix) }

// Taken is what was made of a delivery.
type Taken struct {
	State string // one word for it, shown as the delivery's state
	LedTo string // id of the job that carries on with it, if there is one
	Note  string // why, in words
	Hold  bool   // nothing was done yet: it is put aside for a person, who may have it tried again
}

// chain is the result of a delivery's job.
type chain struct {
	LedTo string `json:"led_to"`
}

// Result is how the runner records it.
func (t Taken) Result() keep.Result {
	r := keep.Result{State: t.State, Note: t.Note, Hold: t.Hold}
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
