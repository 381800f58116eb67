// Package plans is ERPNext's subscriptions in the ERPNext simulator: their billing
// cycle, trial and end, and how they are cancelled. They make no invoices. It is
// also how far projects are by their tasks.
package plans

import (
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
)

// Controller is the rules of the doctype Subscription.
func Controller() document.Controller {
	return document.Controller{
		Events:  map[string]document.Hook{"validate": check},
		Methods: map[string]document.Method{"cancel_subscription": cancelSubscription, "restart_subscription": restartSubscription},
	}
}

func check(s *document.Session, d *document.Doc) error {
	d.Default("start_date", s.Today())
	center, err := s.Value("Company", d.Text("company"), "cost_center")
	if err != nil {
		return err
	}
	if !meta.Falsy(center) {
		d.Default("cost_center", center)
	}
	if err := checkTrial(d); err != nil {
		return err
	}
	if len(d.Rows("plans")) == 0 {
		return nil // the mandatory check reports it
	}
	interval := ""
	for _, row := range d.Rows("plans") {
		v, err := s.Value("Subscription Plan", row.Text("plan"), "billing_interval")
		if err != nil {
			return err
		}
		if interval != "" && interval != meta.Text(v) {
			return exception.Invalid("You can only have Plans with the same billing cycle in a Subscription")
		}
		interval = meta.Text(v)
	}
	if err := checkEnd(d, interval); err != nil {
		return err
	}
	if !d.Holds("current_invoice_start") {
		start, _ := paper.ParseTime(d.Text("start_date"))
		steps := cycle(interval)
		d.Set("current_invoice_start", start.Format(time.DateOnly))
		d.Set("current_invoice_end", start.AddDate(steps[0], steps[1], steps[2]-1).Format(time.DateOnly))
	}
	if !d.Holds("status") {
		d.Set("status", "Active")
		if end := d.Text("trial_period_end"); end >= s.Today() {
			d.Set("status", map[string]string{"v15": "Trialling", "v16": "Trialing"}[s.Profile.String()])
		}
	}
	return nil
}

// cycle is one billing interval in years, months and days.
func cycle(interval string) [3]int {
	return map[string][3]int{"Day": {0, 0, 1}, "Week": {0, 0, 7}, "Month": {0, 1, 0}, "Year": {1, 0, 0}}[interval]
}

func checkTrial(d *document.Doc) error {
	from, to := d.Text("trial_period_start"), d.Text("trial_period_end")
	switch {
	case from != "" && to != "" && to < from:
		return exception.Invalid("Trial Period End Date Cannot be before Trial Period Start Date")
	case from != "" && to == "":
		return exception.Invalid("Both Trial Period Start Date and Trial Period End Date must be set")
	case from != "" && from > d.Text("start_date"):
		return exception.Invalid("Trial Period Start date cannot be after Subscription Start Date")
	}
	return nil
}

// checkEnd wants a subscription to last longer than one billing interval.
func checkEnd(d *document.Doc, interval string) error {
	start, ok := paper.ParseTime(d.Text("start_date"))
	if !ok {
		return nil
	}
	steps := cycle(interval)
	first := start.AddDate(steps[0], steps[1], steps[2]-1).Format(time.DateOnly)
	if end := d.Text("end_date"); end != "" && end <= first {
		return exception.Invalid("Subscription End Date must be after %s as per the subscription plan", first)
	}
	if d.Int("follow_calendar_months") == 0 {
		return nil
	}
	if !d.Holds("end_date") {
		return exception.Invalid("Subscription End Date is mandatory to follow calendar months")
	}
	if interval != "Month" {
		return exception.Invalid("Billing Interval in Subscription Plan must be Month to follow calendar months")
	}
	return nil
}

func cancelSubscription(s *document.Session, d *document.Doc, _ map[string]any) (any, error) {
	if d.Text("status") == "Cancelled" {
		return nil, exception.Throw("InvoiceCancelled", "subscription is already cancelled.").From("erpnext")
	}
	if d.Text("status") == "Active" && d.Text("generate_invoice_at") != "Beginning of the current subscription period" {
		// it compares a text with a date before it makes the last invoice
		return nil, exception.Raise("TypeError", "'>=' not supported between instances of 'str' and 'datetime.date'").From("erpnext")
	}
	d.Set("status", "Cancelled")
	d.Set("cancelation_date", s.Today())
	return nil, s.Save(d)
}

func restartSubscription(s *document.Session, d *document.Doc, _ map[string]any) (any, error) {
	if d.Text("status") != "Cancelled" {
		return nil, exception.Throw("InvoiceNotCancelled", "You cannot restart a Subscription that is not cancelled.").From("erpnext")
	}
	d.Set("status", "Active")
	d.Set("cancelation_date", nil)
	return nil, s.Save(d)
}
