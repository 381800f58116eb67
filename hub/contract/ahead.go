package contract

import (
	"context"
	"encoding/json"
	"fmt"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/life"
)

// Ahead is what is planned for a service: its end, or another plan.
type Ahead struct {
	Subscription string
	Ends         bool
	On           erpnext.Date // its last day, or the first of the other plan
	Plan         string
	Monthly      hub.Money
}

// Ahead lists the ends and the changes of plan that are planned, for each service.
func (d *Desk) Ahead(ctx context.Context) ([]Ahead, error) {
	var all []Ahead
	coming, err := d.plans.Coming(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range coming {
		switch e.Kind {
		case agenda.Replan:
			var o life.PlanOrder
			if err := json.Unmarshal(e.Order, &o); err != nil {
				return nil, fmt.Errorf("reading change %s: %w", e.ID, err)
			}
			all = append(all, Ahead{Subscription: o.Subscription, On: e.On, Plan: o.Plan, Monthly: o.Price})
		case agenda.Terminate:
			ends, err := d.ends(ctx, e)
			if err != nil {
				return nil, err
			}
			all = append(all, ends...)
		}
	}
	return all, nil
}

// ends are those of a contract's services. A contract that is gone, or that is not
// in force any more, ends nothing.
func (d *Desk) ends(ctx context.Context, e agenda.Entry) ([]Ahead, error) {
	c, err := d.clerk.Contract(ctx, e.Contract)
	if hub.HasCode(err, "contract-not-found") {
		return nil, nil
	}
	if err != nil || c.Status != erpnext.ContractSigned && c.Status != erpnext.ContractActive {
		return nil, err
	}
	services, err := d.clerk.Services(ctx, c)
	if err != nil {
		return nil, err
	}
	ends := make([]Ahead, 0, len(services))
	for _, s := range services {
		ends = append(ends, Ahead{Subscription: s.Name, Ends: true, On: e.On})
	}
	return ends, nil
}
