package page

import (
	"context"

	"gigafibre.ca/targo-hub/erpnext"
)

// listed is how many issues, visits and services a card shows at most.
const listed = 20

func either(t tie) []erpnext.Filter {
	var or []erpnext.Filter
	if t.location != "" {
		or = append(or, erpnext.Eq("service_location", t.location))
	}
	if t.customer != "" {
		or = append(or, erpnext.Eq("customer", t.customer))
	}
	return or
}

func (d *Desk) openIssues(ctx context.Context, t tie) (rows []erpnext.Issue, err error) {
	or := either(t)
	if len(or) == 0 {
		return nil, nil
	}
	err = d.ERPNext.List(ctx, erpnext.Query{
		Doctype: "Issue", Fields: []string{"name", "subject", "status", "priority", "issue_type", "opening_date", "service_location"},
		Filters: []erpnext.Filter{erpnext.Where("status", "not in", []string{erpnext.IssueResolved, erpnext.IssueClosed})},
		Or:      or, OrderBy: "creation desc", Limit: listed,
	}, &rows)
	return rows, err
}

// visits are those that are not over yet, at the device's place.
func (d *Desk) visits(ctx context.Context, t tie) (rows []erpnext.DispatchJob, err error) {
	or := either(t)
	if len(or) == 0 {
		return nil, nil
	}
	err = d.ERPNext.List(ctx, erpnext.Query{
		Doctype: "Dispatch Job", Fields: []string{"name", "subject", "job_type", "status", "priority", "scheduled_date", "start_time", "assigned_tech", "service_location"},
		Filters: []erpnext.Filter{erpnext.Where("status", "not in", d.Clerk.Over())},
		Or:      or[:1], OrderBy: "scheduled_date asc, name asc", Limit: listed,
	}, &rows)
	return rows, err
}

// services are the device's own subscription, and those of its place.
func (d *Desk) services(ctx context.Context, t tie) (rows []erpnext.ServiceSubscription, err error) {
	var or []erpnext.Filter
	if t.subscription != "" {
		or = append(or, erpnext.Eq("name", t.subscription))
	}
	if t.location != "" {
		or = append(or, erpnext.Eq("service_location", t.location))
	}
	if len(or) == 0 {
		return nil, nil
	}
	err = d.ERPNext.List(ctx, erpnext.Query{
		Doctype: "Service Subscription", Or: or, OrderBy: "creation desc", Limit: 2 * listed,
		Fields: []string{"name", "customer", "service_location", "service_category", "plan_name", "status", "speed_down", "speed_up", "monthly_price",
			"billing_cycle", "start_date", "end_date"},
	}, &rows)
	return rows, err
}

// state asks for the state of the line.
func (d *Desk) state(ctx context.Context, t tie) (any, error) {
	if d.OLT == nil || t.line == "" {
		return nil, nil
	}
	return d.OLT(ctx, t.line)
}
