package rpc

import (
	"maps"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// List answers a list call: objects, or lists when as_dict is off.
func List(s *document.Session, args map[string]any) (any, error) {
	limit := int64(20)
	if v, ok := args["limit_page_length"]; ok && v != nil {
		limit = meta.Int(v)
	}
	res, err := query.Run(s, query.Request{
		Doctype: meta.Text(args["doctype"]), Fields: args["fields"], Filters: args["filters"], OrFilters: args["or_filters"],
		GroupBy: meta.Text(args["group_by"]), OrderBy: meta.Text(args["order_by"]),
		Start: meta.Int(args["limit_start"]), Limit: limit, Parent: meta.Text(args["parent"]),
	})
	if err != nil {
		return nil, err
	}
	if v, ok := args["debug"]; ok && yes(v) && (s.Profile == profile.V15 || s.User.Desk) {
		s.Put("_debug_messages", string(wire.Encode([]string{"select " + meta.Text(args["doctype"]), "Execution time: 0.0 sec"}, wire.Style{Spaces: true})))
	}
	if v, ok := args["as_dict"]; ok && !yes(v) {
		return res.Lists(), nil
	}
	return res.Objects(), nil
}

// yes reads a flag that may come as text.
func yes(v any) bool {
	switch meta.Text(v) {
	case "true", "True", "1":
		return true
	}
	return v == int64(1) || v == true
}

func getList(c *Call) (any, error) { return List(c.S, c.Args) }

// getCount counts. The older release's client procedure has an engine of its own;
// everything else counts a list, of which the newer release takes more arguments.
func getCount(c *Call) (any, error) {
	r := query.Request{Doctype: c.text("doctype"), Filters: c.Args["filters"], OrFilters: c.Args["or_filters"]}
	if c.S.Profile == profile.V15 && c.Name == "frappe.client.get_count" {
		if _, ok := c.Args["doctype"].(string); !ok {
			return nil, exception.Raise("TypeError", "expected string or bytes-like object, got '%s'", python(c.Args["doctype"]))
		}
		r.Trusted, r.Raw = true, true
		return query.Count(c.S, r)
	}
	if _, ok := c.Args["doctype"].([]any); ok {
		return nil, exception.Raise("TypeError", "unhashable type: 'list'")
	}
	if err := c.listed(); err != nil {
		return nil, err
	}
	filters, err := query.Decode(r.Filters)
	if err != nil {
		return nil, err
	}
	r.Filters = filters
	n, err := query.Count(c.S, r)
	if most := meta.Int(c.Args["limit"]); most > 0 {
		n = min(n, most)
	}
	return n, err
}

// python is what the server's language calls the type of a value.
func python(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case float64:
		return "float"
	case []any:
		return "list"
	case map[string]any:
		return "dict"
	}
	return "int"
}

// listed refuses arguments that the desk's lists do not know: they pass on what they
// get.
func (c *Call) listed() error {
	for _, name := range slices.Sorted(maps.Keys(c.Args)) {
		if !slices.Contains(listArguments, name) {
			return exception.Raise("TypeError", "DatabaseQuery.execute() got an unexpected keyword argument '%s'", name)
		}
	}
	return nil
}

// listArguments are the arguments of the desk's lists, and those that are taken away
// before. It is never changed.
var listArguments = []string{
	"doctype", "fields", "filters", "or_filters", "group_by", "order_by", "limit", "limit_start", "limit_page_length", "start", "page_length",
	"debug", "distinct", "as_list", "with_comment_count", "with_childnames", "save_user_settings", "save_user_settings_fields",
	"user_settings", "reference_doctype", "update", "pluck", "strict", "ignore_ddl", "ignore_ifnull", "parent_doctype",
	"ignore_user_permissions", "offset", "cmd", "sid", "data", "ignore_permissions", "view", "user", "csrf_token", "join",
}

