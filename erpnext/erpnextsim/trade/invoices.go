package trade

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
)

// invoices is sales invoices.
func invoices() map[string]document.Controller {
	return map[string]document.Controller{
		"Sales Invoice": {
			Events: hooks{
				"autoname": returnSeries, "validate": chain(postingTime, missing, checkInvoice, totals, schedule, invoiceStatus),
				"on_cancel": func(s *document.Session, d *document.Doc) error {
					return db(s, d, map[string]any{"status": "Cancelled"})
				},
			},
		},
	}
}

func returnSeries(_ *document.Session, d *document.Doc) error {
	if d.Int("is_return") != 0 && d.Text("naming_series") == "ACC-SINV-.YYYY.-" {
		d.Set("naming_series", "ACC-SINV-RET-.YYYY.-")
	}
	return nil
}

// postingTime is now, unless the caller says that he sets it.
func postingTime(s *document.Session, d *document.Doc) error {
	if d.Int("set_posting_time") == 0 {
		d.Set("posting_date", s.Today())
		d.Set("posting_time", s.Clock().Format("15:04:05.000000"))
	}
	return nil
}

func checkInvoice(_ *document.Session, d *document.Doc) error {
	if !truthy(d, "customer") {
		return exception.Throw("MandatoryError", "Customer is mandatory")
	}
	if !truthy(d, "due_date") {
		d.Set("due_date", d.Get("posting_date"))
	}
	if d.Text("due_date") < d.Text("posting_date") {
		return exception.Invalid("Due Date cannot be before Posting Date")
	}
	for _, row := range d.Rows("items") {
		if d.Int("is_return") == 0 && row.Float("qty") < 0 {
			return exception.Invalid("Row # %d: Quantity for Item %s cannot be negative", row.Int("idx"), row.Text("item_code"))
		}
	}
	return nil
}

func invoiceStatus(s *document.Session, d *document.Doc) error {
	d.Set("outstanding_amount", money(payable(d)-d.Float("total_advance")))
	d.Set("status", statusOf(s, d))
	return nil
}

// statusOf derives an invoice's status from what is still open.
func statusOf(s *document.Session, d *document.Doc) string {
	open, total := d.Float("outstanding_amount"), payable(d)
	switch {
	case d.Docstatus() == 0:
		return "Draft"
	case d.Docstatus() == 2:
		return "Cancelled"
	case d.Int("is_return") != 0:
		return "Return"
	case open <= 0:
		return "Paid"
	case d.Text("due_date") < s.Today():
		return "Overdue"
	case open < total:
		return "Partly Paid"
	}
	return "Unpaid"
}

// settle lowers what is open on an invoice by amount, raising it when negative.
func settle(s *document.Session, name string, amount float64) error {
	d, err := s.Load("Sales Invoice", name)
	if err != nil {
		return fmt.Errorf("settling %s: %w", name, err)
	}
	d.Set("outstanding_amount", money(d.Float("outstanding_amount")-amount))
	return db(s, d, map[string]any{"outstanding_amount": d.Get("outstanding_amount"), "status": statusOf(s, d), "modified": s.Now()})
}

// Nightly does what the scheduler does each night: expired quotations, overdue
// invoices.
func Nightly(s *document.Session) error {
	err := s.Tx.Exec(`UPDATE tabQuotation SET status = 'Expired' WHERE docstatus = 1 AND status NOT IN ('Expired', 'Lost', 'Ordered', 'Partially Ordered')
		AND valid_till IS NOT NULL AND valid_till < ?`, s.Today())
	if err != nil {
		return err
	}
	rows, err := s.Tx.Rows(`SELECT name FROM "tabSales Invoice" WHERE docstatus = 1 AND status IN ('Unpaid', 'Partly Paid')`)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if err := settle(s, meta.Text(r["name"]), 0); err != nil {
			return err
		}
	}
	return nil
}

func checkSubscription(s *document.Session, d *document.Doc) error {
	d.Default("start_date", s.Today())
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
	if !truthy(d, "current_invoice_start") {
		start, _ := paper.ParseTime(d.Text("start_date"))
		steps := map[string][3]int{"Day": {0, 0, 1}, "Week": {0, 0, 7}, "Month": {0, 1, 0}, "Year": {1, 0, 0}}[interval]
		d.Set("current_invoice_start", start.Format("2006-01-02"))
		d.Set("current_invoice_end", start.AddDate(steps[0], steps[1], steps[2]-1).Format("2006-01-02"))
	}
	if !truthy(d, "status") {
		d.Set("status", "Active")
		if end := d.Text("trial_period_end"); end >= s.Today() {
			d.Set("status", map[string]string{"v15": "Trialling", "v16": "Trialing"}[s.Profile.String()])
		}
	}
	return nil
}

func cancelSubscription(s *document.Session, d *document.Doc, _ map[string]any) (any, error) {
	if d.Text("status") == "Cancelled" {
		return nil, exception.Throw("InvoiceCancelled", "subscription is already cancelled.").From("erpnext")
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
