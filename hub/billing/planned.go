package billing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing/month"
)

// The kinds of what is planned.
const (
	PlannedEnd  = "end"  // the service ends
	PlannedPlan = "plan" // it becomes another one, at another price
)

// Planned is what is to happen to a service on a day to come.
type Planned struct {
	Subscription string
	Kind         string       // PlannedEnd, PlannedPlan
	On           erpnext.Date // the last day that is paid for, or the first of the other plan
	Plan         string       // the other plan's name
	Monthly      hub.Money    // and its price
}

// findPlans asks what is planned.
func (r *run) findPlans(ctx context.Context) error {
	if r.ask == nil {
		return nil
	}
	all, err := r.ask(ctx)
	if err != nil {
		return fmt.Errorf("asking what is planned: %w", err)
	}
	slices.SortStableFunc(all, func(a, b Planned) int { return strings.Compare(string(a.On), string(b.On)) })
	for _, p := range all {
		r.plans[p.Subscription] = append(r.plans[p.Subscription], p)
	}
	return nil
}

// foresee makes the service what it is when the month is billed. What is billed
// then is the price of the month's first day: a change within the month has an
// invoice of its own for the difference, of the days from it to the month's end.
func (r *run) foresee(s *erpnext.ServiceSubscription) {
	for _, c := range r.changes[s.Name] { // those that were carried out: back to the price before
		s.MonthlyPrice = hub.Money{Decimal: s.MonthlyPrice.Sub(c.monthly().Decimal)}
	}
	for _, p := range r.plans[s.Name] {
		switch {
		case p.Kind == PlannedEnd && s.Status != erpnext.StatusCancelled && (s.EndDate == "" || p.On < s.EndDate):
			s.EndDate = p.On
		case p.Kind == PlannedPlan && p.On <= r.month.First():
			s.PlanName, s.MonthlyPrice = p.Plan, p.Monthly
		}
	}
}

// noteOf says what is in an amount beside the price, and what is not in it.
func (r *run) noteOf(l month.Line) string {
	var notes []string
	if l.Promo.IsPositive() {
		text := "promotion of " + l.Promo.String() + " a month"
		if l.PromoEnds != "" {
			text += " until " + string(l.PromoEnds)
		}
		notes = append(notes, text)
	}
	for _, c := range r.changes[l.Subscription] {
		notes = append(notes, "at the price before the change of plan on "+string(c.on)+", whose difference of "+c.amount.String()+" is on "+c.invoice)
	}
	begun := "" // the last change before the month
	for _, p := range r.plans[l.Subscription] {
		switch {
		case p.Kind == PlannedEnd && p.On <= l.End:
			notes = append(notes, ends(p))
		case p.Kind == PlannedPlan && p.On <= r.month.First():
			begun = "at the price that is planned from " + string(p.On)
		case p.Kind == PlannedPlan && p.On <= l.End:
			notes = append(notes, "becomes "+p.Plan+" at "+p.Monthly.String()+" on "+string(p.On)+": the difference is not in this line, it is billed by itself")
		}
	}
	if begun != "" {
		notes = append(notes, begun)
	}
	return strings.Join(notes, "; ")
}

// endOf says that a service which is not billed any more has a planned end.
func (r *run) endOf(s *erpnext.ServiceSubscription) string {
	for _, p := range r.plans[s.Name] {
		if p.Kind == PlannedEnd && p.On == s.EndDate {
			return ends(p)
		}
	}
	return ""
}

func ends(p Planned) string { return "its end is planned for " + string(p.On) }
