package rpc

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/timeline"
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
		"frappe.client.get_list":                        read(getList, "doctype"),
		"frappe.client.get_count":                       read(getCount, "doctype"),
		"frappe.client.get":                             read(get, "doctype"),
		"frappe.client.get_value":                       read(getValue, "doctype", "fieldname"),
		"frappe.client.get_single_value":                read(getSingleValue, "doctype", "field"),
		"frappe.client.get_doc_permissions":             read(docPermissions, "doctype", "docname"),
		"frappe.client.get_password":                    read(password, "doctype", "name", "fieldname"),
		"frappe.client.has_permission":                  read(hasPermission, "doctype", "docname"),
		"frappe.client.is_document_amended":             read(isAmended, "doctype", "docname"),
		"frappe.client.set_value":                       change(setValue, "doctype", "name", "fieldname"),
		"frappe.client.insert":                          change(insert),
		"frappe.client.insert_many":                     change(insertMany),
		"frappe.client.save":                            change(save, "doc"),
		"frappe.client.submit":                          change(submit, "doc"),
		"frappe.client.cancel":                          change(cancel, "doctype", "name"),
		"frappe.client.bulk_update":                     change(bulkUpdate, "docs"),
		"frappe.client.rename_doc":                      change(rename, "doctype", "old_name", "new_name"),
		"frappe.client.attach_file":                     change(attachFile),
		"frappe.model.rename_doc.update_document_title": {run: retitle, required: []string{"doctype", "docname"}, writes: true},
		"frappe.client.delete":                          {run: remove, required: []string{"doctype", "name"}, verbs: []string{"POST", "DELETE"}, writes: true},
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
		return nil, exception.Raise("ValueError", "First non keyword argument must be a string or dict")
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

func docPermissions(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("docname"))
	if err != nil {
		return nil, err
	}
	return wire.Object{{Key: "permissions", Value: timeline.Rights(c.S, doc)}}, nil
}

// password shows a secret to those who run the site.
func password(c *Call) (any, error) {
	if c.S.User.Name != access.Administrator && !slices.Contains(c.S.User.Roles, "System Manager") {
		return nil, exception.Throw("PermissionError", "This action is only allowed for <strong>System Manager</strong>")
	}
	doc, err := c.S.Load(c.text("doctype"), c.text("name"))
	if err != nil {
		return nil, err
	}
	secret, err := c.S.Tx.Secret(doc.Type.Name, doc.Name(), c.text("fieldname"))
	if err == nil && secret == "" {
		class := "AuthenticationError"
		if c.S.Profile == profile.V16 {
			class = "ValidationError"
		}
		return nil, exception.Throw(class, "Password not found for %s %s %s", doc.Type.Name, doc.Name(), c.text("fieldname"))
	}
	return secret, err
}
