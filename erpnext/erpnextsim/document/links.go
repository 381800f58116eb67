package document

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// checkLinks looks up every link target of the document and its rows, keeps the
// target's spelling and fills the fields that are fetched from it. Targets of
// doctypes that the site does not carry are taken as they are.
func (s *Session) checkLinks(doc *Doc) error {
	if s.Import || doc.Lenient {
		return nil
	}
	var lost, cancelled []string
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		for _, f := range d.Type.Links() {
			problem, dead, err := s.checkLink(doc, d, f)
			if err != nil {
				return err
			}
			if problem == "" {
				continue
			}
			if dead {
				cancelled = append(cancelled, problem)
			} else {
				lost = append(lost, problem)
			}
		}
	}
	if len(lost) > 0 {
		return exception.Throw("LinkValidationError", "Could not find %s", strings.Join(lost, ", "))
	}
	if len(cancelled) > 0 {
		return exception.Throw("CancelledLinkError", "Cannot link cancelled document: %s", strings.Join(cancelled, ", "))
	}
	return nil
}

// checkLink checks one link of d, which is top itself or one of its rows.
func (s *Session) checkLink(top, d *Doc, f *meta.Field) (problem string, dead bool, err error) {
	if meta.Falsy(d.Values[f.Name]) {
		return "", false, nil
	}
	name := d.Text(f.Name)
	doctype := f.Options
	if f.Type == "Dynamic Link" {
		if doctype = d.Text(f.Options); doctype == "" {
			return "", false, exception.Invalid("%s must be set first", d.Type.Label(f.Options))
		}
	}
	target := s.Set.Get(doctype)
	if target == nil {
		return "", false, nil
	}
	what := f.Label + ": " + name
	if d.Up != nil {
		what = fmt.Sprintf("Row #%d: %s", d.Int("idx"), what)
	}
	if doctype == "DocType" {
		if s.Set.Get(name) == nil {
			return what, false, nil
		}
		return "", false, nil
	}
	found, ok, err := s.Exists(doctype, name)
	if err != nil || !ok {
		s.clearFetched(top, d, f)
		return what, false, err
	}
	d.Values[f.Name] = found
	if err := s.fetch(top, d, f, target); err != nil {
		return "", false, err
	}
	if f.Name == "amended_from" || !top.Type.Submittable || !target.Submittable {
		return "", false, nil
	}
	status, err := s.Value(doctype, found, "docstatus")
	if meta.Int(status) == 2 {
		return what, true, err
	}
	return "", false, err
}

// fetch copies fields from a link target.
func (s *Session) fetch(top, d *Doc, link *meta.Field, target *meta.DocType) error {
	for _, f := range d.Type.Fetches(link.Name) {
		if f.FetchIfEmpty && !meta.Falsy(d.Values[f.Name]) {
			continue
		}
		if !top.IsNew && top.Docstatus() == 1 && !f.AllowOnSubmit {
			continue
		}
		if !target.Single && !target.Has(f.Source()) {
			continue
		}
		v, err := s.Value(target.Name, d.Text(link.Name), f.Source())
		if err != nil {
			return fmt.Errorf("fetching %s: %w", f.FetchFrom, err)
		}
		d.Values[f.Name] = v
	}
	return nil
}

func (s *Session) clearFetched(top, d *Doc, link *meta.Field) {
	for _, f := range d.Type.Fetches(link.Name) {
		if !f.FetchIfEmpty && (top.IsNew || top.Docstatus() != 1) {
			d.Values[f.Name] = nil
		}
	}
}

// loose lists doctypes whose links never hold a document back. It is never changed.
var loose = map[string]bool{
	"Communication": true, "ToDo": true, "DocShare": true, "Email Unsubscribe": true, "Activity Log": true,
	"File": true, "Version": true, "Document Follow": true, "Comment": true, "View Log": true, "Tag Link": true,
	"Notification Log": true, "Email Queue": true, "Deleted Document": true, "Custom Field": true,
}

// Unlinked refuses while other documents point to this one. On "Cancel"
// only submitted ones count.
func (s *Session) Unlinked(doc *Doc, method string) error {
	for _, d := range s.Set.All() {
		if d.Single || loose[d.Name] {
			continue
		}
		for _, f := range d.Links() {
			if f.Type == "Link" && f.Options != doc.Type.Name {
				continue
			}
			if err := s.backlink(doc, d, f, method); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Session) backlink(doc *Doc, d *meta.DocType, f *meta.Field, method string) error {
	columns, parent := "name, docstatus, idx", ", name AS parent, '' AS parenttype"
	if d.Child {
		parent = ", parent, parenttype"
	}
	stmt := "SELECT " + columns + parent + " FROM " + store.Table(d.Name) + " WHERE " + store.Quote(f.Name) + " = ?"
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
		holder, name := d.Name, meta.Text(r["parent"])
		if d.Child {
			holder = meta.Text(r["parenttype"])
		}
		mine := holder == doc.Type.Name && name == doc.Name()
		if mine || loose[holder] || method == "Cancel" && meta.Int(r["docstatus"]) != 1 {
			continue
		}
		return linked(doc, d, holder, name, meta.Int(r["idx"]))
	}
	return nil
}

func linked(doc *Doc, d *meta.DocType, holder, name string, idx int64) error {
	row := ""
	if d.Child {
		row = fmt.Sprintf("at Row: %d", idx)
	}
	return exception.Throw("LinkExistsError", "Cannot delete or cancel because %s %s is linked with %s %s %s",
		doc.Type.Name, anchor(doc.Type.Name, doc.Name()), holder, anchor(holder, name), row)
}

func anchor(doctype, name string) string {
	return fmt.Sprintf(`<a href="/app/%s/%s">%s</a>`, strings.ReplaceAll(strings.ToLower(doctype), " ", "-"), name, name)
}
