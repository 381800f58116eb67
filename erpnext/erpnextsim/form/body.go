package form

import (
	"math"
	"slices"
	"unicode/utf8"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Body is the document that was sent to the first version: as text under "data",
// or as the whole body if that is JSON, whatever it calls itself, or the
// parameters.
func (f Form) Body() any {
	data := f.Args["data"]
	if data == nil {
		if !utf8.Valid(f.Raw) {
			return f.Raw
		}
		if v, err := wire.Decode(f.Raw); err == nil {
			return v
		}
		return f.Args
	}
	if text, ok := data.(string); ok {
		v, err := wire.Decode([]byte(text))
		if err != nil {
			return f.Args
		}
		return v
	}
	return data
}

// finite tells whether all numbers in a JSON value are some.
func finite(v any) bool {
	switch v := v.(type) {
	case float64:
		return !math.IsNaN(v) && !math.IsInf(v, 0)
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !finite(item) })
	case map[string]any:
		for _, item := range v {
			if !finite(item) {
				return false
			}
		}
	}
	return true
}

// Storable refuses what JSON of Python may hold and the database may not.
func Storable(values map[string]any, db profile.Database) error {
	for _, v := range values {
		if f, ok := v.(float64); ok && db == profile.MariaDB {
			switch {
			case math.IsNaN(f):
				return exception.Raise("ProgrammingError", "nan can not be used with MySQL")
			case math.IsInf(f, 0):
				return exception.Raise("ProgrammingError", "inf can not be used with MySQL")
			}
		}
	}
	return nil
}

// Lacks is what Python says when a body is no object: a list refuses in its own
// words.
func Lacks(data any, method, list string) error {
	kind := "int"
	switch data.(type) {
	case []any:
		if method == "pop" {
			return exception.Raise("TypeError", "%s", list)
		}
		kind = "list"
	case string:
		kind = "str"
	case []byte:
		kind = "bytes"
	case float64:
		kind = "float"
	case bool:
		kind = "bool"
	}
	return exception.Raise("AttributeError", "'%s' object has no attribute '%s'", kind, method)
}
