package trade

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/plans"
)

// payments is payment entries, payment requests and subscriptions.
func payments() map[string]document.Controller {
	return map[string]document.Controller{
		"Payment Entry": {Events: hooks{
			"validate": document.Chain(missingPayment, checkPayment, finish, paymentStatus), "on_trash": booked, "on_submit": allocate(1), "on_cancel": document.Chain(becomes("Cancelled"), allocate(-1)),
		}},
		"Payment Request": {Events: hooks{"validate": checkRequest, "on_submit": submitRequest, "on_cancel": becomes("Cancelled")}},
		"Subscription":    plans.Controller(),
	}
}

func missingPayment(s *document.Session, d *document.Doc) error {
	company, party := d.Text("company"), d.Text("party")
	receivable, other := "paid_from", "paid_to"
	if d.Text("payment_type") == "Pay" {
		receivable, other = other, receivable
	}
	for _, b := range []struct {
		field string
		from  [3]string
	}{
		{"party_name", [3]string{"Customer", party, "customer_name"}},
		{receivable, [3]string{"Company", company, "default_receivable_account"}},
		{other, [3]string{"Company", company, "default_bank_account"}},
		{"paid_from_account_currency", [3]string{"Account", d.Text("paid_from"), "account_currency"}},
		{"paid_to_account_currency", [3]string{"Account", d.Text("paid_to"), "account_currency"}},
		{"paid_from_account_currency", [3]string{"Company", company, "default_currency"}},
		{"paid_to_account_currency", [3]string{"Company", company, "default_currency"}},
	} {
		if err := borrow(s, d, b.field, b.from); err != nil {
			return err
		}
	}
	d.Default("source_exchange_rate", 1.0)
	d.Default("target_exchange_rate", 1.0)
	d.Default("received_amount", d.Float("paid_amount"))
	d.Set("base_paid_amount", money(d.Float("paid_amount")*d.Float("source_exchange_rate")))
	d.Set("base_received_amount", money(d.Float("received_amount")*d.Float("target_exchange_rate")))
	sum := 0.0
	for _, row := range d.Rows("references") {
		sum += row.Float("allocated_amount")
	}
	d.Set("total_allocated_amount", money(sum))
	d.Set("base_total_allocated_amount", money(sum*d.Float("source_exchange_rate")))
	d.Set("unallocated_amount", money(d.Float("paid_amount")-sum))
	return accountOf(s, d)
}

// accountOf notes what the accounts of a payment are and hold; only the older
// release has their balances.
func accountOf(s *document.Session, d *document.Doc) error {
	open, err := s.Tx.Value(`SELECT sum(outstanding_amount) FROM "tabSales Invoice" WHERE docstatus = 1 AND customer = ?`, d.Text("party"))
	if err != nil {
		return err
	}
	for _, side := range []string{"paid_from", "paid_to"} {
		kind, err := s.Value("Account", d.Text(side), "account_type")
		if err != nil {
			return err
		}
		d.Default(side+"_account_type", kind)
		if balance := side + "_account_balance"; d.Type.Has(balance) {
			d.Set(balance, 0.0)
			if meta.Text(kind) == "Receivable" {
				d.Set(balance, meta.Float(open))
			}
		}
	}
	if d.Type.Has("party_balance") {
		d.Set("party_balance", meta.Float(open))
	}
	for _, row := range d.Rows("references") {
		row.Default("account", d.Get("paid_from"))
		row.Default("payment_request_outstanding", 0.0)
		if row.Float("exchange_rate") == 0 {
			row.Set("exchange_rate", 1.0)
		}
	}
	return nil
}

// finish is what a payment gets when it is saved: its title, its words, its remarks.
func finish(s *document.Session, d *document.Doc) error {
	d.Set("title", d.Get("party_name"))
	for _, field := range []string{"paid_amount", "base_paid_amount", "received_amount", "base_received_amount"} {
		d.Set(field+"_after_tax", d.Get(field))
	}
	if d.Int("custom_remarks") == 0 {
		currency := d.Text("paid_from_account_currency")
		lines := []string{fmt.Sprintf("Amount %s %s received from %s", currency, meta.Text(d.Get("paid_amount")), d.Text("party"))}
		for _, row := range d.Rows("references") {
			lines = append(lines, fmt.Sprintf("Amount %s %s against %s %s",
				currency, meta.Text(row.Get("allocated_amount")), row.Text("reference_doctype"), row.Text("reference_name")))
		}
		d.Set("remarks", strings.Join(lines, "\n"))
	}
	return spell(s, d, d.Float("paid_amount"))
}

