package query

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// operators lists what a filter may compare with. It is never changed.
var operators = []string{
	"=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between", "timespan", "previous", "next",
	"descendants of", "ancestors of", "not descendants of", "not ancestors of", "descendants of (inclusive)",
}

func (b *builder) condition(f filter) (string, error) {
	c, err := b.filterColumn(f)
	if err != nil {
		return "", err
	}
	op := strings.ToLower(strings.TrimSpace(f.op))
	if !slices.Contains(operators, op) {
		if b.s.Profile == profile.V16 && !f.alone {
			return "", exception.Raise("KeyError", "'%s'", op)
		}
		return "", exception.Invalid("Operator must be one of %s", strings.Join(operators, ", "))
	}
	switch op {
	case "in", "not in":
		return b.oneOf(c, op, items(f.value))
	case "is":
		return b.isSet(c, f.value)
	case "like", "not like":
		return b.like(c, op, meta.Text(f.value)), nil
	case "between":
		return b.between(c, f.value)
	case "timespan", "previous", "next":
		from, to, ok := period(op, strings.ToLower(meta.Text(f.value)), b.s.Clock())
		if !ok {
			return "", exception.Invalid("%s is not a valid timespan", meta.Text(f.value))
		}
		return b.between(c, []any{from, to})
	case "=", "!=", ">", "<", ">=", "<=":
		return b.compare(c, op, f.value)
	}
	return b.tree(c, op, meta.Text(f.value))
}

func (b *builder) filterColumn(f filter) (column, error) {
	if f.doctype != b.main.Name {
		return b.of(f.doctype, strings.Trim(f.field, "`"))
	}
	c, err := b.resolve(f.field)
	if err == nil && c.field != nil && b.s.Profile == profile.V16 && c.owner == b.main && !b.trusted() &&
		!b.s.User.Level(b.main, c.field.Permlevel, "read") {
		return c, refused(b.s, b.main.Name)
	}
	return c, err
}

// bare tells whether NULL is left alone in the comparison.
func (b *builder) bare(c column) bool {
	switch {
	case b.req.Plain && b.s.Profile == profile.V16:
		return true
	case c.name == "name" || c.name == "creation" || c.name == "modified" || c.name == "docstatus" || c.name == "idx":
		return true
	}
	return c.field != nil && c.field.IsNumber()
}

// safe is the column with NULL taken for the emptiest value of its type.
func (b *builder) safe(c column) string {
	if b.bare(c) {
		return c.sql
	}
	fallback := "''"
	if c.field != nil {
		switch c.field.Type {
		case "Date":
			fallback = "'0001-01-01'"
		case "Datetime":
			fallback = "'0001-01-01 00:00:00.000000'"
		case "Time":
			fallback = "'00:00:00.000000'"
		}
	}
	return "ifnull(" + c.sql + ", " + fallback + ")"
}

func (b *builder) compare(c column, op string, v any) (string, error) {
	bound, err := b.bound(c, v)
	if err != nil {
		return "", err
	}
	isDate := c.field != nil && c.field.IsTime()
	if v == nil && !b.bare(c) {
		switch {
		case b.s.Profile == profile.V15 && op == "=" && c.field != nil && (c.field.Type == "Link" || c.field.Type == "Data"):
			bound = `""` // the server compares with these two characters
		case isDate:
			return map[bool]string{true: c.sql + " IS NULL", false: c.sql + " IS NOT NULL"}[op == "="], nil
		}
	}
	b.args = append(b.args, bound)
	if op == "=" && !meta.Falsy(v) || isDate && (op == ">" || op == ">=") {
		return c.sql + " " + op + " ?", nil
	}
	if isDate && meta.Text(v) == "" {
		return "ifnull(" + c.sql + ", '') " + op + " ?", nil
	}
	return b.safe(c) + " " + op + " ?", nil
}

// items reads the value of "in": a list, or text with commas.
func items(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	var out []any
	for part := range strings.SplitSeq(meta.Text(v), ",") {
		out = append(out, part)
	}
	return out
}

func (b *builder) oneOf(c column, op string, list []any) (string, error) {
	if len(list) == 0 {
		list = []any{""}
	}
	empty := false
	marks := make([]string, len(list))
	for i, v := range list {
		if text, ok := v.(string); ok {
			v = strings.TrimSpace(text)
		}
		empty = empty || v == nil || v == ""
		bound, err := b.bound(c, v)
		if err != nil {
			return "", err
		}
		marks[i] = "?"
		b.args = append(b.args, bound)
	}
	sql := c.sql
	if op == "not in" || empty {
		sql = b.safe(c)
	}
	return sql + " " + strings.ToUpper(op) + " (" + strings.Join(marks, ",") + ")", nil
}

func (b *builder) isSet(c column, v any) (string, error) {
	empty := "''"
	if c.field != nil && c.field.IsNumber() || c.name == "docstatus" || c.name == "idx" {
		empty = "0"
	}
	switch strings.ToLower(meta.Text(v)) {
	case "set":
		return "ifnull(" + c.sql + ", " + empty + ") <> " + empty, nil
	case "not set":
		return "ifnull(" + c.sql + ", " + empty + ") = " + empty, nil
	}
	return "", exception.Invalid("Value for 'is' must be 'set' or 'not set'")
}

func (b *builder) like(c column, op, pattern string) string {
	b.args = append(b.args, pattern)
	if op == "like" {
		return c.sql + " LIKE ?"
	}
	return b.safe(c) + " NOT LIKE ?"
}
