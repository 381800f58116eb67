package document

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// setDefaults fills what the caller left out of a new document and its new rows.
func (s *Session) setDefaults(doc *Doc) {
	s.fillDefaults(doc)
	for _, row := range doc.Children() {
		if row.IsNew {
			s.fillDefaults(row)
		}
	}
}

// Furnish gives a row that a rule added its defaults.
func (s *Session) Furnish(row *Doc) {
	s.fillDefaults(row)
	row.Values["creation"], row.Values["owner"] = s.Now(), s.User.Name
	row.Values["modified"], row.Values["modified_by"] = s.Now(), s.User.Name
}

// Draft gives a document that is shown before it is stored its defaults.
func (s *Session) Draft(doc *Doc) {
	s.setDefaults(doc)
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		d.Values["owner"] = s.User.Name
	}
}

func (s *Session) fillDefaults(d *Doc) {
	for _, f := range d.Type.Stored() {
		if d.Values[f.Name] == nil {
			d.Values[f.Name] = s.defaultOf(d, f)
		}
	}
}

// defaultOf is what a new document gets in a field: what the user is restricted to,
// else the site's default of the field's name, else the field's own.
func (s *Session) defaultOf(doc *Doc, f *meta.Field) any {
	if f.Type == "Time" && (s.Profile == profile.V15 || strings.EqualFold(f.Default, "now")) {
		return s.Clock().Format("15:04:05.000000")
	}
	if f.Type == "Link" && f.Options != "User" {
		if v := s.defaultLink(doc, f); v != "" {
			return v
		}
	}
	if f.Name == doc.Type.TitleField && doc.Up == nil && !strings.HasPrefix(f.Default, ":") {
		return nil // titles are made of other fields, later
	}
	return s.fixedDefault(doc, f)
}

// fixedDefault is the default that the field declares.
func (s *Session) fixedDefault(doc *Doc, f *meta.Field) any {
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
	case f.IsFloat() || f.IsLoose():
		return meta.Float(f.Default)
	case f.IsInt():
		return meta.Int(f.Default)
	}
	return f.Default
}

func (s *Session) defaultLink(doc *Doc, f *meta.Field) string {
	allowed, standard := []string(nil), ""
	if !f.AnyUser {
		allowed, standard = s.Limits().Allowed(f.Options, doc.Type.Name)
	}
	if standard != "" {
		return standard
	}
	v, err := s.Default(f.Name)
	if err != nil || v == "" || s.Set.Get(f.Options) == nil || len(allowed) > 0 && !slices.Contains(allowed, v) {
		return ""
	}
	if _, ok, err := s.Exists(f.Options, v); err != nil || !ok {
		return ""
	}
	return v
}

// defaultFrom reads a default like ":Company": the field of the same name in the
// document that this one, its parent or the site's defaults point to.
func (s *Session) defaultFrom(doc *Doc, f *meta.Field) any {
	doctype := f.Default[1:]
	link := meta.Scrub(doctype)
	name := doc.Text(link)
	if name == "" && doc.Up != nil {
		name = doc.Up.Text(link)
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
	if doc.Type.Child && doc.Up != nil {
		doc.Values["name"] = naming.Hash()
		return nil
	}
	name, err := s.newName(doc)
	if err != nil {
		return err
	}
	if doc.Values["name"], err = naming.Check(doc.Type, name); err != nil {
		return err
	}
	for _, row := range doc.Children() {
		if !s.Import || row.Name() == "" {
			row.Values["name"] = naming.Hash()
		}
		row.Unsaved = !s.Import
	}
	return nil
}

func (s *Session) newName(doc *Doc) (string, error) {
	if doc.FixedName != "" {
		return doc.FixedName, nil
	}
	if _, number := doc.Values["name"].(int64); number && prompted(doc) {
		return "", exception.Throw("NameError", "Invalid name type (integer) for varchar name column")
	}
	if n := doc.Text("__newname"); n != "" && prompted(doc) {
		return n, nil
	}
	uuid := doc.Type.Autoname == "UUID" && s.Profile == profile.V16
	if !prompted(doc) && !uuid && !s.Import {
		doc.Values["name"] = nil
	}
	if uuid || doc.Type.Autoname == "autoincrement" && !doc.Type.Single {
		return s.Namer().By(doc.Type, doc)
	}
	if old := doc.Text("amended_from"); old != "" && doc.Type.Field("amended_from") != nil {
		name, err := s.amendedName(doc, old)
		if name != "" || err != nil {
			return name, err
		}
	}
	if doc.Type.Single {
		return doc.Type.Name, nil
	}
	if err := s.Trigger("autoname", doc); err != nil {
		return "", err
	}
	if doc.Name() != "" {
		return doc.Name(), nil
	}
	name, err := s.Namer().By(doc.Type, doc)
	if name == "" && err == nil {
		name = naming.Hash()
	}
	return name, err
}

// amendedName counts versions up, unless the site names amendments like others.
func (s *Session) amendedName(doc *Doc, old string) (string, error) {
	v, err := s.Value("Document Naming Settings", "", "default_amend_naming")
	if err != nil || meta.Text(v) == "Default Naming" {
		return "", err
	}
	previous, err := s.Value(doc.Type.Name, old, "amended_from")
	return naming.Amended(old, meta.Text(previous)), err
}

func prompted(doc *Doc) bool { return strings.EqualFold(doc.Type.Autoname, "prompt") }
