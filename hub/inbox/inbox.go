package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// InboxStore is what the inbox needs of hub/keep.
type InboxStore interface {
	keep.Lists
	keep.Desk
	keep.Trail
}

// Inbox shows the deliveries that came in, to the staff and to the command line.
type Inbox struct {
	store InboxStore
}

// NewInbox makes an inbox.
func NewInbox(store InboxStore) *Inbox { return &Inbox{store: store} }

// Mount adds the routes.
func (b *Inbox) Mount(r *web.Router) {
	const tag = "inbox"
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/inbox", Guard: web.Staff, ID: "list-deliveries", Tag: tag,
		Summary: "List deliveries of webhooks, newest first",
	}, b.list)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/inbox/{id}", Guard: web.Staff, ID: "get-delivery", Tag: tag,
		Summary: "Read one delivery with its raw body and attempts",
	}, b.get)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/inbox/{id}/retry", Guard: web.Staff, ID: "retry-delivery", Tag: tag,
		Summary: "Work a delivery off again",
		Description: "For one that is dead, done, cancelled, or held: put aside. The work looks for its own traces, so nothing " +
			"is done twice.",
	}, b.retry)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/inbox/replay", Guard: web.Staff, ID: "replay-deliveries", Tag: tag,
		Summary: "Work many deliveries of a source off again",
		Description: "Those that came in since an instant and stand in a status: dead, unless another one is named. What is " +
			"pending or runs is never touched. Unless dry_run is false nothing is done, and the answer says what would be.",
	}, b.replay)
}

// Search narrows a list of deliveries; zero members do not.
type Search struct {
	Source     string
	Status     keep.Status
	Text       string // in dedupe key, note, subject name or customer
	Since      time.Time
	Until      time.Time // came before it
	VerifiedBy string    // the proof: "hmac", "header", "basic", "secret", "reconciled"
	Seen       int       // came at least so many times
	Limit      int
	Cursor     string
}

func (s Search) filter() keep.Filter {
	return keep.Filter{
		Kind: kindPrefix + s.Source, Status: s.Status, Text: s.Text, Since: s.Since,
		Limit: cmp.Or(s.Limit, 50), Cursor: s.Cursor,
	}
}

func (s Search) fits(job keep.Job) bool {
	return job.Seen >= s.Seen && (s.Until.IsZero() || job.Created.Before(s.Until)) && (s.VerifiedBy == "" || job.Headers[VerifiedBy] == s.VerifiedBy)
}

// mostPages bounds how far one answer looks for what the store itself cannot
// find: after that many pages the list ends early, with a cursor to go on from.
const mostPages = 20

// List returns a page of deliveries, newest first, without their bodies, and
// the cursor of the next page.
func (b *Inbox) List(ctx context.Context, s Search) ([]Delivery, string, error) {
	filter := s.filter()
	most := filter.Limit
	deliveries := make([]Delivery, 0, most)
	for range mostPages {
		filter.Limit = most - len(deliveries)
		jobs, next, err := b.store.Jobs(ctx, filter)
		if err != nil {
			return nil, "", fmt.Errorf("listing deliveries: %w", err)
		}
		for _, job := range jobs {
			if s.fits(job) {
				deliveries = append(deliveries, brief(job))
			}
		}
		if filter.Cursor = next; next == "" || len(deliveries) == most {
			break
		}
	}
	return deliveries, filter.Cursor, nil
}

// brief is a delivery in a list.
func brief(job keep.Job) Delivery {
	job.Payload, job.Headers = nil, map[string]string{VerifiedBy: job.Headers[VerifiedBy], eventType: job.Headers[eventType]}
	return deliveryOf(job)
}

// Get returns one delivery with its body and headers.
func (b *Inbox) Get(ctx context.Context, id string) (Delivery, error) {
	job, err := b.store.Job(ctx, id)
	if err != nil {
		return Delivery{}, fmt.Errorf("reading delivery %s: %w", id, err)
	}
	if !strings.HasPrefix(job.Kind, kindPrefix) {
		return Delivery{}, keep.ErrNotFound
	}
	return deliveryOf(job), nil
}

// Retry works a delivery off again that has ended or was put aside.
func (b *Inbox) Retry(ctx context.Context, id, reason string) (Delivery, error) {
	before, err := b.Get(ctx, id)
	if err != nil {
		return Delivery{}, err
	}
	if !before.Status.Final() && before.Status != keep.Held {
		return Delivery{}, notEnded(before.Status, nil)
	}
	reason = cmp.Or(strings.TrimSpace(reason), "retried by hand")
	// Recorded first: a record of what was not done does less harm than a deed
	// without one.
	if err := b.record(ctx, "delivery.retry", id, reason); err != nil {
		return Delivery{}, err
	}
	job, err := b.again(ctx, id, before.Status, reason)
	if errors.Is(err, keep.ErrState) { // somebody else was faster
		return Delivery{}, notEnded(before.Status, err)
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("retrying delivery %s: %w", id, err)
	}
	return deliveryOf(job), nil
}

func notEnded(status keep.Status, cause error) error {
	return hub.Fail(hub.Conflict, "state-conflict", "The delivery has not ended yet.", cause,
		hub.WithState(map[string]any{"status": status}))
}

// again makes a delivery pending that stands in the status.
func (b *Inbox) again(ctx context.Context, id string, status keep.Status, reason string) (keep.Job, error) {
	if status == keep.Held {
		return b.store.Change(ctx, id, keep.Release, reason)
	}
	return b.store.Change(ctx, id, keep.Retry, reason)
}

func (b *Inbox) record(ctx context.Context, action, name, detail string) error {
	err := b.store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: action, Doctype: "Delivery", Name: name, Detail: detail, Request: hub.RequestID(ctx),
	})
	if err != nil {
		return fmt.Errorf("recording %s of %s: %w", action, name, err)
	}
	return nil
}
