package termination

import (
	"context"
	"encoding/json"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/contract/fee"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// planned is the agenda's word for a termination.
const planned = "terminate"

// answerWithin is how long a caller waits for the whole before being told what is
// done so far.
const answerWithin = 8 * time.Second

// end ends the contract on the day: now, or by the agenda. One that has ended
// already answers what it answered before.
func (d *Desk) end(ctx context.Context, c *erpnext.ServiceContract, on erpnext.Date, reason string) (Terminated, error) {
	if on > d.today() && c.Status != erpnext.ContractTerminated {
		return d.planFor(ctx, c, on, reason)
	}
	job, err := d.begin(ctx, c, Order{Contract: c.Name, On: on, Reason: reason, By: hub.ActorOf(ctx).String()})
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

// begin stores the termination, or finds the one that there is: one that was given
// up is taken up again as it was decided.
func (d *Desk) begin(ctx context.Context, c *erpnext.ServiceContract, o Order) (keep.Job, error) {
	job, found, err := d.teller.Find(ctx, "Service Contract", c.Name)
	if err != nil {
		return keep.Job{}, err
	}
	if found && c.Status == erpnext.ContractTerminated || found && !job.Status.Final() {
		return d.teller.Resume(ctx, job)
	}
	if o, err = d.decide(ctx, c, o); err != nil {
		return keep.Job{}, err
	}
	if found && job.Status == keep.Done { // it ended once, and a person opened it again
		o.Key += "/" + string(o.On)
	}
	job, _, err = d.teller.Begin(ctx, saga.Wish[Order]{
		Key: c.Name, Lane: dossier.Lane(c.Name), Order: o, Again: c.Status != erpnext.ContractTerminated,
		Subject: keep.Subject{Doctype: "Service Contract", Name: c.Name, Customer: c.Customer},
	})
	return job, err
}

// decide fixes what is charged. A contract that was ended without the hub keeps
// what stands on it: only what was left undone is done.
func (d *Desk) decide(ctx context.Context, c *erpnext.ServiceContract, o Order) (Order, error) {
	o.Key = c.Name + "/termination"
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
		o.Fee = fee.Fee{
			Track: fee.Residential, Elapsed: c.MonthsElapsed, Total: c.DurationMonths, Remaining: max(0, c.DurationMonths-c.MonthsElapsed),
			FeeBenefits: c.TerminationFeeBenefits, FeeRemaining: c.TerminationFeeRemaining, FeeTotal: c.TerminationFeeTotal,
		}
		if c.ContractType == erpnext.Commercial {
			o.Fee.Track = fee.Commercial
		}
		return o, nil
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
	p := preview(c, o.Fee, o.On, web.CallerOf(ctx).Lang)
	out := Terminated{
		Contract: c.Name, Status: c.Status, State: account.State, Date: o.On, Reason: o.Reason, Invoice: a.Invoice, Subscription: a.Subscription,
		Subscriptions: listed(a.Subscriptions), Jobs: listed(a.Jobs), Pickup: a.Pickup, Fee: &p,
		Steps: saga.WithPending(account.Steps, saga.Names(d.steps(nil))...), Work: account.Work, Tries: account.Tries, Note: account.Note,
	}
	return out, nil
}

// planFor puts the termination on the agenda. There is one for a contract.
func (d *Desk) planFor(ctx context.Context, c *erpnext.ServiceContract, on erpnext.Date, reason string) (Terminated, error) {
	if _, err := d.decide(ctx, c, Order{Contract: c.Name, On: on}); err != nil {
		return Terminated{}, err
	}
	there, err := d.plannedFor(ctx, c)
	if err != nil {
		return there, err
	}
	if there.State == agenda.Planned {
		if there.Date == on {
			return there, nil
		}
		return there, hub.Fail(hub.Conflict, "change-refused", "The end of this contract is planned for another day already: call that off first.", nil,
			hub.WithState(map[string]any{"contract": c.Name, "change": there.Change, "on": there.Date}))
	}
	_, _, err = d.Agenda.Plan(ctx, agenda.Change{
		Kind: planned, Contract: c.Name, Customer: c.Customer, On: on, Reason: reason, By: hub.ActorOf(ctx).String(), Order: json.RawMessage("{}"),
	})
	if err != nil {
		return there, err
	}
	return d.plannedFor(ctx, c)
}

// plannedFor is the answer about a contract whose termination has not begun.
func (d *Desk) plannedFor(ctx context.Context, c *erpnext.ServiceContract) (Terminated, error) {
	out := Terminated{
		Contract: c.Name, Status: c.Status, State: "none", Date: c.TerminationDate, Reason: c.TerminationReason, Invoice: c.TerminationInvoice,
		Subscription: c.ServiceSubscription, Subscriptions: []string{}, Jobs: []string{}, Steps: []saga.StepState{},
	}
	changes, err := d.Agenda.For(ctx, c.Name, "")
	if err != nil {
		return out, err
	}
	for _, change := range changes {
		if change.Kind == planned && (change.State == agenda.Planned || change.State == agenda.Running) {
			out.State, out.Date, out.Reason, out.Change = agenda.Planned, change.On, change.Reason, change.ID
			break
		}
	}
	return out, nil
}

// Begin starts a termination whose day has come.
func (d *Desk) Begin(ctx context.Context, id string, change agenda.Change) (string, error) {
	c, err := d.clerk.Contract(ctx, change.Contract)
	if err != nil {
		return "", err
	}
	if c.Status == erpnext.ContractTerminated {
		return d.begun(ctx, c, id)
	}
	job, err := d.begin(ctx, c, Order{Contract: c.Name, On: change.On, Reason: change.Reason, By: change.By, Change: id})
	return job.ID, err
}

// begun finds the job that a change has begun before; a contract that was ended
// otherwise has nothing to end.
func (d *Desk) begun(ctx context.Context, c *erpnext.ServiceContract, id string) (string, error) {
	job, found, err := d.teller.Find(ctx, "Service Contract", c.Name)
	if err != nil {
		return "", err
	}
	if found {
		if o, err := d.teller.Order(job); err != nil || o.Change == id {
			return job.ID, err
		}
	}
	return "", hub.Fail(hub.Conflict, "contract-not-open", "The contract has ended before its day.", nil,
		hub.WithState(map[string]any{"contract": c.Name, "status": c.Status}))
}

// CallOff lets a planned termination be called off: nothing was written ahead.
func (d *Desk) CallOff(context.Context, []agenda.Entry) error { return nil }

func listed(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}
