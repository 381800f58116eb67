package document

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Doc is a document in memory. Values are what the caller sent or what was
// stored; they are cast when they are shown or written.
type Doc struct {
	Type   *meta.DocType
	Before *Doc // as stored, during a save
	// FixedName is a name that the caller may choose, "" else.
	FixedName string
	// Lenient skips mandatory checks and link checks.
	Lenient bool

	values  map[string]any
	tables  map[string][]*Doc
	parent  *Doc
	fresh   bool // not stored yet
	unsaved bool // carries the marks of a new row in the answer
	action  string
}

// New makes a document that is not stored yet. Keys that are no field are kept
// for the rules to see.
func (s *Session) New(doctype string, values map[string]any) (*Doc, error) {
	d, err := s.Type(doctype)
	if err != nil {
		return nil, err
	}
	doc := blank(d)
	doc.fresh = true
	return doc, s.update(doc, values)
}

func blank(d *meta.DocType) *Doc {
	return &Doc{Type: d, values: map[string]any{}, tables: map[string][]*Doc{}}
}

// Update sets values; a table field is replaced by the rows that are given.
func (s *Session) Update(doc *Doc, values map[string]any) error { return s.update(doc, values) }

func (s *Session) update(doc *Doc, values map[string]any) error {
	for key, v := range values {
		f := doc.Type.Field(key)
		switch {
		case key == "doctype" || key == "flags" || key == "meta":
		case f != nil && f.IsTable():
			doc.tables[key] = nil
			if meta.Falsy(v) {
				continue
			}
			rows, ok := v.([]any)
			if !ok {
				return exception.Raise("TypeError", "'%s' object does not support item assignment", pythonType(v))
			}
			if err := s.appendAll(doc, f, rows); err != nil {
				return err
			}
		default:
			doc.values[key] = v
		}
	}
	return nil
}

func (s *Session) appendAll(doc *Doc, f *meta.Field, rows []any) error {
	for _, r := range rows {
		row, ok := r.(map[string]any)
		if !ok {
			return exception.Raise("TypeError", "'%s' object does not support item assignment", pythonType(r))
		}
		if err := s.Append(doc, f.Name, row); err != nil {
			return err
		}
	}
	return nil
}

// Append adds a row to a table field. Rows of doctypes that the site does not
// carry are dropped.
func (s *Session) Append(doc *Doc, field string, values map[string]any) error {
	f := doc.Type.Field(field)
	if f == nil || !f.IsTable() {
		return exception.Raise("AttributeError", "%s", field)
	}
	d := s.Set.Get(f.Options)
	if d == nil {
		return nil
	}
	row := blank(d)
	row.parent = doc
	if err := s.update(row, values); err != nil {
		return err
	}
	row.fresh = row.Name() == ""
	row.values["parent"], row.values["parenttype"], row.values["parentfield"] = doc.values["name"], doc.Type.Name, field
	doc.tables[field] = append(doc.tables[field], row)
	if row.Int("idx") == 0 {
		row.values["idx"] = int64(len(doc.tables[field]))
	}
	return nil
}

// Get returns a value as it stands.
func (d *Doc) Get(field string) any { return d.values[field] }

// Set changes a value.
func (d *Doc) Set(field string, value any) { d.values[field] = value }

// Default sets a value where there is none yet.
func (d *Doc) Default(field string, value any) {
	if meta.Falsy(d.values[field]) && d.Type.Has(field) {
		d.values[field] = value
	}
}

// Text returns a value as text.
func (d *Doc) Text(field string) string { return meta.Text(d.values[field]) }

// Int returns a value as a whole number.
func (d *Doc) Int(field string) int64 { return meta.Int(d.values[field]) }

// Float returns a value as a number.
func (d *Doc) Float(field string) float64 { return meta.Float(d.values[field]) }

// Name is the document's name.
func (d *Doc) Name() string { return d.Text("name") }

// Docstatus is 0 draft, 1 submitted, 2 cancelled.
func (d *Doc) Docstatus() int64 { return d.Int("docstatus") }

// Fresh tells whether the document is being inserted.
func (d *Doc) Fresh() bool { return d.fresh }

// Parent is the document that a row belongs to, nil for others.
func (d *Doc) Parent() *Doc { return d.parent }

// Rows returns the rows of a table field.
func (d *Doc) Rows(field string) []*Doc { return d.tables[field] }

// Children returns all rows, table by table.
func (d *Doc) Children() []*Doc {
	var out []*Doc
	for _, f := range d.Type.Tables() {
		out = append(out, d.tables[f.Name]...)
	}
	return out
}

// Changed tells whether a field differs from what is stored.
func (d *Doc) Changed(field string) bool {
	return d.Before == nil || d.Before.Text(field) != d.Text(field)
}

// Object shows the document: system columns, fields, doctype, tables. noNulls
// leaves out empty members, as most answers do.
func (d *Doc) Object(noNulls bool) wire.Object {
	columns := d.Type.Columns()
	out := make(wire.Object, 0, len(columns)+2)
	for _, c := range columns {
		v, _ := d.cast(c)
		if v != nil || !noNulls {
			out = append(out, wire.Pair{Key: c, Value: v})
		}
	}
	out = append(out, wire.Pair{Key: "doctype", Value: d.Type.Name})
	for _, f := range d.Type.Tables() {
		rows := make([]wire.Object, 0, len(d.tables[f.Name]))
		for _, r := range d.tables[f.Name] {
			rows = append(rows, r.Object(noNulls))
		}
		out = append(out, wire.Pair{Key: f.Name, Value: rows})
	}
	for _, key := range []string{"_user_tags", "_liked_by"} {
		if v := d.Text(key); v != "" {
			out = append(out, wire.Pair{Key: key, Value: v})
		}
	}
	if d.unsaved || d.fresh && d.parent == nil && d.Name() == "" {
		out = append(out, wire.Pair{Key: "__unsaved", Value: 1})
	}
	return out
}

// HideLevels removes the values that the user may not read by permission level.
func (s *Session) HideLevels(doc *Doc, owner *meta.DocType) {
	hide := func(d *Doc) {
		for _, f := range d.Type.Fields {
			if !s.User.Level(owner, f.Permlevel, "read") {
				delete(d.values, f.Name)
				delete(d.tables, f.Name)
			}
		}
	}
	hide(doc)
	for _, row := range doc.Children() {
		hide(row)
	}
}

func pythonType(v any) string {
	switch v.(type) {
	case string:
		return "str"
	case int64:
		return "int"
	case float64:
		return "float"
	case bool:
		return "bool"
	case []any:
		return "list"
	}
	return "dict"
}

func scrub(doctype string) string { return strings.ReplaceAll(strings.ToLower(doctype), " ", "_") }

// Known makes a document that was built from values stand for the stored one of
// its name, as when a caller sends a whole document back.
func (d *Doc) Known() { d.fresh = false }

// Remove takes a row out of its table.
func (d *Doc) Remove(row *Doc) {
	field := row.Text("parentfield")
	d.tables[field] = slices.DeleteFunc(d.tables[field], func(r *Doc) bool { return r == row })
	for i, r := range d.tables[field] {
		r.values["idx"] = int64(i + 1)
	}
}
