package web

import (
	"context"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/body"
	"gigafibre.ca/targo-hub/hub/web/front"
	"gigafibre.ca/targo-hub/hub/web/scope"
	"gigafibre.ca/targo-hub/hub/web/trust"
)

// request is the context of a request, and all that the edge knows of it.
type request struct {
	scope.Scope
	server *Server
	asked  *http.Request // as it came
	route  *route        // nil when there is none
	begun  time.Time
	id     [1]string
	actor  hub.Actor

	dressed bool // the headers of every answer are added when it is sent
}

type requestKey struct{}

// Value implements context.Context.
func (q *request) Value(key any) any {
	if key == (requestKey{}) {
		return q
	}
	return q.Scope.Value(key)
}

// requestOf returns the request that a context belongs to, nil outside of the
// server.
func requestOf(ctx context.Context) *request {
	q, ok := ctx.(*request)
	if !ok {
		q, _ = ctx.Value(requestKey{}).(*request)
	}
	return q
}

// wasHead tells that HEAD was asked, which is answered as GET.
func (q *request) wasHead() bool { return q.asked.Method == http.MethodHead }

// hasLeft tells that the caller is gone: what fails then fails because of that.
func (q *request) hasLeft() bool { return q.Context.Err() != nil }

// pattern names the route without its values: paths carry tokens.
func (q *request) pattern() string {
	if q.route != nil {
		return q.route.Path
	}
	return "none"
}

// serveHTTP answers a request that came in by net/http's server.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	s.serve(r.Context(), w, r, false)
}

// serveLean answers a request that came in by the front, which writes the headers
// of every answer by itself.
func (s *Server) serveLean(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	s.serve(ctx, w, r, true)
}

// serve answers a request; ctx ends when the caller leaves. HEAD is answered as
// GET without a body, which net/http leaves out by itself because it knows the
// original request.
func (s *Server) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, dressed bool) {
	q := &request{server: s, begun: time.Now(), dressed: dressed}
	q.Context = ctx
	defer q.End()
	if r.ContentLength != 0 { // who refuses a request does not read its body, but net/http does before it answers
		_ = http.NewResponseController(w).SetReadDeadline(q.begun.Add(requestBudget))
	}
	q.asked = r.WithContext(q)
	r = q.asked
	if r.Method == http.MethodHead {
		r = r.WithContext(q)
		r.Method = http.MethodGet
	}
	s.echo.ServeHTTP(w, r)
}

// lines are the headers of every answer as the front writes them.
func (s *Server) lines() []front.Line {
	all := make([]front.Line, len(s.dress))
	for i, l := range s.dress {
		all[i] = front.Line{Name: l.name, Text: []byte(l.name + ": " + l.values[0] + "\r\n")}
	}
	return all
}

// edge is what every request passes before its route's own door, in one piece:
// request id, log line and metrics around recovery of panics, security headers,
// cross-origin rules, compression.
func (s *Server) edge(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q := requestOf(c.Request().Context())
		q.route = s.router.routes[routeKey{c.Request().Method, c.Path()}]
		q.id[0] = requestID(q)
		q.Facts.Request = q.id[0]
		s.meter.Enter()
		defer s.meter.Leave()
		if err := s.guarded(c, q, next); err != nil {
			c.Error(err)
		}
		s.record(c, q)
		return nil
	}
}

// guarded goes on; a panic becomes an internal failure, its stack goes to the log.
func (s *Server) guarded(c echo.Context, q *request, next echo.HandlerFunc) (err error) {
	defer func() {
		v := recover()
		if v == http.ErrAbortHandler {
			panic(v)
		}
		if v != nil {
			err = panicked(v)
		}
	}()
	h := c.Response().Header()
	for i := 0; i < len(s.dress) && !q.dressed; i++ {
		h[s.dress[i].name] = s.dress[i].values
	}
	h[echo.HeaderXRequestID] = q.id[:]
	r := c.Request()
	if r.Method == http.MethodOptions || r.Header[echo.HeaderOrigin] != nil {
		return s.crossed(func(c echo.Context) error { return s.inside(c, q, next) })(c)
	}
	h[echo.HeaderVary] = s.varies
	return s.inside(c, q, next)
}

// inside is what follows once it is known that the answer may be read.
func (s *Server) inside(c echo.Context, q *request, next echo.HandlerFunc) error {
	r := c.Request()
	if err := s.origins.Check(r); err != nil {
		return hub.Fail(hub.Forbidden, "forbidden", "The request comes from another site.", err)
	}
	if q.route == nil || q.route.doc.Stream || q.route.doc.AsIs {
		return next(c)
	}
	if strings.Contains(r.Header.Get(echo.HeaderAcceptEncoding), "gzip") {
		return s.zipped(next)(c)
	}
	h := c.Response().Header()
	if len(h[echo.HeaderVary]) == 1 { // Origin
		h[echo.HeaderVary] = s.variesMore
	} else {
		h.Add(echo.HeaderVary, echo.HeaderAcceptEncoding)
	}
	return next(c)
}

