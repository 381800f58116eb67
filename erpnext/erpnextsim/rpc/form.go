package rpc

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
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
	mutating := []string{"POST", "PUT"}
	return Table{
		"frappe.desk.form.load.getdoc":       {run: getdoc, required: []string{"doctype", "name"}, writes: true},
		"frappe.desk.form.load.getdoctype":   {run: getdoctype, required: []string{"doctype"}},
		"frappe.desk.form.load.get_docinfo":  {run: getdocinfo},
		"frappe.desk.form.utils.add_comment": {run: addComment, required: []string{"reference_doctype", "reference_name", "content"}, verbs: mutating, writes: true},
		"frappe.desk.form.save.savedocs":     {run: savedocs, required: []string{"doc", "action"}, writes: true, post: true},
		"frappe.desk.form.save.cancel":       {run: savecancel, writes: true, post: true},
		"frappe.desk.form.assign_to.add":     {run: assign, writes: true, post: true},
		"frappe.desk.form.assign_to.remove":  {run: unassign("Cancelled"), required: []string{"doctype", "name", "assign_to"}, writes: true, post: true},
		"frappe.desk.form.assign_to.close":   {run: unassign("Closed"), required: []string{"doctype", "name", "assign_to"}, writes: true, post: true},
		"frappe.desk.form.assign_to.get":     {run: assignees},
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
	info, err := docinfo(c.S, doc)
	c.S.Put("docs", []*document.Doc{doc})
	c.S.Put("docinfo", info)
	return nil, err
}

func getdocinfo(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("name"))
	if err != nil {
		return nil, err
	}
	info, err := docinfo(c.S, doc)
	c.S.Put("docinfo", info)
	return nil, err
}

// docinfo is comments, assignments, attachments and mails of a document.
func docinfo(s *document.Session, doc *document.Doc) (wire.Object, error) {
	info := wire.Object{{Key: "doctype", Value: doc.Type.Name}, {Key: "name", Value: doc.Name()}}
	by := func(doctype, name string) []any {
		return []any{[]any{doctype, "=", doc.Type.Name}, []any{name, "=", doc.Name()}}
	}
	for _, part := range []struct {
		key, doctype string
		fields       []any
		filters      []any
	}{
		{"attachments", "File", []any{"name", "file_name", "file_url", "is_private"}, by("attached_to_doctype", "attached_to_name")},
		{"communications", "Communication", []any{"name", "communication_type", "communication_medium", "sent_or_received", "content", "sender", "subject", "creation"}, by("reference_doctype", "reference_name")},
		{"comments", "Comment", []any{"name", "creation", "content", "owner", "comment_type"}, append(by("reference_doctype", "reference_name"), []any{"comment_type", "=", "Comment"})},
		{"attachment_logs", "Comment", []any{"name", "creation", "content", "owner", "comment_type"}, append(by("reference_doctype", "reference_name"), []any{"comment_type", "in", "Attachment,Attachment Removed"})},
		{"assignments", "ToDo", []any{"name", "allocated_to as owner", "description", "status"}, append(by("reference_type", "reference_name"), []any{"status", "not in", "Cancelled,Closed"})},
	} {
		res, err := query.Run(s, query.Request{Doctype: part.doctype, Fields: part.fields, Filters: part.filters, OrderBy: "creation desc", Trusted: true})
		if err != nil {
			return nil, err
		}
		info.Set(part.key, res.Objects())
	}
	rights := wire.Object{}
	for _, right := range []string{"read", "write", "create", "delete", "submit", "cancel", "amend", "share", "print", "email"} {
		rights.Set(right, map[bool]int64{true: 1}[s.May(doc, right)])
	}
	info.Set("permissions", rights)
	for _, key := range []string{"versions", "shared", "views", "milestones", "energy_point_logs", "additional_timeline_content", "is_document_followed", "tags"} {
		info.Set(key, []any{})
	}
	return info, nil
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
	if meta.Falsy(values["__islocal"]) {
		doc.Known()
	}
	if err := c.S.Save(doc); err != nil {
		return nil, err
	}
	return nil, c.sendBack(doc)
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
	return nil, c.sendBack(doc)
}

func (c *Call) sendBack(doc *document.Doc) error {
	info, err := docinfo(c.S, doc)
	c.S.Put("docs", []*document.Doc{doc})
	c.S.Put("docinfo", info)
	return err
}
