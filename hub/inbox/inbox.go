package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

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
		Summary:     "Work a delivery off again",
		Description: "For one that is dead, done or cancelled. The work looks for its own traces, so nothing is done twice.",
	}, b.retry)
}

// Search narrows a list of deliveries; zero members do not.
type Search struct {
	Source string
	Status keep.Status
	Text   string // in dedupe key, note, subject name or customer
	Limit  int
	Cursor string
}

// List returns a page of deliveries, newest first, without their bodies, and
// the cursor of the next page.
func (b *Inbox) List(ctx context.Context, s Search) ([]Delivery, string, error) {
	jobs, next, err := b.store.Jobs(ctx, keep.Filter{
		Kind: kindPrefix + s.Source, Status: s.Status, Text: s.Text, Limit: s.Limit, Cursor: s.Cursor,
	})
	if err != nil {
		return nil, "", fmt.Errorf("listing deliveries: %w", err)
	}
	deliveries := make([]Delivery, 0, len(jobs))
	for _, job := range jobs {
		job.Payload, job.Headers = nil, map[string]string{verifiedBy: job.Headers[verifiedBy], eventType: job.Headers[eventType]}
		deliveries = append(deliveries, deliveryOf(job))
	}
	return deliveries, next, nil
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

// Retry works a delivery off again that has ended.
func (b *Inbox) Retry(ctx context.Context, id, reason string) (Delivery, error) {
	before, err := b.Get(ctx, id)
	if err != nil {
		return Delivery{}, err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		reason = "retried by hand"
	}
	job, err := b.store.Change(ctx, id, keep.Retry, reason)
	if errors.Is(err, keep.ErrState) {
		return Delivery{}, hub.Fail(hub.Conflict, "state-conflict", "The delivery has not ended yet.", err,
			hub.WithState(map[string]any{"status": before.Status}))
	}
	if err != nil {
		return Delivery{}, fmt.Errorf("retrying delivery %s: %w", id, err)
	}
	err = b.store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: "delivery.retry", Doctype: "Delivery", Name: id,
		Detail: reason, Request: hub.RequestID(ctx),
	})
	if err != nil {
		return Delivery{}, fmt.Errorf("recording the retry of %s: %w", id, err)
	}
	return deliveryOf(job), nil
}

func (b *Inbox) list(ctx context.Context, in *deliveryListInput) (*web.Listing[Delivery], error) {
	deliveries, next, err := b.List(ctx, Search{
		Source: in.Source, Status: in.Status, Text: in.Query, Limit: in.Limit, Cursor: in.Cursor,
	})
	if err != nil {
		return nil, err
	}
	return web.List(deliveries, next), nil
}

func (b *Inbox) get(ctx context.Context, in *deliveryInput) (*deliveryOutput, error) {
	delivery, err := b.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{delivery}, nil
}

func (b *Inbox) retry(ctx context.Context, in *deliveryRetryInput) (*deliveryOutput, error) {
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	delivery, err := b.Retry(ctx, in.ID, reason)
	if err != nil {
		return nil, err
	}
	return &deliveryOutput{delivery}, nil
}

type deliveryListInput struct {
	Source string      `query:"source" maxLength:"40"`
	Status keep.Status `query:"status" enum:"held,pending,running,done,dead,cancelled"`
	Query  string      `query:"q" maxLength:"200" doc:"In dedupe key, note, reference or customer"`
	web.Paging
}

type deliveryInput struct {
	ID string `path:"id" maxLength:"64"`
}

type deliveryRetryInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500"`
	}
}

type deliveryOutput struct{ Body Delivery }
