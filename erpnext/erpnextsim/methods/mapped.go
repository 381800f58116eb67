package methods

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/trade"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

func readable(s *document.Session, doctype, name string) (*document.Doc, error) {
	doc, err := s.Load(doctype, name)
	if err != nil {
		return nil, err
	}
	return doc, s.Check(doc, "read")
}

// shown is a document that is not stored, as the mapper hands it out.
func shown(doc *document.Doc, mapped bool) any {
	local := func(o wire.Object, extra ...wire.Pair) wire.Object {
		out := make(wire.Object, 0, len(o)+3)
		for _, p := range o {
			if p.Value != nil && p.Key != "name" && p.Key != "__unsaved" {
				out = append(out, p)
			}
		}
		return append(append(out, wire.Pair{Key: "__islocal", Value: 1}), extra...)
	}
	unsaved := wire.Pair{Key: "__unsaved", Value: 1}
	out := doc.Object(true)
	for i, p := range out {
		if rows, ok := p.Value.([]wire.Object); ok {
			for n := range rows {
				if mapped {
					rows[n] = local(rows[n], unsaved)
				} else {
					rows[n] = local(rows[n])
				}
			}
			out[i].Value = rows
		}
	}
	if mapped {
		return local(out, wire.Pair{Key: "__onload", Value: wire.Object{{Key: "load_after_mapping", Value: true}}}, unsaved)
	}
	return local(out, unsaved)
}

func orderOfQuotation(s *document.Session, args Args) (any, error) {
	quotation, err := readable(s, "Quotation", args.text("source_name"))
	if err != nil {
		return nil, err
	}
	doc, err := trade.OrderFrom(s, quotation)
	if err != nil {
		return nil, err
	}
	return shown(doc, true), nil
}

func invoiceOf(doctype string) func(*document.Session, Args) (any, error) {
	return func(s *document.Session, args Args) (any, error) {
		source, err := readable(s, doctype, args.text("source_name"))
		if err != nil {
			return nil, err
		}
		doc, err := trade.InvoiceFrom(s, source)
		if err != nil {
			return nil, err
		}
		return shown(doc, true), nil
	}
}

func paymentEntry(s *document.Session, args Args) (any, error) {
	invoice, err := readable(s, args.text("dt"), args.text("dn"))
	if err != nil {
		return nil, err
	}
	doc, err := trade.PaymentFor(s, invoice)
	if err != nil {
		return nil, err
	}
	return shown(doc, false), nil
}

// paymentRequest makes a draft over what is open on an order or invoice and was not
// asked for yet, or brings the draft that there is up to date.
func paymentRequest(s *document.Session, args Args) (any, error) {
	doctype, name := args.text("dt"), args.text("dn")
	if doctype != "Sales Order" && doctype != "Sales Invoice" {
		return nil, exception.Invalid("Payment Requests cannot be created against: <strong>%s</strong>", doctype).From("erpnext")
	}
	source, err := s.Load(doctype, name)
	if err != nil {
		return nil, err
	}
	open, err := trade.Unrequested(s, source)
	if err != nil {
		return nil, err
	}
	draft, err := s.Tx.Value(`SELECT name FROM "tabPayment Request" WHERE reference_doctype = ? AND reference_name = ? AND docstatus = 0 LIMIT 1`, doctype, name)
	if err != nil {
		return nil, err
	}
	if draft != nil {
		if err := s.SetValue("Payment Request", meta.Text(draft), map[string]any{"grand_total": open}, false); err != nil {
			return nil, err
		}
		doc, err := s.Load("Payment Request", meta.Text(draft))
		return finished(s, doc, err, args)
	}
	doc, err := s.New("Payment Request", requested(s, source, args, open))
	if err != nil {
		return nil, err
	}
	err = s.As(func() error { return s.Insert(doc) })
	return finished(s, doc, err, args)
}

// finished submits a request when the caller wants it.
func finished(s *document.Session, doc *document.Doc, err error, args Args) (any, error) {
	if err != nil {
		return nil, err
	}
	if meta.Int(args["submit_doc"]) != 0 {
		doc.Set("docstatus", int64(1))
		if err := s.As(func() error { return s.Save(doc) }); err != nil {
			return nil, err
		}
	}
	return doc.Object(false), nil
}

func requested(s *document.Session, source *document.Doc, args Args, open float64) map[string]any {
	mute := int64(0)
	if s.Profile == profile.V16 { // the older release does not keep it
		mute = meta.Int(args["mute_email"])
	}
	value := func(key string, fallback any) any {
		if v := args.text(key); v != "" {
			return v
		}
		return fallback
	}
	currency := source.Get("currency")
	const words = "<p>Hello,</p>\n\n<p>Requesting payment against %s %s for amount $ %.2f</p>\n\n<a href=\"{{ payment_url }}\">Make Payment</a>\n\n" +
		"<p>If you have any questions, please get back to us.</p>\n\n<p>Thank you for your business!</p>"
	return map[string]any{
		"payment_request_type": value("payment_request_type", "Inward"), "currency": currency, "party_account_currency": currency,
		"grand_total": open, "mode_of_payment": value("mode_of_payment", nil), "email_to": value("recipient_id", source.Get("owner")),
		"subject": "Payment Request for " + source.Name(), "message": fmt.Sprintf(words, source.Type.Name, source.Name(), open),
		"reference_doctype": source.Type.Name, "reference_name": source.Name(), "company": source.Get("company"),
		"party_type": value("party_type", "Customer"), "party": value("party", source.Get("customer")),
		"party_name": value("party_name", source.Get("customer_name")), "phone_number": value("phone_number", nil),
		"cost_center": source.Get("cost_center"), "project": source.Get("project"), "mute_email": mute,
		"bank_account": "", "payment_channel": "", "transaction_date": nil,
	}
}