// unlinkPayments takes a cancelled invoice off the payments that were allocated to
// it, whose money is then free again. Settings may forbid it.
func unlinkPayments(s *document.Session, d *document.Doc) error {
	unlink, err := s.Value("Accounts Settings", "Accounts Settings", "unlink_payment_on_cancellation_of_invoice")
	if err != nil || unlink != nil && meta.Int(unlink) == 0 {
		return err
	}
	rows, err := s.Tx.Rows(`SELECT parent, sum(allocated_amount) AS amount FROM "tabPayment Entry Reference"
		WHERE reference_doctype = ? AND reference_name = ? AND docstatus < 2 GROUP BY parent`, d.Type.Name, d.Name())
	if err != nil {
		return err
	}
	var names []string
	for _, r := range rows {
		names = append(names, meta.Text(r["parent"]))
		payment, err := s.Load("Payment Entry", meta.Text(r["parent"]))
		if err != nil {
			return err
		}
		err = s.Tx.Exec(`DELETE FROM "tabPayment Entry Reference" WHERE parent = ? AND reference_doctype = ? AND reference_name = ?`,
			payment.Name(), d.Type.Name, d.Name())
		if err != nil {
			return err
		}
		left := money(payment.Float("total_allocated_amount") - meta.Float(r["amount"]))
		err = s.SetValue("Payment Entry", payment.Name(), map[string]any{
			"total_allocated_amount": left, "base_total_allocated_amount": money(left * payment.Float("source_exchange_rate")),
			"unallocated_amount": money(payment.Float("paid_amount") - left),
		}, true)
		if err != nil {
			return err
		}
	}
	if len(names) > 0 {
		s.Say(exception.Message{Text: "Payment Entries " + strings.Join(names, "\n") + " are un-linked"})
	}
	return nil
}

func checkPayment(s *document.Session, d *document.Doc) error {
	if d.Text("payment_type") != "Internal Transfer" && (!d.Holds("party_type") || !d.Holds("party")) {
		return exception.Invalid("Party is mandatory")
	}
	bank := d.Text("paid_to")
	if d.Text("payment_type") == "Pay" {
		bank = d.Text("paid_from")
	}
	kind, err := s.Value("Account", bank, "account_type")
	if err != nil {
		return err
	}
	if meta.Text(kind) == "Bank" && (!d.Holds("reference_no") || !d.Holds("reference_date")) {
		return exception.Invalid("Reference No and Reference Date is mandatory for Bank transaction")
	}
	for _, row := range d.Rows("references") {
		if err := checkReference(s, row); err != nil {
			return err
		}
	}
	if d.Float("unallocated_amount") < 0 {
		return exception.Invalid("Total Allocated Amount cannot be greater than the paid amount")
	}
	return nil
}

func checkReference(s *document.Session, row *document.Doc) error {
	if row.Text("reference_doctype") != "Sales Invoice" {
		return nil
	}
	invoice, err := s.Load("Sales Invoice", row.Text("reference_name"))
	if err != nil {
		return err
	}
	if invoice.Docstatus() != 1 {
		return exception.Invalid("Sales Invoice %s must be submitted", invoice.Name())
	}
	open := invoice.Float("outstanding_amount")
	row.Set("total_amount", payable(invoice))
	row.Set("outstanding_amount", open)
	row.Default("due_date", invoice.Get("due_date"))
	row.Default("exchange_rate", 1.0)
	if row.Float("allocated_amount") > open {
		return exception.Invalid("Row #%d: Allocated Amount cannot be greater than outstanding amount.", row.Int("idx"))
	}
	return nil
}

func paymentStatus(_ *document.Session, d *document.Doc) error {
	d.Set("status", map[int64]string{0: "Draft", 1: "Submitted", 2: "Cancelled"}[d.Docstatus()])
	return nil
}

