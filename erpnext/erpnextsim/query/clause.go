package query

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

func (b *builder) from() string {
	return store.Table(b.main.Name) + strings.Join(b.joins, "")
}

func (b *builder) where() (string, error) {
	and, err := b.conditions(b.req.Filters)
	if err != nil {
		return "", err
	}
	or, err := b.conditions(b.req.OrFilters)
	if err != nil {
		return "", err
	}
	if len(or) > 0 {
		and = append(and, "("+strings.Join(or, " OR ")+")")
	}
	own, err := b.matching(b.main)
	if err != nil {
		return "", err
	}
	for _, mine := range append([]string{own, b.scoped(b.main)}, b.linked...) {
		if mine != "" {
			and = append(and, mine)
		}
	}
	if parent := b.s.Set.Get(b.req.Parent); b.main.Child && parent != nil && b.s.Profile == profile.V16 && !b.trusted() {
		and = append(and, store.Table(b.main.Name)+".parent IN (SELECT name FROM "+store.Table(parent.Name)+")")
	}
	if len(and) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(and, " AND "), nil
}

// limits is the condition of the caller's user permissions, "" without any.
func (b *builder) limits(d *meta.DocType) string {
	limits := b.s.Limits()
	if len(limits) == 0 {
		return ""
	}
	var and []string
	table := store.Table(d.Name)
	if names, _ := limits.Allowed(d.Name, d.Name); len(names) > 0 {
		and = append(and, table+".name IN "+b.list(names))
	}
	for _, f := range d.Links() {
		if f.Type != "Link" || f.AnyUser {
			continue
		}
		if names, _ := limits.Allowed(f.Options, d.Name); len(names) > 0 {
			column := table + "." + store.Quote(f.Name)
			and = append(and, "(ifnull("+column+", '') = '' OR "+column+" IN "+b.list(names)+")")
		}
	}
	return strings.Join(and, " AND ")
}

// shared is the names of the doctype's documents that somebody shared with the caller.
func (b *builder) shared(d *meta.DocType) ([]string, error) {
	if b.s.Set.Get("DocShare") == nil || b.s.User.Denied[d.Name] {
		return nil, nil
	}
	rows, err := b.s.Tx.Known("DocShare", `SELECT share_name FROM tabDocShare WHERE share_doctype = ? AND read = 1 AND (user = ? OR everyone = 1)`,
		d.Name, b.s.User.Name)
	names := make([]string, len(rows))
	for i, r := range rows {
		names[i] = meta.Text(r["share_name"])
	}
	return names, err
}

