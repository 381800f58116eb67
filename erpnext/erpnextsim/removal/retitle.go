package removal

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
)

// Retitle gives a document another name, unless the wish has none, and another title,
// unless it is "". It returns the document's name.
func Retitle(s *document.Session, r Renaming, title string) (string, error) {
	doc := r.Doc
	if err := s.Check(doc, "write"); err != nil {
		return "", err
	}
	if r.Name != "" && r.Name != doc.Name() {
		if _, err := Rename(s, r); err != nil {
			return "", err
		}
	}
	field := doc.Type.TitleField
	if title == "" || field == "" || title == doc.Text(field) {
		return doc.Name(), nil
	}
	fresh, err := s.Load(doc.Type.Name, doc.Name())
	if err != nil {
		return "", err
	}
	fresh.Set(field, title)
	if err := s.Save(fresh); err != nil {
		return "", err
	}
	s.Say(exception.Message{Text: "Saved", Alert: true, Indicator: "green"})
	return fresh.Name(), nil
}
