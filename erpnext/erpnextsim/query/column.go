package query

import (
	"cmp"
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
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
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
		return column{}, notPermitted(strings.ReplaceAll(text, "`", "'"))
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
	switch {
	case d == nil:
		return column{}, exception.Missing("DocType", doctype)
	case d == b.main:
		return b.plain(d, store.Table(doctype), name)
	case !d.Has(name):
		return column{}, notPermitted(name)
	case b.s.Profile == profile.V16 && !d.Child:
		return column{}, noColumn("tab"+doctype+".parent", "ON")
	case !d.Child:
		return column{}, noColumn("tab"+doctype+".parenttype", "ON")
	}
	b.join(doctype, d, fmt.Sprintf(" LEFT JOIN %s ON (%s.parenttype = %s AND %s.parent = %s.name)", store.Table(doctype),
		store.Table(doctype), quoted(b.main.Name), store.Table(doctype), store.Table(b.main.Name)))
	return b.plain(d, store.Table(doctype), name)
}

// dotted is table_field.child_field or link_field.target_field.
func (b *builder) dotted(head, tail, text string) (column, error) {
	tail = strings.Trim(tail, "`")
	f := b.main.Field(head)
	switch {
	case f == nil && (meta.IsSystem(tail) || meta.IsChildSystem(tail) || meta.IsOptional(tail)):
		if b.s.Profile == profile.V16 {
			return column{}, exception.Invalid("Could not parse field: %s", text)
		}
		return column{}, exception.Raise("PermissionError", "%s", head)
	case f == nil:
		return column{}, exception.Raise("AttributeError", "'NoneType' object has no attribute 'options'")
	}
	d := b.s.Set.Get(f.Options)
	switch {
	case d == nil || f.Type != "Link" && !f.IsTable():
		return column{}, exception.Missing("DocType", cmp.Or(f.Options, "None"))
	case !d.Has(tail):
		return column{}, notPermitted(text)
	case f.IsTable() && b.s.Profile == profile.V15:
		return b.of(d.Name, tail)
	case f.IsTable():
		alias := store.Quote("table_" + f.Name)
		b.join(alias, d, fmt.Sprintf(" LEFT JOIN %s AS %s ON (%s.parent = %s.name AND %s.parenttype = %s AND %s.parentfield = %s)",
			store.Table(d.Name), alias, alias, store.Table(b.main.Name), alias,
			quoted(b.main.Name), alias, quoted(f.Name)))
		return b.plain(d, alias, tail)
	case !b.trusted() && b.s.User.On(d, "read") == access.None && b.s.User.On(d, "select") == access.None:
		return column{}, refused(b.s, d.Name)
	}
	if b.s.Profile == profile.V16 && d != b.main {
		return b.link(d, f.Name, tail)
	}
	alias := store.Quote("link_" + f.Name)
	b.join(alias, d, fmt.Sprintf(" LEFT JOIN %s AS %s ON %s.name = %s.%s",
		store.Table(d.Name), alias, alias, store.Table(b.main.Name), store.Quote(f.Name)))
	return b.plain(d, alias, tail)
}

// link joins a linked doctype as the newer release does: once, even for several
// links to it, and with the conditions of a list of it. Those drop the rows whose
// link is empty.
func (b *builder) link(d *meta.DocType, field, tail string) (column, error) {
	table := store.Table(d.Name)
	if !b.joined[table] {
		matching, err := b.matching(d)
		if err != nil {
			return column{}, err
		}
		for _, condition := range []string{matching, b.scoped(d)} {
			if condition != "" {
				b.linked = append(b.linked, condition)
			}
		}
	}
	b.join(table, d, fmt.Sprintf(" LEFT JOIN %s ON %s.name = %s.%s", table, table, store.Table(b.main.Name), store.Quote(field)))
	return b.plain(d, table, tail)
}

func (b *builder) join(key string, d *meta.DocType, clause string) {
	if !b.joined[key] {
		b.joined[key] = true
		b.joins = append(b.joins, clause)
		b.used = append(b.used, d)
	}
}

// bound is a filter value in the column's own type. The newer release hands lists to
// the database, which takes none.
func (b *builder) bound(c column, v any) (any, error) {
	kind := ""
	if _, isList := v.([]any); isList && b.s.Profile == profile.V16 {
		return nil, noSyntax()
	}
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
	switch {
	case !ok && (c.field == nil || b.s.Profile == profile.V16):
		return "", nil // to the database no date is the first of all
	case !ok && kind == "Date":
		return nil, exception.Throw("ValidationError", "<strong>%s</strong> is not a valid date string.", meta.Text(v))
	case !ok:
		return nil, exception.Raise("ParserError", "Unknown string format: %s", meta.Text(v))
	}
	switch kind {
	case "Date":
		return t.Format(time.DateOnly), nil
	case "Time":
		return t.Format("15:04:05.000000"), nil
	}
	return t.Format(paper.Datetime), nil
}

func textOf(v any) string {
	switch v.(type) {
	case []any, map[string]any: // as the server's language prints it
		return strings.ReplaceAll(string(wire.Encode(v, wire.Style{Spaces: true})), `"`, "'")
	}
	if flag, ok := v.(bool); ok {
		return meta.Text(meta.Int(flag))
	}
	return meta.Text(v)
}

// outside splits a clause at the commas that stand outside of brackets.
func outside(text string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range text {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			out = append(out, text[from:i])
			from = i + 1
		}
	}
	return append(out, text[from:])
}

// spelled is a column as the doctype spells it: the database takes any case.
func (b *builder) spelled(name string) string {
	for _, column := range b.main.Columns() {
		if strings.EqualFold(column, name) {
			return column
		}
	}
	return name
}

// ordinal is the place of a selected column.
var ordinal = regexp.MustCompile(`^\d+$`)
