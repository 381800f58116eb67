package query

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query/filter"
)

// operators lists what a filter of the older release may compare with. It is
// never changed.
var operators = []string{
	"=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between", "timespan", "previous", "next",
	"ancestors of", "descendants of", "not ancestors of", "not descendants of", "descendants of (inclusive)",
}

// alternative lists further ways to write an operator on the newer release. It is
// never changed.
var alternative = map[string]string{"=<": "<=", "=>": ">="}

// operator is the operator of a filter in its usual form. The newer release
// knows fewer where a filter stands alone in its list.
func (b *builder) operator(f filter.Filter) (string, error) {
	op := strings.ToLower(f.Op)
	if b.s.Profile == profile.V15 {
		if op == "" {
			return "=", nil
		}
		if !slices.Contains(operators, op) {
			return "", exception.Invalid("Operator must be one of %s", strings.Join(operators, ", "))
		}
		return op, nil
	}
	if usual, ok := alternative[op]; ok {
		op = usual
	}
	known := slices.Contains(operators, op)
	reduced := op == "previous" || op == "next" || strings.HasSuffix(op, " of") || strings.HasSuffix(op, "(inclusive)")
	switch {
	case f.Alone && (!known || reduced || f.Long):
		shown := fmt.Sprintf("['%s', '%s', '%s']", f.Field, f.Op, meta.Text(f.Value))
		return "", exception.Invalid("Error parsing nested filters: [%s]. Invalid simple filter format: %s", shown, shown)
	case !known:
		return "", exception.Raise("KeyError", "'%s'", op)
	}
	return op, nil
}

func (b *builder) condition(f filter.Filter) (string, error) {
	c, err := b.filterColumn(f)
	if err != nil {
		return "", err
	}
	op, err := b.operator(f)
	if err != nil {
		return "", err
	}
	switch op {
	case "in", "not in":
		return b.oneOf(c, op, f.Value)
	case "is":
		return b.isSet(c, f.Value)
	case "like", "not like":
		if _, isList := f.Value.([]any); isList && b.s.Profile == profile.V16 {
			return "", noSyntax()
		}
		return b.like(c, op, meta.Text(f.Value)), nil
	case "between":
		return b.between(c, f.Value)
	case "timespan", "previous", "next":
		return b.period(c, op, meta.Text(f.Value))
	case "=", "!=", ">", "<", ">=", "<=":
		return b.compare(c, op, f.Value)
	}
	return b.tree(c, op, meta.Text(f.Value))
}

func (b *builder) filterColumn(f filter.Filter) (column, error) {
	if f.Doctype != b.main.Name {
		if b.s.Profile == profile.V16 && !holds(b.main, f.Doctype) {
			return column{}, b.noChild(f)
		}
		return b.of(f.Doctype, strings.Trim(f.Field, "`"))
	}
	if b.s.Profile == profile.V15 && strings.Contains(f.Field, ".") && !strings.Contains(f.Field, "`") {
		if _, err := b.resolve(f.Field); err != nil {
			return column{}, err
		}
		return column{}, noColumn("tab"+b.main.Name+"."+f.Field, "WHERE")
	}
	c, err := b.resolve(f.Field)
	switch {
	case err != nil && b.lenient() && !b.trusted():
		return c, noAccess(b.main.Name, f.Field)
	case err == nil && b.s.Profile == profile.V16 && b.hides(c):
		return c, noAccess(b.main.Name, f.Field)
	}
	return c, err
}

// noChild is the newer release's answer to a filter on a doctype that is no child of
// the list's own. Where the filter stands alone a second message quotes it.
func (b *builder) noChild(f filter.Filter) error {
	if b.s.Set.Get(f.Doctype) == nil && !meta.IsSystem(f.Field) && !b.lenient() {
		return exception.Missing("DocType", f.Doctype)
	}
	e := exception.Titled("ValidationError", "Invalid Filter", "%s is not a child table of %s", f.Doctype, b.main.Name)
	if !f.Alone {
		return e
	}
	again := exception.Invalid("Error parsing nested filters: %s. %s", textOf([]any{[]any{f.Doctype, f.Field, f.Op, f.Value}}), e.Text)
	again.Notes = append(e.Notes, again.Notes...)
	return again
}

// noAccess is the newer release's answer to a column that the caller may not use,
// which includes those that are not there.
func noAccess(doctype, field string) error {
	return exception.Titled("PermissionError", "Permission Error",
		"You do not have permission to access field: <strong>%s.%s</strong>", doctype, field)
}

func noColumn(name, clause string) error {
	return exception.Raise("OperationalError", `(1054, "Unknown column '%s' in '%s'")`, name, clause)
}

func noSyntax() error {
	return exception.Raise("ProgrammingError", `(1064, "You have an error in your SQL syntax; check the manual that corresponds to your MariaDB server version for the right syntax to use")`)
}

// bare tells whether NULL is left alone in the comparison.
func (b *builder) bare(c column) bool {
	switch {
	case b.req.Plain && b.s.Profile == profile.V16, b.req.Raw:
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
	isDate := c.field != nil && c.field.IsTime()
	if sql, ok := b.withNull(c, op, v, isDate); ok {
		return sql, nil
	}
	bound, err := b.bound(c, v)
	if err != nil {
		return "", err
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

// withNull compares with JSON's null. The newer release asks whether the column is
// set. The older one compares links and data with two quotes, which nothing
// equals, and everything else as a number, so that words count as 0.
func (b *builder) withNull(c column, op string, v any, isDate bool) (string, bool) {
	number := c.field != nil && c.field.IsNumber()
	v15 := b.s.Profile == profile.V15
	switch {
	case v != nil || op != "=" && op != "!=" || number && v15:
		return "", false
	case !v15 && op == "=":
		return c.sql + " IS NULL", true
	case number:
		return c.sql + " != 0", true
	case isDate:
		return map[bool]string{true: c.sql + " IS NULL", false: c.sql + " IS NOT NULL"}[op == "="], true
	case !v15:
		return c.sql + " != ''", true
	case op == "=" && (c.name == "name" || c.field != nil && (c.field.Type == "Link" || c.field.Type == "Data")):
		return b.safe(c) + " = ''''''", true
	}
	return "CAST(ifnull(" + c.sql + ", 0) AS REAL) " + op + " 0", true
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
