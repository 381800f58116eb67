package consent

import (
	"context"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// impliedYears is how long a relation counts after its end.
const impliedYears = 2

// relation is a contract or a subscription. Without an end it runs.
type relation struct {
	name string
	end  erpnext.Date // "" while it runs
}

// answer puts the relation into words, as of an instant.
func (b *relation) answer(now time.Time) answer {
	if b == nil {
		return answer{basis: "no basis: no contract and no subscription"}
	}
	if b.end == "" {
		return answer{basis: "implied: " + b.name + " runs", ok: true}
	}
	until := yearsAfter(b.end, impliedYears)
	if until < erpnext.DateOf(now) {
		return answer{basis: fmt.Sprintf("no basis: %s ended on %s, implied consent on %s", b.name, b.end, until)}
	}
	return answer{basis: fmt.Sprintf("implied until %s: %s ends or ended on %s", until, b.name, b.end), ok: true}
}

// better tells whether the relation lasts longer than another.
func (b *relation) better(than *relation) bool {
	return than == nil || than.end != "" && (b.end == "" || b.end > than.end)
}

// contract and subscription are what is asked of each.
type contract struct {
	Name            string       `json:"name"`
	Status          string       `json:"status"`
	StartDate       erpnext.Date `json:"start_date"`
	EndDate         erpnext.Date `json:"end_date"`
	DurationMonths  int          `json:"duration_months"`
	TerminationDate erpnext.Date `json:"termination_date"`
}

type subscription struct {
	Name             string       `json:"name"`
	Status           string       `json:"status"`
	EndDate          erpnext.Date `json:"end_date"`
	CancellationDate erpnext.Date `json:"cancellation_date"`
}

// relation finds what lasts longest of a customer's contracts and subscriptions.
// Customers of the former system have subscriptions and no contract.
func (r *Register) relation(ctx context.Context, customer string) (best *relation, err error) {
	of := func(doctype string, states ...string) erpnext.Query {
		return erpnext.Query{Doctype: doctype, Filters: []erpnext.Filter{erpnext.Eq("customer", customer), erpnext.In("status", states...)}}
	}
	contracts, err := erpnext.List[contract](ctx, r.erp, of("Service Contract",
		erpnext.ContractSigned, erpnext.ContractActive, erpnext.ContractCompleted, erpnext.ContractTerminated))
	if err != nil {
		return nil, fmt.Errorf("reading the contracts of %s: %w", customer, err)
	}
	for _, c := range contracts {
		if one, ok := c.relation(); ok && one.better(best) {
			best = one
		}
	}
	if best != nil && best.end == "" {
		return best, nil
	}
	subscriptions, err := erpnext.List[subscription](ctx, r.erp, of("Service Subscription",
		erpnext.StatusActive, erpnext.StatusSuspended, erpnext.StatusCancelled))
	if err != nil {
		return nil, fmt.Errorf("reading the subscriptions of %s: %w", customer, err)
	}
	for _, s := range subscriptions {
		if one, ok := s.relation(); ok && one.better(best) {
			best = one
		}
	}
	return best, nil
}

// relation reads a contract. A signed or active one runs, past its term too: it
// goes on until somebody ends it. One that ended on an unknown day counts for
// nothing.
func (c contract) relation() (*relation, bool) {
	name := "contract " + c.Name
	if c.Status == erpnext.ContractSigned || c.Status == erpnext.ContractActive {
		return &relation{name: name}, true
	}
	end := c.TerminationDate
	if end == "" {
		end = c.EndDate
	}
	if end == "" && c.DurationMonths > 0 {
		end = monthsAfter(c.StartDate, c.DurationMonths)
	}
	return &relation{name: name, end: end}, end != ""
}

func (s subscription) relation() (*relation, bool) {
	name := "subscription " + s.Name
	if s.Status != erpnext.StatusCancelled {
		return &relation{name: name}, true
	}
	end := s.CancellationDate
	if end == "" {
		end = s.EndDate
	}
	return &relation{name: name, end: end}, end != ""
}

func yearsAfter(d erpnext.Date, years int) erpnext.Date { return monthsAfter(d, 12*years) }

// monthsAfter counts months on the calendar; "" for what is no day.
func monthsAfter(d erpnext.Date, months int) erpnext.Date {
	day, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return ""
	}
	return erpnext.Date(day.AddDate(0, months, 0).Format(time.DateOnly))
}
