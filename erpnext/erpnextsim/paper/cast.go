package paper

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Datetime is a moment as Frappe writes it, in the layout of package time.
const Datetime = "2006-01-02 15:04:05.000000"

// Cast is a value as an answer shows it: numbers as numbers, blank dates and
// blank unique values as null.
func (d *Doc) Cast(column string) (any, error) {
	v := d.Values[column]
	switch column {
	case "docstatus", "idx":
		return meta.Int(v), nil
	}
	f := d.Type.Field(column)
	if f == nil {
		return v, nil
	}
	switch {
	case f.Type == "Check":
		if meta.Int(v) != 0 {
			return int64(1), nil
		}
		return int64(0), nil
	case f.IsInt():
		return meta.Int(v), nil
	case f.IsFloat():
		return meta.Float(v), nil
	case f.IsTime() && v == "", f.Unique && strings.TrimSpace(meta.Text(v)) == "" && !isList(v):
		return nil, nil
	}
	switch value := v.(type) {
	case map[string]any:
		if f.Type == "JSON" {
			return string(wire.Encode(value, wire.Style{})), nil
		}
		return v, exception.Raise("TypeError", "dict can not be used as parameter")
	case []any:
		return v, exception.Invalid("Value for %s cannot be a list", f.Label)
	}
	return v, nil
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}

// Cells is the document as its table stores it, the name first.
func (d *Doc) Cells() (columns []string, values []any, err error) {
	columns = d.Type.Columns()
	values = make([]any, len(columns))
	for i, column := range columns {
		v, err := d.Cast(column)
		if err != nil {
			return nil, nil, err
		}
		if values[i], err = Bind(d.Type, column, v); err != nil {
			return nil, nil, err
		}
	}
	return columns, values, nil
}

// Row is Cells by column.
func (d *Doc) Row() (map[string]any, error) {
	columns, values, err := d.Cells()
	out := make(map[string]any, len(columns))
	if err != nil {
		return nil, err
	}
	for i, column := range columns {
		out[column] = values[i]
	}
	return out, nil
}

// Bind is a value as the database stores it: text, or a time in its full form.
func Bind(d *meta.DocType, column string, v any) (any, error) {
	kind := kindOf(d, column)
	if v == nil {
		return nil, nil
	}
	switch kind {
	case "JSON":
		if text := meta.Text(v); text != "" && !json.Valid([]byte(text)) {
			return nil, exception.Raise("OperationalError", "(4025, 'CONSTRAINT `tab%s.%s` failed for `_site`.`tab%s`')", d.Name, column, d.Name)
		}
	case "Date", "Datetime", "Time":
		t, ok := ParseTime(meta.Text(v))
		if !ok || zoned.MatchString(meta.Text(v)) {
			return nil, exception.Raise("OperationalError", `(1292, "Incorrect %s value: '%s' for column `+"`%s`.`%s`"+` at row 1")`,
				strings.ToLower(kind), meta.Text(v), "tab"+d.Name, column)
		}
		return t.Format(layoutOf(kind)), nil
	}
	switch value := v.(type) {
	case bool:
		return meta.Int(value), nil
	case int64, float64:
		if f := d.Field(column); f != nil && !f.IsNumber() && !f.IsLoose() {
			return strings.TrimSuffix(meta.Text(value), ".0"), nil
		}
	}
	return v, nil
}

// zoned matches a moment with a zone, which the database does not take.
var zoned = regexp.MustCompile(`\d(Z|[+-]\d\d:\d\d)$`)

func kindOf(d *meta.DocType, column string) string {
	switch column {
	case "creation", "modified":
		return "Datetime"
	}
	if f := d.Field(column); f != nil {
		return f.Type
	}
	return ""
}

func layoutOf(kind string) string {
	switch kind {
	case "Date":
		return time.DateOnly
	case "Time":
		return "15:04:05.000000"
	}
	return Datetime
}

// ParseTime reads a date, a time or both, in the forms that callers use; a time
// with a zone keeps its wall clock.
func ParseTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{
		time.DateOnly, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "15:04:05", "15:04",
		time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04",
	} {
		if t, err := time.Parse(layout, text); err == nil { // a fraction after the seconds is accepted
			return t, true
		}
	}
	return time.Time{}, false
}

// Show is a stored value as Python prints it: a fraction of zero is left out,
// and MariaDB's times have no leading zero.
func Show(db profile.Database, d *meta.DocType, column string, v any) any {
	text, ok := v.(string)
	if !ok {
		return v
	}
	switch kindOf(d, column) {
	case "Datetime":
		return strings.TrimSuffix(text, ".000000")
	case "Time":
		text = strings.TrimSuffix(text, ".000000")
		if db == profile.MariaDB && strings.HasPrefix(text, "0") {
			text = text[1:]
		}
		return text
	}
	return v
}

// Same compares two values the way their field type does.
func Same(f *meta.Field, a, b any) bool {
	switch {
	case f.IsNumber() || f.IsLoose():
		return meta.Float(a) == meta.Float(b)
	case f.IsTime():
		x, okX := ParseTime(meta.Text(a))
		y, okY := ParseTime(meta.Text(b))
		if okX && okY {
			return x.Format(layoutOf(f.Type)) == y.Format(layoutOf(f.Type))
		}
	}
	return Plain(a) == Plain(b)
}
