package access_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/connectors/authentik"
	"gigafibre.ca/targo-hub/connectors/authentik/authentiksim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// people verifies sessions as the program has it done.
type people struct{ *authentik.Client }

func (p people) Verify(ctx context.Context, token string) (access.Person, error) {
	person, err := p.Client.Verify(ctx, token)
	return access.Person(person), err
}

// house is an edge behind a trusted proxy (httptest calls from 192.0.2.1), with a
// sign-in server for the staff and one for customers.
type house struct {
	*testing.T
	staff, clients *authentiksim.Sim
	guard          *access.Guard
	store          access.Values
	trail          keep.Trail
	handler        http.Handler
	lookups        int
}

func newHouse(t *testing.T, cfg access.Config, proxies ...string) *house {
	t.Helper()
	store := hubtest.Store(t)
	h := &house{T: t, store: store, trail: store, staff: signInServer(t), clients: signInServer(t)}
	client := authentik.New(authentik.Config{
		Server:  authentik.Server{JWKSURL: h.staff.JWKSURL(), Issuer: h.staff.Issuer(), Audience: h.staff.Audience()},
		Clients: authentik.Server{JWKSURL: h.clients.JWKSURL(), Issuer: h.clients.Issuer(), Audience: h.clients.Audience()}, Timeout: 2 * time.Second,
	}, authentik.Deps{})
	t.Cleanup(func() { _ = client.Close() })
	find := func(_ context.Context, p access.Person) (string, error) {
		h.lookups++
		switch p.Username {
		case "tom":
			return "TECH-7", nil
		case "carl":
			return "CUST-3", nil
		case "broken":
			return "", hub.Fail(hub.Unavailable, "upstream-unavailable", "ERPNext is away.", errors.New("refused"))
		}
		return "", hub.Fail(hub.NotFound, "not-found", "", nil)
	}
	var err error
	if h.guard, err = access.New(cfg, h.store, access.WithIdentities(people{client}), access.WithTechnician(find), access.WithCustomer(find), access.WithTrail(h.trail)); err != nil {
		t.Fatal(err)
	}
	if proxies == nil {
		proxies = []string{"192.0.2.1"}
	}
	s, err := web.NewServer(web.Config{TrustedProxies: proxies}, web.Deps{Verifier: h.guard, Limits: store})
	if err != nil {
		t.Fatal(err)
	}
	h.guard.Mount(s.Router())
	for path, guard := range map[string]web.Guard{
		"/office": web.Staff, "/field": web.Technician, "/mine": web.Customer, "/both": web.Staff.Or(web.Technician), "/link/{jwt}": web.Technician, "/machine": web.Service,
	} {
		s.Router().Handle(http.MethodGet, path, guard, func(c echo.Context) error {
			return c.String(http.StatusOK, hub.ActorOf(c.Request().Context()).String())
		})
	}
	h.handler = s.Handler()
	return h
}