// allocate books what was paid on the invoices; sign -1 takes it back.
func allocate(sign float64) document.Hook {
	return func(s *document.Session, d *document.Doc) error {
		for _, row := range d.Rows("references") {
			if row.Text("reference_doctype") != "Sales Invoice" {
				continue
			}
			if err := settle(s, row.Text("reference_name"), sign*row.Float("allocated_amount")); err != nil {
				return err
			}
			if err := db(s, row, map[string]any{"outstanding_amount": money(row.Float("outstanding_amount") - sign*row.Float("allocated_amount"))}); err != nil {
				return err
			}
		}
		return nil
	}
}

// PaymentFor is an unsaved Payment Entry over what is open on an invoice.
func PaymentFor(s *document.Session, invoice *document.Doc) (*document.Doc, error) {
	open := invoice.Float("outstanding_amount")
	if invoice.Docstatus() != 1 || open <= 0 {
		return nil, exception.Invalid("Can only make payment against unbilled Sales Invoice").From("erpnext")
	}
	doc, err := s.New("Payment Entry", map[string]any{
		"payment_type": "Receive", "company": invoice.Get("company"), "posting_date": s.Today(), "party_type": "Customer",
		"party": invoice.Get("customer"), "paid_from": invoice.Get("debit_to"), "paid_amount": open, "received_amount": open,
		"reference_date": s.Today(),
		"references": []any{map[string]any{
			"reference_doctype": "Sales Invoice", "reference_name": invoice.Name(), "due_date": invoice.Get("due_date"),
			"total_amount": payable(invoice), "outstanding_amount": open, "allocated_amount": open,
		}},
	})
	if err != nil {
		return nil, err
	}
	s.Draft(doc)
	return doc, missingPayment(s, doc)
}

func checkRequest(s *document.Session, d *document.Doc) error {
	d.Set("status", "Draft")
	if !d.Holds("reference_doctype") || !d.Holds("reference_name") {
		return exception.Invalid("To create a Payment Request reference document is required")
	}
	if d.Float("grand_total") == 0 {
		return exception.Titled("ValidationError", "Invalid Amount", "%s cannot be zero", d.Type.Label("grand_total"))
	}
	column := map[string]string{"Sales Invoice": "outstanding_amount", "Sales Order": "grand_total"}[d.Text("reference_doctype")]
	if column == "" {
		return nil
	}
	open, err := s.Value(d.Text("reference_doctype"), d.Text("reference_name"), column)
	if err != nil {
		return err
	}
	requested, err := asked(s, d.Text("reference_doctype"), d.Text("reference_name"), d.Name())
	if err == nil && requested+d.Float("grand_total") > meta.Float(open) {
		return exception.Invalid("Total Payment Request amount cannot be greater than %s amount", d.Text("reference_doctype"))
	}
	return err
}

// asked is what submitted payment requests that are not paid yet ask for an order or
// invoice; the request named but does not count, "" is none.
func asked(s *document.Session, doctype, name, but string) (float64, error) {
	v, err := s.Tx.Value(`SELECT sum(grand_total) FROM "tabPayment Request" WHERE reference_doctype = ? AND reference_name = ?
		AND docstatus = 1 AND status <> 'Paid' AND name <> ?`, doctype, name, but)
	return meta.Float(v), err
}

func submitRequest(s *document.Session, d *document.Doc) error {
	status := "Requested"
	if d.Text("payment_request_type") == "Outward" {
		status = "Initiated"
	}
	return db(s, d, map[string]any{"status": status, "outstanding_amount": d.Float("grand_total")})
}

// Unrequested is what is open on an order or invoice and was not asked for yet.
func Unrequested(s *document.Session, source *document.Doc) (float64, error) {
	open := payable(source) - source.Float("advance_paid")
	if source.Type.Name == "Sales Invoice" {
		open = source.Float("outstanding_amount")
	}
	if open == 0 {
		return 0, exception.Invalid("Payment Entry is already created").From("erpnext")
	}
	requested, err := asked(s, source.Type.Name, source.Name(), "")
	if err != nil {
		return 0, err
	}
	if open = money(open - requested); open <= 0 {
		return 0, exception.Invalid("Payment Request is already created").From("erpnext")
	}
	return open, nil
}