// line is a header that all answers have; the values are shared: whoever wants
// another one sets it.
type line struct {
	name   string
	values []string
}

// dressing is what browsers must know about every answer. Answers are private
// unless a handler says otherwise: addresses carry tokens, bodies carry people.
func (s *Server) dressing() []line {
	lines := []line{
		{"Content-Security-Policy", []string{"default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"X-Frame-Options", []string{"DENY"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Permissions-Policy", []string{"camera=(self), geolocation=(self), microphone=()"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cache-Control", []string{"no-store"}},
	}
	if strings.HasPrefix(s.cfg.PublicURL, "https://") {
		lines = append(lines, line{"Strict-Transport-Security", []string{"max-age=31536000"}})
	}
	return lines
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

// requestID takes the caller's id when it is short and printable, else makes one.
func requestID(q *request) string {
	id := q.asked.Header.Get(echo.HeaderXRequestID)
	if !isPrintable(id, 64) || strings.Contains(id, " ") {
		id = newID(q.begun)
	}
	return id
}

// newID makes a UUIDv7. The id is no secret: it has to be unique and to sort by
// time, so the runtime's random numbers do.
func newID(now time.Time) string {
	var id uuid.UUID
	ms := now.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	a, b := rand.Uint32(), rand.Uint64()
	id[6], id[7] = byte(a)&0x0f|0x70, byte(a>>8)
	for i := range 8 {
		id[8+i] = byte(b >> (8 * i))
	}
	id[8] = id[8]&0x3f | 0x80
	return id.String()
}

// isPrintable tells whether the text is 1 to limit printable ASCII characters.
func isPrintable(text string, limit int) bool {
	if text == "" || len(text) > limit {
		return false
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
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

// budget bounds the request in time; a stream instead lives until the caller
// leaves or the hub stops. The returned function, if any, is called at its end.
func (q *request) budget(rt *route) func() bool {
	if !rt.doc.Stream {
		q.Limit(q.begun.Add(rt.doc.Budget), errBudget)
		return nil
	}
	return context.AfterFunc(q.server.streams, q.Cancellable())
}

// meterAddress takes one from the allowance of the caller's address.
func (s *Server) meterAddress(c echo.Context, rt *route) error {
	if s.deps.Limits == nil || rt.doc.Unmetered {
		return nil
	}
	return s.meterKey(c, "public:"+trust.Neighbourhood(c.RealIP()), publicBurst, "Too many requests from this address.")
}

// meterKey takes one from an allowance. When the store cannot count, the caller
// still gets in.
func (s *Server) meterKey(c echo.Context, key string, burst int, refusal string) error {
	ctx := c.Request().Context()
	ok, wait, err := s.deps.Limits.Allow(ctx, key, burst, time.Minute)
	if err != nil {
		s.log.WarnContext(ctx, "request let in uncounted", "err", err)
		return nil
	}
	if !ok {
		return hub.Fail(hub.TooMany, "too-many-requests", refusal, nil, hub.WithRetryAfter(wait))
	}
	return nil
}

// Caller is what a handler may keep as evidence of who called.
type Caller struct {
	Address string // of the person, as far as the trusted proxies tell
	Agent   string // User-Agent
	Lang    hub.Lang
	Proxied bool // the connection is that of a trusted proxy

	Neighbourhood string // what an allowance is counted by: the address, or the /64 around it
}

// CallerOf returns who called, inside a JSON operation or a Verifier.
func CallerOf(ctx context.Context) Caller {
	q := requestOf(ctx)
	if q == nil {
		return Caller{Lang: hub.French}
	}
	address := q.server.echo.IPExtractor(q.asked)
	return Caller{
		Address: address, Agent: q.asked.UserAgent(), Lang: langOf(q.asked),
		Proxied: q.server.proxies.Hold(q.asked.RemoteAddr), Neighbourhood: trust.Neighbourhood(address),
	}
}

// carryToken shows the proof that people without a session bring in the body to
// the verifier, as the path value jwt. A proof in the header or in the path makes
// it needless to look. Routes that take more than the usual are not looked into:
// nobody may have pictures read before it is known who he is.
func carryToken(r *http.Request, rt *route) error {
	links := (rt.guard.Has(Customer) || rt.guard.Has(Technician)) && rt.doc.MaxBody <= usualBody
	if !links || isSafe(r.Method) || r.PathValue("jwt") != "" || r.Header.Get("Authorization") != "" {
		return nil
	}
	token, err := body.Token(r)
	if token != "" {
		r.SetPathValue("jwt", token)
	}
	return err
}
