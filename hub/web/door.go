package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/body"
	"gigafibre.ca/targo-hub/hub/web/replay"
	"gigafibre.ca/targo-hub/hub/web/trust"
)

const (
	requestBudget = 30 * time.Second
	usualBody     = 1 << 20 // bytes of a request's body
	publicBurst   = 120     // requests at once and per minute, per address, over all public routes
	linkBurst     = 240     // the same per link: each opening may ask other systems, and scanners open one a hundred times
)

// cutoverHeader carries the key that lets a request charge while billing is
// paused.
const cutoverHeader = "X-Cutover-Token"

// Cutover checks that key. The actor stands on the context; from whom no key is
// taken the context comes back as it is.
type Cutover interface {
	Admit(ctx context.Context, key string) (context.Context, error)
}

// Verifier checks the proof that a request carries for one role. It answers
// hub.Unauthenticated when there is none or a wrong one, hub.Forbidden when the
// caller is known but may not, hub.Gone when a link has ended. A token from the
// path or the body is found as r.PathValue("jwt").
type Verifier interface {
	Verify(ctx context.Context, r *http.Request, role hub.Role) (hub.Actor, error)
}

// through leads a request past the door of its route: time budget, body limit,
// guard and idempotency, in this order.
func (s *Server) through(rt *route, h echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		q := requestOf(c.Request().Context())
		if end := q.budget(rt); end != nil {
			defer end()
		}
		bounds := body.Bounds{Size: rt.doc.MaxBody, Time: rt.doc.Budget, Explain: explainBody}
		if err := bounds.Apply(c.Response(), c.Request()); err != nil {
			return err
		}
		if err := readParams(c); err != nil {
			return err
		}
		if err := s.enter(c, q, rt); err != nil {
			return s.refuse(c, q, rt, err)
		}
		if rt.doc.Stream && q.wasHead() {
			return c.NoContent(http.StatusOK)
		}
		if rt.repeatable() && s.deps.Memory != nil {
			if key := c.Request().Header.Get("Idempotency-Key"); key != "" {
				return s.once(c, rt, key, h)
			}
		}
		return h(c)
	}
}

// repeatable tells whether an Idempotency-Key means something on the route.
func (rt *route) repeatable() bool {
	return (rt.json || rt.doc.Idempotent) && !rt.doc.Stream && !isSafe(rt.Method)
}

// readParams makes path parameters what the caller meant: echo leaves them
// percent-encoded when the path holds an encoded slash. A proof in the path is
// shown to the verifier.
func readParams(c echo.Context) error {
	r, values := c.Request(), c.ParamValues()
	if r.URL.RawPath != "" {
		values = slices.Clone(values)
		for i, v := range values {
			plain, err := url.PathUnescape(v)
			if err != nil {
				return hub.Fail(hub.Malformed, "malformed", "The path is not readable.", err)
			}
			values[i] = plain
		}
		c.SetParamValues(values...)
	}
	for i, name := range c.ParamNames() {
		if name == "jwt" {
			r.SetPathValue(name, values[i])
		}
	}
	return nil
}

// enter checks the guard and says who it is that has entered.
func (s *Server) enter(c echo.Context, q *request, rt *route) error {
	key := takeKey(c.Request())
	actor, err := s.identify(c, rt)
	trust.StripForwarded(c.Request().Header)
	if err != nil {
		return err
	}
	if rt.link && actor.TokenID != "" && s.deps.Limits != nil {
		if err := s.meterKey(c, "link:"+actor.TokenID, linkBurst, "This link was opened too often."); err != nil {
			return err
		}
	}
	if actor.Lang == "" {
		actor.Lang = langOf(q.asked)
	}
	q.actor = actor
	q.Facts.Actor = &q.actor
	return s.admit(c, key)
}

// refuse lets a page say in its own words why nobody gets in. Programs that ask
// for JSON get the problem.
func (s *Server) refuse(c echo.Context, q *request, rt *route, err error) error {
	if rt.doc.Refused == nil || readsJSON(c.Request()) {
		return err
	}
	why := explain(c, err)
	if why.Kind == hub.Unauthenticated {
		c.Response().Header().Set("WWW-Authenticate", challenge)
	}
	if left := rt.doc.Refused(c, err); left != nil {
		return left
	}
	s.logProblem(q, why, err)
	return nil
}

// takeKey takes the key of the cut-over off a request, so that no handler sees
// it, keeps it or passes it on. Two of them are none that fits.
func takeKey(r *http.Request) string {
	keys := r.Header[cutoverHeader]
	if keys == nil {
		return ""
	}
	delete(r.Header, cutoverHeader)
	return strings.Join(keys, ", ")
}

