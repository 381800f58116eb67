package life

import (
	"context"
	"encoding/json"
	"fmt"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/saga"
)

// ends carries out the two ends of vacations.
type ends struct{ *Desk }

// Begin suspends or restores, if the vacation still is what was planned.
func (e ends) Begin(ctx context.Context, id string, c agenda.Change) (string, error) {
	key := "vacation/" + id
	if job, known, err := e.pauses.Known(ctx, key); err != nil || known {
		return job.ID, err
	}
	var a Absence
	if err := json.Unmarshal(c.Order, &a); err != nil {
		return "", fmt.Errorf("reading vacation %s: %w", id, err)
	}
	s, err := e.scope(ctx, "", a.Subscription)
	if err != nil {
		return "", err
	}
	sub := s.named
	if sub.VacationFrom != a.From || sub.VacationTo != a.To {
		return "", refused("The vacation was called off.", e.stateOf(s))
	}
	p := Pause{Way: c.Kind, Contract: c.Contract, Customer: c.Customer, Subscriptions: s.names(), On: c.On, Reason: c.Reason, By: c.By}
	switch {
	case c.Kind == suspend && a.To < e.Agenda.Today(): // the hub was away: its end may have been looked at before
		return "", refused("The vacation is over.", e.stateOf(s))
	case c.Kind == suspend && sub.Status != erpnext.StatusActive:
		return "", refused("The service is "+sub.Status+" for another reason.", e.stateOf(s))
	case c.Kind == restore && (sub.Status != erpnext.StatusSuspended || sub.SuspendedOn != a.From):
		return "", refused("It is not this vacation that keeps the service suspended.", e.stateOf(s))
	case c.Kind == suspend:
		p.Until = a.To
	}
	job, err := e.pauses.Begin(ctx, saga.Wish[Pause]{Key: key, Lane: s.lane, Subject: s.subject, Order: p})
	return job.ID, err
}

// CallOff takes the days off the subscription. A vacation that has begun is ended
// by restoring the service.
func (e ends) CallOff(ctx context.Context, group []agenda.Entry) error {
	for _, entry := range group {
		if entry.Kind != suspend {
			continue
		}
		if entry.State != agenda.Planned && entry.State != agenda.Cancelled {
			return refused("The vacation has begun: restore the service to end it.", map[string]any{"change": entry.ID, "state": entry.State})
		}
		var a Absence
		if err := json.Unmarshal(entry.Order, &a); err != nil {
			return fmt.Errorf("reading vacation %s: %w", entry.ID, err)
		}
		err := e.mark(ctx, a.Subscription, func(s *erpnext.ServiceSubscription) (erpnext.Values, error) {
			if s.VacationFrom != a.From || s.VacationTo != a.To {
				return nil, nil
			}
			return erpnext.Values{"vacation_from": nil, "vacation_to": nil}, nil
		})
		if err != nil {
			return fmt.Errorf("taking the vacation off %s: %w", a.Subscription, err)
		}
	}
	return nil
}

// dropReturn cancels the planned end of a vacation that began on the day or
// before it.
func (d *Desk) dropReturn(ctx context.Context, subscription string, on erpnext.Date) ([]string, error) {
	return d.Agenda.Drop(ctx, "", subscription, "the service was restored before", func(e agenda.Entry) bool {
		var a Absence
		return e.Kind == restore && json.Unmarshal(e.Order, &a) == nil && a.From <= on
	})
}

// planLater puts the change on the agenda: one for a day.
func (d *Desk) planLater(ctx context.Context, sub *erpnext.ServiceSubscription, o PlanOrder) (*plannedOutput, error) {
	changes, err := d.Agenda.For(ctx, "", sub.Name)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if c.Kind != agenda.Replan || c.State != agenda.Planned || c.On != o.On {
			continue
		}
		var before PlanOrder
		if err := json.Unmarshal(c.Order, &before); err != nil {
			return nil, fmt.Errorf("reading change %s: %w", c.ID, err)
		}
		if before.Plan != o.Plan || !before.Price.Equal(o.Price.Decimal) || before.Item != o.Item {
			return nil, refused("Another plan is planned for that day: call it off first.", map[string]any{"change": c.ID, "on": c.On})
		}
		out := before.answer(ctx, agenda.Planned)
		out.Body.Change = c.ID
		return out, nil
	}
	order, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	entry, err := d.Agenda.Plan(ctx, agenda.Change{
		Kind: agenda.Replan, Contract: o.Contract, Subscription: o.Subscription, Customer: o.Customer, On: o.On, Reason: o.Reason, By: o.By, Order: order,
	})
	out := o.answer(ctx, agenda.Planned)
	out.Body.Change = entry.ID
	return out, err
}

// planned carries out changes of plan whose day has come.
type planned struct{ *Desk }

// Begin starts the change, if the subscription still can have it.
func (p planned) Begin(ctx context.Context, id string, c agenda.Change) (string, error) {
	key := "change/" + id
	if job, known, err := p.plans.Known(ctx, key); err != nil || known {
		return job.ID, err
	}
	var o PlanOrder
	if err := json.Unmarshal(c.Order, &o); err != nil {
		return "", fmt.Errorf("reading change %s: %w", id, err)
	}
	sub, err := p.clerk.Subscription(ctx, o.Subscription)
	if err != nil {
		return "", err
	}
	if err := p.allowed(ctx, sub, &o); err != nil {
		return "", err
	}
	job, err := p.plans.Begin(ctx, saga.Wish[PlanOrder]{
		Key: key, Lane: dossier.Lane(KindPlan, sub.ServiceContract, sub.Name), Subject: subjectOf(sub), Order: o,
	})
	return job.ID, err
}

// CallOff lets a planned change be called off: nothing was written ahead.
func (p planned) CallOff(context.Context, []agenda.Entry) error { return nil }
