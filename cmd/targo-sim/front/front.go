// Package front is the front page of the simulated world: what there is to click,
// with links that the hub made, its captured messages and live events, and a
// read-only view of the documents in ERPNext.
//
// Routes: GET /, /town/, /town/{doctype}, /town/{doctype}/{name}, /events (the
// hub's, with the demo's token), /labels/{serial} (photos of labels, to scan),
// /pages/, /favicon.ico. It calls the hub and the
// simulated ERPNext, and remembers the links.
//
// front.go has the front page, quotations.go, technician.go, labels.go and messages.go its sections,
// documents.go, fields.go and related.go the view of ERPNext's documents.
package front

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
	"strings"
	"sync"
	"time"
)

//go:embed pages
var pageFiles embed.FS

// frontBudget is how long the front page waits for the hub before it shows
// itself without.
const frontBudget = 5 * time.Second

// Options say where everything is and what to show first.
type Options struct {
	Hub, ERPNext, DocuSeal, Twilio, Mailjet, Gemini string // addresses, without a slash at the end
	Traccar, Entrance                               string // and those of the trackers and of the staff's way in
	ERPAuth, StaffAuth                              string // Authorization for ERPNext and for the hub
	Residential, Sealed                             []string
	Technician, Job                                 string   // whose day is full, and the first visit of it
	Driver, Phone                                   string   // who can be watched driving; what a telephone calls itself
	Labels                                          []string // serial numbers of devices to scan
	Client                                          *http.Client
}

// page is the front page. It is the demo's only client of the hub.
type page struct {
	Options
	pages *template.Template

	mu    sync.Mutex
	links map[string]string // by quotation or job, once the hub has made them
}

// New makes the front page.
func New(o Options) (http.Handler, error) {
	pages, err := template.New("").Funcs(template.FuncMap{"path": url.PathEscape}).ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("reading the front page: %w", err)
	}
	f := &page{Options: o, pages: pages, links: map[string]string{}}
	hub, err := url.Parse(o.Hub)
	if err != nil {
		return nil, fmt.Errorf("reading the hub's address: %w", err)
	}
	events := &httputil.ReverseProxy{FlushInterval: -1, Transport: o.Client.Transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(hub)
		r.Out.Header.Set("Authorization", f.StaffAuth)
	}, ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) }}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", f.index)
	mux.HandleFunc("GET /town/{$}", f.showDoctypes)
	mux.HandleFunc("GET /town/{doctype}", f.showList)
	mux.HandleFunc("GET /town/{doctype}/{name}", f.showDocument)
	mux.Handle("GET /events", events)
	mux.HandleFunc("GET /labels/{serial}", label)
	mux.Handle("GET /pages/", http.FileServerFS(pageFiles))
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, pageFiles, "pages/icon.svg") })
	return mux, nil
}

// index is the front page. Its sections marked data-live are fetched anew by the
// page's script when an event says that they have changed.
func (f *page) index(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), frontBudget)
	defer cancel()
	view := struct {
		Options
		HubUp               bool
		Residential, Sealed []row
		Visitor             visitor
		Truck               truck
		Messages            []message
	}{Options: f.Options}
	view.HubUp = f.hubReady(ctx)
	view.Residential = f.rows(ctx, view.HubUp, f.Options.Residential)
	view.Sealed = f.rows(ctx, view.HubUp, f.Options.Sealed)
	if view.HubUp {
		view.Visitor, view.Truck = f.technician(ctx), f.truck(ctx)
		view.Messages = f.messages(ctx)
	}
	f.render(w, "index.html", view)
}

func (f *page) hubReady(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.Hub+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := f.Client.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// ask calls the hub or ERPNext with JSON both ways. The answer is read into out
// even when it is an error, so that a problem's detail can be shown.
func (f *page) ask(ctx context.Context, method, address string, in, out any) error {
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
	req.Header.Set("Authorization", f.ERPAuth)
	if strings.HasPrefix(address, f.Hub+"/") {
		req.Header.Set("Authorization", f.StaffAuth)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Language", "fr")
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := f.Client.Do(req)
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

func (f *page) render(w http.ResponseWriter, name string, view any) {
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
