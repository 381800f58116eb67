package termination

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// keyEnd is what the key of an invoice ends in, keyPickup that of a visit; the day
// follows when it is not the first end of the contract.
const (
	keyEnd    = "/termination"
	keyPickup = "/pickup"
)

// answerWithin is how long a caller waits for the whole before being told what is
// done so far.
const answerWithin = 8 * time.Second

// end ends the contract on the day: now, or by the agenda. One that has ended
// already answers what it answered before.
func (d *Desk) end(ctx context.Context, c *erpnext.ServiceContract, o Order, force bool) (Terminated, error) {
	if o.On > d.Agenda.Today() && c.Status != erpnext.ContractTerminated {
		return d.planFor(ctx, c, o)
	}
	job, err := d.begin(ctx, c, o, force)
	if err != nil {
		return Terminated{}, err
	}
	account, err := d.teller.Await(ctx, job.ID, answerWithin)
	if err != nil {
		return Terminated{}, err
	}
	if account.State == saga.Failed {
		return Terminated{}, hub.Fail(hub.Conflict, "state-conflict", "The termination stopped half-way, and needs a person: "+account.Note, nil,
			hub.WithState(map[string]any{"contract": c.Name, "work": job.ID, "steps": account.Steps}))
	}
	if account.Answer.Written { // since it was read
		c.Status = erpnext.ContractTerminated
	}
	return d.told(ctx, c, job, account)
}

// begin stores the termination, or finds the one that there is: one that has begun
// is carried on with as it was decided. Work that is under way refuses it, unless
// it is forced.
func (d *Desk) begin(ctx context.Context, c *erpnext.ServiceContract, o Order, force bool) (keep.Job, error) {
	job, found, err := d.teller.Find(ctx, "Service Contract", c.Name)
	if err != nil {
		return keep.Job{}, err
	}
	if found && job.Status == keep.Done { // perhaps in this moment: only what stands there now tells that it was opened again
		if c, err = d.clerk.Contract(ctx, c.Name); err != nil {
			return keep.Job{}, err
		}
	}
	over, key := c.Status == erpnext.ContractTerminated, c.Name
	switch {
	case found && job.Status == keep.Cancelled && over: // a person stopped it half-way
		o, err = d.teller.Order(job)
	case found && (over || !job.Status.Final()):
		return d.teller.Resume(ctx, job)
	default:
		if o, err = d.decide(ctx, c, o); err == nil {
			o.Visits, err = d.expected(ctx, c.Name)
		}
		if err == nil && !force {
			err = undisturbed(c.Name, o.Visits)
		}
	}
	if err != nil {
		return keep.Job{}, err
	}
	if found {
		key += "/" + job.ID
	}
	if found && job.Status == keep.Done { // it ended once, and a person opened it again
		o.Key += "/" + string(o.On)
	}
	job, err = d.teller.Begin(ctx, saga.Wish[Order]{
		Key: key, Lane: dossier.Lane(Kind, c.Name, ""), Order: o,
		Subject: keep.Subject{Doctype: "Service Contract", Name: c.Name, Customer: c.Customer},
	})
	return job, err
}

// decide fixes what is charged. A contract that was ended without the hub keeps
// what stands on it, as far as the law allows it: only what was left undone is done.
func (d *Desk) decide(ctx context.Context, c *erpnext.ServiceContract, o Order) (Order, error) {
	o.Key = c.Name + keyEnd
	switch c.Status {
	case erpnext.ContractSigned, erpnext.ContractActive:
		var err error
		o.Fee, err = d.fee(ctx, c, o.On)
		return o, err
	case erpnext.ContractTerminated:
		if c.TerminationDate != "" {
			o.On = c.TerminationDate
		}
		if c.TerminationReason != "" {
			o.Reason = c.TerminationReason
		}
		var err error
		if o.Fee, err = d.fee(ctx, c, o.On); hub.HasCode(err, "fee-undated") && !c.TerminationFeeTotal.IsPositive() {
			err = nil // nothing is charged, whatever the law would have allowed
		}
		o.Fee = o.Fee.Written(c.TerminationFeeBenefits, c.TerminationFeeTotal)
		return o, err
	}
	return o, hub.Fail(hub.Conflict, "contract-not-open", "Only a contract that is signed or active can be terminated; this one is "+c.Status+".", nil,
		hub.WithState(map[string]any{"contract": c.Name, "status": c.Status}))
}

// told is the answer about a termination that was begun.
func (d *Desk) told(ctx context.Context, c *erpnext.ServiceContract, job keep.Job, account saga.Account[Answer]) (Terminated, error) {
	o, err := d.teller.Order(job)
	if err != nil {
		return Terminated{}, err
	}
	a := account.Answer
	lang := web.CallerOf(ctx).Lang
	p := preview(c, o.Fee, o.On, lang)
	p.Warnings = warnings(a.expectedBy(o), lang)
	out := Terminated{
		Contract: c.Name, Status: c.Status, State: account.State, Date: o.On, Reason: o.Reason, Invoice: a.Invoice, Subscription: a.Subscription,
		Subscriptions: listed(a.Subscriptions), Jobs: listed(a.Jobs), Pickup: a.Pickup, Fee: &p, Warnings: p.Warnings,
		DraftsDeleted: a.DraftsDeleted, DraftsLeft: a.DraftsLeft,
		Steps: saga.WithPending(account.Steps, saga.Names(d.steps(nil))...), Work: account.Work, Tries: account.Tries, Note: account.Note,
	}
	return out, nil
}

func listed(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}
