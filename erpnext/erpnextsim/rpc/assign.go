package rpc

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
)

// assign gives a document to users; who has it already only gets a message.
func assign(c *Call) (any, error) {
	doctype, name := c.text("doctype"), c.text("name")
	doc, err := c.S.Load(doctype, name)
	if err != nil {
		return nil, err
	}
	if err := c.S.Check(doc, "read"); err != nil {
		return nil, err
	}
	v, err := c.decoded("assign_to")
	if err != nil {
		return nil, err
	}
	users, _ := v.([]any)
	for _, u := range users {
		if err := c.assignOne(doctype, name, meta.Text(u)); err != nil {
			return nil, err
		}
	}
	return assignees(c)
}

func (c *Call) assignOne(doctype, name, user string) error {
	open, err := c.S.Tx.Value(`SELECT name FROM tabToDo WHERE reference_type = ? AND reference_name = ? AND allocated_to = ? AND status = 'Open'`,
		doctype, name, user)
	if err != nil {
		return err
	}
	if open != nil {
		c.S.Say(exception.Message{Text: fmt.Sprintf("Already in the following Users ToDo list:%s", user), Alert: true})
		return nil
	}
	description := c.text("description")
	if description == "" {
		description = fmt.Sprintf("Assignment for %s %s", doctype, name)
	}
	values := map[string]any{
		"allocated_to": user, "reference_type": doctype, "reference_name": name, "description": description,
		"assigned_by": c.S.User.Name, "status": "Open",
	}
	for _, key := range []string{"priority", "date"} {
		if text := c.text(key); text != "" {
			values[key] = text
		}
	}
	if by := c.text("assigned_by"); by != "" {
		values["assigned_by"] = by
	}
	todo, err := c.S.New("ToDo", values)
	if err != nil {
		return err
	}
	return c.S.As(func() error { return c.S.Insert(todo) })
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
		rows, err := c.S.Tx.Rows(`SELECT name FROM tabToDo WHERE reference_type = ? AND reference_name = ? AND allocated_to = ? AND status = 'Open'`,
			c.text("doctype"), c.text("name"), user)
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
		return assignees(c)
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
