// Package gateway is the way of the ops app to ERPNext: the same addresses,
// queries, bodies and answers, with the hub's credentials in place of the
// caller's, and only what the list in the settings opens.
//
// Routes, all Staff or Service (scope "api"): GET, POST, PUT and DELETE
// /api/resource/*, GET and POST /api/method/*, the same four on /api/v2/*. Bodies
// are at most 1 MiB, uploads (upload_file) 10 MiB. Answers are passed on byte for
// byte; secret fields are taken out while they stream by, on the doctypes that
// hold some. Whatever ERPNext refuses is the hub's problem with exc_type and the
// one-line reason; pages of HTML, hosts and tracebacks never pass.
//
// Identical reads at the same time make one call. What the settings say is kept
// for a while (X-Hub-Cache: hit, miss, stale, bypass), apart for callers to whom
// different things are open, and dropped by news of a change: Changed, and every
// write that passes here, before it is answered. Replicas tell each other.
//
// What would make people pay is not decided here: the client of ERPNext asks the
// guard of hub/charge before it passes anything on, and its refusal is the answer.
//
// Events: none. Systems called: ERPNext. Remembers: kept answers in memory, and
// in the audit who asked for every change and how it ended: a record before the
// call, without which nothing is called, and one after it.
//
// Its rooms: address (paths), papers (arguments), rules (what is open to whom),
// lists (what is open by itself, and what never is), relay (news between replicas),
// veil (takes members out of streaming JSON), shelf (kept and shared answers),
// reply (headers), tally (counters).
package gateway

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/relay"
	"gigafibre.ca/targo-hub/hub/gateway/rules"
	"gigafibre.ca/targo-hub/hub/gateway/shelf"
	"gigafibre.ca/targo-hub/hub/gateway/tally"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// Config is the gateway section of the settings.
type Config struct {
	Doctypes     []string      `yaml:"doctypes" env:"DOCTYPES" doc:"what is open, one line a doctype: Customer:read+write (read, write, create, delete, submit, all, none), for one kind of caller service/Customer:read (staff, service or a scope of the token); a later line replaces an earlier one for the same caller; the line defaults stands for the built-in list, as does an empty list; doctypes that hold accounts, rights, keys or code cannot be opened"`
	Methods      []string      `yaml:"methods" env:"METHODS" doc:"methods that are open: frappe.client.get_list, a start gigafibre.api.*, a method of documents doc:add_comment, each also for one kind of caller (staff/…); defaults as above"`
	Secrets      []string      `yaml:"secrets" env:"SECRETS" doc:"fields to take out beside those that the schema says are passwords: Service Equipment:pppoe_password+admin_pin"`
	Keep         []string      `yaml:"keep" env:"KEEP" doc:"answers to keep: Item:30s+5m+12h or frappe.client.get_count:5s; fresh for the first time, then served while a new one is fetched, then only when ERPNext is away"`
	KeepSize     int64         `yaml:"keep_size" env:"KEEP_SIZE" default:"64" doc:"room for kept answers, in MiB"`
	Share        int64         `yaml:"share" env:"SHARE" default:"512" doc:"longest answer that simultaneous readers share, in KiB; for longer ones each asks for himself"`
	MaxBody      int64         `yaml:"max_body" env:"MAX_BODY" default:"1024" doc:"longest body of a request, in KiB; uploads have 10 MiB"`
	ReadBudget   time.Duration `yaml:"read_budget" env:"READ_BUDGET" default:"30s" doc:"longest time for a read, its answer included"`
	WriteBudget  time.Duration `yaml:"write_budget" env:"WRITE_BUDGET" default:"2m" doc:"longest time for a write; submitting keeps ERPNext busy"`
	UploadBudget time.Duration `yaml:"upload_budget" env:"UPLOAD_BUDGET" default:"5m" doc:"longest time for an upload"`
}

// Site is ERPNext as the gateway needs it.
type Site interface {
	// Forward passes a request through, unless it would charge while billing is
	// paused; an answer of any status comes back.
	Forward(ctx context.Context, p erpnext.Pass) (*http.Response, error)
	// Refusal reads what ERPNext says when it refuses.
	Refusal(status int, body []byte) *erpnext.Error
}

