package query

import (
	"fmt"
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

// dictCalls are the functions of the newer release's object form. It is never changed.
var dictCalls = map[string]bool{
	"COUNT": true, "SUM": true, "AVG": true, "MAX": true, "MIN": true, "ABS": true, "IFNULL": true, "NULLIF": true,
	"CONCAT": true, "MONTH": true, "QUARTER": true,
}

// arithmetic holds the arithmetic forms {"ADD": [a, b]}. It is never changed.
var arithmetic = map[string]string{"ADD": "+", "SUB": "-", "MUL": "*", "DIV": "/"}

// fieldDict is {"COUNT": "*", "as": "n"} or {"items": ["item_code"]}: only the
// newer release takes it.
func (b *builder) fieldDict(item map[string]any) error {
	if b.s.Profile == profile.V15 {
		return exception.Raise("AttributeError", "'dict' object has no attribute 'lower'")
	}
	alias := meta.Text(item["as"])
	for key, arg := range item {
		if key == "as" {
			continue
		}
		if f := b.main.Field(key); f != nil && f.IsTable() {
			list, _ := arg.([]any)
			b.nested = append(b.nested, nested{field: f, fields: list})
			continue
		}
		sql, err := b.expression(key, arg)
		if err != nil {
			return err
		}
		if alias == "" {
			alias = fmt.Sprintf("%s(%s)", key, meta.Text(arg))
		}
		b.take(column{sql: sql}, alias)
	}
	return nil
}

func (b *builder) expression(name string, arg any) (string, error) {
	args, ok := arg.([]any)
	if !ok {
		args = []any{arg}
	}
	if sign, ok := arithmetic[name]; ok {
		if len(args) != 2 {
			return "", exception.Invalid("%s requires exactly 2 arguments", name)
		}
		left, err := b.operand(name, args[0])
		if err != nil {
			return "", err
		}
		right, err := b.operand(name, args[1])
		return "(" + left + " " + sign + " " + right + ")", err
	}
	if !dictCalls[name] {
		return "", exception.Invalid("Unsupported function or invalid field name: %s", name)
	}
	parts := make([]string, len(args))
	for i, a := range args {
		var err error
		if parts[i], err = b.operand(name, a); err != nil {
			return "", err
		}
	}
	return sqlCall(strings.ToLower(name), strings.Join(parts, ", ")), nil
}

func (b *builder) operand(function string, arg any) (string, error) {
	switch arg := arg.(type) {
	case int64, float64:
		return meta.Text(arg), nil
	case map[string]any:
		for key, inner := range arg {
			return b.expression(key, inner)
		}
	case string:
		switch {
		case arg == "*" && function == "COUNT":
			return "*", nil
		case len(arg) > 1 && (arg[0] == '\'' || arg[0] == '"'):
			return "'" + strings.ReplaceAll(arg[1:len(arg)-1], "'", "''") + "'", nil
		}
		c, err := b.resolve(arg)
		return c.sql, err
	}
	return "", exception.Invalid("Invalid argument for function %s", function)
}

// nest adds the rows of table fields below each row, in one more query each.
func (b *builder) nest(res Result) (Result, error) {
	for _, n := range b.nested {
		at := slices.Index(res.Columns, "name")
		if at < 0 {
			return res, exception.Invalid("Child table fields need the field name")
		}
		var names []any
		for _, row := range res.Values {
			names = append(names, row[at])
		}
		rows, err := Run(b.s, Request{
			Doctype: n.field.Options, Fields: append(slices.Clone(n.fields), "parent", "parentfield"), Trusted: true,
			Filters: []any{[]any{"parent", "in", names}, []any{"parentfield", "=", n.field.Name}}, OrderBy: "idx asc",
		})
		if err != nil {
			return res, err
		}
		byParent := map[string][]wire.Object{}
		for _, o := range rows.Objects() {
			parent := meta.Text(o.Get("parent"))
			byParent[parent] = append(byParent[parent], o)
		}
		res.Columns = append(res.Columns, n.field.Name)
		for i, row := range res.Values {
			children := byParent[meta.Text(row[at])]
			if children == nil {
				children = []wire.Object{}
			}
			res.Values[i] = append(row, children)
		}
	}
	return res, nil
}
