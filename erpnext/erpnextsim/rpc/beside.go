package rpc

import (
	"fmt"
	"maps"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/timeline"
)

// beside is what people put beside a document: comments, shares, likes, tags.
func beside() Table {
	return Table{
		"frappe.desk.form.utils.add_comment": {
			run: addComment, required: []string{"reference_doctype", "reference_name", "content", "comment_email", "comment_by"},
			verbs: []string{"POST", "PUT"}, writes: true,
		},
		"frappe.desk.form.utils.update_comment":  {run: editComment, required: []string{"name", "content"}, writes: true},
		"frappe.share.add":                       {run: share, required: []string{"doctype", "name"}, writes: true},
		"frappe.desk.like.toggle_like":           {run: like, required: []string{"doctype", "name"}, writes: true},
		"frappe.desk.doctype.tag.tag.add_tag":    {run: tag(true), required: []string{"tag", "dt", "dn"}, writes: true},
		"frappe.desk.doctype.tag.tag.remove_tag": {run: tag(false), required: []string{"tag", "dt", "dn"}, writes: true},
	}
}

func addComment(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("reference_doctype"), c.text("reference_name"))
	if err != nil {
		return nil, err
	}
	if err := c.S.Check(doc, "read"); err != nil {
		return nil, err
	}
	return comment(c.S, doc, note{text: c.text("content"), email: c.text("comment_email"), by: c.text("comment_by")})
}

// editComment changes a comment's text; only who wrote it may.
func editComment(c *Call) (any, error) {
	doc, err := c.S.Load("Comment", c.text("name"))
	if err != nil {
		return nil, err
	}
	if c.S.User.Name != access.Administrator && c.S.User.Name != doc.Text("owner") {
		return nil, exception.Throw("PermissionError", "Comment can only be edited by the owner")
	}
	doc.Set("content", c.text("content"))
	return nil, c.S.As(func() error { return c.S.Save(doc) })
}

// share opens a document to a user, or changes what he may do with it.
func share(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("name"))
	if err != nil {
		return nil, err
	}
	if !c.S.May(doc, "share") {
		return nil, exception.Throw("PermissionError", `You need to have "Share" permission`)
	}
	user := c.text("user")
	if user == "" {
		user = c.S.User.Name
	}
	rights := map[string]any{"read": int64(1), "everyone": meta.Int(c.Args["everyone"])}
	for _, right := range []string{"write", "submit", "share"} {
		rights[right] = meta.Int(c.Args[right])
	}
	return timeline.Share(c.S, doc, user, rights)
}

// shareUnread shares a document with a user who may not read it.
func (c *Call) shareUnread(doc *document.Doc, user string) (bool, error) {
	found, err := c.S.Load("User", user)
	if err != nil {
		return false, exception.Fault(err) // a ToDo of nobody known was refused before
	}
	var roles []string
	for _, row := range found.Rows("roles") {
		roles = append(roles, row.Text("role"))
	}
	other := *c.S
	other.User = access.With(user, roles, found.Text("user_type") == "System User")
	if other.May(doc, "read") {
		return false, nil
	}
	_, err = timeline.Share(c.S, doc, user, map[string]any{"read": int64(1)})
	return err == nil, err
}

// like adds the user to those who like the document, or takes him off.
func like(c *Call) (any, error) {
	return nil, timeline.Like(c.S, c.text("doctype"), c.text("name"), c.text("add") == "Yes")
}

// tag puts a tag on a document or takes it off.
func tag(add bool) func(*Call) (any, error) {
	return func(c *Call) (any, error) {
		if err := timeline.Tag(c.S, [2]string{c.text("dt"), c.text("dn")}, c.text("tag"), add); err != nil || !add {
			return nil, err
		}
		return c.text("tag"), nil
	}
}

