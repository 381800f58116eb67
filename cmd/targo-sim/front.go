package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed pages
var pageFiles embed.FS

// frontBudget is how long the front page waits for the hub before it shows
// itself without.
const frontBudget = 5 * time.Second

// front is the page that lists what there is to click, and a simple view of
// ERPNext's documents. It is the demo's only client of the hub.
type front struct {
	world *world
	pages *template.Template
	erp   string // the Authorization of ERPNext's API
	staff string // the staff token

	mu    sync.Mutex
	links map[string]string // by quotation, once the hub has made them
}

func newFront(w *world, s secrets) (http.Handler, error) {
	pages, err := template.New("").Funcs(template.FuncMap{"path": url.PathEscape}).ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the front page: %w", err)
	}
	f := &front{world: w, pages: pages, erp: "token " + s.erpKey + ":" + s.erpSecret, staff: "Bearer " + s.staff, links: map[string]string{}}
	hub, err := url.Parse(w.at.hub)
	if err != nil {
		return nil, fmt.Errorf("reading the hub's address: %w", err)
	}
	events := &httputil.ReverseProxy{FlushInterval: -1, Transport: w.client.Transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(hub)
		r.Out.Header.Set("Authorization", f.staff)
	}, ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) }}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", f.index)
	mux.HandleFunc("GET /town/{$}", f.showDoctypes)
	mux.HandleFunc("GET /town/{doctype}", f.showList)
	mux.HandleFunc("GET /town/{doctype}/{name}", f.showDocument)
	mux.Handle("GET /events", events)
	mux.Handle("GET /pages/", http.FileServerFS(pageFiles))
	return mux, nil
}

// row is a quotation on the front page.
type row struct{ Name, Customer, Total, Accepted, Link, Problem string }

func (f *front) index(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), frontBudget)
	defer cancel()
	at := f.world.at
	view := struct {
		HubUp                                   bool
		Hub, ERPNext, DocuSeal, Twilio, Mailjet string
		Residential, Sealed                     []row
		Messages                                []map[string]any
	}{Hub: at.hub, ERPNext: at.erpnext, DocuSeal: at.docuseal, Twilio: at.twilio, Mailjet: at.mailjet}
	view.HubUp = answers(ctx, f.world.client, at.hub+"/readyz")
	view.Residential = f.rows(ctx, view.HubUp, f.world.town.of(residential, open))
	view.Sealed = f.rows(ctx, view.HubUp, append(f.world.town.of(commercial, open), f.world.town.of(project, open)...))
	if view.HubUp {
		var list struct{ Items []map[string]any }
		if f.ask(ctx, http.MethodGet, at.hub+"/messages?limit=20", f.staff, nil, &list) == nil {
			view.Messages = list.Items
		}
	}
	f.render(w, "index.html", view)
}

func (f *front) rows(ctx context.Context, hubUp bool, names []string) []row {
	var out []row
	for _, name := range names {
		var doc struct {
			Data struct {
				CustomerName string      `json:"customer_name"`
				GrandTotal   json.Number `json:"grand_total"`
				AcceptedAt   string      `json:"custom_accepted_at"`
			}
		}
		line := row{Name: name}
		if f.ask(ctx, http.MethodGet, f.resource("Quotation", name), f.erp, nil, &doc) == nil {
			line.Customer, line.Total, line.Accepted = doc.Data.CustomerName, doc.Data.GrandTotal.String(), doc.Data.AcceptedAt
		}
		if hubUp && line.Accepted == "" {
			line.Link, line.Problem = f.link(ctx, name)
		}
		out = append(out, line)
	}
	return out
}

// link asks the hub once for the address where a quotation is signed.
func (f *front) link(ctx context.Context, quotation string) (link, problem string) {
	f.mu.Lock()
	link = f.links[quotation]
	f.mu.Unlock()
	if link != "" {
		return link, ""
	}
	var made struct{ URL, Detail string }
	err := f.ask(ctx, http.MethodPost, f.world.at.hub+"/accept/generate", f.staff, map[string]string{"quotation": quotation}, &made)
	if err != nil || made.URL == "" {
		if made.Detail == "" {
			made.Detail = "pas de lien · no link"
		}
		return "", made.Detail
	}
	f.mu.Lock()
	f.links[quotation] = made.URL
	f.mu.Unlock()
	return made.URL, ""
}

// ask calls with JSON both ways. The answer is read into out even when it is an
// error, so that a problem's detail can be shown.
func (f *front) ask(ctx context.Context, method, address, authorization string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", authorization)
	req.Header.Set("Accept", "application/json")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := f.world.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(res.Body, 8<<20)).Decode(out); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", req.URL.Path, err)
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s answered %d", req.URL.Path, res.StatusCode)
	}
	return nil
}

func (f *front) resource(parts ...string) string {
	address := f.world.at.erpnext + "/api/resource"
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

func (f *front) showDoctypes(w http.ResponseWriter, _ *http.Request) {
	f.render(w, "doctypes.html", townDoctypes())
}

func (f *front) showList(w http.ResponseWriter, r *http.Request) {
	doctype := r.PathValue("doctype")
	if !slices.Contains(townDoctypes(), doctype) {
		http.NotFound(w, r)
		return
	}
	query := url.Values{"fields": {`["*"]`}, "limit_page_length": {"300"}, "order_by": {"creation desc"}}
	var list struct{ Data []map[string]any }
	if err := f.ask(r.Context(), http.MethodGet, f.resource(doctype)+"?"+query.Encode(), f.erp, nil, &list); err != nil {
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

func (f *front) showDocument(w http.ResponseWriter, r *http.Request) {
	doctype, name := r.PathValue("doctype"), r.PathValue("name")
	if !slices.Contains(townDoctypes(), doctype) {
		http.NotFound(w, r)
		return
	}
	var got struct{ Data map[string]any }
	if err := f.ask(r.Context(), http.MethodGet, f.resource(doctype, name), f.erp, nil, &got); err != nil {
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

func (f *front) render(w http.ResponseWriter, name string, view any) {
	var page bytes.Buffer
	if err := f.pages.ExecuteTemplate(&page, name, view); err != nil {
		http.Error(w, "La page ne peut pas être montrée.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'")
	_, _ = w.Write(page.Bytes())
}