// admit has the key checked: this is the one place where it comes in.
func (s *Server) admit(c echo.Context, key string) error {
	if key == "" || s.deps.Cutover == nil {
		return nil
	}
	ctx, err := s.deps.Cutover.Admit(c.Request().Context(), key)
	if err == nil {
		c.SetRequest(c.Request().WithContext(ctx))
	}
	return err
}

// identify tries the roles of the guard one after the other. When none fits, the
// refusal that tells the caller most is returned.
func (s *Server) identify(c echo.Context, rt *route) (hub.Actor, error) {
	var refusal error
	if err := carryToken(c.Request(), rt); err != nil {
		return hub.Actor{}, err
	}
	for _, role := range rt.roles {
		switch role {
		case hub.RolePublic:
			continue
		case hub.RoleSigned:
			return hub.Actor{Role: hub.RoleSigned}, nil
		}
		actor, err := s.verify(c.Request(), role)
		if err == nil {
			err = inScope(actor, rt)
		}
		if err == nil {
			return actor, nil
		}
		refusal = tellingMore(refusal, err)
	}
	if rt.guard.Has(Public) {
		return hub.Actor{Role: hub.RolePublic}, s.meterAddress(c, rt)
	}
	return hub.Actor{}, refusal
}

// inScope keeps a machine's token to what it is for: the first segments of the
// routes ("messages", "accept") that stand among its scopes, or "all". Who a
// token is may be asked with any.
func inScope(a hub.Actor, rt *route) error {
	part, _, _ := strings.Cut(strings.TrimPrefix(rt.Path, "/"), "/")
	if a.Role != hub.RoleService || a.May(part) || a.May("all") || part == "auth" {
		return nil
	}
	return hub.Fail(hub.Forbidden, "forbidden", `The token lacks the scope "`+part+`".`, nil)
}

func (s *Server) verify(r *http.Request, role hub.Role) (hub.Actor, error) {
	if s.deps.Verifier == nil {
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Proof of identity is needed.", nil)
	}
	actor, err := s.deps.Verifier.Verify(r.Context(), r, role)
	if err == nil && actor.Role != role {
		err = hub.Fail(hub.Forbidden, "forbidden", "This route is for others.",
			fmt.Errorf("verifier answered role %q for %q", actor.Role, role))
	}
	return actor, err
}

// tellingMore picks the refusal to show: that the store is away, then that the
// caller is known but not allowed, then that a link has ended, then the rest.
func tellingMore(a, b error) error {
	rank := func(err error) int {
		if err == nil {
			return -1
		}
		p := hub.ProblemOf(err)
		switch {
		case p.Kind.Status() >= 500:
			return 4
		case p.Kind == hub.Forbidden:
			return 3
		case p.Kind == hub.Gone:
			return 2
		case p.Code != "unauthenticated":
			return 1
		}
		return 0
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// once answers a repeated request without doing it again.
func (s *Server) once(c echo.Context, rt *route, key string, h echo.HandlerFunc) error {
	if !isPrintable(key, 200) {
		return hub.Fail(hub.Malformed, "malformed", "Idempotency-Key must be 1 to 200 printable characters.", nil,
			hub.WithField("header/Idempotency-Key", "expected 1 to 200 printable characters"))
	}
	whole, err := body.Read(c.Request())
	if err != nil {
		return err
	}
	r := c.Request()
	who := hub.ActorOf(r.Context())
	id := replay.Identify(who.String(), who.Subject, who.Job, r.Method, r.URL.RequestURI(), key)
	id.Budget = rt.doc.Budget
	err = s.keeper.Once(c, id, body.Essence(r, whole), h)
	switch {
	case errors.Is(err, replay.ErrMismatch):
		return hub.Fail(hub.Invalid, "idempotency-mismatch", "This Idempotency-Key was used with another body.", nil)
	case errors.Is(err, replay.ErrBusy):
		return hub.Fail(hub.Conflict, "state-conflict", "The first request with this Idempotency-Key is still at work.", nil,
			hub.WithRetryAfter(time.Second))
	case errors.Is(err, replay.ErrSilent):
		return hub.Fail(hub.Unavailable, "unavailable", "The store does not answer; nothing was done.", err, hub.WithRetryAfter(5*time.Second))
	case errors.Is(err, replay.ErrTooLong):
		return hub.Fail(hub.Conflict, "state-conflict", "This was done already; its answer was too long to keep.", nil)
	}
	return err
}

func explainBody(err error) error {
	if errors.Is(err, body.ErrTooLarge) {
		return hub.Fail(hub.TooLarge, "body-too-large", "The body is too large.", err)
	}
	return hub.Fail(hub.Malformed, "body-truncated", "The body ended early.", err)
}

func isSafe(method string) bool {
	return method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
}
