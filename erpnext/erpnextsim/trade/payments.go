package trade

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// payments is payment entries, payment requests and subscriptions.
func payments() map[string]document.Controller {
	status := func(text string) document.Hook {
		return func(s *document.Session, d *document.Doc) error { return db(s, d, map[string]any{"status": text}) }
	}
	return map[string]document.Controller{
		"Payment Entry": {Events: hooks{
			"validate": chain(missingPayment, checkPayment, paymentStatus), "on_submit": allocate(1), "on_cancel": chain(status("Cancelled"), allocate(-1)),
		}},
		"Payment Request": {Events: hooks{"validate": checkRequest, "on_submit": submitRequest, "on_cancel": status("Cancelled")}},
		"Subscription": {
			Events:  hooks{"validate": checkSubscription},
			Methods: map[string]document.Method{"cancel_subscription": cancelSubscription, "restart_subscription": restartSubscription},
		},
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
	d.Set("title", d.Get("party_name"))
	return nil
}

func checkPayment(s *document.Session, d *document.Doc) error {
	if d.Text("payment_type") != "Internal Transfer" && (!truthy(d, "party_type") || !truthy(d, "party")) {
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
	if meta.Text(kind) == "Bank" && (!truthy(d, "reference_no") || !truthy(d, "reference_date")) {
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
		"references": []any{map[string]any{
			"reference_doctype": "Sales Invoice", "reference_name": invoice.Name(), "due_date": invoice.Get("due_date"),
			"total_amount": payable(invoice), "outstanding_amount": open, "allocated_amount": open,
		}},
	})
	if err != nil {
		return nil, err
	}
	return doc, missingPayment(s, doc)
}

func checkRequest(s *document.Session, d *document.Doc) error {
	d.Set("status", "Draft")
	if d.Float("grand_total") <= 0 {
		return exception.Invalid("Payment Request amount cannot be 0")
	}
	if d.Text("reference_doctype") != "Sales Invoice" || !truthy(d, "reference_name") {
		return nil
	}
	open, err := s.Value("Sales Invoice", d.Text("reference_name"), "outstanding_amount")
	if err == nil && d.Float("grand_total") > meta.Float(open) {
		return exception.Invalid("Total Payment Request amount cannot be greater than %v amount", meta.Float(open))
	}
	d.Set("outstanding_amount", d.Float("grand_total"))
	return err
}

func submitRequest(s *document.Session, d *document.Doc) error {
	status := "Requested"
	if d.Text("payment_request_type") == "Outward" {
		status = "Initiated"
	}
	return db(s, d, map[string]any{"status": status})
}
