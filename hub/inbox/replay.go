package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Order says which deliveries are to be worked off again.
type Order struct {
	Source string      // of one sender
	Status keep.Status // dead when empty; done, cancelled or held
	Since  time.Time   // came in at or after
	Until  time.Time   // and before, unless zero
	Limit  int         // at most so many, the oldest first; 200 when 0
	Reason string
	DryRun bool
}

// Replay is what became of an order.
type Replay struct {
	DryRun   bool       `json:"dry_run"`
	Matched  int        `json:"matched" doc:"How many the order fits"`
	More     bool       `json:"more" doc:"There are more than were looked through: matched is only a lower bound"`
	Replayed int        `json:"replayed" doc:"How many are worked off again; 0 in a dry run"`
	Items    []Replayed `json:"items" nullable:"false" doc:"The first of them, oldest first: at most limit"`
}

// Replayed is one delivery of an order.
type Replayed struct {
	ID         string      `json:"id"`
	Event      string      `json:"event,omitempty"`
	Status     keep.Status `json:"status" doc:"Before"`
	Reason     string      `json:"reason,omitempty" doc:"Why it stood there"`
	Seen       int         `json:"seen"`
	ReceivedAt time.Time   `json:"received_at"`
	Outcome    string      `json:"outcome" doc:"would-replay, replayed, or skipped: somebody else was faster"`
}

// The outcomes.
const (
	wouldReplay = "would-replay"
	replayed    = "replayed"
	skipped     = "skipped"
)

// mostLookedAt bounds how many deliveries one order looks through.
const mostLookedAt = 20_000

// Replay works deliveries of a source off again, the oldest first. What is
// pending or runs is never touched: it will be done anyway.
func (b *Inbox) Replay(ctx context.Context, o Order) (Replay, error) {
	o.Status, o.Limit = cmp.Or(o.Status, keep.Dead), cmp.Or(o.Limit, 200)
	if o.Source == "" || !o.Status.Final() && o.Status != keep.Held {
		return Replay{}, hub.Fail(hub.Invalid, "invalid", "Name one source, and a status of what has ended or is held.", nil)
	}
	r, err := b.match(ctx, o)
	if err != nil || o.DryRun || len(r.Items) == 0 {
		return r, err
	}
	reason := cmp.Or(strings.TrimSpace(o.Reason), "replayed by hand")
	detail := fmt.Sprintf("%d of %d %s since %s: %s", len(r.Items), r.Matched, o.Status, o.Since.UTC().Format(time.RFC3339), reason)
	if err := b.record(ctx, "delivery.replay", o.Source, detail); err != nil {
		return Replay{}, err
	}
	for i := range r.Items {
		item := &r.Items[i]
		switch _, err := b.again(ctx, item.ID, item.Status, reason); {
		case errors.Is(err, keep.ErrState), errors.Is(err, keep.ErrNotFound):
			item.Outcome = skipped
		case err != nil:
			return r, fmt.Errorf("replaying delivery %s after %d others: %w", item.ID, r.Replayed, err)
		default:
			item.Outcome = replayed
			r.Replayed++
		}
	}
	return r, nil
}

// match finds what an order fits. The store lists the newest first.
func (b *Inbox) match(ctx context.Context, o Order) (Replay, error) {
	r := Replay{DryRun: o.DryRun, Items: []Replayed{}}
	filter := keep.Filter{Kind: kindPrefix + o.Source, Status: o.Status, Since: o.Since, Limit: 200}
	for looked := 0; ; {
		jobs, next, err := b.store.Jobs(ctx, filter)
		if err != nil {
			return Replay{}, fmt.Errorf("looking for deliveries of %s: %w", o.Source, err)
		}
		for _, job := range jobs {
			if o.Until.IsZero() || job.Created.Before(o.Until) {
				r.Matched++
				r.Items = append(r.Items, replayedOf(job))
			}
		}
		r.Items = r.Items[max(0, len(r.Items)-o.Limit):]
		looked += len(jobs)
		filter.Cursor, r.More = next, next != ""
		if !r.More || looked >= mostLookedAt {
			break
		}
	}
	slices.Reverse(r.Items)
	return r, nil
}

func replayedOf(job keep.Job) Replayed {
	return Replayed{
		ID: job.ID, Event: job.Headers[eventType], Status: job.Status, Reason: job.Note, Seen: job.Seen,
		ReceivedAt: job.Created, Outcome: wouldReplay,
	}
}
