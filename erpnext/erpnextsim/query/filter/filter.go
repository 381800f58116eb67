// Package filter reads the containers in which callers of the ERPNext simulator
// send conditions: objects, lists of lists, and what else Frappe stumbles over. It
// calls nothing and remembers nothing.
package filter

import (
	"maps"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Filter is one condition as the caller wrote it.
type Filter struct {
	Doctype, Field, Op string
	Value              any
	Alone              bool // the only one in its list
	Long               bool // written with a fifth element
}

// Reader reads the filters of a list of the doctype Main.
type Reader struct {
	Main    string
	Release profile.Profile
	Lenient bool // nobody checks the names first
}

// Decode reads filters that arrived as text. Empty text stays what it is.
func Decode(v any) (any, error) {
	text, ok := v.(string)
	if !ok || text == "" {
		return v, nil
	}
	decoded, err := wire.Decode([]byte(text))
	if err != nil {
		return nil, exception.Raise("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
	}
	return decoded, nil
}

// Parse reads a decoded container.
func (b Reader) Parse(v any) ([]Filter, error) {
	if meta.Falsy(v) {
		return nil, nil
	}
	switch v := v.(type) {
	case map[string]any:
		return b.object(v)
	case []any:
		var out []Filter
		for _, item := range v {
			fs, err := b.item(item)
			if err != nil {
				return nil, err
			}
			out = append(out, fs...)
		}
		if len(out) == 1 {
			out[0].Alone = true
		}
		return out, nil
	case string: // its letters are looked up as fields
		return nil, unknown(firstLetter(v))
	}
	return nil, exception.Raise("TypeError", "'int' object is not iterable")
}

func firstLetter(text string) string {
	for _, r := range text {
		return string(r)
	}
	return ""
}

func (b Reader) object(v map[string]any) ([]Filter, error) {
	var out []Filter
	for _, key := range slices.Sorted(maps.Keys(v)) {
		f := Filter{Doctype: b.Main, Field: key, Op: "=", Value: v[key]}
		if list, ok := v[key].([]any); ok {
			if err := b.pair(len(list)); err != nil {
				return nil, err
			}
			f.Op, f.Value = meta.Text(list[0]), list[1]
		}
		out = append(out, f)
	}
	return out, nil
}

// pair tells what a list of n elements in an object ends in, unless it is
// operator and value.
func (b Reader) pair(n int) error {
	switch {
	case b.Release == profile.V15 && n < 2:
		return exception.Raise("IndexError", "list index out of range")
	case b.Release == profile.V16 && n < 2:
		return exception.Raise("ValueError", "not enough values to unpack (expected 2, got %d)", n)
	case b.Release == profile.V16 && n > 2:
		return exception.Raise("ValueError", "too many values to unpack (expected 2)")
	}
	return nil
}

func (b Reader) item(item any) ([]Filter, error) {
	list, ok := item.([]any)
	if !ok {
		return nil, b.strange(item)
	}
	if _, number := list0(list).(int64); number && len(list) == 3 && !b.Lenient {
		return nil, exception.Raise("TypeError", "argument of type 'int' is not iterable")
	}
	switch {
	case len(list) == 3:
		return []Filter{{Doctype: b.Main, Field: meta.Text(list[0]), Op: meta.Text(list[1]), Value: list[2]}}, nil
	case len(list) > 3:
		return []Filter{{Doctype: meta.Text(list[0]), Field: meta.Text(list[1]), Op: meta.Text(list[2]), Value: list[3], Long: len(list) > 4}}, nil
	case len(list) == 2 && b.Lenient:
		return []Filter{{Doctype: b.Main, Field: meta.Text(list[0]), Op: "=", Value: list[1]}}, nil
	case len(list) == 2: // read as doctype and field
		return nil, exception.Missing("DocType", meta.Text(list[0]))
	}
	return nil, exception.Raise("IndexError", "list index out of range")
}

func list0(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

// strange is what a member that is no list ends in: its parts are looked at as if
// it were one.
func (b Reader) strange(item any) error {
	switch item := item.(type) {
	case map[string]any:
		return exception.Raise("KeyError", "1")
	case string:
		switch len([]rune(item)) {
		case 0, 1:
			return exception.Raise("IndexError", "string index out of range")
		case 3:
			return unknown(firstLetter(item))
		}
		return exception.Missing("DocType", firstLetter(item))
	}
	return exception.Raise("TypeError", "object of type 'int' has no len()")
}

func unknown(field string) error {
	return exception.Throw("DataError", "Field not permitted in query: %s", field)
}