// assign gives a document to users; who has it already only gets a message, and who
// may not read it gets it shared.
func assign(c *Call) (any, error) {
	doctype, name := c.text("doctype"), c.text("name")
	v, err := c.decoded("assign_to")
	if err != nil {
		return nil, err
	}
	users, _ := v.([]any)
	var busy, shared []string
	for _, u := range users {
		user := meta.Text(u)
		doc, err := c.S.Load(doctype, name)
		if err != nil {
			return nil, err
		}
		if err := c.S.Check(doc, "read"); err != nil {
			return nil, err
		}
		given, err := c.assignOne(doc, user)
		if err != nil {
			return nil, err
		}
		if !given {
			busy = append(busy, user)
			continue
		}
		gave, err := c.shareUnread(doc, user)
		if err != nil {
			return nil, err
		}
		if gave {
			shared = append(shared, user)
		}
	}
	for _, m := range []struct {
		text  string
		users []string
	}{
		{"Shared with the following Users with Read access:", shared},
		{"Already in the following Users ToDo list:", busy},
	} {
		if len(m.users) > 0 {
			c.S.Say(exception.Message{Text: m.text + "<br><br>" + strings.Join(m.users, "<br>")})
		}
	}
	return assignees(c)
}

// assignMany assigns several documents; names come as JSON text.
func assignMany(c *Call) (any, error) {
	v, err := c.decoded("name")
	if err != nil {
		return nil, err
	}
	names, _ := v.([]any)
	for _, name := range names {
		one := *c
		one.Args = maps.Clone(c.Args)
		one.Args["name"] = name
		if _, err := assign(&one); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// assignOne makes the ToDo, unless the user has an open one.
func (c *Call) assignOne(doc *document.Doc, user string) (bool, error) {
	open, err := c.S.Tx.Value(`SELECT name FROM tabToDo WHERE reference_type = ? AND reference_name = ? AND allocated_to = ? AND status = 'Open'`,
		doc.Type.Name, doc.Name(), user)
	if err != nil || open != nil {
		return false, err
	}
	value := func(key, fallback string) string {
		if _, ok := c.Args[key]; ok {
			return c.text(key)
		}
		return fallback
	}
	description := c.text("description")
	if description == "" {
		description = fmt.Sprintf("Assignment for %s %s", doc.Type.Name, doc.Name())
	}
	todo, err := c.S.New("ToDo", map[string]any{
		"allocated_to": user, "reference_type": doc.Type.Name, "reference_name": doc.Name(), "description": description, "status": "Open",
		"priority": value("priority", "Medium"), "date": value("date", c.S.Today()), "assigned_by": value("assigned_by", c.S.User.Name),
		"assignment_rule": c.Args["assignment_rule"],
	})
	if err != nil {
		return false, err
	}
	if err := c.S.As(func() error { return c.S.Insert(todo) }); err != nil {
		return false, err
	}
	if doc.Type.Field("assigned_to") != nil {
		err = c.S.SetValue(doc.Type.Name, doc.Name(), store.Row{"assigned_to": user}, false)
	}
	return true, err
}

// assignees is who has open work on the document, five at most.
func assignees(c *Call) (any, error) {
	res, err := query.Run(c.S, query.Request{
		Doctype: "ToDo", Fields: []any{"allocated_to as owner", "name"}, Trusted: true, Limit: 5,
		Filters: []any{
			[]any{"reference_type", "=", c.text("doctype")},
			[]any{"reference_name", "=", c.text("name")},
			[]any{"status", "not in", "Cancelled,Closed"},
		},
		OrderBy: "creation asc",
	})
	return res.Objects(), err
}

// unassign closes the open work of one user with the status.
func unassign(status string) func(*Call) (any, error) {
	return func(c *Call) (any, error) {
		user := c.text("assign_to")
		if status == "Closed" && user != c.S.User.Name {
			return nil, exception.Invalid("Only the assignee can complete this to-do.")
		}
		doc, err := c.S.Load(c.text("doctype"), c.text("name"))
		if err != nil {
			return nil, err
		}
		if err := c.S.Check(doc, "read"); err != nil {
			return nil, err
		}
		rows, err := c.S.Tx.Rows(`SELECT name FROM tabToDo WHERE reference_type = ? AND reference_name = ? AND allocated_to = ? AND status <> ? LIMIT 1`,
			doc.Type.Name, doc.Name(), user, status)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			todo, err := c.S.Load("ToDo", meta.Text(r["name"]))
			if err != nil {
				return nil, err
			}
			todo.Set("status", status)
			if err := c.S.As(func() error { return c.S.Save(todo) }); err != nil {
				return nil, err
			}
		}
		if doc.Type.Field("assigned_to") != nil {
			if err := c.S.SetValue(doc.Type.Name, doc.Name(), store.Row{"assigned_to": nil}, false); err != nil {
				return nil, err
			}
		}
		return assignees(c)
	}
}
