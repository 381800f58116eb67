package web

import (
	"context"
	"maps"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/body"
	"gigafibre.ca/targo-hub/hub/web/trust"
)

// middleware lists what every request passes before its route's own door.
func (s *Server) middleware() []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{
		requestID, s.record, s.recoverPanic, s.headers(), s.crossOrigin(), s.forgery,
		middleware.GzipWithConfig(middleware.GzipConfig{MinLength: 1024, Skipper: func(c echo.Context) bool {
			rt := s.routeOf(c)
			return rt == nil || rt.doc.Stream
		}}),
	}
}

// requestID takes the caller's id when it is short and printable, else makes one.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		id := r.Header.Get(echo.HeaderXRequestID)
		if !isPrintable(id, 64) || strings.Contains(id, " ") {
			id = uuid.Must(uuid.NewV7()).String()
		}
		c.SetRequest(r.WithContext(hub.WithRequestID(r.Context(), id)))
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		return next(c)
	}
}

// isPrintable tells whether the text is 1 to limit printable ASCII characters.
func isPrintable(text string, limit int) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return text != "" && len(text) <= limit
}

// recoverPanic turns a panic into an internal failure; the stack goes to the log.
func (s *Server) recoverPanic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			v := recover()
			if v == http.ErrAbortHandler {
				panic(v)
			}
			if v != nil {
				err = panicked(v)
			}
		}()
		return next(c)
	}
}

// panicError is a recovered panic with where it happened.
type panicError struct {
	error
	stack string
}

func panicked(v any) error {
	return &panicError{error: hub.Recovered(v), stack: clip(string(debug.Stack()))}
}

func (p *panicError) Unwrap() error { return p.error }

// headers sets what browsers must know about every answer. Answers are private
// unless a handler says otherwise: addresses carry tokens, bodies carry people.
func (s *Server) headers() echo.MiddlewareFunc {
	same := http.Header{}
	same.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
	same.Set("X-Content-Type-Options", "nosniff")
	same.Set("X-Frame-Options", "DENY")
	same.Set("Referrer-Policy", "no-referrer")
	same.Set("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
	same.Set("Cross-Origin-Opener-Policy", "same-origin")
	same.Set("Cache-Control", "no-store")
	if strings.HasPrefix(s.cfg.PublicURL, "https://") {
		same.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			maps.Copy(c.Response().Header(), same) // the values are shared: whoever wants another one sets it
			return next(c)
		}
	}
}

// crossOrigin lets the configured browser apps read answers, and no others.
func (s *Server) crossOrigin() echo.MiddlewareFunc {
	return middleware.CORSWithConfig(middleware.CORSConfig{
		AllowOriginFunc:  func(origin string) (bool, error) { return s.origins.Allows(origin), nil },
		AllowCredentials: true,
		ExposeHeaders:    []string{"X-Request-Id", "Retry-After", "Idempotent-Replay", "ETag", "Location", "X-Hub-Cache"},
		MaxAge:           600,
	})
}

// forgery refuses changes that a foreign site makes with the caller's session.
func (s *Server) forgery(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := s.origins.Check(c.Request()); err != nil {
			return hub.Fail(hub.Forbidden, "forbidden", "The request comes from another site.", err)
		}
		return next(c)
	}
}

// budget bounds the request in time; a stream instead lives until the caller
// leaves or the hub stops. The returned function frees the timer.
func (s *Server) budget(c echo.Context, rt *route) func() {
	r := c.Request()
	if !rt.doc.Stream {
		ctx, cancel := context.WithTimeoutCause(r.Context(), requestBudget, errBudget)
		c.SetRequest(r.WithContext(ctx))
		return cancel
	}
	ctx, cancel := context.WithCancel(r.Context())
	release := context.AfterFunc(s.streams, cancel)
	c.SetRequest(r.WithContext(ctx))
	return func() { release(); cancel() }
}

// meterAddress takes one from the allowance of the caller's address. When the
// store cannot count, the public still gets in.
func (s *Server) meterAddress(c echo.Context, rt *route) error {
	if s.deps.Limits == nil || rt.doc.Unmetered {
		return nil
	}
	key := "public:" + trust.Neighbourhood(c.RealIP())
	ok, wait, err := s.deps.Limits.Allow(c.Request().Context(), key, publicBurst, time.Minute)
	if err != nil {
		s.log.WarnContext(c.Request().Context(), "public request let in uncounted", "err", err)
		return nil
	}
	if !ok {
		return hub.Fail(hub.TooMany, "too-many-requests", "Too many requests from this address.", nil, hub.WithRetryAfter(wait))
	}
	return nil
}

// Caller is what a handler may keep as evidence of who called.
type Caller struct {
	Address string // of the person, as far as the trusted proxies tell
	Agent   string // User-Agent
	Lang    hub.Lang
}

type callerKey struct{}

// CallerOf returns who called, inside a JSON operation.
func CallerOf(ctx context.Context) Caller {
	caller, ok := ctx.Value(callerKey{}).(Caller)
	if !ok {
		caller.Lang = hub.French
	}
	return caller
}

// carryToken shows the proof that people without a session bring in the body to
// the verifier, as the path value jwt. A proof in the header or in the path makes
// it needless to look.
func carryToken(r *http.Request, guard Guard) error {
	links := guard.Has(Customer) || guard.Has(Technician)
	if !links || isSafe(r.Method) || r.PathValue("jwt") != "" || r.Header.Get("Authorization") != "" {
		return nil
	}
	token, err := body.Token(r)
	if token != "" {
		r.SetPathValue("jwt", token)
	}
	return err
}

// hasLeft tells that the caller is gone: what fails then fails because of that.
func hasLeft(c echo.Context) bool {
	caller, _ := c.Get(callerCtx).(context.Context)
	return caller != nil && caller.Err() != nil
}
