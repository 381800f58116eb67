// Package paper is what technicians see on their phones: the pages under /j/,
// which are made here and work without scripts, and the files that make an app of
// them that works in a dead zone.
//
// A technician opens the link of an SMS (GET changes nothing), presses the one
// button, and has a cookie. Pages are kept by the service worker; what he does goes
// into an outbox on the phone (assets/outbox.js) and from there to POST
// /field/mutations. Without scripts the same forms come to POST
// /j/job/{name}/{kind} and become the same mutations.
//
// Routes: GET and POST /j/{jwt}, GET /t/{jwt}, GET /j/, GET /j/job/{name}, POST
// /j/job/{name}/{kind}, GET /j/scan, GET /j/device/{serial}, all Technician; GET
// /j/sw.js, /j/manifest.webmanifest, /j/offline and /j/assets/{version}/{file},
// Public, because they hold nothing of anybody.
// Events: none. Systems called: none; what it shows comes from the rooms beside it.
// Remembers: nothing.
package paper

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/day"
	"gigafibre.ca/targo-hub/hub/field/mutation"
	"gigafibre.ca/targo-hub/hub/field/visit"
	"gigafibre.ca/targo-hub/hub/web"
)

//go:embed pages words assets
var files embed.FS

// Reader gives the work that pages show.
type Reader interface {
	Day(ctx context.Context, actor hub.Actor, from, to erpnext.Date) (day.Sheet, error)
	Job(ctx context.Context, actor hub.Actor, name string) (day.Job, error)
}

// Queue takes what a form says.
type Queue interface {
	Take(ctx context.Context, b mutation.Batch) ([]mutation.Result, error)
}

// Device is what is known of a device, card by card.
type Device struct {
	Serial string
	Cards  []Card
}

// Card is one part of it. Name is equipment, customer, location, subscription,
// issues, jobs or olt; Status ok, empty, error or stale.
type Card struct {
	Name, Status string
	AsOf         time.Time
	Note         string
	Facts        []Fact
}

// Fact is a line of a card. Key is a snake_case name, Value a text as it is.
type Fact struct{ Key, Value string }

// Deps is what the pages are made from.
type Deps struct {
	Day       Reader
	Mutations Queue
	Goods     func(ctx context.Context, technician string) ([]visit.Good, error) // articles he may have used; nil: any
	Device    func(ctx context.Context, serial string) (Device, error)           // nil: the page says so
	Brand     string                                                             // of the company, for the home screen
	Office    string                                                             // telephone of the office; empty: nobody to call
	Secure    bool                                                               // the hub is reached by https
	Now       func() time.Time
	Log       *slog.Logger
}

// desk shows the pages.
type desk struct {
	Deps
	pages *template.Template
	words map[hub.Lang]words
	shell shell
}

// Mount makes the pages and registers their routes.
func Mount(r *web.Router, d Deps) error {
	p, err := newDesk(d)
	if err != nil {
		return err
	}
	link := web.Doc{Tag: "field", Refused: p.refused, Summary: "Show the page of a technician's link, with one button; no effect"}
	r.Handle(http.MethodGet, "/j/{jwt}", web.Technician, p.inLanguage(p.link), link)
	link.Summary, link.Status, link.Answer = "Begin the day: exchange the link for a cookie", http.StatusSeeOther, "text/html"
	r.Handle(http.MethodPost, "/j/{jwt}", web.Technician, p.inLanguage(p.remembering(p.exchange)), link)
	link.Summary, link.Status = "Lead old links to the page", http.StatusPermanentRedirect
	r.Handle(http.MethodGet, "/t/{jwt}", web.Technician, p.old, link)
	page := func(method, path, summary string, h handler) {
		r.Handle(method, path, web.Technician, p.inLanguage(p.remembering(h)), web.Doc{Tag: "field", Refused: p.refused, Summary: summary, Calls: true, Answer: "text/html"})
	}
	page(http.MethodGet, "/j/", "Show the technician's days", p.day)
	page(http.MethodGet, "/j/job/{name}", "Show one work order", p.job)
	page(http.MethodPost, "/j/job/{name}/{kind}", "Do one thing to a work order, by the page's form", p.submit)
	page(http.MethodGet, "/j/scan", "Show the page for scanning devices", p.scan)
	page(http.MethodGet, "/j/device/{serial}", "Show what is known of a device", p.device)
	public := web.Doc{Hidden: true, Unmetered: true}
	r.Handle(http.MethodGet, "/j/sw.js", web.Public, p.shell.worker, public)
	r.Handle(http.MethodGet, "/j/manifest.webmanifest", web.Public, p.manifest, public)
	r.Handle(http.MethodGet, "/j/offline", web.Public, p.inLanguage(p.offline), public)
	r.Handle(http.MethodGet, "/j/assets/{version}/{file}", web.Public, p.shell.asset, public)
	return nil
}

func newDesk(d Deps) (*desk, error) {
	p := &desk{Deps: d, words: map[hub.Lang]words{}}
	p.Log = d.Log.With("part", "field")
	for _, lang := range []hub.Lang{hub.French, hub.English} {
		raw, err := files.ReadFile("words/" + string(lang) + ".json")
		if err != nil {
			return nil, fmt.Errorf("reading the words of %s: %w", lang, err)
		}
		var w words
		if err := json.Unmarshal(raw, &w); err != nil {
			return nil, fmt.Errorf("reading the words of %s: %w", lang, err)
		}
		p.words[lang] = w
	}
	var err error
	if p.shell, err = newShell(); err != nil {
		return nil, err
	}
	p.pages, err = template.New("").Option("missingkey=error").
		Funcs(template.FuncMap{"group": group, "of": of, "dial": dial, "phone": phone}).ParseFS(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the technician's pages: %w", err)
	}
	return p, nil
}
