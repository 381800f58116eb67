package adapt

import (
	"context"

	"gigafibre.ca/targo-hub/hub/billing"
	"gigafibre.ca/targo-hub/hub/contract"
	"gigafibre.ca/targo-hub/hub/dispatch"
)

// Activated puts what became of a service into the words of the work order that
// started it.
func Activated(made contract.Activation, err error) (dispatch.Activated, error) {
	if err != nil {
		return dispatch.Activated{}, err
	}
	activated := dispatch.Activated{Subscription: made.Subscription, Invoice: made.Invoice, Start: made.Start}
	if made.State == contract.Found {
		activated.Note = "It was active already."
	}
	return activated, nil
}

// Planned tells the report of a month which services end, or change, on a day to
// come.
func Planned(desk *contract.Desk) func(context.Context) ([]billing.Planned, error) {
	return func(ctx context.Context) ([]billing.Planned, error) {
		ahead, err := desk.Ahead(ctx)
		all := make([]billing.Planned, 0, len(ahead))
		for _, a := range ahead {
			p := billing.Planned{Subscription: a.Subscription, Kind: billing.PlannedPlan, On: a.On, Plan: a.Plan, Monthly: a.Monthly}
			if a.Ends {
				p.Kind = billing.PlannedEnd
			}
			all = append(all, p)
		}
		return all, err
	}
}
