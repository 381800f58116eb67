package paper

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Blank is a document of a doctype without any value.
func Blank(d *meta.DocType) *Doc {
	return &Doc{Type: d, Values: map[string]any{}, Tables: map[string][]*Doc{}}
}

// Fill sets values of a document; a table field is replaced by the rows that are
// given. set knows the doctypes of rows.
func Fill(set *meta.Set, doc *Doc, values map[string]any) error {
	for key, v := range values {
		f := doc.Type.Field(key)
		switch {
		case key == "doctype" || key == "flags" || key == "meta":
		case f != nil && f.IsTable():
			doc.Tables[key] = nil
			if meta.Falsy(v) {
				continue
			}
			rows, ok := v.([]any)
			if !ok {
				return exception.Raise("TypeError", "'%s' object does not support item assignment", pythonType(v))
			}
			if err := appendAll(set, doc, f, rows); err != nil {
				return err
			}
		default:
			doc.Values[key] = v
		}
	}
	return nil
}

func appendAll(set *meta.Set, doc *Doc, f *meta.Field, rows []any) error {
	for _, r := range rows {
		row, ok := r.(map[string]any)
		if !ok {
			return exception.Raise("TypeError", "'%s' object does not support item assignment", pythonType(r))
		}
		if err := Append(set, doc, f.Name, row); err != nil {
			return err
		}
	}
	return nil
}

// Append adds a row to a table field. Rows of doctypes that the site does not
// carry are dropped.
func Append(set *meta.Set, doc *Doc, field string, values map[string]any) error {
	f := doc.Type.Field(field)
	if f == nil || !f.IsTable() {
		return exception.Raise("AttributeError", "%s", field)
	}
	d := set.Get(f.Options)
	if d == nil {
		return nil
	}
	row := Blank(d)
	row.Up = doc
	if err := Fill(set, row, values); err != nil {
		return err
	}
	row.IsNew = row.Name() == ""
	row.Values["parent"], row.Values["parenttype"], row.Values["parentfield"] = doc.Values["name"], doc.Type.Name, field
	doc.Tables[field] = append(doc.Tables[field], row)
	if row.Int("idx") == 0 {
		row.Values["idx"] = int64(len(doc.Tables[field]))
	}
	return nil
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
