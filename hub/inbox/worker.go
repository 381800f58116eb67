package inbox

import (
	"context"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Ignored is the state of a delivery that was stored and asked for nothing.
const Ignored = "ignored"

// Work returns how the deliveries of each source are worked off.
func (d *Door) Work() []keep.Work {
	works := make([]keep.Work, 0, len(d.sources))
	for _, s := range d.sources {
		works = append(works, keep.Work{
			Kind: s.kind(), Concurrency: s.Concurrency, Budget: s.Budget, Backoff: s.Backoff,
			Do: func(ctx context.Context, job keep.Job) (keep.Result, error) { return d.work(ctx, s, job) },
		})
	}
	return works
}

func (d *Door) work(ctx context.Context, s Source, job keep.Job) (keep.Result, error) {
	label, err := s.read(job.Payload, job.Headers)
	if err != nil {
		const note = "It was signed correctly but cannot be decoded: parked for a person."
		return keep.Result{Note: note}, keep.Reject(hub.Fail(hub.Malformed, "malformed", note, err))
	}
	if label.Ignore != "" {
		return keep.Result{State: Ignored, Note: label.Ignore}, nil
	}
	result, err := s.Take(ctx, job)
	if err != nil {
		return result, err
	}
	if !s.Quiet {
		d.tell(ctx, hub.DeliveryTaken, job, nil)
	}
	return result, nil
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
