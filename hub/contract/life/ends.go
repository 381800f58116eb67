package life

import (
	"context"
	"encoding/json"
	"fmt"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
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
	sub, err := e.clerk.Subscription(ctx, a.Subscription)
	if err != nil {
		return "", err
	}
	if sub.VacationFrom != a.From || sub.VacationTo != a.To {
		return "", refused("The vacation was called off.", e.stateOf(s))
	}
	p := Pause{Way: c.Kind, Contract: c.Contract, Customer: c.Customer, Subscriptions: s.names(), On: c.On, Reason: c.Reason, By: c.By}
	switch {
	case c.Kind == suspend && sub.Status != erpnext.StatusActive:
		return "", refused("The service is "+sub.Status+" for another reason.", e.stateOf(s))
	case c.Kind == restore && (sub.Status != erpnext.StatusSuspended || sub.SuspendedOn != a.From):
		return "", refused("It is not this vacation that keeps the service suspended.", e.stateOf(s))
	case c.Kind == suspend:
		p.Until = a.To
	}
	job, _, err := e.pauses.Begin(ctx, saga.Wish[Pause]{Key: key, Lane: s.lane, Subject: s.subject, Order: p})
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
		_, err := erpnext.Revise(ctx, e.ERPNext, "Service Subscription", a.Subscription, func(s *erpnext.ServiceSubscription) (erpnext.Values, error) {
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
