// Package paper is one document of the ERPNext simulator in memory: its values,
// its rows, how they are shown and how they are stored. It decides nothing.
package paper

import (
	"fmt"
	"slices"

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

	Values  map[string]any
	Tables  map[string][]*Doc
	Up      *Doc   // the document that a row belongs to
	IsNew   bool   // not stored yet
	Unsaved bool   // carries the marks of a new row in the answer
	Action  string // what the running save does: save, submit, cancel, update_after_submit
}

// Get returns a value as it stands.
func (d *Doc) Get(field string) any { return d.Values[field] }

// Knows tells whether the document's table has a column of that name.
func (d *Doc) Knows(field string) bool { return d.Type.Has(field) }

// Set changes a value.
func (d *Doc) Set(field string, value any) { d.Values[field] = value }

// Holds tells whether a field has a value that is not empty.
func (d *Doc) Holds(field string) bool { return !meta.Falsy(d.Values[field]) }

// Default sets a value where there is none yet.
func (d *Doc) Default(field string, value any) {
	if !d.Holds(field) && d.Type.Has(field) {
		d.Values[field] = value
	}
}

// Text returns a value as text.
func (d *Doc) Text(field string) string { return meta.Text(d.Values[field]) }

// Int returns a value as a whole number.
func (d *Doc) Int(field string) int64 { return meta.Int(d.Values[field]) }

// Float returns a value as a number.
func (d *Doc) Float(field string) float64 { return meta.Float(d.Values[field]) }

// Name is the document's name.
func (d *Doc) Name() string { return d.Text("name") }

// Docstatus is 0 draft, 1 submitted, 2 cancelled.
func (d *Doc) Docstatus() int64 { return d.Int("docstatus") }

// Fresh tells whether the document is being inserted.
func (d *Doc) Fresh() bool { return d.IsNew }

// Rows returns the rows of a table field.
func (d *Doc) Rows(field string) []*Doc { return d.Tables[field] }

// Children returns all rows, table by table.
func (d *Doc) Children() []*Doc {
	var out []*Doc
	for _, f := range d.Type.Tables() {
		out = append(out, d.Tables[f.Name]...)
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
		v, _ := d.Cast(c)
		if text, ok := v.(string); c == "name" && ok && d.Type.Autoname == "autoincrement" && !d.Type.Single {
			v = meta.Int(text) // counted names are numbers
		}
		if v != nil || !noNulls {
			out = append(out, wire.Pair{Key: c, Value: v})
		}
	}
	out = append(out, wire.Pair{Key: "doctype", Value: d.Type.Name})
	for _, f := range d.Type.Tables() {
		rows := make([]wire.Object, 0, len(d.Tables[f.Name]))
		for _, r := range d.Tables[f.Name] {
			rows = append(rows, r.Object(noNulls))
		}
		out = append(out, wire.Pair{Key: f.Name, Value: rows})
	}
	for _, key := range []string{"_user_tags", "_liked_by"} {
		if v := d.Text(key); v != "" {
			out = append(out, wire.Pair{Key: key, Value: v})
		}
	}
	if d.Unsaved || d.IsNew && d.Up == nil && d.Name() == "" {
		out = append(out, wire.Pair{Key: "__unsaved", Value: 1})
	}
	return out
}

// Known makes a document that was built from values stand for the stored one of
// its name, as when a caller sends a whole document back.
func (d *Doc) Known() { d.IsNew = false }

// Remove takes a row out of its table.
func (d *Doc) Remove(row *Doc) {
	field := row.Text("parentfield")
	d.Tables[field] = slices.DeleteFunc(d.Tables[field], func(r *Doc) bool { return r == row })
	for i, r := range d.Tables[field] {
		r.Values["idx"] = int64(i + 1)
	}
}

// Plain is any value as text; lists and objects as JSON.
func Plain(v any) string {
	switch v.(type) {
	case map[string]any, []any:
		return string(wire.Encode(v, wire.Style{}))
	case nil, string, bool, int64, float64:
		return meta.Text(v)
	}
	return fmt.Sprint(v)
}
