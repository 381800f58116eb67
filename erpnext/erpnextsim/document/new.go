package document

import (
	"errors"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// setDefaults fills what the caller left out of a new document and its rows.
func (s *Session) setDefaults(doc *Doc) {
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		for _, f := range d.Type.Stored() {
			if d.values[f.Name] == nil {
				d.values[f.Name] = s.defaultOf(d, f)
			}
		}
	}
}

func (s *Session) defaultOf(doc *Doc, f *meta.Field) any {
	switch {
	case f.Type == "Time":
		return s.Clock().Format("15:04:05.000000")
	case f.Type == "Link" && f.Options != "User":
		if v, err := s.Default(f.Name); err == nil && v != "" && s.Set.Get(f.Options) != nil {
			return v
		}
	}
	switch lower := strings.ToLower(f.Default); {
	case f.Default == "" && f.Type == "Select" && f.Options != "":
		return f.FirstChoice()
	case f.Default == "" && f.Type == "Check":
		return int64(0)
	case f.Default == "":
		return nil
	case lower == "today":
		return s.Today()
	case lower == "now" && f.Type == "Datetime":
		return s.Now()
	case lower == "now" && f.Type == "Date":
		return s.Today()
	case lower == "__user" || lower == "user" && f.Type == "Link":
		return s.User.Name
	case strings.HasPrefix(f.Default, ":"):
		return s.defaultFrom(doc, f)
	case f.IsFloat():
		return meta.Float(f.Default)
	case f.IsInt():
		return meta.Int(f.Default)
	}
	return f.Default
}

// defaultFrom reads a default like ":Company": the field of the same name in the
// document that this one, its parent or the site's defaults point to.
func (s *Session) defaultFrom(doc *Doc, f *meta.Field) any {
	doctype := f.Default[1:]
	link := scrub(doctype)
	name := doc.Text(link)
	if name == "" && doc.parent != nil {
		name = doc.parent.Text(link)
	}
	if name == "" {
		name, _ = s.Default(link)
	}
	v, err := s.Value(doctype, name, f.Name)
	if err != nil {
		return nil
	}
	return v
}

// name gives a new document and its rows their names.
func (s *Session) name(doc *Doc) error {
	if doc.Type.Child && doc.parent != nil {
		doc.values["name"] = naming.Hash()
		return nil
	}
	name, err := s.newName(doc)
	if err != nil {
		return err
	}
	if doc.values["name"], err = naming.Check(doc.Type, name); err != nil {
		return err
	}
	for _, row := range doc.Children() {
		if !s.Import || row.Name() == "" {
			row.values["name"] = naming.Hash()
		}
		row.unsaved = !s.Import
	}
	return nil
}

func (s *Session) newName(doc *Doc) (string, error) {
	if doc.FixedName != "" {
		return doc.FixedName, nil
	}
	if old := doc.Text("amended_from"); old != "" && doc.Type.Submittable {
		previous, err := s.Value(doc.Type.Name, old, "amended_from")
		return naming.Amended(old, meta.Text(previous)), err
	}
	if doc.Type.Single {
		return doc.Type.Name, nil
	}
	given := doc.values["name"]
	if !strings.HasPrefix(strings.ToLower(doc.Type.Autoname), "prompt") && !s.Import {
		doc.values["name"] = nil
	} else if n := doc.Text("__newname"); n != "" {
		doc.values["name"] = n
	}
	if err := s.run("autoname", doc); err != nil {
		return "", err
	}
	if doc.Name() != "" {
		return doc.Name(), nil
	}
	name, err := s.Namer().By(doc.Type, doc)
	if name == "" && err == nil {
		name = naming.Hash()
	}
	if doc.Type.Autoname == "UUID" && given != nil && s.Profile == profile.V16 {
		name = meta.Text(given)
	}
	return name, err
}

func (s *Session) nameRows(doc *Doc) error {
	for _, row := range doc.Children() {
		if row.Name() == "" {
			row.values["name"] = naming.Hash()
			row.fresh = true
		}
	}
	return nil
}

// conflict turns a violated key into the exception for it.
func (s *Session) conflict(doc *Doc, err error) error {
	var c *store.ConflictError
	if !errors.As(err, &c) {
		return err // nil, or a failure of the database
	}
	primary := c.Column == "name"
	if doc.fresh && !primary { // with both violated, the server reports the name
		if _, primary, err = s.Exists(doc.Type.Name, doc.Name()); err != nil {
			return err
		}
	}
	if primary {
		e := exception.Raise("DuplicateEntryError", `('%s', '%s', IntegrityError(1062, "Duplicate entry '%s' for key 'PRIMARY'"))`,
			doc.Type.Name, doc.Name(), doc.Name())
		e.Notes = []exception.Message{{
			Text: fmt.Sprintf("%s <strong>%s</strong> already exists", doc.Type.Name, doc.Name()), Title: "Duplicate Name", Indicator: "red",
		}}
		return e
	}
	e := exception.Raise("UniqueValidationError", `('%s', '%s', IntegrityError(1062, "Duplicate entry '%s' for key '%s'"))`,
		doc.Type.Name, doc.Name(), doc.Text(c.Column), c.Column)
	if s.Database == profile.MariaDB {
		e.Notes = []exception.Message{{Text: doc.Type.Label(c.Column) + " must be unique"}}
	}
	return e
}
