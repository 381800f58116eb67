package rules

import (
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// desk is what people keep beside a document: comments and assignments.
func desk() map[string]document.Controller {
	return map[string]document.Controller{
		"Comment": {Events: hooks{"validate": signComment, "on_update": listComments, "after_delete": listComments}},
		"ToDo":    {Events: hooks{"validate": fillToDo, "on_update": listAssignees, "after_delete": listAssignees}},
	}
}

func signComment(s *document.Session, d *document.Doc) error {
	d.Default("comment_email", s.User.Name)
	d.Set("content", Sanitize(d.Text("content")))
	return nil
}

// listComments keeps the last hundred comments of a document in its _comments,
// without moving modified.
func listComments(s *document.Session, d *document.Doc) error {
	doctype, name := d.Text("reference_doctype"), d.Text("reference_name")
	if doctype == "" || name == "" || d.Text("comment_type") != "Comment" {
		return nil
	}
	rows, err := s.Tx.Rows(`SELECT name, content, comment_email, owner FROM tabComment
		WHERE reference_doctype = ? AND reference_name = ? AND comment_type = 'Comment' ORDER BY creation, name`, doctype, name)
	if err != nil {
		return err
	}
	list := []any{}
	for _, r := range rows[max(0, len(rows)-100):] {
		by := meta.Text(r["comment_email"])
		if by == "" {
			by = meta.Text(r["owner"])
		}
		list = append(list, wire.Object{{Key: "comment", Value: r["content"]}, {Key: "by", Value: by}, {Key: "name", Value: r["name"]}})
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

func fillToDo(s *document.Session, d *document.Doc) error {
	if d.Fresh() && truthy(d, "allocated_to") {
		d.Default("assigned_by", s.User.Name)
	}
	return nil
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

var (
	script = regexp.MustCompile(`(?is)<\s*(script|style|iframe|object|embed)\b.*?(</\s*(script|style|iframe|object|embed)\s*>|$)`)
	events = regexp.MustCompile(`(?i)\s+on[a-z]+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)`)
)

// Sanitize removes what may not stand in HTML that others will see.
func Sanitize(html string) string {
	if !strings.Contains(html, "<") {
		return html
	}
	return events.ReplaceAllString(script.ReplaceAllString(html, ""), "")
}
