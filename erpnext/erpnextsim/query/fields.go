package query

import (
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// nested asks for the rows of a table field below each result row.
type nested struct {
	field  *meta.Field
	fields []any
}

var (
	asPart   = regexp.MustCompile(`(?i)^(.*?)\s+as\s+['"` + "`" + `]?([^'"` + "`" + `]+)['"` + "`" + `]?$`)
	callForm = regexp.MustCompile(`(?is)^([a-z_]+)\((.*)\)$`)
)

// fields turns the requested fields into columns.
func (b *builder) fields() error {
	list, err := fieldList(b.req.Fields)
	if err != nil {
		return err
	}
	for _, item := range list {
		switch item := item.(type) {
		case string:
			err = b.fieldText(item)
		case map[string]any:
			err = b.fieldDict(item)
		default:
			err = exception.Raise("AttributeError", "'%T' object has no attribute 'lower'", item)
		}
		if err != nil {
			return err
		}
	}
	if len(b.selected) == 0 {
		c, err := b.resolve("name")
		b.selected = append(b.selected, c)
		return err
	}
	return nil
}

func fieldList(v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return []any{"name"}, nil
	case []any:
		if len(v) == 0 {
			return []any{"name"}, nil
		}
		return v, nil
	case string:
		if v == "" {
			return []any{"name"}, nil
		}
		if decoded, err := wire.Decode([]byte(v)); err == nil {
			if list, ok := decoded.([]any); ok {
				return fieldList(list)
			}
		}
		var out []any
		for part := range strings.SplitSeq(v, ",") {
			out = append(out, strings.TrimSpace(part))
		}
		return out, nil
	}
	return nil, exception.Raise("TypeError", "'%T' object is not iterable", v)
}

func (b *builder) fieldText(text string) error {
	alias := ""
	if m := asPart.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		text, alias = m[1], strings.TrimSpace(m[2])
	}
	switch text = strings.TrimSpace(text); {
	case text == "*", text == "`tab"+b.main.Name+"`.*":
		return b.star()
	case strings.Contains(text, "("):
		return b.call(text, alias)
	}
	c, err := b.resolve(text)
	if err != nil {
		return err
	}
	if c.field != nil && !b.trusted() && c.owner == b.main && !b.s.User.Level(b.main, c.field.Permlevel, "read") {
		return nil
	}
	b.take(c, alias)
	return nil
}

func (b *builder) take(c column, alias string) {
	if alias != "" {
		c.alias = alias
	}
	b.aliases[c.alias] = true
	b.selected = append(b.selected, c)
}

func (b *builder) star() error {
	for _, name := range b.main.Columns() {
		if f := b.main.Field(name); f != nil && !b.trusted() && !b.s.User.Level(b.main, f.Permlevel, "read") {
			continue
		}
		c, err := b.resolve(name)
		if err != nil {
			return err
		}
		b.take(c, "")
	}
	return nil
}

// forbidden lists functions that the older release refuses. It is never changed.
var forbidden = []string{
	"concat", "concat_ws", "if", "ifnull", "nullif", "coalesce", "connection_id", "current_user", "database",
	"last_insert_id", "session_user", "system_user", "user", "version", "global", "sleep", "benchmark",
}

// call is an aggregate written as text: only the older release takes it.
func (b *builder) call(text, alias string) error {
	if b.s.Profile == profile.V16 {
		return exception.Invalid("SQL functions are not allowed as strings in SELECT: %s. Use dict syntax like {'COUNT': '*'} instead.", text)
	}
	m := callForm.FindStringSubmatch(text)
	if m == nil || slices.Contains(forbidden, strings.ToLower(m[1])) || strings.Contains(strings.ToLower(m[2]), "select") {
		return exception.Throw("DataError", "Use of sub-query or function is restricted")
	}
	name, inner := strings.ToLower(m[1]), strings.TrimSpace(m[2])
	if !slices.Contains([]string{"count", "sum", "avg", "min", "max", "abs", "date", "month", "year"}, name) {
		return exception.Throw("DataError", "Use of sub-query or function is restricted")
	}
	distinct := ""
	if rest, ok := strings.CutPrefix(strings.ToLower(inner), "distinct "); ok {
		distinct, inner = "DISTINCT ", strings.TrimSpace(rest)
	}
	c, err := b.resolve(inner)
	if err != nil {
		return notPermitted(inner)
	}
	if alias == "" {
		alias = text
	}
	b.take(column{sql: sqlCall(name, distinct+c.sql), name: c.name}, alias)
	return nil
}

func sqlCall(name, arg string) string {
	switch name {
	case "month":
		return "CAST(strftime('%m', " + arg + ") AS INTEGER)"
	case "year":
		return "CAST(strftime('%Y', " + arg + ") AS INTEGER)"
	case "quarter":
		return "((CAST(strftime('%m', " + arg + ") AS INTEGER) + 2) / 3)"
	}
	return name + "(" + arg + ")"
}
