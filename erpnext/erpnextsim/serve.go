package erpnextsim

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/attach"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/form"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// call is one request on its way through the site.
type call struct {
	site    *Site
	r       *http.Request
	ses     *document.Session
	args    map[string]any
	file    *attach.File
	version int // of the API: 1 or 2
	sid     string
	expired bool
}

// reply is a successful answer.
type reply struct {
	status  int
	member  string // what the value stands under: "data", "message"
	value   any
	extra   wire.Object // members beside it
	raw     []byte      // instead of JSON
	headers map[string]string
}

// session starts the work of one request.
func (s *Site) session(tx *store.Tx, user access.User) *document.Session {
	s.mu.Lock()
	user.Denied = s.denied
	s.mu.Unlock()
	return &document.Session{
		Tx: tx, Set: s.set.Load(), User: user, Profile: s.opts.Profile, Database: s.opts.Database,
		Clock: func() time.Time { return s.opts.Now().In(s.zone) }, Rules: s.rules,
	}
}

// writing runs f as Administrator in a transaction that is kept when f succeeds.
func (s *Site) writing(f func(*document.Session) error) error {
	tx, err := s.store.Begin(context.Background(), true)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	ses := s.session(tx, access.User{Name: access.Administrator, Desk: true})
	ses.Trusted = true
	if err := f(ses); err != nil {
		return err
	}
	return s.commit(ses)
}

// reading runs f as Administrator and keeps nothing.
func (s *Site) reading(f func(*document.Session) error) error {
	tx, err := s.store.Begin(context.Background(), false)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	ses := s.session(tx, access.User{Name: access.Administrator, Desk: true})
	ses.Trusted = true
	return f(ses)
}

// commit makes the session's work durable, its schema changes visible included.
// The caller holds the only writing transaction.
func (s *Site) commit(ses *document.Session) error {
	before := s.set.Load()
	s.set.Store(ses.Set)
	if err := ses.Tx.Commit(); err != nil {
		s.set.Store(before)
		return err
	}
	return nil
}

// serve answers one request. The work is done even when the caller goes away.
func (s *Site) serve(w http.ResponseWriter, r *http.Request) {
	c := &call{site: s, r: r, version: 1}
	if strings.HasPrefix(r.URL.Path, "/api/v2/") {
		c.version = 2
	}
	sent, err := form.Read(w, r, s.opts.Profile)
	c.args, c.file = sent.Args, sent.File
	if err != nil {
		c.ses = s.session(nil, access.With(access.Guest, nil, false))
		c.fail(w, err)
		return
	}
	tx, err := s.store.Begin(context.WithoutCancel(r.Context()), c.writes())
	if err != nil {
		http.Error(w, "database unavailable", http.StatusInternalServerError)
		return
	}
	defer tx.Rollback()
	c.ses = s.session(tx, access.With(access.Guest, nil, false))
	res, err := c.handle()
	if err == nil && c.commits() {
		err = s.commit(c.ses)
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	c.succeed(w, res)
}

// commits tells whether the verb keeps what the request did.
func (c *call) commits() bool {
	return slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, c.r.Method)
}

// writes tells whether the request may change rows, even if only to roll back.
func (c *call) writes() bool {
	return c.commits() || c.args["run_method"] != nil || c.args["cmd"] != nil ||
		strings.Contains(c.r.URL.Path, "/method/") && c.site.rpc.Writes(rpcName(c.r.URL.Path))
}

// handle finds out who asks, then runs the route.
func (c *call) handle() (reply, error) {
	if err := c.authenticate(); err != nil {
		return reply{}, err
	}
	if c.r.Method == http.MethodOptions {
		return reply{status: http.StatusOK, raw: []byte{}}, nil
	}
	if cmd := meta.Text(c.args["cmd"]); cmd != "" {
		return c.procedure(cmd)
	}
	path := c.r.URL.Path
	switch {
	case strings.HasPrefix(path, "/files/"), strings.HasPrefix(path, "/private/files/"):
		return c.content(path)
	case strings.HasPrefix(path, "/api/v2/"):
		return c.second(trim(path, "/api/v2/"))
	case strings.HasPrefix(path, "/api/v1/"):
		return c.first(trim(path, "/api/v1/"))
	case strings.HasPrefix(path, "/api/"):
		return c.first(trim(path, "/api/"))
	}
	return reply{}, notFound()
}

func trim(path, prefix string) string { return strings.TrimSuffix(path[len(prefix):], "/") }

func rpcName(path string) string {
	_, name, _ := strings.Cut(path, "/method/")
	name, _, _ = strings.Cut(name, "/")
	return name
}

func notFound() error {
	e := exception.Raise("NotFound", "404 Not Found: The requested URL was not found on the server.")
	e.HTML = true
	return e
}

func wrongVerb(allow string) error {
	e := exception.Raise("MethodNotAllowed", "405 Method Not Allowed: The method is not allowed for the requested URL.")
	e.HTML = true
	e.Header = map[string]string{"Allow": allow}
	return e
}
