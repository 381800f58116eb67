package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/front"
)

const defaultDrain = 10 * time.Second

// errBudget is the cause of a request context whose time is spent.
var errBudget = errors.New("time budget of the request is spent")

type hook struct {
	name string
	run  func()
}

// OnStop has f called when the server stops, after it has stopped accepting and
// before it waits for requests in flight: the place to close live streams.
func (s *Server) OnStop(name string, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, hook{name, f})
}

// Ready is closed once the server listens.
func (s *Server) Ready() <-chan struct{} { return s.listens }

// Addr returns the address listened on, with the port that was found for ":0";
// empty before Ready.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Run listens and serves until ctx ends, then stops: says so on /readyz, accepts
// nothing more, ends the streams and the OnStop hooks, and waits for requests in
// flight as long as the settings allow. It returns nil when everybody was served.
// Requests do not see ctx: the end of it must not cut them. Run works once.
func (s *Server) Run(ctx context.Context) error {
	listeners, err := s.listen()
	if err != nil {
		return err
	}
	servers := []graceful{s.httpServer(s.Handler())}
	if len(listeners) > 1 {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", s.meter.Handler())
		servers = append(servers, s.httpServer(mux))
	}
	failed := make(chan error, len(servers)+1)
	if s.cfg.Lean {
		f := s.front(listeners[0])
		listeners[0] = f.Rest()
		servers = append(servers, f)
		go func() { failed <- f.Serve() }()
	}
	for i, l := range listeners {
		go func() { failed <- servers[i].(*http.Server).Serve(l) }()
	}
	close(s.listens)
	s.log.InfoContext(ctx, "listening", "address", s.Addr())

	var serveErr error
	select {
	case <-ctx.Done():
	case serveErr = <-failed:
		serveErr = fmt.Errorf("serving: %w", serveErr)
	}
	return errors.Join(serveErr, s.stop(context.WithoutCancel(ctx), servers))
}

// listen takes the ports, all or none.
func (s *Server) listen() ([]net.Listener, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ran {
		return nil, errors.New("listening: the server has run already")
	}
	s.ran = true
	main, err := net.Listen("tcp", s.cfg.listen())
	if err != nil {
		return nil, fmt.Errorf("listening (TARGO_LISTEN): %w", err)
	}
	s.addr = main.Addr().String()
	if !s.cfg.measured() || s.deps.Metrics == nil {
		return []net.Listener{main}, nil
	}
	metrics, err := net.Listen("tcp", s.cfg.MetricsListen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listening for metrics (TARGO_METRICS_LISTEN): %w", err), main.Close())
	}
	return []net.Listener{main, metrics}, nil
}

// graceful is a server that can be stopped in order, or at once.
type graceful interface {
	Shutdown(ctx context.Context) error
	Close() error
}

// front is the lean way in for the routes that say so.
func (s *Server) front(l net.Listener) *front.Front {
	return front.New(l, front.Config{
		Serve: s.serveLean, Always: s.lines(), Takes: s.router.lean.Limit, Count: s.meter.Connections,
		Panic:    func(v any) { s.log.Error("connection broken off", "err", panicked(v)) },
		HeadTime: headTime, BodyTime: requestBudget, IdleTime: idleTime, WriteTime: writeTime,
	})
}

// How long callers may take: for the head of a request, between two requests,
// and, where the front answers, for what was written to them at once.
const (
	headTime  = 5 * time.Second
	idleTime  = 2 * time.Minute
	writeTime = time.Minute
)

func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headTime,
		IdleTimeout:       idleTime,
		WriteTimeout:      0, // a stream writes as long as it lives
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

func (s *Server) stop(ctx context.Context, servers []graceful) error {
	s.stopping.Store(true)
	drain := s.cfg.Drain
	if drain == 0 {
		drain = defaultDrain
	}
	ctx, cancel := context.WithTimeoutCause(ctx, drain, errors.New("requests were still in flight"))
	defer cancel()
	s.log.InfoContext(ctx, "stopping", "drain", drain.String())
	errs := make(chan error, len(servers))
	for _, server := range servers {
		go func() { errs <- shut(ctx, server) }()
	}
	s.cut() // the streams
	failures := []error{s.runHooks(ctx)}
	for range servers {
		failures = append(failures, <-errs)
	}
	return errors.Join(failures...)
}

// shut closes the listener at once and waits for requests; what does not finish
// in time is cut.
func shut(ctx context.Context, server graceful) error {
	if err := server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("draining: %w", context.Cause(ctx)), server.Close())
	}
	return nil
}

// runHooks calls the hooks in their order, each bounded by ctx.
func (s *Server) runHooks(ctx context.Context) error {
	s.mu.Lock()
	hooks := s.hooks
	s.mu.Unlock()
	var errs []error
	for _, h := range hooks {
		done := make(chan error, 1)
		go func() {
			defer func() {
				if v := recover(); v != nil {
					done <- fmt.Errorf("stopping %s: %w", h.name, hub.Recovered(v))
				}
			}()
			h.run()
			done <- nil
		}()
		select {
		case err := <-done:
			errs = append(errs, err)
		case <-ctx.Done():
			errs = append(errs, fmt.Errorf("stopping %s: %w", h.name, context.Cause(ctx)))
		}
	}
	return errors.Join(errs...)
}
