package activation

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

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
		if !end.After(at) && (d.recent(end) || d.justTold(f.job)) {
			at = end
		}
	}
	f.start = prorata.Start(at)
	return nil
}

// recent tells whether something is not so old that it is for a person.
func (d *Desk) recent(at time.Time) bool {
	return d.now().Sub(at) <= time.Duration(d.late)*24*time.Hour
}

// justTold tells whether somebody told the hub recently that the work is done,
// however long ago it was. The id of the move, the last word of hub_state, has the
// instant at which it was told.
func (d *Desk) justTold(job *erpnext.DispatchJob) bool {
	if job == nil {
		return false
	}
	id, err := uuid.Parse(job.HubState[strings.LastIndexByte(job.HubState, ' ')+1:])
	if err != nil || id.Version() != 7 {
		return false
	}
	return d.recent(time.Unix(id.Time().UnixTime()))
}
