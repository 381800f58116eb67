// Package erpnextsim is an ERPNext site as an http.Handler, for the tests and the
// demo: it answers requests the way Frappe does, over an embedded SQL store, with
// the stock doctypes that a fibre company uses and those that the product brings
// along by Import.
//
// Routes: /api/resource and /api/v1 (documents), /api/method (remote procedures),
// /api/v2, /files and /private/files, /app (a page with the CSRF token), and /_sim
// (faults, from simkit, and GET and POST /_sim/config).
// Each request is one transaction: POST, PUT, PATCH and DELETE commit, GET rolls
// back, an error undoes everything. Links to doctypes that the site does not
// carry are accepted as they are; such child tables stay empty.
//
// It calls the addresses of its Webhook documents, on this machine only unless
// told otherwise, publishes no events, and keeps everything, sessions included, in
// one database file, in a temporary directory unless a path is given.
package erpnextsim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/buying"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/files"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/fixture"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/hooks"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/identity"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/jobs"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/limits"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/people"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/route"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rpc"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rules"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/schema"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/settings"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/trade"
	"gigafibre.ca/targo-hub/simkit"
)

// Profile is the Frappe release that the site acts as.
type Profile = profile.Profile

// The releases.
const (
	V16 = profile.V16
	V15 = profile.V15
)

// Database is the server that the site pretends to run on.
type Database = profile.Database

// The databases.
const (
	MariaDB  = profile.MariaDB
	Postgres = profile.Postgres
)

// Options say what kind of site to make. The zero value is a v16 site on MariaDB
// in a temporary place, in the zone of Montréal, with the real clock.
type Options struct {
	Path     string // database file, kept after Close; "" is a temporary one
	Profile  Profile
	Database Database
	Zone     string           // IANA name, default America/Toronto
	Now      func() time.Time // default time.Now
	Log      *slog.Logger
	Config   Settings // what a real site has in its configuration file
	Hooks    hooks.Options
	Image    *Image // what the site begins as; its Profile and Database count then
}

// Settings is a site's configuration, see there.
type Settings = settings.Site

// RateLimit is a site's budget of processing time.
type RateLimit = settings.RateLimit

// Webhooks say how webhooks are delivered.
type Webhooks = hooks.Options

// Site is a running ERPNext. It is safe for concurrent use.
type Site struct {
	opts    Options
	zone    *time.Location
	store   *store.Store
	set     atomic.Pointer[meta.Set]
	config  atomic.Pointer[Settings]
	rules   map[string]document.Controller
	rpc     rpc.Table
	routes  [3]route.Map // by version of the API
	control *simkit.Control
	handler http.Handler
	door    *identity.Door
	meter   *limits.Meter
	shelf   *files.Shelf
	hooks   *hooks.Board
	jobs    *jobs.Queue

	mu     sync.Mutex
	denied map[string]bool
}

// New opens a site with the stock doctypes and the users Administrator and Guest.
func New(opts Options) (*Site, error) {
	opts.Zone = cmp.Or(opts.Zone, "America/Toronto")
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	zone, err := time.LoadLocation(opts.Zone)
	if err != nil {
		return nil, fmt.Errorf("loading zone %s: %w", opts.Zone, err)
	}
	base, err := beginning(&opts)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(context.Background(), opts.Path, opts.Database == MariaDB, base.Image)
	if err != nil {
		return nil, err
	}
	s := &Site{
		opts: opts, zone: zone, store: db, rules: controllers(), rpc: rpc.New(),
		routes: [3]route.Map{1: route.First(), 2: route.Second(opts.Profile)}, control: simkit.New("erpnext", opts.Log),
		door: identity.New(), meter: limits.New(), shelf: files.NewShelf(), denied: map[string]bool{},
	}
	s.set.Store(base.Set)
	s.config.Store(&opts.Config)
	s.start()
	if !db.Copied() {
		if err := s.writing(fixture.Restore); err != nil {
			return nil, errors.Join(fmt.Errorf("restoring the site: %w", err), s.Close())
		}
	}
	return s, nil
}

// start begins what works in the background and lets requests in.
func (s *Site) start() {
	s.jobs = jobs.New("erpnext.localhost", s.opts.Log)
	s.hooks = hooks.New(s.opts.Hooks, hooks.Site{
		As: s.as, Log: s.opts.Log,
		Later: func() bool { return s.config.Load().LaterWebhooks && s.opts.Profile == V16 },
	})
	s.handler = s.control.Wrap(http.HandlerFunc(s.serve), s.answerFault)
	s.control.State(s.state)
	s.faults()
}

// controllers is what doctypes do of their own, Frappe's and ERPNext's.
func controllers() map[string]document.Controller {
	all := rules.All()
	maps.Copy(all, schema.All())
	maps.Copy(all, people.All())
	maps.Copy(all, trade.All())
	maps.Copy(all, buying.All())
	maps.Copy(all, hooks.Rules())
	return all
}

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Fault is the control over faults: see simkit. Statuses are answered with the
// bodies that the real server or the proxies in front of it would send.
func (s *Site) Fault() *simkit.Control { return s.control }

// Configure changes the configuration while the site runs.
func (s *Site) Configure(change func(*Settings)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.config.Load().Clone()
	change(&next)
	s.config.Store(&next)
}

// Quiet returns when no webhook and no background job waits any more.
func (s *Site) Quiet(ctx context.Context) error {
	return errors.Join(s.jobs.Wait(ctx), s.hooks.Wait(ctx))
}

// Close ends the site and removes what was temporary. Requests must have ended;
// webhooks that were not sent yet are lost.
func (s *Site) Close() error {
	s.control.Close()
	s.jobs.Close()
	s.hooks.Close()
	return s.store.Close()
}
