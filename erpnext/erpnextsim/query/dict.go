package query

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// dictCalls are the functions of the newer release's object form. It is never changed.
var dictCalls = map[string]bool{
	"COUNT": true, "SUM": true, "AVG": true, "MAX": true, "MIN": true, "ABS": true, "IFNULL": true, "NULLIF": true,
	"CONCAT": true, "MONTH": true, "QUARTER": true, "YEAR": true,
}

// arithmetic holds the arithmetic forms {"ADD": [a, b]}. It is never changed.
var arithmetic = map[string]string{"ADD": "+", "SUB": "-", "MUL": "*", "DIV": "/"}

// fieldDict is {"COUNT": "*", "as": "n"} or {"items": ["item_code"]}: only the
// newer release takes it.
func (b *builder) fieldDict(item map[string]any) error {
	if b.s.Profile == profile.V15 {
		return exception.Raise("TypeError", "unhashable type: 'dict'")
	}
	alias := meta.Text(item["as"])
	for _, key := range slices.Sorted(maps.Keys(item)) {
		arg := item[key]
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

// callForm is a function with its arguments.
var callForm = regexp.MustCompile(`(?is)^([a-z_]+)\s*\((.*)\)$`)

// forbidden lists functions that the older release refuses. It is never changed.
var forbidden = []string{
	"concat", "concat_ws", "if", "ifnull", "nullif", "coalesce", "connection_id", "current_user", "database",
	"last_insert_id", "session_user", "system_user", "user", "version", "global",
}

// imitated lists the functions that the store knows as well. It is never changed.
var imitated = []string{"count", "sum", "avg", "min", "max", "abs", "date", "month", "year", "length", "lower", "upper", "round"}

var word = regexp.MustCompile("`[^`]+`\\.`?\\w+`?|[A-Za-z_][\\w.]*")

// call is a function written as text: only the older release takes it. Both look
// at the fields in it first. whole is the text with its alias.
func (b *builder) call(text, alias, whole string) error {
	m := callForm.FindStringSubmatch(text)
	if m == nil {
		return restricted()
	}
	name, inner := strings.ToLower(m[1]), strings.TrimSpace(m[2])
	if inner == "*" && (name == "count" || name == "sum" || name == "avg") {
		return notPermitted("*")
	}
	columns := word.FindAllString(inner, -1)
	if len(columns) == 0 || strings.EqualFold(columns[0], "distinct") {
		return exception.Raise("IndexError", "list index out of range")
	}
	c, err := b.resolve(columns[0])
	switch {
	case err != nil:
		return err
	case b.s.Profile == profile.V16:
		return exception.Invalid("SQL functions are not allowed as strings in SELECT: %s. Use dict syntax like {'COUNT': '*'} instead.", whole)
	case slices.Contains(forbidden, name):
		return exception.Throw("DataError", "Use of function %s in field is restricted", name)
	case !slices.Contains(imitated, name) || len(columns) > 1:
		return restricted()
	}
	sql := sqlCall(name, c.sql)
	if name == "avg" && c.field != nil && c.field.IsInt() { // as many digits as a mean of whole numbers has
		sql = "round(" + sql + ", 4)"
	}
	b.take(column{sql: sql, name: c.name}, cmp.Or(alias, text))
	return nil
}
