package activation

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
)

// along finds the rebates and further services that begin with it: those of the
// contract, and rebates at the address that stand under its plan.
func (d *Desk) along(ctx context.Context, f *file) error {
	if f.main == nil {
		return nil
	}
	q := erpnext.Query{Doctype: "Service Subscription", OrderBy: "display_order asc, creation asc",
		Filters: []erpnext.Filter{erpnext.Eq("customer", f.customer), erpnext.Where("status", "!=", erpnext.StatusCancelled)}}
	if f.place != "" {
		q.Or = append(q.Or, erpnext.Eq("service_location", f.place))
	}
	if f.contract != nil {
		q.Or = append(q.Or, erpnext.Eq("service_contract", f.contract.Name))
	}
	if len(q.Or) == 0 {
		return nil
	}
	all, err := erpnext.List[erpnext.ServiceSubscription](ctx, d.erp, q)
	if err != nil {
		return err
	}
	for _, s := range all {
		ours := f.contract != nil && s.ServiceContract == f.contract.Name || f.job != nil && s.ActivationJob == f.job.Name
		if s.Name != f.main.Name && (ours || rebate(s) && s.ServiceContract == "" && f.under(s, all)) {
			f.rows = append(f.rows, s)
		}
	}
	return nil
}

// under tells that of the plans at the address the main one stands next above the
// row. Two plans in one place make it nobody's.
func (f *file) under(row erpnext.ServiceSubscription, all []erpnext.ServiceSubscription) bool {
	if row.Status != erpnext.StatusPending {
		return false
	}
	best, shared := -1, false
	for _, s := range all {
		if rebate(s) || s.DisplayOrder > row.DisplayOrder || s.DisplayOrder < best {
			continue
		}
		shared = s.DisplayOrder == best
		best = s.DisplayOrder
	}
	return best == f.main.DisplayOrder && !shared
}

// date settles the first day. A service in force keeps its own.
func (d *Desk) date(ctx context.Context, f *file) error {
	f.fresh = f.main == nil || f.main.Status == erpnext.StatusPending
	if f.main != nil && !f.fresh && f.main.StartDate != "" {
		f.start = f.main.StartDate
		return nil
	}
	zone, err := d.erp.Zone(ctx)
	if err != nil {
		return err
	}
	at := d.now()
	if f.job != nil && d.final(f.job.Status) && !f.job.ActualEnd.IsZero() {
		end := f.job.ActualEnd.In(zone)
		if age := at.Sub(end); age >= 0 && age <= time.Duration(d.late)*24*time.Hour {
			at = end
		}
	}
	f.start = prorata.Start(at)
	return nil
}
