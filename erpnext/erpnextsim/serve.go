package erpnextsim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/answer"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/attach"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/files"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/form"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/hooks"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/identity"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/limits"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/route"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// call is one request on its way through the site.
type call struct {
	site    *Site
	r       *http.Request
	config  *Settings
	ses     *document.Session
	args    map[string]any
	file    *attach.File
	raw     []byte // the body as it came
	version int    // of the API: 1 or 2
	visit   *identity.Visit
	watch   *hooks.Watch
	turn    *limits.Turn
	trace   string // request id of the answer, "" is none
}

// reply is a successful answer.
type reply struct {
	status  int
	member  string // what the value stands under: "data", "message"
	value   any
	before  wire.Object // members in front of it
	raw     []byte      // instead of JSON
	page    func(http.ResponseWriter)
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
	return s.as(access.Administrator, f)
}

// as is writing in the name of a user, whose rights play no part.
func (s *Site) as(user string, f func(*document.Session) error) error {
	return s.work(access.User{Name: user, Desk: true}, func(ses *document.Session) error {
		ses.Trusted = true
		return f(ses)
	})
}

// work runs f for a user in a transaction that is kept when f succeeds.
func (s *Site) work(user access.User, f func(*document.Session) error) error {
	tx, err := s.store.Begin(context.Background(), true)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	ses := s.session(tx, user)
	watch, err := s.hooks.Watch(ses)
	if err != nil {
		return err
	}
	if err := f(ses); err != nil {
		return err
	}
	return s.commit(ses, watch)
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

// commit makes the session's work durable, its schema changes visible, and sends
// its webhooks on their way. The caller holds the only writing transaction.
func (s *Site) commit(ses *document.Session, watch *hooks.Watch) error {
	before := s.set.Load()
	s.set.Store(ses.Set)
	watch.Closing()
	if err := ses.Tx.Commit(); err != nil {
		s.set.Store(before)
		return err
	}
	watch.Committed(ses.User.Name)
	return nil
}

// call begins a request in the name of a user, without a transaction yet.
func (s *Site) call(r *http.Request, user access.User) *call {
	c := &call{site: s, r: r, config: s.config.Load(), version: 1}
	if strings.HasPrefix(r.URL.Path, "/api/v2") {
		c.version = 2
	}
	c.ses = s.session(nil, user)
	c.visit = &identity.Visit{R: r, S: c.ses, Config: c.config}
	return c
}

// target is what a request is about, as the URL map has it.
func (c *call) target() route.Match {
	path := strings.TrimPrefix(c.r.URL.Path, "/api/")
	m, _ := c.site.routes[c.version].Find(c.r.Method, strings.TrimPrefix(path, fmt.Sprintf("v%d/", c.version)))
	return m
}

// serve answers one request. The work is done even when the caller goes away.
func (s *Site) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "//") { // the real server sees one slash at the beginning
		r = r.Clone(r.Context())
		r.URL.Path = "/" + strings.TrimLeft(r.URL.Path, "/")
	}
	c := s.call(r, access.With(access.Guest, nil, false))
	if err := c.receive(); err != nil {
		c.fail(w, err)
		return
	}
	if c.meetsLock() {
		c.fail(w, answer.Locked(s.opts.Database))
		return
	}
	tx, err := s.store.Begin(context.WithoutCancel(r.Context()), c.writes())
	if err != nil {
		s.opts.Log.Error("no transaction", "error", err.Error())
		http.Error(w, "database unavailable", http.StatusInternalServerError)
		return
	}
	defer tx.Rollback()
	c.attach(tx)
	defer func() { c.turn.End() }()
	res, err := c.handle()
	if err == nil && (c.commits() || c.visit.Keep) {
		err = s.commit(c.ses, c.watch)
	}
	if err != nil {
		c.fail(w, err)
		return
	}
	tx.Rollback()
	c.seen()
	c.succeed(w, res)
}

// receive does what comes before the database: the site is chosen, maintenance
// refuses, the parameters are read.
func (c *call) receive() error {
	if name, ok := c.config.Serves(c.r.Header.Get("X-Frappe-Site-Name"), c.r.Host); !ok {
		return exception.Page("NotFound", name+" does not exist")
	}
	if c.config.Maintenance && !c.config.AllowReads {
		return answer.Stopped()
	}
	sent, err := form.Read(c.r, c.maxBody(), c.site.opts.Profile)
	c.args, c.file, c.raw = sent.Args, sent.File, sent.Raw
	c.visit.Args = c.args
	return err
}

func (c *call) maxBody() int64 {
	size := c.config.MaxBody()
	if strings.HasPrefix(c.r.URL.Path, "/api/method/upload_file") {
		_ = c.site.reading(func(ses *document.Session) error { // without a database the usual size counts
			size = files.MaxSize(ses, c.config.MaxFileSize)
			return nil
		})
	}
	return size
}