func (b *builder) list(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = quoted(name)
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// groupBy renders GROUP BY.
func (b *builder) groupBy() (string, error) {
	if b.req.GroupBy == "" {
		return "", nil
	}
	parts, err := b.terms(b.req.GroupBy, "GROUP BY")
	return " GROUP BY " + strings.Join(parts, ", "), err
}

// orderBy renders ORDER BY. Without one there is no order at all.
func (b *builder) orderBy() (string, error) {
	if b.req.OrderBy == "" {
		return "", nil
	}
	parts, err := b.terms(b.req.OrderBy, "ORDER BY")
	return " ORDER BY " + strings.Join(parts, ", "), err
}

// illegal is what the older release allows in neither clause.
var illegal = regexp.MustCompile("(?i)[^a-z0-9_ ,`'\"().-]")

// terms reads the columns of a clause, with directions where it is an order.
func (b *builder) terms(text, clause string) ([]string, error) {
	v15, lower := b.s.Profile == profile.V15, strings.ToLower(text)
	switch {
	case v15 && strings.Contains(lower, "select") && strings.Contains(lower, "from"):
		return nil, exception.Invalid("Cannot use sub-query in order by")
	case v15 && illegal.MatchString(text):
		return nil, exception.Invalid("Illegal SQL Query")
	}
	var out []string
	if v15 && strings.Count(text, "(") != strings.Count(text, ")") {
		return nil, noSyntax()
	}
	for _, part := range outside(text) {
		part, direction := strings.TrimSpace(part), ""
		if clause == "ORDER BY" {
			part, direction = b.direction(part)
		}
		if part == "" && !v15 {
			continue
		}
		var sql string
		var err error
		if v15 {
			sql, err = b.rawTerm(part, clause)
		} else {
			sql, err = b.strictTerm(part, clause)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, sql+direction)
	}
	return out, nil
}

// direction cuts the direction off; without one the second version of the API
// goes down on the newer release, and everything else up.
func (b *builder) direction(part string) (rest, direction string) {
	for _, d := range []string{" asc", " desc"} {
		if rest, ok := strings.CutSuffix(strings.ToLower(part), d); ok {
			return strings.TrimSpace(part[:len(rest)]), strings.ToUpper(d)
		}
	}
	if b.req.Plain && b.s.Profile == profile.V16 {
		return part, " DESC"
	}
	return part, " ASC"
}

// rawTerm is one column on the older release, which hands the text to the
// database almost as it is.
func (b *builder) rawTerm(part, clause string) (string, error) {
	if m := callForm.FindStringSubmatch(part); m != nil {
		if strings.EqualFold(m[1], "sleep") {
			return "", exception.Invalid("Cannot use %s in order/group by", part)
		}
		if strings.EqualFold(m[1], "rand") {
			return "random()", nil
		}
		inner, err := b.rawTerm(strings.TrimSpace(m[2]), clause)
		return sqlCall(strings.ToLower(m[1]), inner), err
	}
	if m := qualified.FindStringSubmatch(part); m != nil {
		if m[1] != b.main.Name && !slices.ContainsFunc(b.used, func(d *meta.DocType) bool { return d.Name == m[1] }) {
			return "", exception.Invalid("Please select atleast 1 column from %s to sort/group", m[1])
		}
		c, err := b.of(m[1], m[2])
		return c.sql, err
	}
	name := strings.Trim(part, "`")
	switch {
	case ordinal.MatchString(name), strings.EqualFold(part, "(select 1)"), strings.HasPrefix(strings.ToLower(part), "case "):
		return name, nil // the database knows
	case !identifier.MatchString(part) && !strings.Contains(part, "."):
		return "", noSyntax()
	case !b.aliases[name]:
		name = b.spelled(name)
	}
	switch ambiguous := slices.ContainsFunc(b.used, func(d *meta.DocType) bool { return d.Has(name) }); {
	case b.aliases[name]:
		return store.Quote(name), nil
	case !b.main.Has(name):
		return "", noColumn(name, clause)
	case ambiguous:
		return "", exception.Raise("OperationalError", `(1052, "Column '%s' in %s is ambiguous")`, name, clause)
	}
	return store.Table(b.main.Name) + "." + store.Quote(name), nil
}

// strictTerm is one column on the newer release: what the caller may not use is
// refused like what is not there.
func (b *builder) strictTerm(part, clause string) (string, error) {
	title := map[string]string{"ORDER BY": "Order By", "GROUP BY": "Group By"}[clause]
	if b.aliases[part] {
		return store.Quote(part), nil
	}
	switch m := qualified.FindStringSubmatch(part); {
	case m != nil && strings.Contains(part, "`"):
		if d := b.s.Set.Get(m[1]); d != nil && d != b.main && !slices.Contains(b.used, d) {
			return b.unjoined(m[1], m[2], clause)
		}
	case ordinal.MatchString(part):
		return "", noColumn(part, clause)
	case strings.Contains(part, "`"):
		return "", exception.Invalid("%s has invalid backtick notation: %s", title, part)
	case !dottedName.MatchString(part):
		return "", exception.Invalid("Invalid field format in %s: %s. Use 'field', 'link_field.field', or 'child_table.field'.", title, part)
	}
	c, err := b.resolve(part)
	var e *exception.Error
	if errors.As(err, &e) && e.Class == "DataError" || err == nil && b.hides(c) {
		return "", noAccess(b.main.Name, part)
	}
	return c.sql, err
}

// unjoined is a column of a table that is no part of the query: where there is only
// one table the name of the other is dropped.
func (b *builder) unjoined(doctype, name, clause string) (string, error) {
	switch d := b.s.Set.Get(doctype); {
	case !d.Has(name):
		return "", noAccess(doctype, name)
	case len(b.joins) > 0:
		return "", noColumn("tab"+doctype+"."+name, clause)
	case !b.main.Has(name):
		return "", noColumn(name, clause)
	}
	return store.Table(b.main.Name) + "." + store.Quote(name), nil
}

// dottedName is a field, or a field of a link or table.
var dottedName = regexp.MustCompile(`^\w+(\.\w+)?$`)
