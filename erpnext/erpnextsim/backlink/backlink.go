// Package backlink looks for documents of the ERPNext simulator that point to
// another one, which may then be neither deleted nor cancelled.
package backlink

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Search is a search through all links of a site.
type Search struct {
	Tx      *store.Tx
	Set     *meta.Set
	Release profile.Profile
	Method  string // "Delete" or "Cancel"
	// Link is the address of a document as HTML.
	Link func(doctype, name string) string
	// Ignored lists the doctypes that do not keep a document from being cancelled.
	Ignored []string
}

// loose lists doctypes whose links never hold a document back. It is never changed.
var loose = strings.Split("Communication,ToDo,DocShare,Email Unsubscribe,Activity Log,File,Version,Document Follow,Comment,"+
	"View Log,Tag Link,Notification Log,Email Queue,Document Share Key,Integration Request,Unhandled Email,"+
	"Webhook Request Log,Workspace,Route History,Access Log,Permission Log,Desktop Icon", ",")

// Check refuses when another document points to this one: by a Link first, then by
// a Dynamic Link. Cancelled documents count for Links, not for Dynamic Links.
func (s Search) Check(doc *paper.Doc) error {
	for _, kind := range []string{"Link", "Dynamic Link"} {
		for _, d := range s.Set.All() {
			if s.ignored(d.Name) {
				continue
			}
			for _, f := range d.Links() {
				if f.Type != kind || kind == "Link" && f.Options != doc.Type.Name || f.Name == "amended_from" && s.Method == "Cancel" {
					continue
				}
				if err := s.field(doc, d, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (s Search) ignored(doctype string) bool {
	if s.Method == "Delete" {
		return slices.Contains(loose, doctype)
	}
	return slices.Contains(s.Ignored, doctype)
}

func (s Search) field(doc *paper.Doc, d *meta.DocType, f *meta.Field) error {
	if d.Single {
		return s.single(doc, d, f)
	}
	parent := ", name AS parent, '' AS parenttype"
	if d.Child {
		parent = ", parent, parenttype"
	}
	stmt := "SELECT name, docstatus, idx" + parent + " FROM " + store.Table(d.Name) + " WHERE " + store.Quote(f.Name) + " = ?"
	args := []any{doc.Name()}
	if f.Type == "Dynamic Link" {
		if d.Field(f.Options) == nil {
			return nil
		}
		stmt += " AND " + store.Quote(f.Options) + " = ?"
		args = append(args, doc.Type.Name)
	}
	rows, err := s.Tx.Rows(stmt, args...)
	if err != nil {
		return fmt.Errorf("looking for links to %s: %w", doc.Name(), err)
	}
	for _, r := range rows {
		if err := s.row(doc, d, f, r); err != nil {
			return err
		}
	}
	return nil
}

func (s Search) row(doc *paper.Doc, d *meta.DocType, f *meta.Field, r store.Row) error {
	holder, name, status := d.Name, meta.Text(r["parent"]), meta.Int(r["docstatus"])
	if d.Child {
		holder = meta.Text(r["parenttype"])
	}
	dynamic := f.Type == "Dynamic Link"
	mine := !dynamic && d.Name == doc.Type.Name && name == doc.Name()
	live := s.Method == "Delete" && (!dynamic || status != 2) || s.Method == "Cancel" && status == 1
	if mine || !live || s.ignored(holder) {
		return nil
	}
	at := ""
	if dynamic && d.Child {
		at = fmt.Sprintf("at Row: %d", meta.Int(r["idx"]))
	}
	return s.held(doc, holder, name, at)
}

func (s Search) single(doc *paper.Doc, d *meta.DocType, f *meta.Field) error {
	row, err := s.Tx.Single(d.Name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", d.Name, err)
	}
	if meta.Text(row[f.Name]) != doc.Name() || f.Type == "Dynamic Link" && meta.Text(row[f.Options]) != doc.Type.Name {
		return nil
	}
	if f.Type == "Dynamic Link" && s.Method == "Cancel" {
		return nil // a single is never submitted
	}
	return s.held(doc, d.Name, d.Name, "")
}

func (s Search) held(doc *paper.Doc, holder, name, at string) error {
	shown := holder
	if holder == name {
		shown = ""
	}
	mine, other := s.Link(doc.Type.Name, doc.Name()), s.Link(holder, name)
	if s.Release == profile.V15 {
		form := func(doctype, name string) string {
			return fmt.Sprintf(`<a href="/app/Form/%s/%s">%s</a>`, doctype, name, name)
		}
		mine, other = form(doc.Type.Name, doc.Name()), form(holder, name)
	}
	return exception.Throw("LinkExistsError", "Cannot delete or cancel because %s %s is linked with %s %s %s",
		doc.Type.Name, mine, shown, other, at)
}
