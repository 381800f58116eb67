package termination

import (
	"cmp"
	"context"
	"encoding/json"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// planFor puts the termination on the agenda. There is one for a contract.
func (d *Desk) planFor(ctx context.Context, c *erpnext.ServiceContract, o Order) (Terminated, error) {
	on := o.On
	if _, err := d.decide(ctx, c, o); err != nil {
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
	_, err = d.Agenda.Plan(ctx, agenda.Change{
		Kind: agenda.Terminate, Contract: c.Name, Customer: c.Customer, On: on, Reason: o.Reason, By: o.By, Order: json.RawMessage("{}"),
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
		Subscription: c.ServiceSubscription, Subscriptions: []string{}, Jobs: []string{}, Steps: []saga.StepState{}, Warnings: []Warning{},
	}
	changes, err := d.Agenda.For(ctx, c.Name, "")
	if err != nil {
		return out, err
	}
	for _, change := range changes {
		if change.Kind == agenda.Terminate && (change.State == agenda.Planned || change.State == agenda.Running) {
			out.State, out.Date, out.Reason, out.Change = agenda.Planned, change.On, change.Reason, change.ID
			visits, err := d.expected(ctx, c.Name)
			out.Warnings = warnings(visits, web.CallerOf(ctx).Lang)
			return out, err
		}
	}
	return out, nil
}

// Begin starts a termination whose day has come. Work that is under way does not keep
// it from ending: a customer must not go on paying, and the dispatchers get a task.
func (d *Desk) Begin(ctx context.Context, id string, change agenda.Change) (string, error) {
	c, err := d.clerk.Contract(ctx, change.Contract)
	if err != nil {
		return "", err
	}
	if c.Status == erpnext.ContractTerminated {
		return d.begun(ctx, c, id)
	}
	job, err := d.begin(ctx, c, Order{Contract: c.Name, On: change.On, Reason: change.Reason, By: change.By, Change: id}, true)
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

// charged is what the end of a contract that has ended has cost: nothing is computed
// anew for another day.
func (d *Desk) charged(ctx context.Context, c *erpnext.ServiceContract, lang hub.Lang) (Preview, error) {
	var o Order
	job, found, err := d.teller.Find(ctx, "Service Contract", c.Name)
	if err == nil && found {
		o, err = d.teller.Order(job)
	}
	if err == nil && (!found || o.On != c.TerminationDate) { // ended without the hub
		o, err = d.decide(ctx, c, Order{Contract: c.Name, On: cmp.Or(c.TerminationDate, d.Agenda.Today())})
	}
	if err != nil {
		return Preview{}, err
	}
	p := preview(c, o.Fee, o.On, lang)
	p.Status, p.Invoice = c.Status, c.TerminationInvoice
	day, first := hub.Day(o.On.Time(), lang), ""
	switch amount := o.Fee.Due().In(lang); {
	case lang == hub.English:
		first = "The contract has ended (" + day + "); charged then, before tax: " + amount + "."
	default:
		first = "Le contrat est résilié (" + day + ") ; frais retenus alors, avant taxes : " + amount + "."
	}
	p.Explanation = append([]string{first}, p.Explanation...)
	return p, nil
}