func signInServer(t *testing.T) *authentiksim.Sim {
	t.Helper()
	sim, err := authentiksim.New(authentiksim.Options{Alg: "ES256"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	sim.SetURL(server.URL)
	return sim
}

// session is what the proxy adds for somebody who is signed in.
func (h *house) session(sim *authentiksim.Sim, username string, groups ...string) http.Header {
	h.Helper()
	headers, err := sim.Headers(authentiksim.Login{Username: username, Email: username + "@example.com", Name: username, Groups: groups})
	if err != nil {
		h.Fatal(err)
	}
	return headers
}

// ask sends a request with these headers.
func (h *house) ask(method, path, body string, headers http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range headers {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

// wants asks and compares status and a part of the body.
func (h *house) wants(path string, headers http.Header, status int, part string) {
	h.Helper()
	if w := h.ask(http.MethodGet, path, "", headers); w.Code != status || !strings.Contains(w.Body.String(), part) {
		h.Errorf("%s: %d %s, want %d %s", path, w.Code, w.Body, status, part)
	}
}

func TestSessionsOfTheProxy(t *testing.T) {
	t.Parallel()
	cfg := settings(hs("k1", 'a'))
	cfg.TechnicianGroup = "technicians"
	h := newHouse(t, cfg)
	ann, tom := h.session(h.staff, "ann", "ops"), h.session(h.staff, "tom", "technicians")
	carl, nobody := h.session(h.clients, "carl", "technicians", "ops"), h.session(h.staff, "nobody", "technicians")
	h.wants("/office", ann, 200, "staff:ann@example.com")
	h.wants("/both", ann, 200, "staff:ann@example.com")
	h.wants("/field", ann, 403, "forbidden")
	h.wants("/mine", ann, 403, "forbidden")
	h.wants("/machine", ann, 401, "unauthenticated")
	h.wants("/field", tom, 200, "technician:TECH-7")
	h.wants("/both", tom, 200, "technician:TECH-7")
	h.wants("/office", tom, 403, "forbidden") // signed in at the same server, and yet not of the office
	if h.lookups != 1 {
		t.Errorf("the technician was looked up %d times", h.lookups)
	}
	h.wants("/mine", carl, 200, "customer:CUST-3")
	h.wants("/office", carl, 403, "forbidden") // whatever groups the customers' server gives
	h.wants("/field", carl, 403, "forbidden")
	h.wants("/field", nobody, 403, "Nobody in ERPNext has this account")
	h.wants("/field", nobody, 403, "Nobody in ERPNext has this account")
	if h.lookups != 3 { // tom, carl, and the one who is nobody
		t.Errorf("ERPNext was asked %d times", h.lookups)
	}
	h.wants("/field", h.session(h.staff, "broken", "technicians"), 503, "upstream-unavailable")
	h.wants("/field", h.session(h.staff, "broken", "technicians"), 503, "upstream-unavailable")
	if h.lookups != 5 {
		t.Errorf("a failure was remembered: ERPNext was asked %d times", h.lookups)
	}
	h.wants("/office", nil, 401, "unauthenticated")

	plain := ann.Clone()
	plain.Del("X-authentik-jwt")
	h.wants("/office", plain, 401, "unauthenticated") // text headers are nobody's proof
	twice := ann.Clone()
	twice["X-Authentik-Jwt"] = []string{ann.Get("X-authentik-jwt"), tom.Get("X-authentik-jwt")}
	h.wants("/office", twice, 401, "unauthenticated")
	both := ann.Clone()
	both.Set("Authorization", "Bearer wrong")
	h.wants("/office", both, 401, "unauthenticated")
	posing := carl.Clone() // the proxy's word about the keys is nobody's word
	posing.Set("X-authentik-meta-jwks", h.clients.JWKSURL())
	posing.Set("X-authentik-username", "ann")
	h.wants("/office", posing, 403, "forbidden")
}

func TestSessionsCountOnTheProxysConnectionOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t, settings(hs("k1", 'a')), "10.0.0.1")
	ann := h.session(h.staff, "ann")
	ann.Set("X-Forwarded-For", "10.0.0.1")
	h.wants("/office", ann, 401, "unauthenticated")
	if n := h.staff.Control().Calls(); n != 0 {
		t.Errorf("a stranger had the keys read %d times", n)
	}
	bare := guard(t, settings(hs("k1", 'a')), nil)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header = ann
	if _, err := bare.Verify(r.Context(), r, hub.RoleStaff); !hub.IsKind(err, hub.Unauthenticated) {
		t.Errorf("without a sign-in server: %v", err)
	}
}

func TestGroupsOfTheStaff(t *testing.T) {
	t.Parallel()
	cfg := settings(hs("k1", 'a'))
	cfg.TechnicianGroup, cfg.StaffGroups = "technicians", []string{"office", "managers"}
	h := newHouse(t, cfg)
	h.wants("/office", h.session(h.staff, "ann", "ops"), 403, "forbidden")
	h.wants("/office", h.session(h.staff, "ann", "ops|office"), 403, "forbidden") // a name with a stroke in it is one group
	h.wants("/office", h.session(h.staff, "ann", "managers"), 200, "staff:ann@example.com")
	foreman := h.session(h.staff, "tom", "technicians", "office")
	h.wants("/office", foreman, 200, "staff:tom@example.com")
	h.wants("/field", foreman, 200, "technician:TECH-7")
	if err := h.guard.Keyring().RevokeSubject(t.Context(), access.Technician, "TECH-7"); err != nil {
		t.Fatal(err)
	}
	h.wants("/field", foreman, 401, "unauthenticated") // and no word of a link
	h.wants("/office", foreman, 200, "staff:tom@example.com")
}

func TestLinkBeforeSession(t *testing.T) {
	t.Parallel()
	cfg := settings(hs("k1", 'a'))
	cfg.TechnicianGroup = "technicians"
	h := newHouse(t, cfg)
	token, claims := mint(t, h.guard, access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
	tom := h.session(h.staff, "tom", "technicians")
	h.wants("/link/"+token, tom, 200, "technician:TECH-1")
	h.wants("/link/nonsense", tom, 401, "link-invalid")
	withCookie := tom.Clone()
	withCookie.Set("Cookie", "targo_tech="+token)
	h.wants("/field", withCookie, 200, "technician:TECH-1")
	if err := h.guard.Keyring().RevokeToken(t.Context(), claims); err != nil {
		t.Fatal(err)
	}
	h.wants("/field", withCookie, 200, "technician:TECH-7") // the link has ended, the session has not
	withCookie.Del("X-authentik-jwt")
	h.wants("/field", withCookie, 410, "link-expired")
}

func TestSignInServerIsAway(t *testing.T) {
	t.Parallel()
	h := newHouse(t, settings(hs("k1", 'a')))
	h.staff.Control().Fail(faulty)
	h.wants("/office", h.session(h.staff, "ann"), 503, "upstream-unavailable")
	staff, _ := mint(t, h.guard, access.Grant{Audience: access.Staff, Subject: "ann"})
	h.wants("/office", http.Header{"Authorization": {"Bearer " + staff}}, 200, "staff:ann")
}
