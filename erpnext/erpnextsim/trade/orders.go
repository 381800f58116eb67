package trade

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/parties"
)

// orders is quotations and sales orders.
func orders() map[string]document.Controller {
	return map[string]document.Controller{
		"Quotation": {
			Events: hooks{
				"validate":  document.Chain(checkValidity, missing, someItems, totals, schedule, parties.Check, quotationStatus),
				"on_cancel": becomes("Cancelled"),
			},
			Methods: map[string]document.Method{"declare_enquiry_lost": declareLost},
		},
		"Sales Order": {Events: hooks{
			"validate":  document.Chain(missing, someItems, checkDelivery, totals, schedule, parties.Check, orderStatus),
			"on_submit": markOrdered, "on_cancel": document.Chain(becomes("Cancelled"), markOrdered),
		}},
	}
}

func checkValidity(_ *document.Session, d *document.Doc) error {
	if until := d.Text("valid_till"); until != "" && until < d.Text("transaction_date") {
		return exception.Invalid("Valid till date cannot be before transaction date")
	}
	return nil
}

func quotationStatus(s *document.Session, d *document.Doc) error {
	switch {
	case d.Text("status") == "Lost" && !d.Fresh():
	case d.Docstatus() == 1 && (!d.Fresh() || s.Trusted): // seeds arrive as they would be later
		d.Set("status", "Open")
	default:
		d.Set("status", "Draft")
	}
	return nil
}

// declareLost closes a quotation that the customer turned down.
func declareLost(s *document.Session, d *document.Doc, args map[string]any) (any, error) {
	if status := d.Text("status"); status == "Ordered" || status == "Partially Ordered" {
		return nil, exception.Invalid("Cannot set as Lost as Sales Order is made.").From("erpnext")
	}
	reasons, _ := args["lost_reasons_list"].([]any)
	for _, r := range reasons {
		if row, ok := r.(map[string]any); ok {
			reason := meta.Text(row["lost_reason"])
			if _, known, err := s.Exists("Quotation Lost Reason", reason); err != nil || !known {
				if err != nil {
					return nil, err
				}
				return nil, exception.Invalid("Invalid lost reason <strong>%s</strong>, please create a new lost reason", reason).From("erpnext")
			}
			if err := s.Append(d, "lost_reasons", row); err != nil {
				return nil, err
			}
		}
	}
	if err := db(s, d, map[string]any{"status": "Lost"}); err != nil {
		return nil, err
	}
	if detail := meta.Text(args["detailed_reason"]); detail != "" {
		d.Set("order_lost_reason", detail)
	}
	return nil, s.Save(d)
}

// checkDelivery wants a delivery date, from the document or its rows.
func checkDelivery(_ *document.Session, d *document.Doc) error {
	if d.Text("order_type") != "Sales" || d.Int("skip_delivery_note") != 0 {
		return nil
	}
	for _, row := range d.Rows("items") {
		if date := row.Text("delivery_date"); date > d.Text("delivery_date") {
			d.Set("delivery_date", date)
		}
	}
	if !d.Holds("delivery_date") {
		return exception.Invalid("Please enter Delivery Date")
	}
	for _, row := range d.Rows("items") {
		row.Default("delivery_date", d.Get("delivery_date"))
		if d.Int("reserve_stock") == 0 {
			row.Set("reserve_stock", int64(0))
		}
	}
	return nil
}

func orderStatus(s *document.Session, d *document.Doc) error {
	d.Set("billing_status", "Not Billed")
	d.Set("delivery_status", "Not Delivered")
	d.Set("advance_payment_status", "Not Requested")
	switch {
	case d.Docstatus() == 0 || d.Fresh() && !s.Trusted:
		d.Set("status", "Draft")
	case d.Int("skip_delivery_note") != 0:
		d.Set("status", "To Bill")
	default:
		d.Set("status", "To Deliver and Bill")
	}
	return nil
}

// markOrdered sets the status of the quotations that an order came from.
func markOrdered(s *document.Session, d *document.Doc) error {
	seen := map[string]bool{}
	for _, row := range d.Rows("items") {
		name := row.Text("prevdoc_docname")
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		quotation, err := s.Load("Quotation", name)
		if err != nil {
			return err
		}
		if err := orderedQuotation(s, quotation); err != nil {
			return err
		}
	}
	return nil
}

