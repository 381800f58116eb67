// Package docusealsim imitates a self-hosted DocuSeal, the open-source build:
// the part of its API that makes and reads submissions, the signer's page, the
// files that expire, and the webhooks with both of their proofs. Tests and the
// demo use it; the hub never links it.
//
// Routes: /api/user, /api/templates, /api/submissions, /api/submitters and
// /api/events with a token in X-Auth-Token; /s/{slug} is the signer's page and
// /file/{signed}/{name} a document, for anybody who has the link. What only the
// paid build has (making a submission from a PDF) answers 404, as it does there.
//
// Controls beside those of simkit: POST /_sim/complete, /_sim/decline,
// /_sim/expire, /_sim/deliver, /_sim/lose and /_sim/hook.
//
// It calls one system, the hub's webhook, and remembers everything in memory.
package docusealsim

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/form"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/hook"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/order"
	"gigafibre.ca/targo-hub/simkit"
)

// Options say what the simulated DocuSeal looks like. The zero value works.
type Options struct {
	URL       string           // public address for signer pages and files; default: the host that was last asked
	Token     string           // what X-Auth-Token must hold; default "docuseal-sim-token"
	Hook      Hook             // where webhooks go
	Templates []Template       // default DefaultTemplates()
	LinkLife  time.Duration    // how long a file link works; default 40 min, as in DocuSeal
	RetryUnit time.Duration    // what DocuSeal calls one minute between tries of a webhook; default 1 min
	Version   string           // default "3.1.7"; before 2.5.3 webhooks are not signed
	Cloud     bool             // the API stands at the root, without /api, and tells no version
	Now       func() time.Time // default time.Now
	Log       *slog.Logger
}

// Template and Field are those of package form, Hook those of package hook.
type (
	Template = form.Template
	Field    = form.Field
	Hook     = hook.Settings
)

// DefaultTemplates are the two of the demo; see form.Default.
func DefaultTemplates() []Template { return form.Default() }

// Sim is a running DocuSeal. It is an http.Handler, safe for concurrent use.
type Sim struct {
	opts    Options
	control *simkit.Control
	handler http.Handler
	log     *slog.Logger
	client  *http.Client
	fileKey []byte

	mu                         sync.Mutex
	url                        string
	hook                       Hook
	submissions                []*submission
	mails                      []Mail
	events                     []*hookEvent
	lastSubmission, lastSigner int64
	lose                       int // how many deliveries more vanish on the way
}

// New makes a DocuSeal with its templates and no submission.
func New(opts Options) *Sim {
	opts.Token = cmp.Or(opts.Token, "docuseal-sim-token")
	opts.LinkLife = cmp.Or(opts.LinkLife, 40*time.Minute)
	opts.Version = cmp.Or(opts.Version, "3.1.7")
	opts.RetryUnit = cmp.Or(opts.RetryUnit, time.Minute)
	if opts.Templates == nil {
		opts.Templates = DefaultTemplates()
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sim{
		opts: opts, url: strings.TrimSuffix(opts.URL, "/"), hook: opts.Hook, log: opts.Log,
		control: simkit.New("docuseal", opts.Log), client: hook.Client(), fileKey: make([]byte, 32),
	}
	_, _ = rand.Read(s.fileKey) // never fails
	s.control.State(s.state)
	s.control.OnReset(s.forget)
	s.control.Handle("POST /_sim/complete", s.simComplete)
	s.control.Handle("POST /_sim/decline", s.simDecline)
	s.control.Handle("POST /_sim/expire", s.simExpire)
	s.control.Handle("POST /_sim/deliver", s.simDeliver)
	s.control.Handle("POST /_sim/lose", s.simLose)
	s.control.Handle("POST /_sim/hook", s.simHook)
	s.handler = s.control.Wrap(s.routes(), order.Status)
	return s
}

// ServeHTTP answers as DocuSeal does, and serves the control API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.opts.URL == "" {
		s.mu.Lock()
		s.url = "http://" + r.Host
		s.mu.Unlock()
	}
	s.handler.ServeHTTP(w, r)
}

// Control gives the faults and the state of this simulator.
func (s *Sim) Control() *simkit.Control { return s.control }

// SetHook registers the webhook anew; used when the hub's address is known late.
func (s *Sim) SetHook(h Hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = h
}

// Close ends the deliveries that still wait.
func (s *Sim) Close() {
	s.control.Close()
	s.client.CloseIdleConnections()
}

func (s *Sim) routes() http.Handler {
	api := http.NewServeMux()
	api.HandleFunc("GET /api/user", s.showUser)
	api.HandleFunc("GET /api/templates", s.listTemplates)
	api.HandleFunc("GET /api/templates/{id}", s.showTemplate)
	api.HandleFunc("POST /api/templates/{id}/submissions", s.create)
	api.HandleFunc("POST /api/submissions", s.create)
	api.HandleFunc("POST /api/submissions/init", s.createInit)
	api.HandleFunc("GET /api/submissions", s.listSubmissions)
	api.HandleFunc("GET /api/submissions/{id}", s.showSubmission)
	api.HandleFunc("DELETE /api/submissions/{id}", s.archive)
	api.HandleFunc("GET /api/submissions/{id}/documents", s.showDocuments)
	api.HandleFunc("GET /api/submitters", s.listSubmitters)
	api.HandleFunc("GET /api/submitters/{id}", s.showSubmitter)
	api.HandleFunc("PUT /api/submitters/{id}", s.updateSubmitter)
	api.HandleFunc("PATCH /api/submitters/{id}", s.updateSubmitter)
	api.HandleFunc("GET /api/events/form/{type}", s.formEvents)
	api.HandleFunc("GET /api/events/submission/{type}", s.submissionEvents)
	api.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { order.Status(w, r, http.StatusNotFound) })

	mux := http.NewServeMux()
	if s.opts.Cloud {
		mux.Handle("/", order.Rooted(s.authenticated(api)))
	} else {
		mux.Handle("/api/", s.authenticated(api))
		mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintln(w, s.opts.Version) })
	}
	mux.HandleFunc("POST /api/submitter_form_views", s.viewed)
	mux.HandleFunc("GET /s/{slug}", s.showPage)
	mux.HandleFunc("POST /s/{slug}", s.submitPage)
	mux.HandleFunc("GET /e/{slug}", s.showPreview)
	mux.HandleFunc("GET /file/{signed}/{name}", s.download)
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /up", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	return mux
}

func (s *Sim) authenticated(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Auth-Token") != s.opts.Token {
			order.Status(w, r, http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (s *Sim) now() time.Time { return s.opts.Now().UTC() }

func (s *Sim) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.submissions, s.mails, s.events = nil, nil, nil
	s.lastSubmission, s.lastSigner, s.lose = 0, 0, 0
}
