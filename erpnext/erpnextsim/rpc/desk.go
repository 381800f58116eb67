package rpc

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/trade"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// desk is lists, searches, mails and mapped documents.
func desk() Table {
	const selling = "erpnext.selling.doctype.quotation.quotation."
	return Table{
		"frappe.desk.search.search_link":                                         {run: searchLink, required: []string{"doctype", "txt"}},
		"frappe.desk.reportview.get":                                             {run: reportView},
		"frappe.desk.reportview.get_list":                                        {run: getList},
		"frappe.desk.reportview.get_count":                                       {run: getCount},
		"frappe.client.validate_link":                                            {run: validateLink, required: []string{"doctype", "docname"}},
		"frappe.model.mapper.make_mapped_doc":                                    {run: mapped, required: []string{"method", "source_name"}},
		"frappe.core.doctype.communication.email.make":                           {run: makeMail, writes: true, post: true},
		selling + "make_sales_order":                                             {run: salesOrder, required: []string{"source_name"}},
		"erpnext.accounts.doctype.payment_entry.payment_entry.get_payment_entry": {run: paymentEntry, required: []string{"dt", "dn"}},
		"erpnext.support.doctype.issue.issue.set_status":                         {run: setIssueStatus, required: []string{"name", "status"}, writes: true},
		"erpnext.stock.utils.scan_barcode":                                       {run: scanBarcode, required: []string{"search_value"}},
	}
}

func searchLink(c *Call) (any, error) {
	d, err := c.S.Meta(c.text("doctype"))
	if err != nil {
		return nil, err
	}
	filters, err := query.Decode(c.Args["filters"])
	if err != nil {
		return nil, err
	}
	or := []any{}
	fields := []any{"name"}
	for _, f := range d.SearchFields() {
		or = append(or, []any{f, "like", "%" + c.text("txt") + "%"})
		if f != "name" {
			fields = append(fields, f)
		}
	}
	limit := meta.Int(c.Args["page_length"])
	if limit == 0 {
		limit = 10
	}
	res, err := query.Run(c.S, query.Request{Doctype: d.Name, Fields: fields, Filters: filters, OrFilters: or, OrderBy: "name asc", Limit: limit})
	if err != nil {
		return nil, err
	}
	out := []any{}
	for _, row := range res.Values {
		parts := []string{}
		for _, v := range row[1:] {
			if text := meta.Text(v); text != "" {
				parts = append(parts, text)
			}
		}
		out = append(out, wire.Object{{Key: "value", Value: row[0]}, {Key: "description", Value: strings.Join(parts, ", ")}})
	}
	return out, nil
}

// reportView is a list in the compressed form of the desk.
func reportView(c *Call) (any, error) {
	limit := int64(20)
	for _, key := range []string{"page_length", "limit_page_length"} {
		if v, ok := c.Args[key]; ok {
			limit = meta.Int(v)
		}
	}
	res, err := query.Run(c.S, query.Request{
		Doctype: c.text("doctype"), Fields: c.Args["fields"], Filters: c.Args["filters"], OrFilters: c.Args["or_filters"],
		OrderBy: c.text("order_by"), GroupBy: c.text("group_by"), Start: meta.Int(c.Args["start"]), Limit: limit,
	})
	if err != nil || len(res.Values) == 0 {
		return []any{}, err
	}
	return wire.Object{{Key: "keys", Value: res.Columns}, {Key: "values", Value: res.Lists()}, {Key: "user_info", Value: wire.Object{}}}, nil
}

func validateLink(c *Call) (any, error) {
	found, ok, err := c.S.Exists(c.text("doctype"), c.text("docname"))
	if err != nil || !ok {
		return wire.Object{{Key: "name", Value: nil}}, err
	}
	return wire.Object{{Key: "name", Value: found}}, nil
}

// mapped runs one of the procedures that make a document of another.
func mapped(c *Call) (any, error) {
	inner := &Call{S: c.S, Name: c.text("method"), Verb: c.Verb, Args: map[string]any{"source_name": c.Args["source_name"]}}
	if !strings.Contains(inner.Name, "make_") {
		return nil, exception.Denied("")
	}
	return desk().Run(inner)
}

func (c *Call) readable(doctype, name string) (*document.Doc, error) {
	doc, err := c.S.Load(doctype, name)
	if err != nil {
		return nil, err
	}
	return doc, c.S.Check(doc, "read")
}

func salesOrder(c *Call) (any, error) {
	quotation, err := c.readable("Quotation", c.text("source_name"))
	if err != nil {
		return nil, err
	}
	return trade.OrderFrom(c.S, quotation)
}

func paymentEntry(c *Call) (any, error) {
	invoice, err := c.readable(c.text("dt"), c.text("dn"))
	if err != nil {
		return nil, err
	}
	return trade.PaymentFor(c.S, invoice)
}

// setIssueStatus sets the status without any rule.
func setIssueStatus(c *Call) (any, error) {
	return nil, c.S.SetValue("Issue", c.text("name"), map[string]any{"status": c.text("status")}, true)
}

// scanBarcode finds an item by barcode, else a serial number, else a warehouse.
func scanBarcode(c *Call) (any, error) {
	code := c.text("search_value")
	row, err := c.S.Tx.Rows(`SELECT barcode, parent AS item_code, uom FROM "tabItem Barcode" WHERE barcode = ?`, code)
	if err != nil {
		return nil, err
	}
	if len(row) > 0 {
		return map[string]any(row[0]), nil
	}
	item, err := c.S.Value("Serial No", code, "item_code")
	if err != nil || item != nil {
		return wire.Object{{Key: "serial_no", Value: code}, {Key: "item_code", Value: item}}, err
	}
	if _, ok, err := c.S.Exists("Warehouse", code); err != nil || ok {
		return wire.Object{{Key: "warehouse", Value: code}}, err
	}
	return wire.Object{}, nil
}

// makeMail records a mail or another message on a timeline. Nothing is sent.
func makeMail(c *Call) (any, error) {
	value := func(key, fallback string) any {
		if text := c.text(key); text != "" {
			return text
		}
		return fallback
	}
	doc, err := c.S.New("Communication", map[string]any{
		"subject": value("subject", ""), "content": c.Args["content"], "sender": value("sender", c.S.User.Name), "recipients": c.Args["recipients"],
		"cc": c.Args["cc"], "bcc": c.Args["bcc"], "communication_medium": value("communication_medium", "Email"),
		"sent_or_received": value("sent_or_received", "Sent"), "reference_doctype": c.Args["doctype"], "reference_name": c.Args["name"],
		"communication_type": value("communication_type", "Communication"), "has_attachment": int64(0),
	})
	if err != nil {
		return nil, err
	}
	if reference := c.text("doctype"); reference != "" {
		target, err := c.S.Load(reference, c.text("name"))
		if err != nil {
			return nil, err
		}
		if !c.S.May(target, "email") {
			return nil, exception.Throw("PermissionError", "You are not allowed to send emails related to this document")
		}
	}
	err = c.S.As(func() error { return c.S.Insert(doc) })
	return wire.Object{{Key: "name", Value: doc.Name()}, {Key: "emails_not_sent_to", Value: nil}}, err
}
