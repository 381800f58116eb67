package erpnext

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
)

// Limits of one request: longer addresses do not pass the web servers in
// front of Frappe, and a longer page or list of names blocks one of its few
// workers.
const (
	maxURL    = 3500
	pageSize  = 500
	batchSize = 400
)

// Query asks for a list of documents. Lists never hold child tables.
type Query struct {
	Doctype string
	Fields  []string    // nil: every column of the type that is read into, or those of GroupBy
	Filters []Filter    // all of them hold
	Or      []Filter    // and, when there are any, one of these
	GroupBy []string    // one row for each combination of these columns
	Compute []Aggregate // columns that are computed, of each group or of all
	OrderBy string      // "scheduled_date desc"; "" is oldest first. What makes it unique is added, so that pages never overlap. Columns of Doctype only
	Start   int         // rows to skip
	Limit   int         // rows at most; 0 means all of them, in pages
	Parent  string      // the parent's doctype when Doctype is a child table
}

// Filter is one condition on a column.
type Filter = rest.Filter

// Aggregate is a computed column of a Query.
type Aggregate = rest.Aggregate

// Eq holds when the field has the value; nil asks for an empty field.
func Eq(field string, value any) Filter {
	if value == nil {
		return IsEmpty(field)
	}
	return Filter{Field: field, Op: "=", Value: value}
}

// Where is any other comparison: Where("grand_total", ">=", "100"),
// Where("subject", "like", "%fibre%"), Where("creation", "timespan", "last week"),
// Where("territory", "descendants of", "Québec"). "!=", "not in", "not like", "<"
// and "<=" also let documents with an empty field through. "previous" and "next"
// are whole weeks, months and so on by the calendar, without today. A field of a
// linked document cannot be compared: version 15 does not know how.
func Where(field, op string, value any) Filter { return Filter{Field: field, Op: op, Value: value} }

// In holds when the field has one of the values; without values nothing does.
func In(field string, values ...string) Filter {
	return Filter{Field: field, Op: "in", Value: append([]string{}, values...)}
}

// Between holds from the one to the other, both included; days are whole.
func Between(field string, from, to any) Filter {
	return Filter{Field: field, Op: "between", Value: []any{from, to}}
}

// IsSet holds when the field is not empty. A number or a box is never empty but 0:
// ask for Where(field, "!=", 0), for releases of version 15 differ on it.
func IsSet(field string) Filter { return Filter{Field: field, Op: "is", Value: "set"} }

// IsEmpty holds when the field is empty; of a number ask for Eq(field, 0).
func IsEmpty(field string) Filter { return Filter{Field: field, Op: "is", Value: "not set"} }

// Counted is the number of documents, in a column of that name.
func Counted(as string) Aggregate { return Aggregate{Op: "count", As: as} }

// Summed is the sum of a column, always with decimals ("13.0"): read it into a
// float64 or hub.Money. Min, max and avg are made like it:
// Aggregate{Op: "max", Field: "modified", As: "newest"}.
func Summed(field, as string) Aggregate { return Aggregate{Op: "sum", Field: field, As: as} }

// List reads one page (or Limit rows) into a pointer to a slice.
func (c *Client) List(ctx context.Context, q Query, into any) error {
	list, possible, err := c.plan(ctx, q, into)
	switch {
	case err != nil:
		return wrap(err, "listing", q.Doctype)
	case !possible:
		return json.Unmarshal([]byte("[]"), into)
	}
	if list.Limit == 0 {
		list.Limit = c.rows
	}
	return wrap(c.page(ctx, list, into), "listing", q.Doctype)
}

// plan makes a request out of a query; possible is false when nothing can hold
// its conditions.
func (c *Client) plan(ctx context.Context, q Query, into any) (list rest.List, possible bool, err error) {
	list = rest.List{
		Doctype: q.Doctype, Fields: q.Fields, GroupBy: q.GroupBy, Compute: q.Compute,
		OrderBy: q.OrderBy, Start: q.Start, Limit: q.Limit, Parent: q.Parent,
	}
	if list.Filters, list.Or, possible = rest.Settle(q.Filters, q.Or); !possible {
		return list, false, nil
	}
	switch {
	case len(q.Fields) > 0:
	case len(q.GroupBy)+len(q.Compute) > 0:
		list.Fields = q.GroupBy
	default:
		list.Fields = rest.Columns(into)
	}
	if err := list.Check(); err != nil {
		return list, false, refuse(err.Error())
	}
	if len(list.Compute) > 0 {
		list.Profile, err = c.Profile(ctx)
	}
	return list, true, err
}

// page reads one page. Computed columns that are refused may mean that the site
// was upgraded since it was asked for its version.
func (c *Client) page(ctx context.Context, list rest.List, into any) error {
	k := call{op: rest.CallName(list.Doctype, "list"), method: http.MethodGet, tries: retry.Reading, path: list.Path(), member: "data"}
	if len(k.path) > maxURL {
		k.method, k.path, k.member = http.MethodPost, rest.MethodPath("frappe.client.get_list"), "message"
		k.body = list.Arguments()
	}
	err := c.send(ctx, k, into)
	if e := find(err); e != nil && len(list.Compute) > 0 && e.Status != 0 && !e.Retryable {
		before := list.Profile
		if list.Profile = c.reprobe(ctx, before); list.Profile != before {
			return c.page(ctx, list, into)
		}
	}
	return err
}

