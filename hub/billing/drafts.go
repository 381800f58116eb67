package billing

import (
	"context"
	"math/big"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing/month"
)

// What the key of an invoice that the hub drew up tells: "SUB/2026-04-24/prorata"
// is of an activation, "SUB/2026-04-24/change/…" of a change of plan on that day.
const (
	ofActivation = "/prorata"
	ofChange     = "/change/"
)

// change is the invoice of a change of plan in the month: the difference of the
// prices for the days from it to the month's end.
type change struct {
	on       erpnext.Date
	invoice  string
	amount   hub.Money // below zero when the other plan costs less
	days, of int       // that it has of the month's
}

// findDrafts finds the invoices that activations and changes of plan in the month
// left behind. Each names one service; that of an activation has the lines of all
// that began with it.
func (r *run) findDrafts(ctx context.Context) error {
	q := erpnext.Query{
		Doctype: "Sales Invoice", OrderBy: "name asc",
		Fields: []string{"name", "service_subscription", "custom_hub_key", "period_start", "net_total"},
		Filters: []erpnext.Filter{
			erpnext.Between("period_start", r.month.First(), r.month.Last()), erpnext.Where("custom_hub_key", "like", "%/%"),
			erpnext.Where("docstatus", "<", erpnext.Cancelled),
		},
	}
	for invoice, err := range erpnext.All[erpnext.SalesInvoice](ctx, r.erp, q) {
		if err != nil {
			return err
		}
		about, _, changed := strings.Cut(invoice.HubKey, ofChange)
		switch {
		case strings.HasSuffix(invoice.HubKey, ofActivation):
			r.drafts[invoice.Subscription] = invoice.Name
		case changed:
			c := change{on: invoice.PeriodStart, invoice: invoice.Name, amount: invoice.NetTotal}
			if at := strings.LastIndexByte(about, '/'); at >= 0 {
				c.on = erpnext.Date(about[at+1:])
			}
			c.days, c.of = r.month.Left(invoice.PeriodStart)
			r.changes[invoice.Subscription] = append(r.changes[invoice.Subscription], c)
		}
	}
	return nil
}

// monthly is the difference of the prices, of which the invoice has a part. It was
// rounded to the cent there, so this may be some cents beside it.
func (c change) monthly() hub.Money {
	exact := new(big.Rat).Mul(c.amount.Rat(), big.NewRat(int64(c.of), int64(max(c.days, 1))))
	return month.Cents(exact)
}

// beginning is when, and with what, a service began.
type beginning struct{ start, job, contract string }

// drafts are the invoices of activations of one customer, by beginning.
type drafts map[beginning]string

// draftsOf gathers them. A rebate or a second service that began on the same day,
// by the same job or under the same contract, stands on the same invoice.
func (r *run) draftsOf(services []erpnext.ServiceSubscription) drafts {
	all := drafts{}
	for i := range services {
		if draft, there := r.drafts[services[i].Name]; there {
			for _, b := range beginnings(&services[i]) {
				all[b] = draft
			}
		}
	}
	return all
}

// of finds the invoice that a service stands on.
func (d drafts) of(s *erpnext.ServiceSubscription) (draft string, there bool) {
	for _, b := range beginnings(s) {
		if draft, there = d[b]; there {
			break
		}
	}
	return draft, there
}

// beginnings are the ways in which a service began with others; the first is its
// own alone.
func beginnings(s *erpnext.ServiceSubscription) []beginning {
	start := string(s.StartDate)
	all := []beginning{{contract: "itself " + s.Name}}
	if s.ActivationJob != "" {
		all = append(all, beginning{start: start, job: s.ActivationJob})
	}
	if s.ServiceContract != "" {
		all = append(all, beginning{start: start, contract: s.ServiceContract})
	}
	return all
}
