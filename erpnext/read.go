package erpnext

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
)

// Limits of one request: longer addresses do not pass the web servers in
// front of Frappe, and a longer page or list of names blocks one of its few
// workers.
const (
	maxURL    = 3500
	pageSize  = 500
	batchSize = 100
)

// Query asks for a list of documents. Lists never hold child tables.
type Query struct {
	Doctype string
	Fields  []string // nil: every column of the type that is read into
	Filters []Filter // all of them hold
	Or      []Filter // and, when there are any, one of these
	OrderBy string   // "scheduled_date desc"; "name" is added so that pages never overlap
	Start   int      // rows to skip
	Limit   int      // rows at most; 0 means all of them, in pages
	Parent  string   // the parent's doctype when Doctype is a child table
}

// Filter is one condition, sent in Frappe's form with four members.
type Filter struct {
	Doctype string // a child table of the list's doctype; "" is the doctype itself
	Field   string
	Op      string // = != < > <= >= like, not like, in, not in, is, between
	Value   any
}

// Eq holds when the field has the value; nil asks for an empty field.
func Eq(field string, value any) Filter {
	if value == nil {
		return IsEmpty(field)
	}
	return Filter{Field: field, Op: "=", Value: value}
}

// Where is any other comparison: Where("grand_total", ">=", "100"). "!=" and
// "not in" also let documents with an empty field through.
func Where(field, op string, value any) Filter { return Filter{Field: field, Op: op, Value: value} }

// In holds when the field has one of the values; without values nothing does.
func In(field string, values ...string) Filter {
	return Filter{Field: field, Op: "in", Value: append([]string{}, values...)}
}

// IsSet holds when the field is not empty.
func IsSet(field string) Filter { return Filter{Field: field, Op: "is", Value: "set"} }

// IsEmpty holds when the field is empty.
func IsEmpty(field string) Filter { return Filter{Field: field, Op: "is", Value: "not set"} }

// Of moves the condition to a child table of the doctype.
func (f Filter) Of(child string) Filter { f.Doctype = child; return f }

// List reads one page (or Limit rows) into a pointer to a slice.
func (c *Client) List(ctx context.Context, q Query, into any) error {
	if slices.ContainsFunc(q.Filters, Filter.hopeless) {
		return json.Unmarshal([]byte("[]"), into)
	}
	if len(q.Fields) == 0 {
		q.Fields = rest.Columns(into)
	}
	q.Limit = cmp.Or(q.Limit, pageSize)
	list := rest.List{
		Doctype: q.Doctype, Fields: q.Fields, Filters: forms(q.Doctype, q.Filters), Or: forms(q.Doctype, q.Or),
		OrderBy: q.OrderBy, Start: q.Start, Limit: q.Limit, Parent: q.Parent,
	}
	k := call{op: rest.CallName(q.Doctype, "list"), method: http.MethodGet, tries: retry.Reading, path: list.Path(), member: "data"}
	if len(k.path) > maxURL {
		k.method, k.path, k.member = http.MethodPost, rest.MethodPath("frappe.client.get_list"), "message"
		k.body = list.Arguments()
	}
	return wrap(c.send(ctx, k, into), "listing", q.Doctype)
}

// Count tells how many documents hold the filters. Conditions on child tables
// count rows, not documents.
func (c *Client) Count(ctx context.Context, doctype string, filters ...Filter) (int, error) {
	if slices.ContainsFunc(filters, Filter.hopeless) {
		return 0, nil
	}
	args := map[string]any{"doctype": doctype, "filters": forms(doctype, filters)}
	var n int
	err := c.send(ctx, call{op: rest.CallName(doctype, "count"), method: http.MethodPost, tries: retry.Reading,
		path: rest.MethodPath("frappe.client.get_count"), body: args, member: "message"}, &n)
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

// PrintPDF returns a document as a PDF in a print format of the site; the
// document's standard format when none is named.
func (c *Client) PrintPDF(ctx context.Context, doctype, name, format string) ([]byte, error) {
	query := url.Values{"doctype": {doctype}, "name": {name}, "no_letterhead": {"0"}}
	if format != "" {
		query.Set("format", format)
	}
	raw, err := c.pdf(ctx, "print.get", rest.MethodPath("frappe.utils.print_format.download_pdf")+"?"+query.Encode())
	return raw, wrap(err, "printing", doctype+" "+name)
}

// FileContent returns the PDF behind a file_url of the site ("/private/files/…").
func (c *Client) FileContent(ctx context.Context, fileURL string) ([]byte, error) {
	u := url.URL{Path: fileURL}
	raw, err := c.pdf(ctx, "file.get", u.EscapedPath())
	return raw, wrap(err, "reading file", fileURL)
}

// pdf gets a PDF. A page with status 200 is not one.
func (c *Client) pdf(ctx context.Context, op, path string) ([]byte, error) {
	answer, err := c.kit.Do(ctx, op, http.MethodGet, path, func(r *resty.Request) {
		r.SetHeader("Authorization", c.auth)
		r.SetHeader("Accept", "application/pdf, application/json")
	})
	if err == nil && !bytes.HasPrefix(answer.Body(), []byte("%PDF-")) {
		err = c.kit.Unreadable(op, http.MethodGet, answer.StatusCode(), errors.New("not a PDF"))
	}
	if err != nil {
		return nil, c.failure(err)
	}
	return answer.Body(), nil
}

// Meta reads how a doctype is made on the site, custom fields included, and
// with it its child tables.
func (c *Client) Meta(ctx context.Context, doctype string) ([]meta.DocType, error) {
	var answer struct {
		Docs []meta.DocType `json:"docs"`
	}
	path := rest.MethodPath("frappe.desk.form.load.getdoctype") + "?" +
		url.Values{"doctype": {doctype}, "with_parent": {"0"}}.Encode()
	err := c.send(ctx, call{op: "doctype.meta", method: http.MethodGet, tries: retry.Reading, path: path}, &answer)
	if err == nil && len(answer.Docs) == 0 {
		err = absent()
	}
	return answer.Docs, wrap(err, "reading doctype", doctype)
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
func All[T any](ctx context.Context, c *Client, q Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		want, page := q.Limit, q
		for {
			page.Limit = pageSize
			if want > 0 {
				page.Limit = min(pageSize, want-(page.Start-q.Start))
			}
			var docs []T
			if err := c.List(ctx, page, &docs); err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, doc := range docs {
				if !yield(doc, nil) {
					return
				}
			}
			page.Start += len(docs)
			if len(docs) < page.Limit || page.Start-q.Start == want {
				return
			}
		}
	}
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
		more, err := List[T](ctx, c, q)
		if err != nil {
			return nil, err
		}
		docs = append(docs, more...)
	}
	return docs, nil
}

// hopeless is a condition that nothing can hold. Frappe would read an empty
// list as "has an empty field".
func (f Filter) hopeless() bool {
	values, ok := f.Value.([]string)
	return ok && f.Op == "in" && len(values) == 0
}

func forms(doctype string, filters []Filter) [][]any {
	out := make([][]any, len(filters))
	for i, f := range filters {
		out[i] = rest.Condition(cmp.Or(f.Doctype, doctype), f.Field, f.Op, f.Value)
	}
	return out
}
