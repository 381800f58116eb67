package rpc

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/attach"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/removal"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// site is the procedures about the site and the caller.
func site() Table {
	return Table{
		"ping":                                 {run: ping, guest: true},
		"frappe.ping":                          {run: ping, guest: true},
		"frappe.auth.get_logged_user":          {run: loggedUser},
		"frappe.utils.change_log.get_versions": {run: versions},
		"upload_file":                          {run: upload, writes: true, guest: true, post: true},
		"frappe.handler.upload_file":           {run: upload, writes: true, guest: true, post: true},
		"run_doc_method":                       {run: runDocMethod, writes: true, verbs: []string{"GET", "POST"}},
	}
}

func quoted(doctype string) string { return store.Table(doctype) }

func upload(c *Call) (any, error) { return attach.Upload(c.S, c.Args, c.File) }

func attachFile(c *Call) (any, error) { return attach.Inline(c.S, c.Args) }

func ping(*Call) (any, error) { return "pong", nil }

func loggedUser(c *Call) (any, error) { return c.S.User.Name, nil }

func versions(c *Call) (any, error) {
	app := func(title, description string) wire.Object {
		return wire.Object{
			{Key: "title", Value: title},
			{Key: "description", Value: description},
			{Key: "branch", Value: "version-" + c.S.Profile.String()[1:]},
			{Key: "version", Value: c.S.Profile.Version()},
		}
	}
	return wire.Object{
		{Key: "frappe", Value: app("Frappe Framework", "Full stack web framework with Python, Javascript, MariaDB, Redis, Node")},
		{Key: "erpnext", Value: app("ERPNext", "ERP made simple")},
	}, nil
}

func runDocMethod(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("dt"), c.text("dn"))
	if err != nil {
		return nil, err
	}
	args := map[string]any{}
	if v, err := c.decoded("args"); err == nil {
		if m, ok := v.(map[string]any); ok {
			args = m
		}
	}
	value, err := RunMethod(c.S, doc, c.text("method"), "read", args)
	c.S.Put("docs", []*document.Doc{doc})
	return value, err
}

// RunMethod runs a method of a document for a caller that needs the right on it.
func RunMethod(s *document.Session, doc *document.Doc, method, right string, args map[string]any) (any, error) {
	if err := s.Check(doc, right); err != nil {
		return nil, err
	}
	switch method {
	case "submit":
		doc.Set("docstatus", int64(1))
		return doc, s.Save(doc)
	case "cancel":
		doc.Set("docstatus", int64(2))
		return doc, s.Save(doc)
	}
	run := s.Rules[doc.Type.Name].Methods[method]
	if run == nil {
		run = shared()[method]
	}
	if run == nil {
		e := exception.Raise("NotFound", "404 Not Found: The requested URL was not found on the server.")
		e.HTML = true
		return nil, e
	}
	return run(s, doc, args)
}

// shared is the methods that every document has, beside submit and cancel.
func shared() map[string]document.Method {
	return map[string]document.Method{
		"add_comment": func(s *document.Session, d *document.Doc, args map[string]any) (any, error) {
			return comment(s, d, note{kind: meta.Text(args["comment_type"]), text: meta.Text(args["text"]), email: meta.Text(args["comment_email"]), by: meta.Text(args["comment_by"])})
		},
		"rename": func(s *document.Session, d *document.Doc, args map[string]any) (any, error) {
			return rename(&Call{S: s, Args: map[string]any{"doctype": d.Type.Name, "old_name": d.Name(), "new_name": args["name"]}})
		},
		"discard": discard,
	}
}

// discard cancels a draft: only the newer release has it.
func discard(s *document.Session, d *document.Doc, _ map[string]any) (any, error) {
	if s.Profile == profile.V15 {
		e := exception.Raise("NotFound", "404 Not Found: The requested URL was not found on the server.")
		e.HTML = true
		return nil, e
	}
	if d.Docstatus() != 0 {
		return nil, exception.Invalid("Only draft documents can be discarded")
	}
	return nil, s.SetValue(d.Type.Name, d.Name(), map[string]any{"docstatus": int64(2)}, true)
}

// note is a comment to add.
type note struct{ kind, text, email, by string }

// comment adds a Comment to a document.
func comment(s *document.Session, d *document.Doc, n note) (any, error) {
	if n.kind == "" {
		n.kind = "Comment"
	}
	if n.email == "" {
		n.email = s.User.Name
	}
	if n.by == "" {
		n.by = n.email
	}
	doc, err := s.New("Comment", map[string]any{
		"comment_type": n.kind, "reference_doctype": d.Type.Name, "reference_name": d.Name(),
		"comment_email": n.email, "comment_by": n.by, "content": n.text,
	})
	if err != nil {
		return nil, err
	}
	return doc, s.As(func() error { return s.Insert(doc) })
}

func hasPermission(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("docname"))
	if err != nil {
		return nil, err
	}
	right := c.text("perm_type")
	if right == "" {
		right = "read"
	}
	return wire.Object{{Key: "has_permission", Value: c.S.May(doc, right)}}, nil
}

func isAmended(c *Call) (any, error) {
	d, err := c.S.Meta(c.text("doctype"))
	if err != nil || d.Field("amended_from") == nil {
		return false, err
	}
	rows, err := c.S.Tx.Rows("SELECT name FROM "+quoted(d.Name)+" WHERE amended_from = ?", c.text("docname"))
	if err != nil || len(rows) == 0 {
		return false, err
	}
	return rows[0]["name"], nil
}

func rename(c *Call) (any, error) {
	doctype, old := c.text("doctype"), c.text("old_name")
	d, err := c.S.Meta(doctype)
	if err != nil {
		return nil, err
	}
	name, err := naming.Check(d, c.text("new_name"))
	if err != nil {
		return nil, err
	}
	doc, err := c.S.Load(doctype, old)
	if err != nil {
		return nil, exception.Invalid("%s %s does not exist", doctype, old)
	}
	_, taken, err := c.S.Exists(doctype, name)
	switch {
	case err != nil:
		return nil, err
	case name == old:
		return nil, exception.Invalid("No changes made because old and new name are the same.")
	case taken:
		return nil, exception.Invalid("Another %s with name %s exists, select another name", doctype, name)
	case !c.S.May(doc, "write"):
		return nil, exception.Invalid("You need write permission to rename")
	case !d.Renamable:
		return nil, exception.Invalid("%s not allowed to be renamed", doctype)
	}
	if err := removal.Rename(c.S, doc, name); err != nil {
		return nil, err
	}
	c.S.Say(exception.Message{Text: "Document renamed from <strong>" + old + "</strong> to <strong>" + name + "</strong>", Alert: true, Indicator: "green"})
	return name, nil
}
