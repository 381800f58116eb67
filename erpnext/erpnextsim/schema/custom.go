package schema

import (
	"slices"
	"strings"
	"unicode"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
)

func nameCustomField(s *document.Session, d *document.Doc) error {
	if err := nameField(s, d); err != nil {
		return err
	}
	d.Set("name", d.Text("dt")+"-"+d.Text("fieldname"))
	return nil
}

// nameField makes a field name of the label: that of a custom field begins so.
func nameField(_ *document.Session, d *document.Doc) error {
	if d.Text("fieldname") == "" {
		label := d.Text("label")
		if label == "" && !layout(d.Text("fieldtype")) {
			return exception.Invalid("Label is mandatory")
		}
		if label == "" {
			label = d.Text("fieldtype") + "_" + naming.Hash()[:5]
		}
		d.Set("fieldname", "custom_"+strings.Map(func(r rune) rune {
			if r == ' ' {
				return '_'
			}
			if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, label))
	}
	name := strings.ToLower(d.Text("fieldname"))
	if slices.Contains(restricted(), name) {
		name += "1"
	}
	d.Set("fieldname", name)
	return nil
}

// families lists kinds of fields that one may become another of. It is never changed.
var families = [][]string{
	{"Currency", "Float", "Percent"},
	{"Small Text", "Data"},
	{"Text", "Data"},
	{"Text", "Text Editor", "Code", "Signature", "HTML Editor"},
	{"Data", "Select"},
	{"Text", "Small Text", "Long Text"},
	{"Text", "Data", "Barcode"},
	{"Code", "Geolocation"},
	{"Table", "Table MultiSelect"},
}

func checkCustomField(s *document.Session, d *document.Doc) error {
	target := s.Set.Get(d.Text("dt"))
	if target == nil {
		return exception.Missing("DocType", d.Text("dt"))
	}
	name := d.Text("fieldname")
	if known := target.Field(name); d.Fresh() && known != nil && !s.Import {
		return exception.Invalid("A field with the name <strong>%s</strong> already exists in %s", name, target.Name)
	}
	if after := d.Text("insert_after"); d.Fresh() && after != "" {
		if i := slices.IndexFunc(target.Fields, func(f *meta.Field) bool { return f.Name == after }); i >= 0 {
			d.Set("idx", int64(i+1))
		}
	}
	if d.Before != nil {
		was, is := d.Before.Text("fieldtype"), d.Text("fieldtype")
		kin := slices.ContainsFunc(families, func(f []string) bool { return slices.Contains(f, was) && slices.Contains(f, is) })
		if was != is && !kin {
			return exception.Invalid("Fieldtype cannot be changed from %s to %s", was, is)
		}
	}
	if slices.Contains(methods, name) {
		return exception.Invalid("Fieldname %s conflicting with meta object", name)
	}
	return nil
}

// applyCustomField adds the field, then verifies the doctype as a whole.
func applyCustomField(s *document.Session, d *document.Doc) error {
	if !s.Import {
		whole, err := s.Load("DocType", d.Text("dt"))
		if err != nil {
			return err
		}
		row := map[string]any{}
		for _, p := range d.Object(false) {
			if known := s.Set.Get("DocField"); known != nil && known.Field(p.Key) != nil {
				row[p.Key] = p.Value
			}
		}
		if err := s.Append(whole, "fields", row); err != nil {
			return err
		}
		rows := whole.Rows("fields")
		if err := runChecks(s, whole, rows[len(rows)-1], slices.Concat(checkForm(), checkSense())); err != nil {
			return err
		}
	}
	return rebuild(s, d.Text("dt"))
}

// guardCustomField keeps what Administrator made from being deleted by others.
func guardCustomField(s *document.Session, d *document.Doc) error {
	if d.Text("owner") == access.Administrator && s.User.Name != access.Administrator {
		return exception.Invalid("Custom Field <strong>%s</strong> is created by the Administrator and can only be deleted through the Administrator account.",
			d.Text("label"))
	}
	return s.Tx.Exec(`DELETE FROM "tabProperty Setter" WHERE doc_type = ? AND field_name = ?`, d.Text("dt"), d.Text("fieldname"))
}

func nameSetter(_ *document.Session, d *document.Doc) error {
	of := d.Text("field_name")
	if of == "" {
		of = d.Text("row_name")
	}
	if of == "" {
		of = "main"
	}
	d.Set("name", d.Text("doc_type")+"-"+of+"-"+d.Text("property"))
	return nil
}

// replaceSetter removes an older setter of the same property.
func replaceSetter(s *document.Session, d *document.Doc) error {
	return s.Tx.Exec(`DELETE FROM "tabProperty Setter" WHERE doc_type = ? AND ifnull(field_name, '') = ? AND property = ?`,
		d.Text("doc_type"), d.Text("field_name"), d.Text("property"))
}

// set changes one property of a field, or of the doctype itself.
func set(d *meta.DocType, row map[string]any) {
	property, value := meta.Text(row["property"]), row["value"]
	name := meta.Text(row["field_name"])
	if name == "" {
		setWhole(d, property, value)
		return
	}
	i := slices.IndexFunc(d.Fields, func(f *meta.Field) bool { return f.Name == name })
	if i < 0 {
		return
	}
	doc := d.Fields[i].FieldDoc()
	if _, number := doc[property].(int64); number {
		value = meta.Int(value)
	}
	doc[property] = value
	changed := meta.FieldFromDoc(doc)
	for k, v := range d.Fields[i].Extra {
		if _, ok := changed.Extra[k]; !ok {
			changed.Extra[k] = v
		}
	}
	d.Fields[i] = changed
}
