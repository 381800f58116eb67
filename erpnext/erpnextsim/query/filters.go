package query

import (
	"maps"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// filter is one condition as the caller wrote it.
type filter struct {
	doctype, field, op string
	value              any
	alone              bool // the only one in its list
}

// Decode reads filters that arrived as text.
func Decode(v any) (any, error) {
	text, ok := v.(string)
	if !ok || text == "" {
		if ok {
			return nil, nil
		}
		return v, nil
	}
	decoded, err := wire.Decode([]byte(text))
	if err != nil {
		return nil, exception.Raise("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
	}
	return decoded, nil
}

// conditions renders a container of filters, one SQL text per filter.
func (b *builder) conditions(v any) ([]string, error) {
	if b.req.Plain && b.s.Profile == profile.V16 {
		if sql, ok, err := b.logic(v); ok || err != nil {
			return []string{sql}, err
		}
	}
	filters, err := b.parse(v)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range filters {
		sql, err := b.condition(f)
		if err != nil {
			return nil, err
		}
		out = append(out, sql)
	}
	return out, nil
}

// logic renders [[c1], "or", [c2]], which only the second version of the API takes.
func (b *builder) logic(v any) (string, bool, error) {
	list, ok := v.([]any)
	if !ok || len(list) < 3 {
		return "", false, nil
	}
	word, ok := list[1].(string)
	if _, nested := list[0].([]any); !ok || !nested || word != "and" && word != "or" {
		return "", false, nil
	}
	var parts []string
	for i, item := range list {
		if i%2 == 1 {
			parts = append(parts, strings.ToUpper(meta.Text(item)))
			continue
		}
		sql, ok, err := b.logic(item)
		if err != nil {
			return "", false, err
		}
		if !ok {
			cond, err := b.conditions([]any{item})
			if err != nil {
				return "", false, err
			}
			sql = strings.Join(cond, " AND ")
		}
		parts = append(parts, sql)
	}
	return "(" + strings.Join(parts, " ") + ")", true, nil
}

func (b *builder) parse(v any) ([]filter, error) {
	v, err := Decode(v)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return b.object(v)
	case []any:
		var out []filter
		for _, item := range v {
			fs, err := b.item(item)
			if err != nil {
				return nil, err
			}
			out = append(out, fs...)
		}
		if len(out) == 1 {
			out[0].alone = true
		}
		return out, nil
	}
	return nil, exception.Invalid("Invalid filter: %s", meta.Text(v))
}

func (b *builder) object(v map[string]any) ([]filter, error) {
	var out []filter
	for _, key := range slices.Sorted(maps.Keys(v)) {
		f := filter{doctype: b.main.Name, field: key, op: "=", value: v[key]}
		if list, ok := v[key].([]any); ok {
			if len(list) < 2 || len(list) > 2 && b.s.Profile == profile.V16 {
				return nil, exception.Raise("ValueError", "too many values to unpack (expected 2)")
			}
			f.op, f.value = meta.Text(list[0]), list[1]
		}
		out = append(out, f)
	}
	return out, nil
}

func (b *builder) item(item any) ([]filter, error) {
	list, ok := item.([]any)
	if !ok {
		if object, ok := item.(map[string]any); ok {
			return b.object(object)
		}
		return nil, exception.Invalid("Invalid filter: %s", meta.Text(item))
	}
	switch len(list) {
	case 3:
		return []filter{{doctype: b.main.Name, field: meta.Text(list[0]), op: meta.Text(list[1]), value: list[2]}}, nil
	case 4, 5:
		return []filter{{doctype: meta.Text(list[0]), field: meta.Text(list[1]), op: meta.Text(list[2]), value: list[3]}}, nil
	case 2: // read as doctype and field
		return nil, exception.Missing("DocType", meta.Text(list[0]))
	}
	return nil, exception.Invalid("Filter must have 4 values (doctype, fieldname, operator, value): %s", string(wire.Encode(item, wire.Style{Spaces: true})))
}
