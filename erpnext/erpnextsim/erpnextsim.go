// Package erpnextsim is an ERPNext site as an http.Handler, for the tests and the
// demo: it answers requests the way Frappe does, over an embedded SQL store, with
// the stock doctypes that a fibre company uses and those that the product brings
// along by Import.
//
// Routes: /api/resource and /api/v1 (documents), /api/method (remote procedures),
// /api/v2 (its core), /files and /private/files, and /_sim (faults, from simkit).
// Each request is one transaction: POST, PUT, PATCH and DELETE commit, GET rolls
// back, an error undoes everything. Links to doctypes that the site does not
// carry are accepted as they are; such child tables stay empty.
//
// It calls no system, publishes no events, and keeps everything in one database
// file, in a temporary directory unless a path is given.
package erpnextsim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/install"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rpc"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rules"
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
}

// Site is a running ERPNext. It is safe for concurrent use.
type Site struct {
	opts    Options
	zone    *time.Location
	store   *store.Store
	set     atomic.Pointer[meta.Set]
	rules   map[string]document.Controller
	rpc     rpc.Table
	control *simkit.Control
	handler http.Handler

	mu       sync.Mutex
	sessions map[string]string // sid to user
	denied   map[string]bool
}

// New opens a site with the stock doctypes and the users Administrator and Guest.
func New(opts Options) (*Site, error) {
	if opts.Zone == "" {
		opts.Zone = "America/Toronto"
	}
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
	base, err := install.Site(opts.Database == MariaDB)
	if err != nil {
		return nil, fmt.Errorf("founding the site: %w", err)
	}
	db, err := store.Open(context.Background(), opts.Path, opts.Database == MariaDB, base.Image)
	if err != nil {
		return nil, err
	}
	s := &Site{
		opts: opts, zone: zone, store: db, rules: controllers(), rpc: rpc.New(),
		control: simkit.New("erpnext", opts.Log), sessions: map[string]string{}, denied: map[string]bool{},
	}
	s.set.Store(base.Set)
	s.handler = s.control.Wrap(http.HandlerFunc(s.serve), s.answerFault)
	s.control.State(s.state)
	if opts.Path != "" {
		if err := s.writing(s.restore); err != nil {
			return nil, errors.Join(fmt.Errorf("restoring the site: %w", err), s.Close())
		}
	}
	return s, nil
}

// controllers is what doctypes do of their own, Frappe's and ERPNext's.
func controllers() map[string]document.Controller {
	all := rules.All()
	maps.Copy(all, trade.All())
	return all
}

// ServeHTTP answers one request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Fault is the control over faults: see simkit. Statuses are answered with the
// bodies that the real server or the proxies in front of it would send.
func (s *Site) Fault() *simkit.Control { return s.control }

// Close ends the site and removes what was temporary. Requests must have ended.
func (s *Site) Close() error { return s.store.Close() }

// state is what GET /_sim/state shows: how many documents of each kind there are.
func (s *Site) state() any {
	counts := map[string]any{}
	_ = s.reading(func(ses *document.Session) error {
		for _, d := range ses.Set.All() {
			if d.Single || d.Child {
				continue
			}
			n, err := ses.Tx.Value("SELECT count(*) FROM " + store.Table(d.Name))
			if err != nil {
				return err
			}
			if meta.Int(n) > 0 && d.Name != "DocType" {
				counts[d.Name] = n
			}
		}
		return nil
	})
	return map[string]any{"documents": counts, "profile": s.opts.Profile.String()}
}