// Trail takes evidence.
type Trail interface {
	Audit(ctx context.Context, record keep.Record) error
}

// Deps is what the gateway is built on.
type Deps struct {
	Site    Site                  // nil: every route answers that the part is off
	Trail   Trail                 // nil: changes are refused
	Radio   relay.Radio           // reaches the other replicas; nil: there are none
	Silent  bool                  // while true ERPNext is not asked to write to anybody: the outbox holds back too
	Now     func() time.Time      // nil = time.Now
	Log     *slog.Logger          // nil = nothing is logged
	Metrics prometheus.Registerer // nil = nobody reads the counters
}

// Gateway passes requests through. It is safe for concurrent use.
type Gateway struct {
	cfg     Config
	site    Site
	trail   Trail
	now     func() time.Time
	log     *slog.Logger
	policy  *rules.Policy
	tally   *tally.Tally
	asked   *otter.Cache[question, *ask]
	shelf   *shelf.Shelf
	flights *shelf.Flights
	headers sync.Map // *rules.Class to *[variants]http.Header
	buffers sync.Pool

	relay *relay.Relay  // nil without other replicas
	any   atomic.Uint64 // changes of anything
	world atomic.Uint64 // changes that may have touched everything

	refreshing sync.WaitGroup
	life       context.Context // of reads that no caller waits for
	end        context.CancelFunc
}

// remembered is how many decided questions are remembered.
const remembered = 4096

// New makes the gateway. It fails when a line of the settings is wrong, naming all.
func New(cfg Config, deps Deps) (*Gateway, error) {
	cfg = cfg.filled()
	policy, err := cfg.policy(deps.Silent)
	if err != nil {
		return nil, err
	}
	counts, err := tally.New(deps.Metrics)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		cfg: cfg, site: deps.Site, trail: deps.Trail, now: deps.Now, policy: policy, tally: counts, flights: shelf.NewFlights(),
		log:   cmp.Or(deps.Log, slog.New(slog.DiscardHandler)).With("part", "gateway"),
		asked: otter.Must(&otter.Options[question, *ask]{MaximumSize: remembered}),
		shelf: shelf.New(cfg.KeepSize<<20, policy.Longest()),
	}
	if g.now == nil {
		g.now = time.Now
	}
	g.buffers.New = func() any { b := make([]byte, 0, pooled); return &b }
	g.life, g.end = context.WithCancel(context.Background())
	if deps.Radio != nil {
		g.relay = relay.New(deps.Radio, g.drop)
		g.refreshing.Go(func() { g.relay.Run(g.life) })
	}
	return g, nil
}

// Mount registers the routes.
func (g *Gateway) Mount(r *web.Router) {
	guard := web.Staff.Or(web.Service)
	read := web.Doc{Tag: "erpnext", AsIs: true, Lean: true, Answer: echo.MIMEApplicationJSON, MaxBody: 1, Budget: g.cfg.ReadBudget}
	write := web.Doc{
		Tag: "erpnext", AsIs: true, Idempotent: true, Body: echo.MIMEApplicationJSON, Answer: echo.MIMEApplicationJSON,
		MaxBody: g.cfg.MaxBody << 10, Budget: g.cfg.WriteBudget,
		Description: "While billing is paused, what would make people pay is 403 billing-paused, unless X-Cutover-Token carries the key of the cut-over.",
	}
	for _, area := range []struct {
		path, id, what string
		methods        []string
	}{
		{"/api/resource/*", "resource", "documents, as ERPNext does", []string{http.MethodPost, http.MethodPut, http.MethodDelete}},
		{"/api/method/*", "method", "methods, as ERPNext does", []string{http.MethodPost}},
		{"/api/v2/*", "v2", "documents and methods, as ERPNext's version 2 does", []string{http.MethodPost, http.MethodPut, http.MethodDelete}},
	} {
		read.ID, read.Summary = "erpnext-"+area.id+"-get", "Read "+area.what
		r.Handle(http.MethodGet, area.path, guard, g.read, read)
		for _, method := range area.methods {
			write.ID, write.Summary = "erpnext-"+area.id+"-"+strings.ToLower(method), method+" "+area.what
			r.Handle(method, area.path, guard, g.write, write)
		}
	}
	upload := web.Doc{
		Tag: "erpnext", AsIs: true, Body: "multipart/form-data", Answer: echo.MIMEApplicationJSON, MaxBody: longestUpload, Budget: g.cfg.UploadBudget,
		ID: "erpnext-upload", Summary: "Attach a file to a document (10 MiB)",
	}
	r.Handle(http.MethodPost, "/api/method/upload_file", guard, g.upload, upload)
	upload.ID = "erpnext-upload-v2"
	r.Handle(http.MethodPost, "/api/v2/method/upload_file", guard, g.upload, upload)
}

