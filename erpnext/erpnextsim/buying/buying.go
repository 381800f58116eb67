// Package buying is ERPNext's own rules for suppliers' invoices in the ERPNext
// simulator. Orders and receipts of goods are not imitated, nor is the ledger.
package buying

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/parties"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/trade"
)

// All returns the controllers by doctype.
func All() map[string]document.Controller {
	return map[string]document.Controller{
		"Purchase Invoice": trade.Marked(document.Controller{Events: map[string]document.Hook{
			"autoname":  trade.ReturnSeries("ACC-PINV"),
			"validate":  document.Chain(trade.PostingTime, supplier, missing, trade.Sums, checkDates, checkNumber, expenses, status),
			"on_submit": submitted,
			"on_cancel": func(s *document.Session, d *document.Doc) error {
				return s.SetValue(d.Type.Name, d.Name(), map[string]any{"status": "Cancelled", "outstanding_amount": 0.0}, false)
			},
		}}),
	}
}

// supplier refuses one that is disabled or frozen.
func supplier(s *document.Session, d *document.Doc) error {
	return parties.CheckOne(s, "Supplier", d.Text("supplier"))
}

// checkDates holds the supplier's own date against the others.
func checkDates(_ *document.Session, d *document.Doc) error {
	posted, billed := d.Text("posting_date"), d.Text("bill_date")
	if billed > posted && d.Int("is_return") == 0 {
		return exception.Invalid("Supplier Invoice Date cannot be greater than Posting Date")
	}
	if billed == "" {
		billed = posted
	}
	if d.Text("due_date") < billed {
		return exception.Invalid("Due Date cannot be before Supplier Invoice Date")
	}
	return nil
}

// checkNumber refuses a supplier's number that another invoice of the year has,
// if the site was told to. By itself it takes the same bill twice.
func checkNumber(s *document.Session, d *document.Doc) error {
	once, err := s.Value("Accounts Settings", "Accounts Settings", "check_supplier_invoice_uniqueness")
	if err != nil || meta.Int(once) == 0 || d.Text("bill_no") == "" || d.Int("is_return") != 0 {
		return err
	}
	year := d.Text("posting_date")[:4]
	other, err := s.Tx.Value(`SELECT name FROM "tabPurchase Invoice" WHERE bill_no = ? AND supplier = ? AND name != ? AND docstatus < 2
		AND posting_date BETWEEN ? AND ?`, d.Text("bill_no"), d.Text("supplier"), d.Name(), year+"-01-01", year+"-12-31")
	if err != nil || other == nil {
		return err
	}
	return exception.Invalid("Supplier Invoice No exists in Purchase Invoice %s", s.Link("Purchase Invoice", meta.Text(other)))
}

// expenses wants to know of every row which account it is spent from.
func expenses(_ *document.Session, d *document.Doc) error {
	for _, row := range d.Rows("items") {
		if row.Text("expense_account") == "" {
			name := row.Text("item_code")
			if name == "" {
				name = row.Text("item_name")
			}
			return exception.Invalid("Expense account is mandatory for item %s", name)
		}
	}
	d.Set("against_expense_account", trade.Accounts(d, "expense_account"))
	return nil
}

// status sums up the taxes, and calls everything a draft until it is submitted.
func status(_ *document.Session, d *document.Doc) error {
	added, deducted := 0.0, 0.0
	for _, row := range d.Rows("taxes") {
		switch {
		case row.Text("category") == "Valuation":
		case row.Text("add_deduct_tax") == "Deduct":
			deducted += row.Float("tax_amount")
		default:
			added += row.Float("tax_amount")
		}
	}
	for field, sum := range map[string]float64{"taxes_and_charges_added": added, "taxes_and_charges_deducted": deducted} {
		d.Set(field, trade.Money(sum))
		d.Set("base_"+field, trade.Money(sum*d.Float("conversion_rate")))
	}
	d.Set("outstanding_amount", trade.Payable(d))
	d.Set("status", "Draft")
	return nil
}

func submitted(s *document.Session, d *document.Doc) error {
	word := "Unpaid"
	if d.Text("due_date") < s.Today() {
		word = "Overdue"
	}
	remarks := d.Text("remarks")
	if remarks == "" {
		remarks = "No Remarks"
		if no := d.Text("bill_no"); no != "" {
			remarks = "Against Supplier Invoice " + no
		}
	}
	for field, v := range map[string]any{"status": word, "remarks": remarks} {
		d.Set(field, v)
	}
	return s.SetValue(d.Type.Name, d.Name(), map[string]any{"status": word, "remarks": remarks}, false)
}
