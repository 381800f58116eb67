package rpc

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// client is frappe.client.
func client() Table {
	mutating := []string{"POST", "PUT"}
	change := func(run func(*Call) (any, error), required ...string) procedure {
		return procedure{run: run, required: required, verbs: mutating, writes: true}
	}
	read := func(run func(*Call) (any, error), required ...string) procedure {
		return procedure{run: run, required: required}
	}
	return Table{
		"frappe.client.get_list":            read(getList, "doctype"),
		"frappe.client.get_count":           read(getCount, "doctype"),
		"frappe.client.get":                 read(get, "doctype"),
		"frappe.client.get_value":           read(getValue, "doctype", "fieldname"),
		"frappe.client.get_single_value":    read(getSingleValue, "doctype", "field"),
		"frappe.client.has_permission":      read(hasPermission, "doctype", "docname"),
		"frappe.client.is_document_amended": read(isAmended, "doctype", "docname"),
		"frappe.client.set_value":           change(setValue, "doctype", "name", "fieldname"),
		"frappe.client.insert":              change(insert),
		"frappe.client.insert_many":         change(insertMany),
		"frappe.client.save":                change(save, "doc"),
		"frappe.client.submit":              change(submit, "doc"),
		"frappe.client.cancel":              change(cancel, "doctype", "name"),
		"frappe.client.bulk_update":         change(bulkUpdate, "docs"),
		"frappe.client.rename_doc":          change(rename, "doctype", "old_name", "new_name"),
		"frappe.client.attach_file":         change(attachFile),
		"frappe.client.delete":              {run: remove, required: []string{"doctype", "name"}, verbs: []string{"POST", "DELETE"}, writes: true},
	}
}

// document reads an argument that is a document, or text of one.
func (c *Call) document(name string) (map[string]any, error) {
	v, err := c.decoded(name)
	if err != nil {
		return nil, err
	}
	doc, ok := v.(map[string]any)
	if !ok {
		return nil, exception.Raise("ValueError", "Illegal arguments")
	}
	delete(doc, "flags")
	return doc, nil
}

// decoded reads an argument that may be JSON or text of JSON.
func (c *Call) decoded(name string) (any, error) {
	text, ok := c.Args[name].(string)
	if !ok {
		return c.Args[name], nil
	}
	v, err := wire.Decode([]byte(text))
	if err != nil {
		return nil, exception.Raise("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
	}
	return v, nil
}

func setValue(c *Call) (any, error) {
	values, err := c.newValues()
	if err != nil {
		return nil, err
	}
	doctype, name := c.text("doctype"), c.text("name")
	d, err := c.S.Meta(doctype)
	if err != nil {
		return nil, err
	}
	if d.Child {
		return c.setRow(doctype, name, values)
	}
	doc, err := c.S.Load(doctype, name)
	if err != nil {
		return nil, err
	}
	if err := c.S.Update(doc, values); err != nil {
		return nil, err
	}
	if err := c.S.Save(doc); err != nil {
		return nil, err
	}
	return doc.Object(false), nil
}

// newValues reads fieldname and value. A falsy value beside a plain name sets "".
func (c *Call) newValues() (map[string]any, error) {
	if values, ok := c.Args["fieldname"].(map[string]any); ok {
		return values, nil
	}
	field := c.text("fieldname")
	if meta.IsSystem(field) || meta.IsChildSystem(field) {
		return nil, exception.Invalid("Cannot edit standard fields")
	}
	if value := c.Args["value"]; !meta.Falsy(value) {
		return map[string]any{field: value}, nil
	}
	if v, err := wire.Decode([]byte(field)); err == nil {
		if values, ok := v.(map[string]any); ok {
			return values, nil
		}
	}
	return map[string]any{field: ""}, nil
}

// setRow changes a child row through its parent.
func (c *Call) setRow(doctype, name string, values map[string]any) (any, error) {
	parent, row, err := holder(c.S, doctype, name)
	if err != nil {
		return nil, err
	}
	if err := c.S.Update(row, values); err != nil {
		return nil, err
	}
	if err := c.S.Save(parent); err != nil {
		return nil, err
	}
	return parent.Object(false), nil
}

// holder loads the parent of a row and finds the row in it.
func holder(s *document.Session, doctype, name string) (parent, row *document.Doc, err error) {
	found, err := s.Load(doctype, name)
	if err != nil {
		return nil, nil, err
	}
	if parent, err = s.Load(found.Text("parenttype"), found.Text("parent")); err != nil {
		return nil, nil, err
	}
	for _, r := range parent.Rows(found.Text("parentfield")) {
		if r.Name() == name {
			return parent, r, nil
		}
	}
	return nil, nil, exception.Missing(doctype, name)
}