// meetsLock tells whether the request would delete a document that somebody is
// writing: a delete does not wait for the row.
func (c *call) meetsLock() bool {
	if !c.config.Contention || c.r.Method != http.MethodDelete {
		return false
	}
	m := c.target()
	return m.Operation == route.Delete && c.site.store.Held(m.Doctype, m.Name)
}

// attach gives the call its transaction.
func (c *call) attach(tx *store.Tx) {
	tx.ReadOnly = c.config.Maintenance
	tx.Strict = c.config.Contention && c.site.opts.Database == Postgres
	c.ses = c.site.session(tx, access.With(access.Guest, nil, false))
	c.ses.Address = c.address()
	c.visit.S = c.ses
}

// commits tells whether the verb keeps what the request did.
func (c *call) commits() bool {
	return slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}, c.r.Method)
}

// writes tells whether the request may change rows, even if only to roll back.
func (c *call) writes() bool {
	path := c.r.URL.Path
	if c.config.Maintenance {
		return false
	}
	if c.args["cmd"] != nil || c.args["run_method"] != nil || identity.LogsIn(path, c.args) || isDesk(path) {
		return true
	}
	if !strings.Contains(path, "/method/") || strings.Contains(path, "/document/") || strings.Contains(path, "/resource/") {
		return c.commits() || strings.Contains(path, "/document/") && strings.Contains(path, "/method/")
	}
	_, name, _ := strings.Cut(path, "/method/")
	name, _, _ = strings.Cut(name, "/")
	switch name {
	case "logout", "web_logout", "upload_file", "frappe.handler.upload_file", "frappe.handler.logout":
		return true
	}
	return c.site.rpc.Writes(name) || c.commits() && !c.site.rpc.Reads(name)
}

// handle goes through the steps of a request in their order: session and CSRF,
// request id, rate limit, Authorization header, route.
func (c *call) handle() (reply, error) {
	if c.r.Method != http.MethodOptions {
		if err := c.site.door.Enter(c.visit); err != nil {
			return reply{}, err
		}
	}
	if c.config.Monitor {
		if c.trace = c.r.Header.Get("X-Frappe-Request-Id"); c.trace == "" {
			c.trace = uuid.NewString()
		}
	}
	var err error
	if c.turn, err = c.site.meter.Begin(c.config.RateLimit, c.ses.Clock(), c.site.opts.Profile); err != nil {
		return reply{}, err
	}
	if err := c.site.door.Authorize(c.visit); err != nil {
		return reply{}, err
	}
	if c.r.Method == http.MethodOptions {
		return reply{raw: []byte{}, headers: map[string]string{"Content-Type": "text/plain; charset=utf-8"}}, nil
	}
	if c.commits() || c.visit.Keep {
		if c.watch, err = c.site.hooks.Watch(c.ses); err != nil {
			return reply{}, err
		}
	}
	return c.route()
}

func (c *call) route() (reply, error) {
	path := c.r.URL.Path
	if cmd := meta.Text(c.args["cmd"]); cmd != "" {
		return c.procedure(cmd, "message")
	}
	switch {
	case strings.HasPrefix(path, "/api/v2/"):
		return c.second(path[len("/api/v2/"):])
	case strings.HasPrefix(path, "/api/v1/"):
		return c.first(path[len("/api/v1/"):])
	case strings.HasPrefix(path, "/api/"):
		return c.first(path[len("/api/"):])
	}
	return c.elsewhere(path)
}

// seen writes down, now and then, that the user was here.
func (c *call) seen() {
	if c.config.Maintenance || c.r.Method == http.MethodOptions {
		return
	}
	sid := c.site.door.Overdue(c.visit)
	if sid == "" {
		return
	}
	err := c.site.writing(func(ses *document.Session) error { return c.site.door.Used(ses, sid, c.ses.User.Name) })
	if err != nil {
		c.site.opts.Log.Warn("session not written down", "error", err.Error())
	}
}

// known turns what the store or Go says into an exception.
func (c *call) known(err error) *exception.Error {
	var e *exception.Error
	switch {
	case errors.Is(err, store.ErrReadOnly):
		return answer.ReadOnly()
	case errors.Is(err, store.ErrSerialization):
		return answer.Deadlock(c.site.opts.Database)
	case errors.As(err, &e):
		if e.Module == "pymysql.err" && c.site.opts.Profile == V16 { // which has another driver
			renamed := *e
			renamed.Module = "MySQLdb"
			return &renamed
		}
		return e
	}
	c.site.opts.Log.Error("unexpected failure", "error", err.Error(), "path", c.r.URL.Path)
	return exception.Raise("OperationalError", "%v", err)
}

func notFound() error { return exception.Page("NotFound", exception.NotFoundText) }

func wrongVerb(allow string) error {
	e := exception.Page("MethodNotAllowed", "The method is not allowed for the requested URL.")
	e.Header = map[string]string{"Allow": allow}
	return e
}
