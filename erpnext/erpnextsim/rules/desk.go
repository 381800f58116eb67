package rules

import (
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/checks"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/timeline"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// desk is what people keep beside a document: comments and assignments, and their
// own notes and dates.
func desk() map[string]document.Controller {
	return map[string]document.Controller{
		"Comment": {Events: hooks{"validate": signComment, "on_update": listComments, "after_delete": listComments}},
		"ToDo": {
			Events: hooks{"validate": fillToDo, "on_update": listAssignees, "after_delete": listAssignees},
			Permit: func(s *document.Session, d *document.Doc, right string) bool {
				return hasOwnRole(s, d, right) || d.Text("allocated_to") == s.User.Name || d.Text("assigned_by") == s.User.Name
			},
		},
		"Note": {Events: hooks{"validate": fillNote}, Permit: func(s *document.Session, d *document.Doc, _ string) bool {
			return d.Int("public") != 0 || d.Text("owner") == s.User.Name || d.Fresh()
		}},
		"Event": {Events: hooks{"validate": checkEvent}, Permit: func(s *document.Session, d *document.Doc, _ string) bool {
			return d.Text("event_type") == "Public" || d.Text("owner") == s.User.Name || d.Fresh()
		}},
	}
}

// hasOwnRole tells whether a role that not everybody has gives the right.
func hasOwnRole(s *document.Session, d *document.Doc, right string) bool {
	return slices.ContainsFunc(d.Type.Permissions, func(p meta.Permission) bool {
		return p.Rights[right] && p.Role != "All" && p.Role != "Guest" && p.Role != "Desk User" && slices.Contains(s.User.Roles, p.Role)
	})
}

func fillNote(_ *document.Session, d *document.Doc) error {
	if d.Int("public") == 0 {
		d.Set("notify_on_login", int64(0))
	}
	if !d.Holds("content") {
		d.Set("content", "<span></span>")
	}
	return nil
}

func checkEvent(s *document.Session, d *document.Doc) error {
	if !d.Holds("starts_on") {
		d.Set("starts_on", s.Now())
	}
	if d.Text("starts_on") == d.Text("ends_on") {
		d.Set("ends_on", nil)
	}
	from, okFrom := paper.ParseTime(d.Text("starts_on"))
	to, okTo := paper.ParseTime(d.Text("ends_on"))
	if okFrom && okTo && from.After(to) {
		return exception.Invalid("Event end must be after start")
	}
	return nil
}

func signComment(s *document.Session, d *document.Doc) error {
	d.Default("comment_email", s.User.Name)
	d.Set("content", checks.Sanitize(d.Text("content")))
	return nil
}

// short is a comment as the list beside the document shows it.
func short(content string) string {
	if runes := []rune(content); len(runes) > 100 {
		return string(runes[:97]) + "..."
	}
	return content
}

// listComments keeps the last hundred comments of a document in its _comments,
// without moving modified.
func listComments(s *document.Session, d *document.Doc) error {
	doctype, name := d.Text("reference_doctype"), d.Text("reference_name")
	if doctype == "" || name == "" || d.Text("comment_type") != "Comment" {
		return nil
	}
	rows, err := s.Tx.Rows(`SELECT name, content, comment_email, owner FROM tabComment
		WHERE reference_doctype = ? AND reference_name = ? AND comment_type = 'Comment' ORDER BY creation DESC, name DESC LIMIT 100`, doctype, name)
	if err != nil {
		return err
	}
	list := []any{}
	for _, r := range slices.Backward(rows) {
		by := meta.Text(r["comment_email"])
		if by == "" {
			by = meta.Text(r["owner"])
		}
		if meta.Text(r["content"]) == "" {
			continue
		}
		list = append(list, wire.Object{{Key: "comment", Value: short(meta.Text(r["content"]))}, {Key: "by", Value: by}, {Key: "name", Value: r["name"]}})
	}
	return aside(s, doctype, name, store.Row{"_comments": string(wire.Encode(list, wire.Style{ASCII: true, Spaces: true}))})
}

// aside writes a column that the desk keeps beside a document.
func aside(s *document.Session, doctype, name string, row store.Row) error {
	if target := s.Set.Get(doctype); target == nil || target.Single {
		return nil
	}
	return s.SetValue(doctype, name, row, false)
}

// fillToDo notes on the timeline of the reference who was given the work, or that
// it was taken off him.
func fillToDo(s *document.Session, d *document.Doc) error {
	by, to := timeline.NameOf(s, d.Text("assigned_by")), timeline.NameOf(s, d.Text("allocated_to"))
	kind, text := "Assigned", fmt.Sprintf("%s assigned %s: %s", by, to, d.Text("description"))
	switch {
	case d.Fresh() && d.Text("assigned_by") == d.Text("allocated_to"):
		text = fmt.Sprintf("%s self assigned this task: %s", by, d.Text("description"))
	case d.Fresh():
	case !d.Changed("status"):
		return nil
	default:
		kind, text = "Assignment Completed", fmt.Sprintf("Assignment of %s removed by %s", to, timeline.NameOf(s, s.User.Name))
		if d.Text("allocated_to") == s.User.Name {
			text = timeline.NameOf(s, s.User.Name) + " removed their assignment."
		}
	}
	doctype, name := d.Text("reference_type"), d.Text("reference_name")
	if doctype == "" || name == "" {
		return nil
	}
	if found, err := exists(s, doctype, name); err != nil || !found {
		return err
	}
	return timeline.Remark(s, [2]string{doctype, name}, kind, text)
}

// listAssignees keeps who has open work on a document in its _assign.
func listAssignees(s *document.Session, d *document.Doc) error {
	doctype, name := d.Text("reference_type"), d.Text("reference_name")
	if doctype == "" || name == "" {
		return nil
	}
	rows, err := s.Tx.Rows(`SELECT allocated_to FROM tabToDo WHERE reference_type = ? AND reference_name = ?
		AND status NOT IN ('Cancelled', 'Closed') AND ifnull(allocated_to, '') <> '' ORDER BY creation, name`, doctype, name)
	if err != nil {
		return err
	}
	var users []string
	for _, r := range rows {
		if user := meta.Text(r["allocated_to"]); !slices.Contains(users, user) {
			users = append(users, user)
		}
	}
	text := ""
	if len(users) > 0 {
		text = string(wire.Encode(users, wire.Style{ASCII: true, Spaces: true}))
	}
	return aside(s, doctype, name, store.Row{"_assign": text})
}
