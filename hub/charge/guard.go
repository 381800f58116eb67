package charge

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
)

// Config says whether billing is paused, and which key opens it for a request.
type Config struct {
	Paused       bool          `yaml:"billing_paused" env:"BILLING_PAUSED" default:"true" doc:"while true nothing is invoiced or charged"`
	CutoverToken config.Secret `yaml:"billing_cutover_token" env:"BILLING_CUTOVER_TOKEN" doc:"key of the cut-over, 32 characters or more: a request of staff or of a service with it in X-Cutover-Token is let through while billing is paused; empty = there is no key"`
}

// shortestKey is how many characters a key has at least.
const shortestKey = 32

// longestName is how much of what a caller calls a name is written down.
const longestName = 140 // characters

// Validate reports what is wrong with the settings.
func (c Config) Validate() error {
	if !c.CutoverToken.Empty() && len(c.CutoverToken.Reveal()) < shortestKey {
		return config.Wrong("billing_cutover_token", "must have 32 characters or more, or be empty")
	}
	return nil
}

// Use is one use of the key of the cut-over, for the audit.
type Use struct {
	Actor   hub.Actor
	Request string // id
	Change
}

// Deps is what the guard is built on.
type Deps struct {
	// Site asks ERPNext whether its scheduler is paused; nil: nobody can tell.
	Site func(ctx context.Context) (paused bool, err error)
	// Trail writes a use of the key down before it counts; nil: no use counts.
	Trail   func(ctx context.Context, use Use) error
	Now     func() time.Time      // nil = time.Now
	Log     *slog.Logger          // nil = nothing is logged
	Metrics prometheus.Registerer // nil = nobody reads the counter
}

// Guard lets through what may be submitted, sent and charged. It is safe for
// concurrent use.
type Guard struct {
	cfg    Config
	deps   Deps
	keys   *prometheus.CounterVec
	flight singleflight.Group
	begun  time.Time

	mu    sync.Mutex
	site  answer
	wrong map[string]*failures // by who showed a wrong key
}

// NewGuard makes the guard. Nothing is asked yet.
func NewGuard(cfg Config, deps Deps) (*Guard, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	deps.Log = cmp.Or(deps.Log, slog.New(slog.DiscardHandler)).With("part", "charge")
	if deps.Now == nil {
		deps.Now = time.Now
	}
	g := &Guard{cfg: cfg, deps: deps, begun: deps.Now(), wrong: map[string]*failures{}, keys: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "hub_cutover_keys_total", Help: "Requests that showed a key of the cut-over, by what came of it: used, wrong or limited.",
	}, []string{"result"})}
	if deps.Metrics != nil {
		if err := deps.Metrics.Register(g.keys); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// Allow tells whether a change may be made now: nil, or the refusal
// billing-paused. With the key of the cut-over on the context (see Admit) the use
// is written down, and the change may be made.
func (g *Guard) Allow(ctx context.Context, c Change) error {
	state := g.State(ctx)
	if !state.Paused {
		return nil
	}
	if !g.admitted(ctx) {
		return refusal(state.Why)
	}
	c = Change{Verb: c.Verb, Doctype: hub.Clip(c.Doctype, longestName), Name: hub.Clip(c.Name, longestName), Method: hub.Clip(c.Method, longestName)}
	if g.deps.Trail == nil {
		return hub.Fail(hub.Unavailable, "store-unavailable", "The use of the key cannot be written down, so it does not count.", nil)
	}
	if err := g.deps.Trail(ctx, Use{Actor: hub.ActorOf(ctx), Request: hub.RequestID(ctx), Change: c}); err != nil {
		return hub.Fail(hub.Unavailable, "store-unavailable", "The use of the key cannot be written down, so it does not count.", err)
	}
	g.keys.WithLabelValues("used").Inc()
	g.deps.Log.WarnContext(ctx, "billing is paused and the key of the cut-over was used",
		"role", string(hub.ActorOf(ctx).Role), "request", hub.RequestID(ctx), "verb", c.Verb, "doctype", c.Doctype, "method", c.Method)
	return nil
}

func refusal(why string) error {
	detail := "Billing is paused: nothing is submitted or sent to customers until billing_paused (TARGO_BILLING_PAUSED) is false."
	switch why {
	case BySite:
		detail = "Billing is paused: ERPNext's scheduler is (pause_scheduler, or switched off), so nothing is submitted or sent to customers."
	case ByDoubt:
		detail = "Billing counts as paused: ERPNext does not say whether its scheduler runs, so nothing is submitted or sent to customers."
	case byNobody:
		detail = "Billing counts as paused: this client of ERPNext has no guard, so nothing is submitted or sent to customers."
	}
	return hub.Fail(hub.Forbidden, "billing-paused", detail, nil)
}

// Open is a guard that lets everything through, for tests and for tools that make
// a site.
type Open struct{}

// Allow always does.
func (Open) Allow(context.Context, Change) error { return nil }

// Closed is a guard that lets nothing through: it stands where none was given.
type Closed struct{}

// Allow never does.
func (Closed) Allow(context.Context, Change) error { return refusal(byNobody) }

// Ask asks a guard for every change of a request, and returns its first refusal.
func Ask(ctx context.Context, guard interface {
	Allow(ctx context.Context, c Change) error
}, r Request,
) error {
	for _, c := range Changes(r) {
		if err := guard.Allow(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