// ownerOf is the doctype whose rights count: the parent's for a child table.
func ownerOf(s *document.Session, doctype, parent string) (*meta.DocType, error) {
	d, err := s.Meta(doctype)
	if err != nil || !d.Child {
		return d, err
	}
	holder := s.Set.Get(parent)
	if holder == nil || !slices.ContainsFunc(holder.Tables(), func(f *meta.Field) bool { return f.Options == doctype }) {
		return nil, exception.Denied("")
	}
	return holder, nil
}

func getValue(c *Call) (any, error) {
	doctype := c.text("doctype")
	owner, err := ownerOf(c.S, doctype, c.text("parent"))
	if err != nil {
		return nil, err
	}
	if c.S.User.On(owner, "read") == access.None {
		return nil, exception.Throw("PermissionError", "No permission for %s", doctype)
	}
	fields := fieldNames(c.Args["fieldname"])
	if owner.Single {
		return c.singleValues(doctype, fields)
	}
	filters := c.Args["filters"]
	if text, ok := filters.(string); ok && text != "" {
		if decoded, err := wire.Decode([]byte(text)); err == nil {
			filters = decoded
		}
		if _, isNumber := filters.(int64); isNumber {
			filters = text
		}
	}
	if name, ok := filters.(string); ok {
		filters = map[string]any{"name": name}
	}
	res, err := query.Run(c.S, query.Request{
		Doctype: doctype, Fields: fields, Filters: filters, Limit: 1, Parent: c.text("parent"),
	})
	if err != nil {
		return nil, err
	}
	if v, ok := c.Args["as_dict"]; ok && !yes(v) {
		switch {
		case len(res.Values) == 0:
			return nil, nil
		case len(fields) == 1:
			return res.Values[0][0], nil
		}
		return res.Values[0], nil
	}
	if len(res.Values) == 0 {
		return wire.Object{}, nil
	}
	return res.Objects()[0], nil
}

func (c *Call) singleValues(doctype string, fields []any) (any, error) {
	out := wire.Object{}
	doc, err := c.S.Load(doctype, doctype)
	if err != nil {
		return nil, err
	}
	shown := doc.Object(false)
	for _, f := range fields {
		out.Set(meta.Text(f), shown.Get(meta.Text(f)))
	}
	return out, nil
}

// fieldNames reads one name or a JSON list of names.
func fieldNames(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	if decoded, err := wire.Decode([]byte(meta.Text(v))); err == nil {
		if list, ok := decoded.([]any); ok {
			return list
		}
	}
	return []any{meta.Text(v)}
}

func getSingleValue(c *Call) (any, error) {
	d, err := c.S.Meta(c.text("doctype"))
	if err != nil {
		return nil, err
	}
	if c.S.User.On(d, "read") == access.None {
		return nil, exception.Throw("PermissionError", "No permission for %s", d.Name)
	}
	doc, err := c.S.Load(d.Name, d.Name)
	if err != nil {
		return nil, err
	}
	if d.Field(c.text("field")) == nil {
		return nil, exception.Invalid("Field <strong>%s</strong> does not exist on <strong>%s</strong>", c.text("field"), d.Name)
	}
	return doc.Object(false).Get(c.text("field")), nil
}

func get(c *Call) (any, error) {
	doctype := c.text("doctype")
	owner, err := ownerOf(c.S, doctype, c.text("parent"))
	if err != nil {
		return nil, err
	}
	name := c.text("name")
	if filters, ok := c.Args["filters"]; ok && name == "" {
		if filters, err = query.Decode(filters); err != nil {
			return nil, err
		}
		res, err := query.Run(c.S, query.Request{Doctype: doctype, Filters: filters, Limit: 1, Trusted: true})
		if err != nil {
			return nil, err
		}
		if len(res.Values) == 0 {
			return nil, exception.Throw("DoesNotExistError", "%s %s not found", doctype, string(wire.Encode(filters, wire.Style{Spaces: true})))
		}
		name = meta.Text(res.Values[0][0])
	}
	doc, err := c.S.Load(doctype, name)
	if err != nil {
		return nil, err
	}
	if err := c.S.Check(doc, "read"); err != nil {
		return nil, err
	}
	c.S.HideLevels(doc, owner)
	return doc.Object(false), nil
}
