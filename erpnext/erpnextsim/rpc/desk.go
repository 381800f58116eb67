package rpc

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/methods"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// desk is lists, searches, mails and mapped documents.
func desk() Table {
	t := Table{
		"frappe.desk.search.search_link":               {run: searchLink, required: []string{"doctype", "txt"}},
		"frappe.desk.reportview.get":                   {run: reportView},
		"frappe.desk.reportview.get_list":              {run: getListed},
		"frappe.desk.reportview.get_count":             {run: getCount},
		"frappe.client.validate_link":                  {run: validateLink, required: []string{"doctype", "docname"}, only: "v15"},
		"frappe.client.validate_link_and_fetch":        {run: fetchLink, required: []string{"doctype", "docname"}, only: "v16"},
		"frappe.model.mapper.make_mapped_doc":          {run: mapped, required: []string{"method", "source_name"}},
		"frappe.core.doctype.communication.email.make": {run: makeMail, writes: true, post: true},
	}
	for name, m := range methods.All() {
		run := func(c *Call) (any, error) { return m.Run(c.S, c.Args) }
		t[name] = procedure{run: run, required: m.Required, writes: m.Writes}
	}
	return t
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
	if err := c.listed(); err != nil {
		return nil, err
	}
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

// getListed is a list as the desk asks for it.
func getListed(c *Call) (any, error) {
	if err := c.listed(); err != nil {
		return nil, err
	}
	return getList(c)
}

// validateLink tells the older release's forms whether a document is there, and what
// stands in some of its fields.
func validateLink(c *Call) (any, error) {
	found, ok, err := c.S.Exists(c.text("doctype"), c.text("docname"))
	if err != nil || !ok {
		return wire.Object{{Key: "name", Value: nil}}, err
	}
	return c.fetched(found, "fields")
}

// fetchLink is the same for the newer release's forms, for whom the document must be
// one that a search with the filters would find.
func fetchLink(c *Call) (any, error) {
	d, err := c.S.Meta(c.text("doctype"))
	switch {
	case c.text("docname") == "":
		return nil, exception.Invalid("Document Name must not be empty")
	case err != nil:
		return nil, err
	}
	filters, err := query.Decode(c.Args["filters"])
	if err != nil || meta.Falsy(filters) {
		filters = nil
	}
	res, err := query.Run(c.S, query.Request{
		Doctype: d.Name, Filters: filters, OrFilters: map[string]any{"name": c.text("docname")}, Limit: 1,
	})
	if err != nil || len(res.Values) == 0 {
		return wire.Object{}, err
	}
	return c.fetched(meta.Text(res.Values[0][0]), "fields_to_fetch")
}

// fetched is the name with the fields that an argument lists.
func (c *Call) fetched(name, argument string) (any, error) {
	out := wire.Object{{Key: "name", Value: name}}
	if meta.Falsy(c.Args[argument]) {
		return out, nil
	}
	args := map[string]any{"doctype": c.Args["doctype"], "fieldname": c.Args[argument], "filters": name}
	values, err := getValue(&Call{S: c.S, Name: c.Name, Verb: c.Verb, Args: args})
	found, _ := values.(wire.Object)
	for _, p := range found {
		out.Set(p.Key, p.Value)
	}
	return out, err
}

// mapped runs one of the procedures that make a document of another.
func mapped(c *Call) (any, error) {
	inner := &Call{S: c.S, Name: c.text("method"), Verb: c.Verb, Args: map[string]any{"source_name": c.Args["source_name"]}}
	if !strings.Contains(inner.Name, "make_") {
		return nil, exception.Denied("")
	}
	return desk().Run(inner)
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
	return wire.Object{{Key: "name", Value: doc.Name()}, {Key: "emails_not_sent_to", Value: ""}}, err
}
