package rest

import (
	"cmp"
	"encoding/json"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// List asks for a list of documents.
type List struct {
	Doctype     string
	Fields      []string
	Filters, Or [][]any // made by Condition
	OrderBy     string
	Start       int
	Limit       int
	Parent      string // the parent's doctype when Doctype is a child table
}

// Condition is a condition as Frappe reads it, with its doctype.
func Condition(doctype, field, op string, value any) []any {
	if b, ok := value.(bool); ok { // a box is 1 or 0
		value = 0
		if b {
			value = 1
		}
	}
	return []any{doctype, field, op, value}
}

// Arguments is the list as the body of frappe.client.get_list.
func (l List) Arguments() map[string]any {
	args := map[string]any{
		"doctype": l.Doctype, "fields": l.Fields, "filters": l.Filters,
		"order_by": l.order(), "limit_start": l.Start, "limit_page_length": l.Limit,
	}
	if len(l.Or) > 0 {
		args["or_filters"] = l.Or
	}
	if l.Parent != "" {
		args["parent"] = l.Parent
	}
	return args
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

// order is never empty and always ends in something unique: without it the
// order is the database's and pages overlap.
func (l List) order() string {
	order := cmp.Or(l.OrderBy, "creation asc")
	for term := range strings.SplitSeq(order, ",") {
		if field, _, _ := strings.Cut(strings.TrimSpace(term), " "); field == "name" {
			return order
		}
	}
	return order + ", name asc"
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
