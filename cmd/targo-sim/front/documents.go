package front

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

func (f *page) resource(parts ...string) string {
	address := f.ERPNext + "/api/resource"
	for _, part := range parts {
		address += "/" + url.PathEscape(part)
	}
	return address
}

// townDoctypes are the doctypes worth a look.
func townDoctypes() []string {
	return []string{
		"Quotation", "Customer", "Service Location", "Service Contract", "Service Subscription", "Service Equipment", "Issue", "Dispatch Job",
		"Dispatch Technician", "Item", "Sales Invoice", "File", "Communication",
	}
}

func (f *page) showDoctypes(w http.ResponseWriter, _ *http.Request) {
	f.render(w, "doctypes.html", townDoctypes())
}

func (f *page) showList(w http.ResponseWriter, r *http.Request) {
	doctype := r.PathValue("doctype")
	if !slices.Contains(townDoctypes(), doctype) {
		http.NotFound(w, r)
		return
	}
	query := url.Values{"fields": {`["*"]`}, "limit_page_length": {"300"}, "order_by": {"creation desc"}}
	var list struct{ Data []map[string]any }
	if err := f.ask(r.Context(), http.MethodGet, f.resource(doctype)+"?"+query.Encode(), nil, &list); err != nil {
		http.Error(w, "ERPNext ne répond pas.", http.StatusBadGateway)
		return
	}
	view := struct {
		Doctype string
		Columns []string
		Rows    []map[string]any
	}{doctype, columns(list.Data), list.Data}
	f.render(w, "list.html", view)
}

// columns are those of a list that say something, as far as there is room.
func columns(rows []map[string]any) []string {
	var out []string
	for _, name := range []string{
		"subject", "customer_name", "customer", "full_name", "location_name", "city", "plan_name", "item_name", "equipment_type", "serial_number", "file_name",
		"status", "custom_quote_type", "assigned_group", "scheduled_date", "valid_till", "grand_total", "monthly_price", "custom_billing_frequency",
	} {
		if len(out) < 5 && slices.ContainsFunc(rows, func(r map[string]any) bool { return r[name] != nil && r[name] != "" }) {
			out = append(out, name)
		}
	}
	return out
}

func (f *page) showDocument(w http.ResponseWriter, r *http.Request) {
	doctype, name := r.PathValue("doctype"), r.PathValue("name")
	if !slices.Contains(townDoctypes(), doctype) {
		http.NotFound(w, r)
		return
	}
	var got struct{ Data map[string]any }
	if err := f.ask(r.Context(), http.MethodGet, f.resource(doctype, name), nil, &got); err != nil {
		http.NotFound(w, r)
		return
	}
	view := struct {
		Doctype, Name string
		Fields        []field
	}{doctype, name, fields(got.Data)}
	f.render(w, "document.html", view)
}

// field is a line of a document: a text, or the rows of a table.
type field struct {
	Name, Text string
	Rows       [][]field
}

// fields lists what is filled, the document's own names left out.
func fields(values map[string]any) []field {
	hidden := []string{"doctype", "owner", "modified_by", "idx", "parent", "parentfield", "parenttype", "naming_series", "docstatus"}
	var out []field
	for name, value := range values {
		if slices.Contains(hidden, name) || strings.HasPrefix(name, "_") {
			continue
		}
		each := field{Name: name}
		switch v := value.(type) {
		case []any:
			for _, row := range v {
				if m, ok := row.(map[string]any); ok {
					each.Rows = append(each.Rows, fields(m))
				}
			}
		case nil:
		case float64:
			if v != 0 {
				each.Text = fmt.Sprint(v)
			}
		default:
			each.Text = fmt.Sprint(v)
		}
		if each.Text != "" || each.Rows != nil {
			out = append(out, each)
		}
	}
	slices.SortFunc(out, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return out
}
