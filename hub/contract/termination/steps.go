package termination

import (
	"context"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// ending is a contract on its way to its end.
type ending struct {
	Order
	answer   *Answer
	contract *erpnext.ServiceContract
	customer *erpnext.Customer // nil when it is gone
	services []erpnext.ServiceSubscription
}

// open reads what the steps need.
func (d *Desk) open(ctx context.Context, _ keep.Job, o Order, answer *Answer) ([]saga.Step, error) {
	c, err := d.clerk.Contract(ctx, o.Contract)
	if hub.HasCode(err, "contract-not-found") {
		return nil, keep.Reject(err)
	}
	if err != nil {
		return nil, err
	}
	e := &ending{Order: o, answer: answer, contract: c}
	if e.customer, err = d.clerk.Customer(ctx, c.Customer); err != nil {
		return nil, fmt.Errorf("reading the customer of %s: %w", c.Name, err)
	}
	if e.services, err = d.clerk.Services(ctx, c); err != nil {
		return nil, err
	}
	answer.Subscription = c.ServiceSubscription
	if answer.Subscription == "" && len(e.services) > 0 {
		answer.Subscription = e.services[0].Name
	}
	return d.steps(e), nil
}

// steps are the story, in order. Only the contract carries the others: what fails
// further down must not keep a customer paying for a service that has ended.
func (d *Desk) steps(e *ending) []saga.Step {
	on := func(do func(context.Context, *ending) (string, error)) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) { return do(ctx, e) }
	}
	return []saga.Step{
		{Name: "contract", Carries: true, Do: on(d.written)},
		{Name: "invoice", Do: on(d.invoiced)},
		{Name: "subscriptions", Do: on(d.cancelled)},
		{Name: "task", Do: on(d.warned)},
		{Name: "jobs", Do: on(d.calledOff)},
		{Name: "pickup", Do: on(d.fetched)},
		{Name: "changes", Do: on(d.dropped)},
		{Name: "drafts", Do: on(d.undrafted)},
		{Name: "comment", Do: on(d.noted)},
		{Name: "event", Do: on(d.published)},
	}
}

// written writes the end and what it costs on the contract.
func (d *Desk) written(ctx context.Context, e *ending) (string, error) {
	if e.contract.Status != erpnext.ContractTerminated {
		// Before the write, so that no crash can lose it; a repeated try adds a line.
		if err := d.Store.Audit(ctx, keep.Record{
			Actor: e.By, Action: "contract.terminate", Doctype: "Service Contract", Name: e.Contract,
			Detail: string(e.On) + ", " + e.Fee.Due().String() + " $: " + e.Reason,
		}); err != nil {
			return "", err
		}
	}
	c, err := erpnext.Revise(ctx, d.ERPNext, "Service Contract", e.Contract, func(c *erpnext.ServiceContract) (erpnext.Values, error) {
		switch c.Status {
		case erpnext.ContractTerminated:
			return nil, nil
		case erpnext.ContractSigned, erpnext.ContractActive:
			return erpnext.Values{
				"status": erpnext.ContractTerminated, "termination_date": e.On, "termination_reason": e.Reason, "months_elapsed": e.Fee.Elapsed,
				"termination_fee_benefits": e.Fee.FeeBenefits, "termination_fee_remaining": e.Fee.FeeRemaining, "termination_fee_total": e.Fee.FeeTotal,
			}, nil
		}
		return nil, keep.Reject(hub.Fail(hub.Conflict, "contract-not-open", "The contract is "+c.Status+" by now.", nil))
	})
	if err != nil {
		return "", err
	}
	e.contract, e.answer.Written = c, true
	return c.Name, nil
}

// cancelled ends the services and the rebates under them. Nothing is deleted.
func (d *Desk) cancelled(ctx context.Context, e *ending) (string, error) {
	e.answer.Subscriptions = []string{}
	for _, s := range e.services {
		_, err := erpnext.Revise(ctx, d.ERPNext, "Service Subscription", s.Name, func(s *erpnext.ServiceSubscription) (erpnext.Values, error) {
			if s.Status == erpnext.StatusCancelled {
				return nil, nil
			}
			return erpnext.Values{"status": erpnext.StatusCancelled, "end_date": e.On, "cancellation_date": e.On}, nil
		})
		if err != nil {
			return "", fmt.Errorf("cancelling %s: %w", s.Name, err)
		}
		e.answer.Subscriptions = append(e.answer.Subscriptions, s.Name)
	}
	if len(e.services) == 0 {
		return "", saga.Skip("the contract has no subscription")
	}
	return strings.Join(e.answer.Subscriptions, " "), nil
}

// dropped takes what was planned for the contract and its services off the agenda.
func (d *Desk) dropped(ctx context.Context, e *ending) (string, error) {
	const why = "the contract was terminated"
	all := func(agenda.Entry) bool { return true }
	ids, err := d.Agenda.Drop(ctx, e.Contract, "", why, all)
	for _, s := range e.services {
		if err != nil {
			return "", err
		}
		var more []string
		more, err = d.Agenda.Drop(ctx, "", s.Name, why, all)
		ids = append(ids, more...)
	}
	if err == nil && len(ids) == 0 {
		err = saga.Skip("nothing was planned")
	}
	return strings.Join(ids, " "), err
}

// noted says it under the customer.
func (d *Desk) noted(ctx context.Context, e *ending) (string, error) {
	if e.customer == nil {
		return "", saga.Skip("the customer is gone")
	}
	text := "Contrat " + e.Contract + " résilié le " + hub.Day(e.On.Time(), hub.French) + ". Motif : " + e.Reason + ". Frais avant taxes : " + e.Fee.Due().In(hub.French)
	if e.answer.Invoice != "" {
		text += " (brouillon " + e.answer.Invoice + ")"
	}
	if len(e.answer.Subscriptions) > 0 {
		text += ". Abonnements annulés : " + strings.Join(e.answer.Subscriptions, ", ")
	}
	if left := e.answer.DraftsLeft; len(left) > 0 {
		text += ". Brouillons à revoir, pour des jours après la fin : " + strings.Join(left, ", ")
	}
	return d.clerk.Comment(ctx, e.contract.Customer, e.Key, text+".")
}

// published tells the news once.
func (d *Desk) published(ctx context.Context, e *ending) (string, error) {
	key := hub.ContractTerminated + ":" + e.Key
	events := []hub.Event{hub.NewEvent(hub.TopicDocuments, hub.ContractTerminated, key, map[string]any{
		"contract": e.Contract, "customer": e.contract.Customer, "date": e.On, "invoice": e.answer.Invoice, "subscriptions": e.answer.Subscriptions,
	})}
	for _, name := range e.answer.Subscriptions {
		events = append(events, hub.NewEvent(hub.TopicDocuments, hub.SubscriptionCancelled, hub.SubscriptionCancelled+":"+name+":"+e.Key, map[string]any{
			"subscription": name, "contract": e.Contract, "customer": e.contract.Customer, "on": e.On,
		}))
	}
	return key, d.News.Publish(ctx, events...)
}
