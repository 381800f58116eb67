package rules

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// schema is the doctypes that describe doctypes.
func schema() map[string]document.Controller {
	return map[string]document.Controller{
		"DocType": {Events: hooks{"validate": checkDocType, "on_update": applyDocType, "on_trash": dropDocType}},
		"Custom Field": {Events: hooks{
			"autoname": nameCustomField, "validate": checkCustomField, "on_update": applyCustomField, "after_delete": dropCustomField,
		}},
		"Property Setter": {Events: hooks{"autoname": namePropertySetter, "on_update": applyPropertySetter}},
	}
}

func checkDocType(_ *document.Session, d *document.Doc) error {
	if len(d.Name()) > 61 {
		return exception.Throw("NameError", "Doctype name is limited to 61 characters (%s)", d.Name())
	}
	seen := map[string]bool{}
	for _, row := range d.Rows("fields") {
		if !truthy(row, "fieldname") && truthy(row, "label") {
			row.Set("fieldname", strings.ToLower(strings.ReplaceAll(row.Text("label"), " ", "_")))
		}
		name := row.Text("fieldname")
		if seen[name] && name != "" {
			return exception.Throw("UniqueFieldnameError", "%s: Fieldname %s appears multiple times in rows", d.Name(), name)
		}
		seen[name] = true
		if kind := row.Text("fieldtype"); (kind == "Link" || kind == "Table") && !truthy(row, "options") {
			return exception.Throw("DoctypeLinkError", "%s: Options required for Link or Table type field %s in row %d",
				d.Name(), row.Text("label"), row.Int("idx"))
		}
	}
	return nil
}

func applyDocType(s *document.Session, d *document.Doc) error {
	doc := d.Object(false).Map()
	doc["name"] = d.Name()
	made := meta.FromDoc(doc)
	s.Set = s.Set.With(made)
	if old, err := s.Tx.Rows(`SELECT * FROM "tabCustom Field" WHERE dt = ? ORDER BY creation, name`, d.Name()); err == nil {
		for _, row := range old {
			s.Set = s.Set.WithField(d.Name(), customField(row), meta.Text(row["insert_after"]))
		}
	}
	return s.Tx.Sync(s.Set.Get(d.Name()))
}

func dropDocType(s *document.Session, d *document.Doc) error {
	if d.Int("custom") == 0 {
		return exception.Throw("PermissionError", "User not allowed to delete DocType: %s", d.Name())
	}
	return nil
}

func nameCustomField(_ *document.Session, d *document.Doc) error {
	if !truthy(d, "fieldname") {
		label := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(d.Text("label")), " ", "_"))
		if label == "" {
			return exception.Invalid("Label is mandatory")
		}
		d.Set("fieldname", "custom_"+label)
	}
	d.Set("fieldname", strings.ToLower(d.Text("fieldname")))
	d.Set("name", d.Text("dt")+"-"+d.Text("fieldname"))
	return nil
}

func checkCustomField(s *document.Session, d *document.Doc) error {
	target := s.Set.Get(d.Text("dt"))
	if target == nil {
		return exception.Missing("DocType", d.Text("dt"))
	}
	f := target.Field(d.Text("fieldname"))
	if d.Fresh() && f != nil && f.Extra["is_custom_field"] == nil {
		return exception.Invalid("A field with the name <strong>%s</strong> already exists in %s", d.Text("fieldname"), target.Name)
	}
	return nil
}

func applyCustomField(s *document.Session, d *document.Doc) error {
	s.Set = s.Set.WithField(d.Text("dt"), customField(d.Object(false).Map()), d.Text("insert_after"))
	if s.Late != nil {
		s.Late[d.Text("dt")] = true
		return nil
	}
	return s.Tx.Sync(s.Set.Get(d.Text("dt")))
}

func customField(row map[string]any) *meta.Field {
	f := meta.FieldFromDoc(row)
	f.Extra["is_custom_field"] = int64(1)
	return f
}

func dropCustomField(s *document.Session, d *document.Doc) error {
	s.Set = s.Set.WithoutField(d.Text("dt"), d.Text("fieldname"))
	return nil
}

func namePropertySetter(_ *document.Session, d *document.Doc) error {
	field := d.Text("field_name")
	if field == "" {
		field = "main"
	}
	d.Set("name", d.Text("doc_type")+"-"+field+"-"+d.Text("property"))
	return nil
}

// applyPropertySetter changes one property of one field. Property setters on the
// doctype itself are stored without effect.
func applyPropertySetter(s *document.Session, d *document.Doc) error {
	target := s.Set.Get(d.Text("doc_type"))
	if target == nil || target.Field(d.Text("field_name")) == nil {
		return nil
	}
	i := slices.Index(target.Fields, target.Field(d.Text("field_name")))
	doc := target.Fields[i].FieldDoc()
	value := d.Get("value")
	if slices.Contains([]string{"reqd", "read_only", "unique", "allow_on_submit", "hidden", "permlevel", "length", "set_only_once"}, d.Text("property")) {
		value = meta.Int(value)
	}
	doc[d.Text("property")] = value
	changed := meta.FieldFromDoc(doc)
	for k, v := range target.Fields[i].Extra {
		changed.Extra[k] = v
	}
	s.Set = s.Set.WithField(target.Name, changed, "")
	return s.Tx.Sync(s.Set.Get(target.Name))
}

// Register writes the DocType documents of declared doctypes, so that they can be
// listed and linked to like any other document.
func Register(s *document.Session, types []*meta.DocType) error {
	now := s.Now()
	bit := map[bool]int64{true: 1}
	for _, d := range types {
		err := s.Tx.Exec(`INSERT OR REPLACE INTO "tabDocType" (name, owner, modified_by, creation, modified, module, issingle, istable,
			is_submittable, is_tree, custom, autoname, title_field, sort_field, sort_order, allow_rename, track_changes)
			VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
			d.Name, "Administrator", "Administrator", now, now, d.Module, bit[d.Single], bit[d.Child],
			bit[d.Submittable], bit[d.Tree], bit[d.Custom], d.Autoname, d.TitleField, d.SortField, d.SortOrder,
			bit[d.Renamable], bit[d.Versioned])
		if err != nil {
			return err
		}
	}
	return nil
}
