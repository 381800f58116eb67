package rest

import (
	"encoding/json"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// List asks for a list of documents. What it holds is settled: see Settle.
type List struct {
	Doctype     string
	Fields      []string
	Filters, Or []Filter
	GroupBy     []string    // columns
	Compute     []Aggregate // computed columns, in the form of Profile
	Profile     Profile
	OrderBy     string
	Start       int
	Limit       int
	Parent      string // the parent's doctype when Doctype is a child table
}

// Check refuses what is no query, and what only one of the versions reads.
func (l List) Check() error {
	for _, a := range l.Compute {
		if err := a.check(); err != nil {
			return err
		}
	}
	for _, f := range slices.Concat(l.Filters, l.Or) {
		if err := f.check(); err != nil {
			return err
		}
	}
	for _, term := range append(strings.Split(l.OrderBy, ","), l.GroupBy...) {
		if column, _ := l.term(term); strings.Contains(column, ".") && !strings.HasPrefix(column, "tab") {
			return errors.New("a list cannot be in order of, or in groups by, the linked field " + column)
		}
	}
	return nil
}

// Arguments is the list as the body of frappe.client.get_list.
func (l List) Arguments() map[string]any {
	args := map[string]any{
		"doctype": l.Doctype, "fields": l.fields(), "filters": Forms(l.Doctype, l.Filters),
		"order_by": l.order(), "limit_start": l.Start, "limit_page_length": l.Limit,
	}
	if len(l.Or) > 0 {
		args["or_filters"] = Forms(l.Doctype, l.Or)
	}
	if len(l.GroupBy) > 0 {
		columns := make([]string, len(l.GroupBy))
		for i, column := range l.GroupBy {
			columns[i] = l.own(column)
		}
		args["group_by"] = strings.Join(columns, ", ")
	}
	if l.Parent != "" {
		args["parent"] = l.Parent
	}
	return args
}

func (l List) fields() []any {
	fields := make([]any, 0, len(l.Fields)+len(l.Compute))
	for _, f := range l.Fields {
		fields = append(fields, f)
	}
	for _, a := range l.Compute {
		fields = append(fields, a.form(l.Profile, l.column))
	}
	return fields
}

// Path is the list as an address: what is no text or number goes as JSON.
func (l List) Path() string {
	v := url.Values{}
	for name, arg := range l.Arguments() {
		switch arg := arg.(type) {
		case string:
			v.Set(name, arg)
		case int:
			v.Set(name, strconv.Itoa(arg))
		default:
			if raw, err := json.Marshal(arg); err == nil {
				v.Set(name, string(raw))
			}
		}
	}
	v.Del("doctype")
	return ResourcePath(l.Doctype) + "?" + v.Encode()
}

// Columns lists the columns that a document type reads (v is a value, a slice
// or a pointer to either): its JSON names without child tables.
func Columns(v any) []string {
	t := reflect.TypeOf(v)
	for t != nil && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice) {
		t = t.Elem()
	}
	if t == nil || t.Kind() != reflect.Struct {
		return []string{"name"}
	}
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		child := f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct
		if name != "" && name != "-" && name != "doctype" && !child && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