// Changed tells that a document was written, by whomever. Kept answers that it
// may be in are no longer served, here or on another replica. An empty doctype
// means that it could be any.
func (g *Gateway) Changed(doctype, _ string) {
	g.drop(doctype)
	if g.relay != nil {
		g.relay.Tell(doctype)
	}
}

// drop makes kept answers old.
func (g *Gateway) drop(doctype string) {
	if d, known := g.policy.Doctype(doctype); known {
		d.Changes.Add(1)
	}
	if doctype == "" {
		g.world.Add(1)
	}
	g.any.Add(1)
}

// Waiting counts the readers that wait for ERPNext now, and could share answers.
func (g *Gateway) Waiting() int { return g.flights.Waiting() }

// Close ends the reads that nobody waits for, and waits until they have ended.
func (g *Gateway) Close() {
	g.end()
	g.refreshing.Wait()
	g.shelf.Close()
	g.asked.StopAllGoroutines()
}

// Validate names everything that is wrong with the section at once.
func (c Config) Validate() error {
	var wrong []error
	if len(c.Doctypes)+len(c.Methods)+len(c.Secrets)+len(c.Keep) > 0 { // the built-in lists are right
		_, err := c.filled().policy(false)
		wrong = append(wrong, err)
	}
	for key, value := range map[string]int64{
		"keep_size": c.KeepSize, "share": c.Share, "max_body": c.MaxBody,
		"read_budget": int64(c.ReadBudget), "write_budget": int64(c.WriteBudget), "upload_budget": int64(c.UploadBudget),
	} {
		if value < 0 {
			wrong = append(wrong, config.Wrong(key, "must not be negative"))
		}
	}
	return errors.Join(wrong...)
}

func (c Config) policy(silent bool) (*rules.Policy, error) {
	schema, err := erpnext.Fixtures()
	if err != nil {
		return nil, err
	}
	policy, err := rules.New(rules.Lists{
		Doctypes: c.Doctypes, Methods: c.Methods, Secrets: c.Secrets, Keep: c.Keep, Schema: schema, Silent: silent,
	})
	return policy, explained(err)
}

// explained files every wrong line under its key.
func explained(err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range many.Unwrap() {
			all = append(all, explained(one))
		}
		return errors.Join(all...)
	}
	if line, ok := errors.AsType[*rules.Mistake](err); ok {
		return config.Wrong(line.List, "line %d %s", line.Line, line.Problem)
	}
	return err
}

// filled puts the defaults where nothing is set.
func (c Config) filled() Config {
	c.KeepSize, c.Share, c.MaxBody = cmp.Or(c.KeepSize, 64), cmp.Or(c.Share, 512), cmp.Or(c.MaxBody, 1024)
	c.ReadBudget = cmp.Or(c.ReadBudget, 30*time.Second)
	c.WriteBudget = cmp.Or(c.WriteBudget, 2*time.Minute)
	c.UploadBudget = cmp.Or(c.UploadBudget, 5*time.Minute)
	return c
}

func off() error {
	return hub.Fail(hub.Unavailable, "part-off", "ERPNext is not configured.", nil)
}
