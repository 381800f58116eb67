package document

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// setDefaults fills what the caller left out of a new document and its rows.
func (s *Session) setDefaults(doc *Doc) {
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		for _, f := range d.Type.Stored() {
			if d.Values[f.Name] == nil {
				d.Values[f.Name] = s.defaultOf(d, f)
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
	if old := doc.Text("amended_from"); old != "" && doc.Type.Submittable {
		previous, err := s.Value(doc.Type.Name, old, "amended_from")
		return naming.Amended(old, meta.Text(previous)), err
	}
	if doc.Type.Single {
		return doc.Type.Name, nil
	}
	given := doc.Values["name"]
	if !strings.HasPrefix(strings.ToLower(doc.Type.Autoname), "prompt") && !s.Import {
		doc.Values["name"] = nil
	} else if n := doc.Text("__newname"); n != "" {
		doc.Values["name"] = n
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
	if doc.Type.Autoname == "UUID" && given != nil && s.Profile == profile.V16 {
		name = meta.Text(given)
	}
	return name, err
}

func (s *Session) nameRows(doc *Doc) error {
	for _, row := range doc.Children() {
		if row.Name() == "" {
			row.Values["name"] = naming.Hash()
			row.IsNew = true
		}
	}
	return nil
}

func scrub(doctype string) string { return strings.ReplaceAll(strings.ToLower(doctype), " ", "_") }

// Default is a site-wide default: company, currency, customer_group, territory,
// selling_price_list, cust_master_name.
func (s *Session) Default(key string) (string, error) {
	if s.defaults == nil {
		if err := s.loadDefaults(); err != nil {
			return "", err
		}
	}
	return s.defaults[key], nil
}

func (s *Session) loadDefaults() error {
	s.defaults = map[string]string{"cust_master_name": "Customer Name"}
	for doctype, keys := range map[string]map[string]string{
		"Global Defaults": {"default_company": "company", "default_currency": "currency", "country": "country"},
		"Selling Settings": {
			"customer_group": "customer_group", "territory": "territory", "selling_price_list": "selling_price_list",
			"cust_master_name": "cust_master_name",
		},
	} {
		row, err := s.Tx.Single(doctype)
		if err != nil {
			return fmt.Errorf("reading %s: %w", doctype, err)
		}
		for field, key := range keys {
			if v := meta.Text(row[field]); v != "" {
				s.defaults[key] = v
			}
		}
	}
	return nil
}
