// Package query is the list engine of the ERPNext simulator: the grammar of
// fields, filters, order and grouping, turned into one SQL statement. Where the
// two releases read the grammar differently, the session's profile decides.
package query

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query/scope"
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
	// Raw counts as the older release does, whose engine for that is another one.
	Raw bool
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
	if len(b.selected) == 0 { // the caller may see none of the fields
		return Result{}, nil
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
	linked   []string // what the caller may see of linked doctypes
	selected []column
	nested   []nested
	aliases  map[string]bool
	used     []*meta.DocType // the tables that were joined
	dropped  bool            // a field was left out for want of a right
	distinct bool            // equal rows show once
	args     []any
}

func newBuilder(s *document.Session, r Request) (*builder, error) {
	main := s.Set.Get(r.Doctype)
	if main == nil {
		return nil, unlisted(s, r)
	}
	b := &builder{s: s, req: r, main: main, joined: map[string]bool{}, aliases: map[string]bool{}}
	if main.Single {
		return nil, exception.Raise("ProgrammingError", "('DocType', '%s')", r.Doctype)
	}
	if main.Child && s.Profile == profile.V15 { // asked before anything else
		return b, b.permitted()
	}
	return b, nil
}

// unlisted is what a doctype that is not there ends in. Under another spelling it
// is there, but its table is not.
func unlisted(s *document.Session, r Request) error {
	_, found, err := s.Exists("DocType", r.Doctype)
	switch {
	case err != nil:
		return err
	case r.Raw:
		return exception.Raise("ProgrammingError", `(1146, "Table '_site.tab%s' doesn't exist")`, r.Doctype)
	case found:
		return exception.Raise("ProgrammingError", "('DocType', '%s')", r.Doctype)
	}
	return exception.Missing("DocType", r.Doctype)
}

// parented refuses, on the newer release, a parent that is none.
func (b *builder) parented() error {
	name := b.req.Parent
	switch parent := b.s.Set.Get(name); {
	case b.s.Profile == profile.V15 || name == "" || name == b.main.Name:
		return nil
	case parent == nil:
		return exception.Missing("DocType", name)
	case !b.main.Child:
		return noColumn("tab"+b.main.Name+".parent", "ON")
	}
	return nil
}

func (b *builder) permitted() error {
	if b.trusted() {
		return nil
	}
	if err := b.parented(); err != nil {
		return err
	}
	owner, v16 := b.main, b.s.Profile == profile.V16
	if owner.Child {
		if v16 && b.s.User.Name == access.Administrator {
			return nil
		}
		if owner = b.s.Set.Get(b.req.Parent); owner == nil || !holds(owner, b.main.Name) {
			if v16 {
				return refused(b.s, b.main.Name)
			}
			return exception.Denied("")
		}
	}
	if b.s.User.On(owner, "read") != access.None || b.s.User.On(owner, "select") != access.None {
		return nil
	}
	if names, err := b.shared(b.main); err != nil || len(names) > 0 {
		return err
	}
	return refused(b.s, owner.Name)
}

// matching is the condition that leaves only the rows of d that the caller may see,
// "" for all: his own where the right says so, within his user permissions, and
// those that were shared with him.
func (b *builder) matching(d *meta.DocType) (string, error) {
	if b.trusted() || d.Child || b.s.User.Name == access.Administrator {
		return "", nil
	}
	right := max(b.s.User.On(d, "read"), b.s.User.On(d, "select"))
	names, err := b.shared(d)
	if err != nil {
		return "", err
	}
	shared := "(" + store.Table(d.Name) + ".name IN " + b.list(names) + ")"
	if right == access.None {
		return shared, nil
	}
	own := b.limits(d)
	if right == access.Own {
		own = store.Table(d.Name) + ".owner = " + quoted(b.s.User.Name)
	}
	if own == "" || len(names) == 0 {
		return own, nil
	}
	return "((" + own + ") OR " + shared + ")", nil
}

// scoped is the condition of doctypes that hold personal things.
func (b *builder) scoped(d *meta.DocType) string {
	if b.trusted() {
		return ""
	}
	return scope.Of(d, b.s.User)
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
	return exception.Throw("PermissionError", "Insufficient Permission for <strong>%s</strong>", doctype)
}

// lenient tells that nobody checked the names before, as in the second version of
// the API on the newer release.
func (b *builder) lenient() bool {
	return b.trusted() || b.req.Plain && b.s.Profile == profile.V16
}

// hides tells whether the caller lacks the permission level of a column, or may
// only select, which shows the search fields.
func (b *builder) hides(c column) bool {
	if b.trusted() || c.owner != b.main || b.main.Child {
		return false
	}
	if b.s.User.On(b.main, "read") == access.None && b.s.User.On(b.main, "select") != access.None {
		return !slices.Contains(b.main.SearchFields(), c.name)
	}
	return c.field != nil && !b.s.User.Level(b.main, c.field.Permlevel, "read")
}

// limit renders LIMIT and OFFSET. The newer release fails where it is to skip rows
// of a list without a limit; the older one then skips none.
func (b *builder) limit() (string, error) {
	v16 := b.s.Profile == profile.V16
	switch limit, start := b.req.Limit, b.req.Start; {
	case v16 && limit < 0:
		return "", exception.Throw("TypeError", "Limit must be a non-negative integer")
	case v16 && start < 0:
		return "", exception.Throw("TypeError", "Offset must be a non-negative integer")
	case limit < 0, limit > 0 && start < 0, v16 && limit == 0 && start > 0:
		return "", noSyntax()
	case limit == 0:
		return "", nil
	default:
		return fmt.Sprintf(" LIMIT %d OFFSET %d", limit, start), nil
	}
}

// omits tells whether a column stays out of the answer: it is hidden, or one of rows
// whose parent was not named, so that nobody knows who may read what.
func (b *builder) omits(c column) bool {
	orphan := b.main.Child && b.s.Profile == profile.V16 && b.req.Parent == "" && c.owner == b.main && c.field != nil
	return b.hides(c) || orphan && !b.trusted()
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
	if err := b.permitted(); err != nil { // names are looked at first, rights second
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
	limit, err := b.limit()
	if err != nil {
		return "", err
	}
	distinct := ""
	if b.distinct {
		distinct = "DISTINCT "
	}
	return "SELECT " + distinct + strings.Join(exprs, ", ") + " FROM " + b.from() + where + group + order + limit, nil
}
