package crew

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
)

// order is what is to be written of one job, and what became of it.
type order struct {
	at  int                  // its place in the answer
	job *erpnext.DispatchJob // as it was read
	do  step

	now *erpnext.DispatchJob // as it is then
	err error
}

// outcome is what became of the order.
func (o *order) outcome() Outcome {
	if o.err != nil {
		return refusal(o.job.Name, o.err)
	}
	out := outcome(done, o.now)
	out.Kind, out.change = o.do.kind, ledger.Change{Job: o.job.Name, Before: o.do.before, After: o.do.after}
	return out
}

// values are the order as ERPNext takes it: under the lock of the job as it was
// read.
func (o *order) values(c *Crew) erpnext.Values {
	values := o.do.after.Values(c.Words, o.job)
	values["modified"] = o.job.Modified
	if to := o.do.after.Status; to != nil && *to != o.job.Status {
		values["hub_state"] = effect.Stamp(*to, "") // no change past the hub
	}
	return values
}

// write changes the jobs as they were read; of one where somebody was faster it
// says how the job stands now.
func (c *Crew) write(ctx context.Context, orders []*order) {
	written, err := c.announce(ctx, orders)
	if err != nil {
		for _, o := range orders {
			o.err = err
		}
		return
	}
	defer written(context.WithoutCancel(ctx)) // whether the caller still waits or not
	switch len(orders) {
	case 0:
	case 1:
		orders[0].now, orders[0].err = c.one(ctx, orders[0])
	default:
		c.many(ctx, orders)
	}
}

// announce tells of the jobs that go to somebody else, before they do.
func (c *Crew) announce(ctx context.Context, orders []*order) (written func(ctx context.Context), err error) {
	var jobs []*erpnext.DispatchJob
	for _, o := range orders {
		if to := o.do.after.Technician; to != nil && *to != o.job.AssignedTech {
			jobs = append(jobs, o.job)
		}
	}
	if c.Reassigning == nil || len(jobs) == 0 {
		return func(context.Context) {}, nil
	}
	return c.Reassigning(ctx, jobs...)
}

func (c *Crew) one(ctx context.Context, o *order) (*erpnext.DispatchJob, error) {
	now := new(erpnext.DispatchJob)
	err := c.ERPNext.Update(ctx, doctype, o.job.Name, o.values(c), now)
	if erpnext.IsTimestampMismatch(err) {
		if now, err = erpnext.Get[erpnext.DispatchJob](ctx, c.ERPNext, doctype, o.job.Name); err != nil {
			return nil, fmt.Errorf("reading %s anew: %w", o.job.Name, err)
		}
		c.Words.Read(now)
		return nil, changed(now)
	}
	if err != nil {
		return nil, fmt.Errorf("assigning %s: %w", o.job.Name, err)
	}
	c.Words.Read(now)
	return now, nil
}

// many writes the jobs a few requests together, then looks how they stand: that
// tells what became of each, also when a reply was lost.
func (c *Crew) many(ctx context.Context, orders []*order) {
	docs, names := make([]erpnext.Values, len(orders)), make([]string, len(orders))
	for i, o := range orders {
		docs[i], names[i] = o.values(c), o.job.Name
		docs[i]["name"] = o.job.Name
	}
	refused, failed := ledger.Write(ctx, c.ERPNext, docs)
	now, err := c.scene(context.WithoutCancel(ctx), names, nil, false)
	for _, o := range orders {
		why := refused[o.job.Name]
		switch {
		case err == nil:
			o.settle(now.jobs[o.job.Name], why, failed)
		case why == nil && failed == nil: // written, and nobody can look
			o.now = o.meant(c)
		default:
			o.err = errors.Join(why, failed, err)
		}
	}
}

// meant is the job as the order leaves it, when nobody can look how it stands.
func (o *order) meant(c *Crew) *erpnext.DispatchJob {
	now := *o.job
	if o.do.after.Assistants != nil {
		now.Assistants = nil
	}
	raw, err := json.Marshal(o.do.after.Values(c.Words, o.job))
	if err == nil {
		err = json.Unmarshal(raw, &now)
	}
	if err != nil {
		return o.job
	}
	c.Words.Read(&now)
	now.Modified = erpnext.Datetime{}
	return &now
}

// settle finds out what became of an order by how the job stands: refused is why
// it was not written, failed why nobody knows whether it was.
func (o *order) settle(now *erpnext.DispatchJob, refused, failed error) {
	switch {
	case now == nil:
		o.err = hub.Fail(hub.NotFound, "job-not-found", "The work order was deleted meanwhile.", nil)
	case refused == nil && failed == nil:
		o.now = now
	case now.Modified.Text == o.job.Modified.Text:
		o.err = fmt.Errorf("assigning %s: %w", o.job.Name, errors.Join(refused, failed))
	case len(o.do.after.Differences(ledger.Of(now))) == 0: // a reply was lost
		o.now = now
	default:
		o.err = changed(now)
	}
}

// changed is the refusal of a wish about a job that is not what it was.
func changed(job *erpnext.DispatchJob) error {
	return hub.Fail(hub.Conflict, "document-changed", "The work order was changed meanwhile.", nil, hub.WithState(standing(job)))
}
