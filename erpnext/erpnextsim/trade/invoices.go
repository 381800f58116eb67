package trade

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/billing"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/parties"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// invoices is sales invoices.
func invoices() map[string]document.Controller {
	return map[string]document.Controller{
		"Sales Invoice": {
			Events: hooks{
				"autoname": ReturnSeries("ACC-SINV"), "validate": document.Chain(PostingTime, missing, someItems, checkInvoice, checkReturn, totals, schedule, parties.Check, invoiceStatus),
				"on_submit": document.Chain(checkSigns, remark, billing.Follow, openInvoice),
				"on_cancel": document.Chain(unlinkPayments, func(s *document.Session, d *document.Doc) error {
					return db(s, d, map[string]any{"status": "Cancelled", "outstanding_amount": 0.0})
				}, billing.Follow, func(s *document.Session, d *document.Doc) error {
					if s.Profile == profile.V15 {
						return nil // it leaves the request alone
					}
					return billing.Requested(s, d)
				}),
				"on_trash": booked,
			},
			Ignored: []string{"Payment Request"},
		},
	}
}

// ReturnSeries names what gives money back by a series of its own, beside that of
// the other invoices.
func ReturnSeries(series string) document.Hook {
	return func(_ *document.Session, d *document.Doc) error {
		if d.Int("is_return") != 0 && d.Text("naming_series") == series+"-.YYYY.-" {
			d.Set("naming_series", series+"-RET-.YYYY.-")
		}
		return nil
	}
}

// PostingTime is now, unless the caller says that he sets it.
func PostingTime(s *document.Session, d *document.Doc) error {
	if d.Int("set_posting_time") == 0 {
		d.Set("posting_date", s.Today())
		d.Set("posting_time", s.Clock().Format("15:04:05.000000"))
	}
	return nil
}

func checkInvoice(s *document.Session, d *document.Doc) error {
	switch {
	case d.Holds("customer"):
	case s.Profile == profile.V16:
		return exception.Invalid("Please select Customer first")
	case !d.Holds("due_date"):
		return exception.Invalid("Due Date is mandatory")
	}
	if !d.Holds("due_date") {
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

// checkReturn holds a credit note to its signs as soon as it is drawn up.
func checkReturn(s *document.Session, d *document.Doc) error {
	if d.Int("is_return") == 0 {
		return nil
	}
	return checkSigns(s, d)
}

// checkSigns refuses what, of invoices, a draft may hold: goods that go out with a
// credit note, and prices below zero where the site wants none.
func checkSigns(s *document.Session, d *document.Doc) error {
	allowed, err := s.Value("Selling Settings", "Selling Settings", "allow_negative_rates_for_items")
	if err != nil {
		return err
	}
	for _, row := range d.Rows("items") {
		item := row.Text("item_code")
		switch {
		case row.Float("qty") > 0 && d.Int("is_return") != 0:
			return exception.Invalid("For an item %s, quantity must be negative number", item)
		case row.Float("rate") < 0 && meta.Int(allowed) == 0:
			return exception.Invalid("For item <strong>%s</strong>, rate must be a positive number. To Allow negative rates, enable "+
				"<strong>`Allow Negative rates for Items`</strong> in %s", item, s.Link("Selling Settings", "Selling Settings"))
		}
	}
	return nil
}

func invoiceStatus(s *document.Session, d *document.Doc) error {
	d.Set("against_income_account", Accounts(d, "income_account"))
	d.Default("po_no", "")
	d.Set("outstanding_amount", money(payable(d)-d.Float("total_advance")))
	status, err := statusOf(s, d)
	if d.Fresh() {
		status = "Draft"
	}
	d.Set("status", status)
	return err
}

// Accounts are those that the lines are booked to, each once, with commas between.
func Accounts(d *document.Doc, field string) string {
	var accounts []string
	for _, row := range d.Rows("items") {
		if account := row.Text(field); account != "" && !slices.Contains(accounts, account) {
			accounts = append(accounts, account)
		}
	}
	return strings.Join(accounts, ",")
}

// openInvoice sets what an invoice asks for once it is submitted. The answer to one
// that was submitted while it was made still calls it a draft.
func openInvoice(s *document.Session, d *document.Doc) error {
	if !d.Fresh() {
		return nil
	}
	status, err := statusOf(s, d)
	if err != nil {
		return err
	}
	err = s.SetValue("Sales Invoice", d.Name(), map[string]any{"status": status, "outstanding_amount": d.Get("outstanding_amount")}, false)
	if s.Profile == profile.V15 {
		d.Set("outstanding_amount", 0.0)
	}
	return err
}

// statusOf derives an invoice's status from what is still open.
func statusOf(s *document.Session, d *document.Doc) (string, error) {
	open, total := d.Float("outstanding_amount"), payable(d)
	switch {
	case d.Docstatus() == 0:
		return "Draft", nil
	case d.Docstatus() == 2:
		return "Cancelled", nil
	case open > 0 && total-open < dueBy(d, s.Today()):
		return "Overdue", nil
	case open > 0 && open < total:
		return "Partly Paid", nil
	case open > 0:
		return "Unpaid", nil
	case d.Int("is_return") != 0:
		return "Return", nil
	}
	credited, err := s.Tx.Value(`SELECT 1 FROM "tabSales Invoice" WHERE is_return = 1 AND return_against = ? AND docstatus = 1`, d.Name())
	if credited != nil {
		return "Credit Note Issued", err
	}
	return "Paid", err
}

// dueBy is what should have been paid before a day.
func dueBy(d *document.Doc, day string) float64 {
	rows := d.Rows("payment_schedule")
	if len(rows) == 0 && d.Text("due_date") < day {
		return payable(d)
	}
	sum := 0.0
	for _, row := range rows {
		if row.Text("due_date") < day {
			sum += row.Float("payment_amount")
		}
	}
	return money(sum)
}

// settle lowers what is open on an invoice by amount, raising it when negative.
func settle(s *document.Session, name string, amount float64) error {
	d, err := s.Load("Sales Invoice", name)
	if err != nil {
		return fmt.Errorf("settling %s: %w", name, err)
	}
	d.Set("outstanding_amount", money(d.Float("outstanding_amount")-amount))
	status, err := statusOf(s, d)
	if err != nil {
		return err
	}
	return db(s, d, map[string]any{"outstanding_amount": d.Get("outstanding_amount"), "status": status, "modified": s.Now()})
}

// Nightly does what the scheduler does each night: expired quotations, overdue
// invoices.
func Nightly(s *document.Session) error {
	err := s.Tx.Exec(`UPDATE tabQuotation SET status = 'Expired' WHERE docstatus = 1 AND status NOT IN ('Expired', 'Lost') AND valid_till < ?
		AND NOT EXISTS (SELECT 1 FROM "tabSales Order Item" i WHERE i.docstatus = 1 AND i.prevdoc_docname = tabQuotation.name)`, s.Today())
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

func remark(s *document.Session, d *document.Doc) error {
	if d.Holds("remarks") {
		return nil
	}
	return db(s, d, map[string]any{"remarks": "No Remarks"})
}

// booked keeps what was once submitted: the newer release refuses to delete it, as
// the ledger still speaks of it.
func booked(s *document.Session, d *document.Doc) error {
	if s.Profile == profile.V15 || d.Docstatus() != 2 {
		return nil
	}
	return billing.Held(s, d, "GL Entry", naming.Hash())
}
