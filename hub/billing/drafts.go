package billing

import (
	"context"

	"gigafibre.ca/targo-hub/erpnext"
)

// findDrafts finds the invoices that activations in the month left behind. Each
// names one service; its lines are those of all that began with it.
func (r *run) findDrafts(ctx context.Context) error {
	r.drafts = map[string]string{}
	q := erpnext.Query{
		Doctype: "Sales Invoice", Fields: []string{"name", "service_subscription"}, OrderBy: "name asc",
		Filters: []erpnext.Filter{
			erpnext.Between("period_start", r.month.First(), r.month.Last()), erpnext.Where("custom_hub_key", "like", "%/prorata"),
			erpnext.Where("docstatus", "<", erpnext.Cancelled),
		},
	}
	for invoice, err := range erpnext.All[erpnext.SalesInvoice](ctx, r.erp, q) {
		if err != nil {
			return err
		}
		r.drafts[invoice.Subscription] = invoice.Name
	}
	return nil
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
