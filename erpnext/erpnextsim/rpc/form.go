package rpc

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/timeline"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Describe is the declaration of a doctype with its custom fields, as the desk
// loads it.
func Describe(s *document.Session, doctype string) (any, error) {
	d, err := s.Meta(doctype)
	if err != nil {
		return nil, err
	}
	return describe(d), nil
}

func describe(d *meta.DocType) wire.Object {
	bit := map[bool]int64{true: 1}
	fields := make([]any, len(d.Fields))
	for i, f := range d.Fields {
		doc := f.FieldDoc()
		doc["doctype"], doc["parent"], doc["parenttype"], doc["parentfield"], doc["idx"] = "DocField", d.Name, "DocType", "fields", int64(i+1)
		fields[i] = doc
	}
	permissions := []any{}
	for _, p := range d.Permissions {
		row := map[string]any{"doctype": "DocPerm", "role": p.Role, "permlevel": p.Permlevel, "if_owner": bit[p.IfOwner], "parent": d.Name}
		for right := range p.Rights {
			row[right] = int64(1)
		}
		permissions = append(permissions, row)
	}
	return wire.Object{
		{Key: "name", Value: d.Name},
		{Key: "doctype", Value: "DocType"},
		{Key: "module", Value: d.Module},
		{Key: "issingle", Value: bit[d.Single]},
		{Key: "istable", Value: bit[d.Child]},
		{Key: "is_submittable", Value: bit[d.Submittable]},
		{Key: "is_tree", Value: bit[d.Tree]},
		{Key: "custom", Value: bit[d.Custom]},
		{Key: "autoname", Value: d.Autoname},
		{Key: "title_field", Value: d.TitleField},
		{Key: "sort_field", Value: d.SortField},
		{Key: "sort_order", Value: d.SortOrder},
		{Key: "allow_rename", Value: bit[d.Renamable]},
		{Key: "track_changes", Value: bit[d.Versioned]},
		{Key: "fields", Value: fields},
		{Key: "permissions", Value: permissions},
	}
}

// form is what the desk calls for one document.
func form() Table {
	return Table{
		"frappe.desk.form.load.getdoc":            {run: getdoc, required: []string{"doctype", "name"}, writes: true},
		"frappe.desk.form.load.getdoctype":        {run: getdoctype, required: []string{"doctype"}},
		"frappe.desk.form.load.get_docinfo":       {run: getdocinfo},
		"frappe.desk.form.save.savedocs":          {run: savedocs, required: []string{"doc", "action"}, writes: true, post: true},
		"frappe.desk.form.save.cancel":            {run: savecancel, writes: true, post: true},
		"frappe.desk.form.assign_to.add":          {run: assign, writes: true},
		"frappe.desk.form.assign_to.remove":       {run: unassign("Cancelled"), required: []string{"doctype", "name", "assign_to"}, writes: true},
		"frappe.desk.form.assign_to.add_multiple": {run: assignMany, writes: true},
		"frappe.desk.form.assign_to.close":        {run: unassign("Closed"), required: []string{"doctype", "name", "assign_to"}, writes: true},
		"frappe.desk.form.assign_to.get":          {run: assignees},
	}
}

// getdoc shows a document with what is kept beside it; a missing one is no error.
func getdoc(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("name"))
	if err != nil {
		if e, ok := err.(*exception.Error); ok && e.Class == "DoesNotExistError" {
			return []any{}, nil
		}
		return nil, err
	}
	if err := c.S.Check(doc, "read"); err != nil {
		return nil, err
	}
	c.S.HideLevels(doc, doc.Type)
	if err := timeline.Look(c.S, doc); err != nil {
		return nil, err
	}
	info, err := timeline.Info(c.S, doc)
	c.S.Put("docs", []*document.Doc{doc})
	c.S.Put("docinfo", info)
	return nil, err
}

func getdocinfo(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("name"))
	if err != nil {
		return nil, err
	}
	info, err := timeline.Info(c.S, doc)
	c.S.Put("docinfo", info)
	return nil, err
}

func getdoctype(c *Call) (any, error) {
	d := c.S.Set.Get(c.text("doctype"))
	if d == nil {
		return nil, exception.Missing("DocType", c.text("doctype"))
	}
	docs := []any{describe(d)}
	for _, f := range d.Tables() {
		if child := c.S.Set.Get(f.Options); child != nil {
			docs = append(docs, describe(child))
		}
	}
	c.S.Put("docs", docs)
	c.S.Put("user_settings", "{}")
	return nil, nil
}

func savedocs(c *Call) (any, error) {
	action := c.text("action")
	docstatus, ok := map[string]int64{"Save": 0, "Submit": 1, "Update": 1, "Cancel": 2}[action]
	if !ok {
		return nil, exception.Raise("KeyError", "'%s'", action)
	}
	values, err := c.document("doc")
	if err != nil {
		return nil, err
	}
	doc, err := c.S.New(meta.Text(values["doctype"]), values)
	if err != nil {
		return nil, err
	}
	doc.Set("docstatus", docstatus)
	local := "new-" + strings.ReplaceAll(strings.ToLower(doc.Type.Name), " ", "-")
	switch {
	case meta.Falsy(values["__islocal"]):
		doc.Known()
	case doc.Get("name") == nil:
		return nil, exception.Raise("AttributeError", "'NoneType' object has no attribute 'startswith'")
	case strings.HasPrefix(doc.Name(), local):
		doc.Set("localname", doc.Get("name"))
		doc.Set("name", nil)
	}
	if err := c.S.Save(doc); err != nil {
		return nil, err
	}
	word := "Saved"
	if docstatus == 1 {
		word = "Submitted"
	}
	return nil, c.sendBack(doc, exception.Message{Text: word, Indicator: "green", Alert: true})
}

func savecancel(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("name"))
	if err != nil {
		return nil, err
	}
	doc.Set("docstatus", int64(2))
	if err := c.S.Save(doc); err != nil {
		return nil, err
	}
	return nil, c.sendBack(doc, exception.Message{Text: "Cancelled", Indicator: "red", Alert: true})
}

func (c *Call) sendBack(doc *document.Doc, m exception.Message) error {
	c.S.Say(m)
	info, err := timeline.Info(c.S, doc)
	c.S.Put("docs", []*document.Doc{doc})
	c.S.Put("docinfo", info)
	return err
}
