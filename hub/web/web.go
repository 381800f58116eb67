// Package web is the edge: the HTTP server that every feature mounts its routes
// on. It decides who may enter (Guard), how failures look (WriteProblem), how
// JSON operations are described and checked (Operation), how pages are dressed
// (Page), how long a request may take, how big a body may be, and how the
// process stops without cutting anybody off.
//
// Routes of its own: GET / (to /docs), /favicon.ico, /healthz, /readyz, /version,
// /openapi.json, /docs, /problems, /problems/{code} and /assets/{file}, all
// Public; GET /metrics on a listener of its own. There is no way to register a
// route without a guard.
//
// Events: none. Systems called: none. Remembers: the answers of requests that
// carry an Idempotency-Key, 24 hours, sealed, in the Memory it is given; and takes
// from the allowances (Limits) of addresses that use public routes, and of links.
//
// A request passes, in this order: request id, log line and metrics, recovery
// of panics, security headers, cross-origin rules, compression; then, once the
// route is known: time budget, body limit, guard, idempotency, handler. All of it
// is the same whether net/http's server read the request or, for routes that are
// marked Lean, the room front did.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/health"
	"gigafibre.ca/targo-hub/hub/web/meter"
	"gigafibre.ca/targo-hub/hub/web/replay"
	"gigafibre.ca/targo-hub/hub/web/shell"
	"gigafibre.ca/targo-hub/hub/web/trust"
)

// Config is the root section of the settings: where the hub listens and whom it
// believes about addresses and origins.
type Config struct {
	Listen         string        `yaml:"listen" env:"LISTEN" default:"127.0.0.1:3300" doc:"address and port that the hub listens on"`
	PublicURL      string        `yaml:"public_url" env:"PUBLIC_URL" doc:"https address under which people reach the hub; links are made from it, never from request headers"`
	Brand          string        `yaml:"brand" env:"BRAND" default:"Gigafibre" doc:"name of the company that pages and mails show"`
	CORSOrigins    []string      `yaml:"cors_origins" env:"CORS_ORIGINS" doc:"exact origins of the browser apps that may call the hub (https://ops.example.com); never *"`
	TrustedProxies []string      `yaml:"trusted_proxies" env:"TRUSTED_PROXIES" doc:"addresses or networks of the proxies whose X-Forwarded-For and X-authentik-jwt are believed; empty = none"`
	MetricsListen  string        `yaml:"metrics_listen" env:"METRICS_LISTEN" default:"127.0.0.1:9464" doc:"address of GET /metrics; off for none"`
	Dev            bool          `yaml:"dev" env:"DEV" doc:"also allow browser apps on http://localhost and http://127.0.0.1, any port"`
	Lean           bool          `yaml:"lean" env:"LEAN" default:"true" doc:"serve the requests that come most often (reads, webhooks) without net/http's server, at less than half the cost; false if a caller has trouble with it"`
	Drain          time.Duration `yaml:"drain" env:"DRAIN" default:"10s" doc:"how long requests in flight may take to finish when the hub stops"`
}

// Deps is what the edge is built on. Every member may be left out.
type Deps struct {
	Verifier Verifier             // checks proofs; nil lets only the public and senders in
	Limits   Limits               // allowance of public routes; nil = no limit
	Cutover  Cutover              // checks the key of the cut-over (X-Cutover-Token); nil = there is none
	Memory   Memory               // answers by Idempotency-Key; nil = keys are ignored
	Metrics  *prometheus.Registry // what /metrics shows; nil = nothing is measured
	Log      *slog.Logger         // nil = nothing is logged
	Build    Build
}

// Build says which program this is: GET /version.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Built   string `json:"built"`
}

// Limits meters public routes per address.
type Limits interface {
	// Allow takes one from the allowance of the key, or says how long to wait.
	Allow(ctx context.Context, key string, burst int, period time.Duration) (ok bool, wait time.Duration, err error)
}

// Memory keeps answers for repeated requests. Value fails with the kind
// hub.NotFound when there is none, Swap with hub.Conflict when the version is
// not the one given (0 = must not exist).
type Memory = replay.Memory

