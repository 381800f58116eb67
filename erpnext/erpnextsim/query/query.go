// Package query is the list engine of the ERPNext simulator: the grammar of
// fields, filters, order and grouping, turned into one SQL statement. Where the
// two releases read the grammar differently, the session's profile decides.
package query

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Request asks for a list. Fields, Filters and OrFilters are decoded JSON.
type Request struct {
	Doctype            string
	Fields             any // a list, "*", or nil for the name only
	Filters, OrFilters any
	GroupBy, OrderBy   string
	Start, Limit       int64 // Limit 0 is no limit
	Parent             string
	Trusted            bool // skip permission checks
	// Plain leaves NULL alone in comparisons and orders downwards by default, as
	// the second version of the API does.
	Plain bool
}

// Result is the rows with their column names.
type Result struct {
	Columns []string
	Values  [][]any
}

// Objects returns the rows by column name.
func (r Result) Objects() []wire.Object {
	out := make([]wire.Object, len(r.Values))
	for i, row := range r.Values {
		out[i] = make(wire.Object, 0, len(row))
		for j, v := range row {
			out[i].Set(r.Columns[j], v)
		}
	}
	return out
}

// Lists returns the rows as lists of values.
func (r Result) Lists() []any {
	out := make([]any, len(r.Values))
	for i, row := range r.Values {
		out[i] = row
	}
	return out
}

// Run answers the request.
func Run(s *document.Session, r Request) (Result, error) {
	b, err := newBuilder(s, r)
	if err != nil {
		return Result{}, err
	}
	stmt, err := b.statement()
	if err != nil {
		return Result{}, err
	}
	columns, values, err := s.Tx.Select(stmt, b.args...)
	if err != nil {
		return Result{}, exception.Raise("OperationalError", `(1054, "%v")`, err)
	}
	for _, row := range values {
		for i := range row {
			if c := b.selected[i]; c.owner != nil {
				row[i] = s.Show(c.owner, c.name, row[i])
			}
		}
	}
	res := Result{Columns: columns, Values: values}
	return b.nest(res)
}

// builder puts one statement together.
type builder struct {
	s        *document.Session
	req      Request
	main     *meta.DocType
	joins    []string
	joined   map[string]bool
	selected []column
	nested   []nested
	aliases  map[string]bool
	args     []any
}

func newBuilder(s *document.Session, r Request) (*builder, error) {
	main := s.Set.Get(r.Doctype)
	if main == nil {
		return nil, unknown(s, r.Doctype)
	}
	b := &builder{s: s, req: r, main: main, joined: map[string]bool{}, aliases: map[string]bool{}}
	if main.Single {
		return nil, exception.Raise("ProgrammingError", `(1146, "Table 'site.tab%s' doesn't exist")`, r.Doctype)
	}
	return b, b.permitted()
}

func unknown(s *document.Session, doctype string) error {
	if s.Profile == profile.V15 && s.User.Name == access.Administrator {
		return exception.Raise("ProgrammingError", `(1146, "Table 'site.tab%s' doesn't exist")`, doctype)
	}
	return exception.Missing("DocType", doctype)
}

func (b *builder) permitted() error {
	if b.trusted() {
		return nil
	}
	owner := b.main
	admin := b.s.User.Name == access.Administrator
	if owner.Child {
		if admin && b.s.Profile == profile.V16 && b.req.Parent == "" {
			return nil
		}
		if owner = b.s.Set.Get(b.req.Parent); owner == nil || !holds(owner, b.main.Name) {
			return exception.Denied("")
		}
	}
	if b.s.User.On(owner, "read") != access.None || b.s.User.On(owner, "select") != access.None {
		return nil
	}
	return refused(b.s, owner.Name)
}

func (b *builder) trusted() bool { return b.req.Trusted || b.s.Trusted }

func holds(parent *meta.DocType, child string) bool {
	for _, f := range parent.Tables() {
		if f.Options == child {
			return true
		}
	}
	return false
}

func refused(s *document.Session, doctype string) error {
	if s.Profile == profile.V15 {
		e := exception.Raise("PermissionError", "")
		e.Reason = "No permission for " + doctype
		e.Notes = []exception.Message{{Text: fmt.Sprintf(
			"User <strong>%s</strong> does not have doctype access via role permission for document <strong>%s</strong>", s.User.Name, doctype)}}
		return e
	}
	e := exception.Raise("PermissionError", "Insufficient Permission for <strong>%s</strong>", doctype)
	e.Reason = fmt.Sprintf("Insufficient Permission for <strong>%s</strong>", doctype)
	return e
}

// statement renders the query. Arguments are collected in the order in which
// their marks stand in the text.
func (b *builder) statement() (string, error) {
	if err := b.fields(); err != nil {
		return "", err
	}
	exprs := make([]string, len(b.selected))
	for i, c := range b.selected {
		exprs[i] = c.sql + " AS " + store.Quote(c.alias)
	}
	where, err := b.where()
	if err != nil {
		return "", err
	}
	group, err := b.groupBy()
	if err != nil {
		return "", err
	}
	order, err := b.orderBy()
	if err != nil {
		return "", err
	}
	limit := ""
	if b.req.Limit > 0 {
		limit = fmt.Sprintf(" LIMIT %d OFFSET %d", b.req.Limit, b.req.Start)
	}
	return "SELECT " + strings.Join(exprs, ", ") + " FROM " + b.from() + where + group + order + limit, nil
}
