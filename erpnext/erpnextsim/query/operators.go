package query

import (
	"regexp"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query/timespan"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// oneOf renders "in" and "not in". The older release drops blanks around the
// values; the newer one keeps those in front.
func (b *builder) oneOf(c column, op string, v any) (string, error) {
	list := items(v)
	if len(list) == 0 {
		list = []any{""}
	}
	empty := false
	marks := make([]string, len(list))
	for i, v := range list {
		if text, ok := v.(string); ok {
			if v = strings.TrimSpace(text); b.s.Profile == profile.V16 || b.req.Raw {
				v = strings.TrimRight(text, " ")
			}
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

// isSet renders "is". A number of 0 is not set on the newer release, and neither
// set nor not set on the older one.
func (b *builder) isSet(c column, v any) (string, error) {
	number := c.field != nil && c.field.IsNumber() || c.name == "docstatus" || c.name == "idx"
	word := meta.Text(v)
	if b.s.Profile == profile.V16 {
		word = strings.ToLower(word)
	}
	switch {
	case word == "set" && number:
		return c.sql + " <> 0", nil
	case word == "set":
		return "ifnull(" + c.sql + ", '') <> ''", nil
	case word == "not set" && number && b.s.Profile == profile.V15:
		return c.sql + " IS NULL", nil
	case word == "not set" && number:
		return "ifnull(" + c.sql + ", 0) = 0", nil
	case word == "not set":
		return "ifnull(" + c.sql + ", '') = ''", nil
	case b.s.Profile == profile.V16:
		return "", exception.Raise("ValueError", "`is` operator only supports `set` and `not set` as value")
	}
	if b.bare(c) {
		return "", noSyntax()
	}
	return "", exception.Raise("UnboundLocalError", "cannot access local variable 'fallback' where it is not associated with a value")
}

func (b *builder) like(c column, op, pattern string) string {
	b.args = append(b.args, pattern)
	if op == "like" {
		return c.sql + " LIKE ?"
	}
	return b.safe(c) + " NOT LIKE ?"
}

// period renders a named time span. A name that nobody knows is today on the older
// release and an empty column on the newer, unless it belongs to previous or next.
func (b *builder) period(c column, op, name string) (string, error) {
	from, to, ok := timespan.Around(op, name, b.s.Clock())
	switch {
	case ok:
		return b.between(c, []any{from, to})
	case op != "timespan":
		return "", exception.Raise("KeyError", "'%s'", name)
	case b.s.Profile == profile.V16:
		return c.sql + " IS NULL", nil
	}
	return b.between(c, []any{})
}

// between takes two values; what is missing is today. The older release only
// knows days and times, the newer one wants both ends.
func (b *builder) between(c column, v any) (string, error) {
	timed := c.field != nil && c.field.Type == "Datetime" || c.name == "creation" || c.name == "modified"
	v15 := b.s.Profile == profile.V15
	if v15 && !timed && (c.field == nil || c.field.Type != "Date") {
		return "", noSyntax()
	}
	list, ok := v.([]any)
	if ok && len(list) == 1 && !v15 {
		list = []any{list[0], nil}
	}
	for len(list) < 2 {
		list = append(list, b.s.Today())
	}
	ends := [2]any{}
	for i := range ends {
		bound, err := b.bound(c, list[i])
		if err != nil {
			return "", err
		}
		if ends[i] = bound; list[i] == nil {
			ends[i] = nil
		}
	}
	if end := strings.TrimSpace(meta.Text(list[1])); timed && len(end) == len(time.DateOnly) {
		ends[1] = end + " 23:59:59.999999"
	}
	b.args = append(b.args, ends[0], ends[1])
	return c.sql + " BETWEEN ? AND ?", nil
}

// tableName is what the name of a doctype may look like.
var tableName = regexp.MustCompile(`^[\w -]*$`)

// treeOf is the doctype whose tree a column is compared with: the options of the
// field, whatever they are there for.
func treeOf(c column) string {
	if c.field != nil {
		return c.field.Options
	}
	return ""
}

// tree compares with the branch of a tree above or below a node.
func (b *builder) tree(c column, op, node string) (string, error) {
	target := c.owner
	if c.field != nil && c.field.Type == "Link" {
		target = b.s.Set.Get(c.field.Options)
	}
	if name := treeOf(c); b.s.Profile == profile.V15 && b.s.Set.Get(name) == nil && !tableName.MatchString(name) {
		return "", exception.Invalid("Invalid DocType: %s", name)
	}
	if target == nil || !target.Tree {
		return "", noColumn("lft", "SELECT")
	}
	table := store.Table(target.Name)
	inside := "t.lft > n.lft AND t.rgt < n.rgt"
	switch {
	case strings.Contains(op, "ancestors"):
		inside = "t.lft < n.lft AND t.rgt > n.rgt"
	case strings.Contains(op, "inclusive"):
		inside = "t.lft >= n.lft AND t.rgt <= n.rgt"
	}
	in := " IN "
	if strings.HasPrefix(op, "not ") {
		in = " NOT IN "
	}
	b.args = append(b.args, node)
	return b.safe(c) + in + "(SELECT t.name FROM " + table + " t, " + table + " n WHERE n.name = ? AND " + inside + ")", nil
}

// sqlCall writes a function as the store knows it. Sums and averages are decimal
// numbers, whatever they are made of.
func sqlCall(name, arg string) string {
	switch name {
	case "month":
		return "CAST(strftime('%m', " + arg + ") AS INTEGER)"
	case "year":
		return "CAST(strftime('%Y', " + arg + ") AS INTEGER)"
	case "quarter":
		return "((CAST(strftime('%m', " + arg + ") AS INTEGER) + 2) / 3)"
	case "sum":
		return "CAST(sum(" + arg + ") AS REAL)"
	}
	return name + "(" + arg + ")"
}