// Count tells how many documents hold the filters: as many as a list with them
// has rows. Conditions on child tables count rows, not documents.
func (c *Client) Count(ctx context.Context, doctype string, filters ...Filter) (int, error) {
	if countable := !slices.ContainsFunc(filters, func(f Filter) bool { return !f.Countable() }); countable {
		return c.count(ctx, doctype, filters)
	}
	var rows []struct{ N int }
	err := c.List(ctx, Query{Doctype: doctype, Compute: []Aggregate{Counted("n")}, Filters: filters}, &rows)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].N, nil
}

// count asks Frappe's own method, which costs no list.
func (c *Client) count(ctx context.Context, doctype string, filters []Filter) (n int, err error) {
	list, possible, err := c.plan(ctx, Query{Doctype: doctype, Filters: filters}, nil)
	if err == nil && possible {
		args := map[string]any{"doctype": doctype, "filters": rest.Forms(doctype, list.Filters)}
		err = c.send(ctx, call{op: rest.CallName(doctype, "count"), method: http.MethodPost, tries: retry.Reading,
			path: rest.MethodPath("frappe.client.get_count"), body: args, member: "message"}, &n)
	}
	return n, wrap(err, "counting", doctype)
}

// Get reads a whole document with its child tables.
func (c *Client) Get(ctx context.Context, doctype, name string, into any) error {
	path, ok := rest.DocumentPath(doctype, name)
	if !ok {
		return wrap(absent(), "reading", doctype)
	}
	err := c.send(ctx, call{op: rest.CallName(doctype, "get"), method: http.MethodGet, tries: retry.Reading,
		path: path, member: "data"}, into)
	return wrap(err, "reading", doctype+" "+name)
}

// Get reads a whole document of a type.
func Get[T any](ctx context.Context, c *Client, doctype, name string) (*T, error) {
	doc := new(T)
	if err := c.Get(ctx, doctype, name, doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// List reads the documents that a query asks for, all pages of it when it has
// no Limit.
func List[T any](ctx context.Context, c *Client, q Query) ([]T, error) {
	docs := []T{}
	for doc, err := range All[T](ctx, c, q) {
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// All walks over the documents that a query asks for, page by page, until a
// page is short or Limit is reached. After an error it ends.
//
// In the usual order and in one by creation, modified or name, without Start, the
// walk misses no document while others write: each page begins behind the last
// document of the one before. In order of modified a document that is changed
// meanwhile comes again. Any other walk counts rows, and may miss or repeat some.
func All[T any](ctx context.Context, c *Client, q Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var doc T
		list, possible, err := c.plan(ctx, q, &doc)
		walk := rest.NewWalk(list, c.rows)
		for err == nil && possible {
			page, more := walk.Next()
			if !more {
				return
			}
			var rows []json.RawMessage
			if err = c.page(ctx, page, &rows); err != nil {
				break
			}
			var docs []T
			if docs, err = fresh[T](walk, rows); err != nil {
				break
			}
			for _, doc := range docs {
				if !yield(doc, nil) {
					return
				}
			}
		}
		if err != nil {
			yield(doc, wrap(err, "listing", q.Doctype))
		}
	}
}

// fresh decodes the rows of a page that were not seen before.
func fresh[T any](walk *rest.Walk, rows []json.RawMessage) ([]T, error) {
	rows, err := walk.Take(rows)
	if err != nil {
		return nil, unreadable(err)
	}
	docs := make([]T, len(rows))
	for i, row := range rows {
		if err := json.Unmarshal(row, &docs[i]); err != nil {
			return nil, unreadable(err)
		}
	}
	return docs, nil
}

// First reads the whole of the first document that holds the filters, oldest
// first; nil when there is none.
func First[T any](ctx context.Context, c *Client, doctype string, filters ...Filter) (*T, error) {
	q := Query{Doctype: doctype, Fields: []string{"name"}, Filters: filters, Limit: 1}
	var rows []Doc
	if err := c.List(ctx, q, &rows); err != nil || len(rows) == 0 {
		return nil, err
	}
	doc, err := Get[T](ctx, c, doctype, rows[0].Name)
	if IsNotFound(err) {
		return nil, nil
	}
	return doc, err
}

// ByNames reads the columns of many documents in few requests, in no special
// order. Names that are not there are left out.
func ByNames[T any](ctx context.Context, c *Client, doctype string, names ...string) ([]T, error) {
	return batches[T](ctx, c, Query{Doctype: doctype}, "name", names)
}

// Children reads the rows of a child table of many documents in few requests,
// each document's rows in their order.
func Children[T any](ctx context.Context, c *Client, parent, child string, names ...string) ([]T, error) {
	q := Query{Doctype: child, Parent: parent, OrderBy: "parent asc, idx asc",
		Filters: []Filter{Eq("parenttype", parent)}}
	return batches[T](ctx, c, q, "parent", names)
}

func batches[T any](ctx context.Context, c *Client, q Query, field string, names []string) ([]T, error) {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	docs := []T{}
	filters := q.Filters
	for part := range slices.Chunk(names, batchSize) {
		q.Filters = append(slices.Clone(filters), In(field, part...))
		if field == "name" { // so no further page needs to be asked for
			q.Limit = len(part)
		}
		more, err := List[T](ctx, c, q)
		if err != nil {
			return nil, err
		}
		docs = append(docs, more...)
	}
	return docs, nil
}