func orderedQuotation(s *document.Session, quotation *document.Doc) error {
	rows, err := s.Tx.Rows(`SELECT item_code, quotation_item, sum(qty) AS qty FROM "tabSales Order Item"
		WHERE prevdoc_docname = ? AND docstatus = 1 GROUP BY item_code, quotation_item`, quotation.Name())
	if err != nil {
		return err
	}
	ordered := map[string]float64{}
	for _, r := range rows {
		key := meta.Text(r["quotation_item"])
		if key == "" && s.Trusted {
			key = "item " + meta.Text(r["item_code"]) // seeds do not know the names of rows
		}
		ordered[key] += meta.Float(r["qty"])
	}
	status := "Ordered"
	for _, row := range quotation.Rows("items") {
		if ordered[row.Name()]+ordered["item "+row.Text("item_code")] < row.Float("qty") {
			status = "Partially Ordered"
		}
	}
	if len(ordered) == 0 {
		status = "Open"
	}
	return db(s, quotation, map[string]any{"status": status})
}

// OrderFrom is an unsaved Sales Order for a submitted quotation.
func OrderFrom(s *document.Session, quotation *document.Doc) (*document.Doc, error) {
	if quotation.Docstatus() != 1 {
		return nil, exception.Invalid("Cannot map because following condition fails: docstatus=1")
	}
	if until := quotation.Text("valid_till"); until != "" && until < s.Today() {
		return nil, exception.Invalid("Validity period of this quotation has ended.").From("erpnext")
	}
	values := copied(quotation, "company", "currency", "conversion_rate", "selling_price_list", "price_list_currency", "plc_conversion_rate",
		"customer_name", "order_type", "customer_address", "contact_person", "territory", "customer_group")
	values["customer"] = quotation.Get("party_name")
	values["delivery_date"] = nil
	var items []any
	for _, row := range quotation.Rows("items") {
		item := copied(row, "item_code", "item_name", "description", "qty", "rate", "uom", "stock_uom", "conversion_factor", "price_list_rate")
		item["prevdoc_docname"], item["quotation_item"] = quotation.Name(), row.Name()
		items = append(items, item)
	}
	values["items"] = items
	values["taxes"] = copiedTaxes(quotation)
	return unsaved(s, "Sales Order", values)
}

// unsaved makes a document that is shown but not stored.
func unsaved(s *document.Session, doctype string, values map[string]any) (*document.Doc, error) {
	doc, err := s.New(doctype, values)
	if err != nil {
		return nil, err
	}
	s.Draft(doc)
	if err := missing(s, doc); err != nil {
		return nil, err
	}
	if err := totals(s, doc); err != nil {
		return nil, err
	}
	switch doctype {
	case "Sales Order":
		if err := schedule(s, doc); err != nil {
			return nil, err
		}
		s.Draft(doc)
		return doc, orderStatus(s, doc)
	}
	doc.Set("due_date", doc.Get("posting_date"))
	doc.Set("outstanding_amount", payable(doc))
	return doc, nil
}

func copied(d *document.Doc, fields ...string) map[string]any {
	out := map[string]any{}
	for _, f := range fields {
		out[f] = d.Get(f)
	}
	return out
}

func copiedTaxes(d *document.Doc) []any {
	var rows []any
	for _, row := range d.Rows("taxes") {
		rows = append(rows, copied(row, "charge_type", "row_id", "account_head", "cost_center", "description", "rate", "tax_amount"))
	}
	return rows
}

// InvoiceFrom is an unsaved Sales Invoice for a submitted quotation or order.
func InvoiceFrom(s *document.Session, source *document.Doc) (*document.Doc, error) {
	if source.Docstatus() != 1 {
		return nil, exception.Invalid("Cannot map because following condition fails: docstatus=1")
	}
	values := copied(source, "company", "currency", "conversion_rate", "selling_price_list", "price_list_currency", "plc_conversion_rate",
		"customer_name", "customer_address", "contact_person", "territory", "customer_group", "project", "language",
		"apply_discount_on", "additional_discount_percentage", "discount_amount", "taxes_and_charges")
	_, values["customer"] = parties.Of(source)
	if source.Type.Name == "Sales Order" {
		values["po_no"] = source.Text("po_no")
	}
	var items []any
	for _, row := range source.Rows("items") {
		item := copied(row, "item_code", "item_name", "description", "qty", "rate", "uom", "stock_uom", "conversion_factor", "price_list_rate", "item_group", "warehouse")
		if source.Type.Name == "Sales Order" {
			if item["qty"] = row.Float("qty") - billed(row); item["qty"] == 0.0 {
				continue
			}
			item["sales_order"], item["so_detail"] = source.Name(), row.Name()
		}
		items = append(items, item)
	}
	values["items"] = items
	values["taxes"] = copiedTaxes(source)
	return unsaved(s, "Sales Invoice", values)
}

// billed is how much of an order's row was invoiced.
func billed(row *document.Doc) float64 {
	if rate := row.Float("rate"); rate != 0 {
		return row.Float("billed_amt") / rate
	}
	return 0
}