// Server is the edge of one hub. Make it with NewServer, mount features on its
// Router, then Run it once.
type Server struct {
	cfg     Config
	deps    Deps
	log     *slog.Logger
	echo    *echo.Echo
	router  *Router
	shell   *shell.Shell
	meter   *meter.Meter
	origins *trust.Origins
	proxies trust.Proxies

	dress              []line // headers of every answer
	varies, variesMore []string
	crossed, zipped    echo.MiddlewareFunc // for those who need them: they cost something

	parts    health.Parts
	keeper   replay.Keeper
	mu       sync.Mutex
	hooks    []hook
	addr     string
	ran      bool
	listens  chan struct{}
	stopping atomic.Bool
	streams  context.Context // ends when the server stops: live streams end with it
	cut      context.CancelFunc
}

// NewServer builds the edge and its own routes. It fails when the settings are
// wrong, naming all mistakes.
func NewServer(cfg Config, deps Deps) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, deps: deps, log: deps.Log.With("part", "web"), echo: echo.New(), listens: make(chan struct{})}
	s.streams, s.cut = context.WithCancel(context.Background())
	var err error
	if s.shell, err = shell.New(); err != nil {
		return nil, fmt.Errorf("parsing the page layout: %w", err)
	}
	if s.meter, err = meter.New(deps.Metrics); err != nil {
		return nil, fmt.Errorf("registering metrics: %w", err)
	}
	if s.origins, err = trust.NewOrigins(cfg.CORSOrigins, cfg.PublicURL, cfg.Dev); err != nil {
		return nil, fmt.Errorf("reading cors_origins: %w", err)
	}
	if s.echo.IPExtractor, err = trust.Addresses(cfg.TrustedProxies); err != nil {
		return nil, err
	}
	if s.proxies, err = trust.NewProxies(cfg.TrustedProxies); err != nil {
		return nil, err
	}
	s.keeper = replay.Keeper{
		Memory: deps.Memory, Log: s.log,
		Missing: func(err error) bool { return hub.IsKind(err, hub.NotFound) },
		Taken:   func(err error) bool { return hub.IsKind(err, hub.Conflict) },
	}
	s.echo.HTTPErrorHandler = s.answerError
	s.dress, s.varies = s.dressing(), []string{echo.HeaderOrigin}
	s.variesMore = []string{echo.HeaderOrigin, echo.HeaderAcceptEncoding}
	s.crossed, s.zipped = s.crossOrigin(), middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1024})
	s.echo.Use(s.edge)
	if s.router, err = newRouter(s); err != nil {
		return nil, err
	}
	return s, s.mountOwn()
}

// Router is where features register their routes.
func (s *Server) Router() *Router { return s.router }

// Handler answers requests without a listener, for tests and for embedding.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serveHTTP) }

// Public returns the absolute address of a path of the hub ("/accept/…"), from
// the settings and never from a request.
func (c Config) Public(path string) string {
	base := strings.TrimRight(c.PublicURL, "/")
	if base == "" {
		base = "http://" + c.listen()
	}
	return base + path
}

// measured tells whether /metrics has a listener.
func (c Config) measured() bool { return c.MetricsListen != "" && c.MetricsListen != "off" }

// Validate names everything that is wrong with the section at once.
func (c Config) Validate() error {
	var wrong []error
	if _, _, err := net.SplitHostPort(c.listen()); err != nil {
		wrong = append(wrong, config.Wrong("listen", "must be address:port"))
	}
	if _, _, err := net.SplitHostPort(c.MetricsListen); c.measured() && err != nil {
		wrong = append(wrong, config.Wrong("metrics_listen", "must be address:port, or empty"))
	}
	if c.PublicURL != "" && !isBase(c.PublicURL) {
		wrong = append(wrong, config.Wrong("public_url", "must be http(s)://host, without user, query or fragment"))
	}
	if c.Drain < 0 {
		wrong = append(wrong, config.Wrong("drain", "must not be negative"))
	}
	if _, err := trust.NewOrigins(c.CORSOrigins, "", c.Dev); err != nil {
		wrong = append(wrong, config.Wrong("cors_origins", "%v", err))
	}
	if _, err := trust.Addresses(c.TrustedProxies); err != nil {
		wrong = append(wrong, config.Wrong("trusted_proxies", "%v", err))
	}
	return errors.Join(wrong...)
}

func (c Config) listen() string {
	if c.Listen == "" {
		return "127.0.0.1:3300"
	}
	return c.Listen
}

func isBase(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" &&
		u.RawQuery == "" && u.Fragment == "" && u.User == nil
}
