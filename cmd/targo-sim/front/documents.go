package front

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// kind is a doctype worth a look, and what its list shows.
type kind struct {
	doctype string
	columns string
}

func kinds() []kind {
	return []kind{
		{"Quotation", "customer_name custom_quote_type status custom_accepted_at valid_till grand_total"},
		{"Customer", "customer_group language mobile_no email_id"},
		{"Service Location", "customer address_line city connection_type"},
		{"Service Contract", "customer contract_type status quotation start_date"},
		{"Service Subscription", "customer plan_name status monthly_price start_date"},
		{"Service Equipment", "equipment_type model serial_number status customer"},
		{"Issue", "subject customer status opening_date"},
		{"Dispatch Job", "subject customer status assigned_group scheduled_date"},
		{"Dispatch Technician", "full_name status assigned_group"},
		{"Item", "item_name item_group standard_rate custom_billing_frequency"},
		{"Sales Invoice", "customer status posting_date grand_total"},
		{"Supplier", "supplier_type tax_id"},
		{"Purchase Invoice", "supplier bill_no status bill_date grand_total"},
		{"File", "file_name attached_to_doctype attached_to_name"},
		{"Communication", "subject communication_medium reference_doctype reference_name"},
		{"Comment", "comment_type comment_email reference_doctype reference_name"},
	}
}

func kindOf(doctype string) (kind, bool) {
	at := slices.IndexFunc(kinds(), func(k kind) bool { return k.doctype == doctype })
	if at < 0 {
		return kind{}, false
	}
	return kinds()[at], true
}

func (f *page) resource(parts ...string) string {
	address := f.ERPNext + "/api/resource"
	for _, part := range parts {
		address += "/" + url.PathEscape(part)
	}
	return address
}

// list is the address of the documents that meet all conditions, newest first.
func (f *page) list(doctype string, conditions ...[]any) string {
	query := url.Values{"fields": {`["*"]`}, "limit_page_length": {"300"}, "order_by": {"creation desc"}}
	if conditions != nil {
		raw, _ := json.Marshal(conditions) // plain data, cannot fail
		query.Set("filters", string(raw))
	}
	return f.resource(doctype) + "?" + query.Encode()
}

func (f *page) showDoctypes(w http.ResponseWriter, _ *http.Request) {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.doctype)
	}
	f.render(w, "doctypes.html", names)
}

// cell is a value in a list.
type cell struct{ Column, Text, Class string }

// short is how many letters a cell keeps on one line.
const short = 24

func cellOf(name string, values map[string]any) cell {
	c := cell{Column: title(name), Text: text(name, values)}
	if money(name, values) {
		c.Class = "number"
	} else if utf8.RuneCountInString(c.Text) <= short {
		c.Class = "short"
	}
	return c
}

func (f *page) showList(w http.ResponseWriter, r *http.Request) {
	k, known := kindOf(r.PathValue("doctype"))
	if !known {
		http.NotFound(w, r)
		return
	}
	var list struct{ Data []map[string]any }
	if err := f.ask(r.Context(), http.MethodGet, f.list(k.doctype), nil, &list); err != nil {
		http.Error(w, "ERPNext ne répond pas.", http.StatusBadGateway)
		return
	}
	type line struct {
		Name  string
		Cells []cell
	}
	view := struct {
		Doctype string
		Columns []cell
		Rows    []line
	}{Doctype: k.doctype}
	for name := range strings.FieldsSeq(k.columns) {
		column := cell{Column: title(name)}
		if money(name, nil) {
			column.Class = "number"
		}
		view.Columns = append(view.Columns, column)
	}
	for _, values := range list.Data {
		each := line{Name: text("name", values)}
		for name := range strings.FieldsSeq(k.columns) {
			each.Cells = append(each.Cells, cellOf(name, values))
		}
		view.Rows = append(view.Rows, each)
	}
	f.render(w, "list.html", view)
}

// title is a column's heading: the field's name without its prefix, but for the one that answers
// what a quotation's status does not.
func title(name string) string {
	if name == "custom_accepted_at" {
		return "accepted"
	}
	return strings.TrimPrefix(name, "custom_")
}

func (f *page) showDocument(w http.ResponseWriter, r *http.Request) {
	k, known := kindOf(r.PathValue("doctype"))
	name := r.PathValue("name")
	if !known {
		http.NotFound(w, r)
		return
	}
	var got struct{ Data map[string]any }
	if err := f.ask(r.Context(), http.MethodGet, f.resource(k.doctype, name), nil, &got); err != nil {
		http.NotFound(w, r)
		return
	}
	view := struct {
		Doctype, Name string
		Related       []related
		Fields        []field
	}{k.doctype, name, f.related(r.Context(), k.doctype, got.Data), fields(got.Data)}
	f.render(w, "document.html", view)
}
