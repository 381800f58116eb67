// Package history compares two states of a document of the ERPNext simulator, for the
// record of versions that some doctypes keep.
package history

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Diff is what differs between two states of a document as the record keeps it:
// changed values, rows that came or went, values changed in rows. It is nil when
// nothing differs.
func Diff(before, after *paper.Doc) wire.Object {
	changed, added, removed, rows := fields(before, after), []any{}, []any{}, []any{}
	for _, f := range after.Type.Tables() {
		old := before.Tables[f.Name]
		for i, row := range after.Tables[f.Name] {
			at := slices.IndexFunc(old, func(o *paper.Doc) bool { return o.Name() == row.Name() })
			if at < 0 {
				added = append(added, []any{f.Name, row.Object(false)})
				continue
			}
			if inRow := fields(old[at], row); len(inRow) > 0 {
				rows = append(rows, []any{f.Name, i, row.Name(), inRow})
			}
		}
		for _, row := range old {
			if !slices.ContainsFunc(after.Tables[f.Name], func(n *paper.Doc) bool { return n.Name() == row.Name() }) {
				removed = append(removed, []any{f.Name, row.Object(false)})
			}
		}
	}
	if before.Name() != after.Name() {
		changed = append(changed, []any{"name", before.Name(), after.Name()})
	}
	if before.Docstatus() != after.Docstatus() {
		changed = append(changed, []any{"docstatus", before.Docstatus(), after.Docstatus()})
	}
	if len(changed)+len(added)+len(removed)+len(rows) == 0 {
		return nil
	}
	return wire.Object{
		{Key: "changed", Value: changed},
		{Key: "added", Value: added},
		{Key: "removed", Value: removed},
		{Key: "row_changed", Value: rows},
		{Key: "data_import", Value: nil},
		{Key: "updater_reference", Value: nil},
	}
}

// fields lists the values that differ, as [field, before, after].
func fields(before, after *paper.Doc) []any {
	out := []any{}
	for _, f := range after.Type.Stored() {
		was, is := before.Values[f.Name], after.Values[f.Name]
		if f.Type == "Link" || f.Type == "Dynamic Link" {
			was, is = meta.Text(was), meta.Text(is)
		}
		if paper.Same(f, was, is) && (was == nil) == (is == nil) || f.IsTime() && was == nil && is == "" {
			continue
		}
		out = append(out, []any{f.Name, formatted(f, was), formatted(f, is)})
	}
	return out
}

// formatted is a value as the record shows it: numbers and dates as people write
// them, long text as it is.
func formatted(f *meta.Field, v any) any {
	if meta.Falsy(v) {
		return v
	}
	switch f.Type {
	case "Float", "Percent":
		return strings.TrimSuffix(strings.TrimRight(meta.Text(meta.Float(v)), "0"), ".")
	case "Check", "Int", "Long Int":
		return meta.Int(v)
	case "Currency":
		return meta.Float(v)
	}
	return v
}
