package query

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// column is something that can be selected, compared or ordered by.
type column struct {
	sql, alias string
	owner      *meta.DocType // nil for a computed value
	name       string
	field      *meta.Field // nil for system columns
}

// qualified matches `tabSales Invoice Item`.`item_code` with and without ticks.
var qualified = regexp.MustCompile("^`?tab([^`.]+)`?\\.`?([A-Za-z0-9_]+)`?$")

var identifier = regexp.MustCompile("^`?[A-Za-z0-9_]+`?$")

func notPermitted(what string) error {
	return exception.Throw("DataError", "Field not permitted in query: %s", what)
}

// resolve finds the column that a name means: a field, `tabX`.`f`, table.f or link.f.
func (b *builder) resolve(text string) (column, error) {
	text = strings.TrimSpace(text)
	if m := qualified.FindStringSubmatch(text); m != nil {
		return b.of(m[1], m[2])
	}
	if head, tail, ok := strings.Cut(text, "."); ok {
		return b.dotted(head, tail, text)
	}
	if !identifier.MatchString(text) {
		if b.s.Profile == profile.V16 {
			return column{}, exception.Throw("PermissionError", "Invalid field format: %s", text)
		}
		return column{}, notPermitted(text)
	}
	return b.plain(b.main, store.Table(b.main.Name), strings.Trim(text, "`"))
}

func (b *builder) plain(d *meta.DocType, table, name string) (column, error) {
	if !d.Has(name) {
		return column{}, notPermitted(name)
	}
	return column{sql: table + "." + store.Quote(name), alias: name, owner: d, name: name, field: d.Field(name)}, nil
}

// of is a column named with its doctype: the list's own or a child of it.
func (b *builder) of(doctype, name string) (column, error) {
	d := b.s.Set.Get(doctype)
	if d == nil {
		return column{}, exception.Missing("DocType", doctype)
	}
	if d == b.main {
		return b.plain(d, store.Table(doctype), name)
	}
	if !d.Has(name) {
		return column{}, notPermitted(name)
	}
	if !d.Child {
		return column{}, exception.Raise("OperationalError", `(1054, "Unknown column 'tab%s.parent' in 'on clause'")`, doctype)
	}
	b.join(doctype, fmt.Sprintf(" LEFT JOIN %s ON (%s.parenttype = '%s' AND %s.parent = %s.name)", store.Table(doctype),
		store.Table(doctype), strings.ReplaceAll(b.main.Name, "'", "''"), store.Table(doctype), store.Table(b.main.Name)))
	return b.plain(d, store.Table(doctype), name)
}

// dotted is table_field.child_field or link_field.target_field.
func (b *builder) dotted(head, tail, text string) (column, error) {
	f := b.main.Field(head)
	if f == nil {
		return column{}, notPermitted(text)
	}
	d := b.s.Set.Get(f.Options)
	switch {
	case d == nil || f.Type != "Link" && !f.IsTable():
		return column{}, notPermitted(text)
	case f.IsTable() && b.s.Profile == profile.V15:
		return b.of(d.Name, tail)
	case f.IsTable():
		alias := store.Quote("table_" + f.Name)
		b.join(alias, fmt.Sprintf(" LEFT JOIN %s AS %s ON (%s.parent = %s.name AND %s.parenttype = '%s' AND %s.parentfield = '%s')",
			store.Table(d.Name), alias, alias, store.Table(b.main.Name), alias,
			strings.ReplaceAll(b.main.Name, "'", "''"), alias, f.Name))
		return b.plain(d, alias, tail)
	case !b.trusted() && b.s.User.On(d, "read") == access.None:
		return column{}, refused(b.s, d.Name)
	}
	alias := store.Quote("link_" + f.Name)
	b.join(alias, fmt.Sprintf(" LEFT JOIN %s AS %s ON %s.name = %s.%s",
		store.Table(d.Name), alias, alias, store.Table(b.main.Name), store.Quote(f.Name)))
	return b.plain(d, alias, tail)
}

func (b *builder) join(key, clause string) {
	if !b.joined[key] {
		b.joined[key] = true
		b.joins = append(b.joins, clause)
	}
}

// bound is a filter value in the column's own type.
func (b *builder) bound(c column, v any) (any, error) {
	kind := ""
	switch {
	case c.name == "creation" || c.name == "modified":
		kind = "Datetime"
	case c.name == "docstatus" || c.name == "idx":
		return meta.Int(v), nil
	case c.field != nil && c.field.IsNumber():
		return meta.Float(v), nil
	case c.field != nil:
		kind = c.field.Type
	}
	if kind != "Date" && kind != "Datetime" && kind != "Time" || meta.Text(v) == "" {
		return strings.TrimSuffix(textOf(v), ".0"), nil
	}
	t, ok := paper.ParseTime(meta.Text(v))
	if !ok {
		return nil, exception.Throw("ValidationError", "<strong>%s</strong> is not a valid date string.", meta.Text(v))
	}
	switch kind {
	case "Date":
		return t.Format(time.DateOnly), nil
	case "Time":
		return t.Format("15:04:05.000000"), nil
	}
	return t.Format("2006-01-02 15:04:05.000000"), nil
}

func textOf(v any) string {
	if flag, ok := v.(bool); ok {
		return meta.Text(meta.Int(flag))
	}
	return meta.Text(v)
}
