package accept

import (
	"context"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/accept/offer"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// quotation reads the quotation that a caller named.
func (d *Desk) quotation(ctx context.Context, name string) (*erpnext.Quotation, error) {
	if d.erp == nil {
		return nil, off("ERPNext")
	}
	q, err := erpnext.Get[erpnext.Quotation](ctx, d.erp, "Quotation", name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "quotation-not-found", "There is no such quotation.", err)
	}
	return q, err
}

// mustBeOpen refuses a quotation that can no longer be accepted. A cancelled one
// that was amended says so: the new version has a link of its own.
func (d *Desk) mustBeOpen(ctx context.Context, q *erpnext.Quotation, at time.Time) error {
	state, err := d.closed(ctx, q, at)
	if err != nil || state == offer.Open {
		return err
	}
	shown := map[string]any{"quotation": q.Name, "state": state, "status": q.Status}
	if state == offer.Accepted {
		return hub.Fail(hub.Conflict, "quotation-accepted", "This quotation is already accepted.", nil, hub.WithState(shown))
	}
	return hub.Fail(hub.Conflict, "quotation-not-open", "This quotation can no longer be accepted: it is "+state+".", nil, hub.WithState(shown))
}

// mustBeSellable refuses a quotation that is not open, and one to a lead: a
// contract needs a customer.
func (d *Desk) mustBeSellable(ctx context.Context, q *erpnext.Quotation) error {
	if err := d.mustBeOpen(ctx, q, d.now()); err != nil {
		return err
	}
	if q.QuotationTo != "" && q.QuotationTo != "Customer" {
		return hub.Fail(hub.Conflict, "state-conflict", "The quotation is not to a customer yet: make one of the lead first.", nil,
			hub.WithState(map[string]any{"quotation": q.Name, "quotation_to": q.QuotationTo}))
	}
	return nil
}

// closed is stateOf, which also looks whether a cancelled quotation has a newer
// version.
func (d *Desk) closed(ctx context.Context, q *erpnext.Quotation, at time.Time) (string, error) {
	state := offer.StateOf(q, at)
	if state != offer.Cancelled {
		return state, nil
	}
	n, err := d.erp.Count(ctx, "Quotation", erpnext.Eq("amended_from", q.Name))
	if err != nil {
		return "", fmt.Errorf("looking for a newer version of %s: %w", q.Name, err)
	}
	if n > 0 {
		return offer.Amended, nil
	}
	return state, nil
}

// trackOf is the track that the type of the quotation asks for.
func trackOf(q *erpnext.Quotation) Track {
	switch q.QuoteType {
	case erpnext.Commercial:
		return Commercial
	case erpnext.Project:
		return Project
	}
	return Residential
}

// known reads what is known of an outcome.
func (d *Desk) known(ctx context.Context, quotation string) (out Outcome, known bool, err error) {
	out = Outcome{Quotation: quotation, Status: "none", Jobs: []string{}, Steps: []StepState{}}
	known, err = saga.Recall(ctx, d.store, outcomeKey(quotation), &out)
	if out.Jobs == nil {
		out.Jobs = []string{}
	}
	return out, known, err
}

// jobOf finds the newest job of a quotation's signatures.
func (d *Desk) jobOf(ctx context.Context, quotation string) (job keep.Job, found bool, err error) {
	page, _, err := d.store.Jobs(ctx, keep.Filter{Kind: KindOutcome, Name: quotation, Limit: 1})
	if err != nil {
		return keep.Job{}, false, fmt.Errorf("looking for the signature of %s: %w", quotation, err)
	}
	if len(page) == 0 {
		return keep.Job{}, false, nil
	}
	return page[0], true, nil
}

type stateInput struct {
	Quotation string `path:"quotation" maxLength:"140"`
}

// state answers GET /accept/{quotation}/state.
func (d *Desk) state(ctx context.Context, in *stateInput) (*outcomeOutput, error) {
	out, known, err := d.known(ctx, in.Quotation)
	if err != nil {
		return nil, err
	}
	job, found, err := d.jobOf(ctx, in.Quotation)
	if err != nil {
		return nil, err
	}
	if !known && !found {
		q, err := d.quotation(ctx, in.Quotation)
		if err != nil {
			return nil, err
		}
		out.Track = trackOf(q)
		return &outcomeOutput{Body: out}, nil
	}
	if found {
		out.Delivery, out.Tries = job.ID, job.Tries
		out.Status = statusOf(job, out.Status)
	}
	return &outcomeOutput{Body: d.withPending(out)}, nil
}

// statusOf tells how a signature stands by its job.
func statusOf(job keep.Job, known string) string {
	switch job.Status {
	case keep.Done:
		return "accepted"
	case keep.Dead, keep.Cancelled:
		return "failed"
	case keep.Held, keep.Pending, keep.Running:
		return "pending"
	}
	return known
}

// withPending adds the steps that were not reached yet.
func (d *Desk) withPending(out Outcome) Outcome {
	out.Steps = saga.WithPending(out.Steps, saga.Names(d.steps(nil))...)
	return out
}
