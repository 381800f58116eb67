package document

import (
	"fmt"
	"net/url"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/backlink"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
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
		if s.Profile == profile.V15 && s.fetching(d, f) {
			return "", false, err // it asks for all values at once, and takes none for an answer
		}
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

// fetching tells whether other fields are about to be filled through a link.
func (s *Session) fetching(d *Doc, link *meta.Field) bool {
	for _, f := range d.Type.Fetches(link.Name) {
		if !f.FetchIfEmpty || meta.Falsy(d.Values[f.Name]) {
			return true
		}
	}
	return false
}

// Unlinked refuses while other documents point to this one. On "Cancel" only
// submitted ones count.
func (s *Session) Unlinked(doc *Doc, method string) error {
	return backlink.Search{
		Tx: s.Tx, Set: s.Set, Release: s.Profile, Method: method, Link: s.Link,
		Ignored: s.Rules[doc.Type.Name].Ignored,
	}.Check(doc)
}

// Link is a link to the form of a document, in HTML.
func (s *Session) Link(doctype, name string) string {
	desk := "desk"
	if s.Profile == profile.V15 {
		desk = "app"
	}
	slug := strings.ReplaceAll(strings.ToLower(doctype), " ", "-")
	return fmt.Sprintf(`<a href="%s/%s/%s/%s">%s</a>`, s.Address, desk, url.PathEscape(slug), url.PathEscape(name), name)
}

// setTitle makes the title of a document whose title field is "title" from the
// pattern that the field declares: always by its options, once by its default.
func (s *Session) setTitle(doc *Doc) {
	f := doc.Type.Field("title")
	if doc.Type.TitleField != "title" || f == nil {
		return
	}
	pattern := f.Options
	if pattern == "" && doc.IsNew && doc.Text("title") == "" {
		pattern = f.Default
	}
	if pattern == "" {
		return
	}
	for _, column := range doc.Type.Columns() {
		pattern = strings.ReplaceAll(pattern, "{"+column+"}", doc.Text(column))
	}
	doc.Values["title"] = pattern
}

// HideLevels removes the values that the user may not read by permission level.
func (s *Session) HideLevels(doc *Doc, owner *meta.DocType) {
	hide := func(d *Doc) {
		for _, f := range d.Type.Fields {
			if !s.User.Level(owner, f.Permlevel, "read") {
				delete(d.Values, f.Name)
				delete(d.Tables, f.Name)
			}
		}
	}
	hide(doc)
	for _, row := range doc.Children() {
		hide(row)
	}
}
