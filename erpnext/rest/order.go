package rest

import (
	"cmp"
	"slices"
	"strings"
)

// order is never empty and always ends in something unique: without it the
// order is the database's and pages overlap. Rows of documents are told apart
// by name, groups by the columns that they are made of; a list of computed
// columns alone has one row.
func (l List) order() string {
	unique, order := l.GroupBy, l.OrderBy
	switch {
	case len(unique) > 0:
	case len(l.Compute) > 0:
		return cmp.Or(order, l.Compute[0].As+" asc")
	default:
		unique, order = []string{"name"}, cmp.Or(order, "creation asc")
	}
	var terms []string
	named := map[string]bool{}
	for term := range strings.SplitSeq(order, ",") {
		if term = strings.TrimSpace(term); term != "" {
			column, _ := l.term(term)
			terms, named[column] = append(terms, l.own(term)), true
		}
	}
	for _, column := range unique {
		if bare, _ := l.term(column); !named[bare] {
			terms = append(terms, l.own(column)+" asc")
		}
	}
	return strings.Join(terms, ", ")
}

// own is column for what may also be a column that the list itself names: those
// have no table.
func (l List) own(term string) string {
	if name, _ := l.term(term); l.alias(name) {
		return term
	}
	return l.column(term)
}

// column writes a column, or a term of an order that begins with one, with the
// table of the doctype before it where another table takes part: there the bare
// name is ambiguous on version 15.
func (l List) column(term string) string {
	name, direction, _ := strings.Cut(term, " ")
	if !l.joins() || !identifier.MatchString(name) {
		return term
	}
	return strings.TrimSpace("`tab" + l.Doctype + "`.`" + name + "` " + direction)
}

// alias tells that the list itself gives the name to a column.
func (l List) alias(name string) bool {
	return slices.ContainsFunc(l.Compute, func(a Aggregate) bool { return a.As == name }) ||
		slices.ContainsFunc(l.Fields, func(field string) bool { return strings.HasSuffix(field, " as "+name) })
}

// term reads one term of an order: the column without quotes and without the
// table of the doctype itself ("`tabIssue`.`name`" is "name"), and whether the
// direction is down.
func (l List) term(text string) (column string, down bool) {
	column = strings.ReplaceAll(strings.TrimSpace(text), "`", "")
	if i := strings.LastIndexByte(column, ' '); i >= 0 {
		direction := strings.ToLower(column[i+1:])
		if down = direction == "desc"; down || direction == "asc" {
			column = strings.TrimSpace(column[:i])
		}
	}
	return strings.TrimPrefix(column, "tab"+l.Doctype+"."), down
}

// Key is the column by which a walk over all pages can go on after the last row
// that it saw; ok is false when the order has no such column. A walk by number
// of rows would miss some when others insert or delete meanwhile.
func (l List) Key() (column string, down, ok bool) {
	if len(l.GroupBy)+len(l.Compute)+l.Start > 0 || l.joins() {
		return "", false, false
	}
	terms := strings.Split(l.order(), ",")
	column, down = l.term(strings.TrimSpace(terms[0]))
	switch column {
	case "name":
		return column, down, len(terms) == 1
	case "creation", "modified":
		second, _ := l.term(strings.TrimSpace(terms[len(terms)-1]))
		return column, down, len(terms) == 2 && second == "name"
	default:
		return "", false, false
	}
}

// joins tells that another table may take part: then a document comes once for
// every row of it that fits.
func (l List) joins() bool {
	child := func(f Filter) bool { return f.Doctype != "" && f.Doctype != l.Doctype }
	dotted := func(field string) bool { return strings.ContainsAny(field, ".`") }
	return slices.ContainsFunc(l.Filters, child) || slices.ContainsFunc(l.Or, child) || slices.ContainsFunc(l.Fields, dotted)
}
