package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// whoami answers with the actor.
func whoami(c echo.Context) error {
	return c.String(http.StatusOK, hub.ActorOf(c.Request().Context()).String())
}

func TestGuardMatrix(t *testing.T) {
	t.Parallel()
	guards := map[string]web.Guard{
		"/public": web.Public, "/signed": web.Signed, "/customer": web.Customer, "/technician": web.Technician,
		"/staff": web.Staff, "/service": web.Service, "/field": web.Staff.Or(web.Technician), "/cron": web.Service.Or(web.Staff),
		"/maybe": web.Public.Or(web.Staff),
	}
	h := edge(t, web.Config{}, web.Deps{Verifier: bearerRole{}}, func(r *web.Router) {
		for path, guard := range guards {
			r.Handle("GET", path, guard, whoami)
		}
	})
	const none, bad, gone, weak, away, liar = "", "nobody:x", "gone:x", "weak:x", "away:x", "liar:x"
	for _, test := range []struct {
		path, token, answer string
		status              int
	}{
		{"/public", none, "public", 200},
		{"/public", bad, "public", 200},
		{"/signed", none, "signed", 200},
		{"/signed", "staff:ann", "signed", 200},
		{"/customer", none, "unauthenticated", 401},
		{"/customer", "customer:C1", "customer:C1", 200},
		{"/customer", "staff:ann", "unauthenticated", 401},
		{"/technician", "technician:T1", "technician:T1", 200},
		{"/technician", gone, "link-expired", 410},
		{"/technician", "customer:C1", "unauthenticated", 401},
		{"/staff", "staff:ann", "staff:ann", 200},
		{"/staff", "service:cron", "unauthenticated", 401},
		{"/staff", none, "unauthenticated", 401},
		{"/staff", away, "store-unavailable", 503},
		{"/service", "service:cron", "service:cron", 200},
		{"/service", "service:narrow", "lacks the scope", 403},
		{"/service", weak, "forbidden", 403},
		{"/service", liar, "forbidden", 403},
		{"/field", "technician:T1", "technician:T1", 200},
		{"/field", "staff:ann", "staff:ann", 200},
		{"/field", gone, "link-expired", 410},
		{"/field", "service:cron", "unauthenticated", 401},
		{"/cron", weak, "forbidden", 403},
		{"/cron", "staff:ann", "staff:ann", 200},
		{"/maybe", "staff:ann", "staff:ann", 200},
		{"/maybe", bad, "public", 200},
	} {
		w := ask(h, "GET", test.path, "", "Authorization: Bearer "+test.token)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.answer) {
			t.Errorf("%s with %q: %d %s", test.path, test.token, w.Code, w.Body)
		}
	}
}

func TestWithoutVerifierOnlyThePublicEnters(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, func(r *web.Router) {
		r.Handle("GET", "/staff", web.Staff, whoami)
		r.Handle("GET", "/all", web.Public, whoami)
	})
	if w := ask(h, "GET", "/staff", "", "Authorization: Bearer staff:ann"); w.Code != 401 {
		t.Errorf("staff route: %d", w.Code)
	}
	if w := ask(h, "GET", "/all", ""); w.Code != 200 {
		t.Errorf("public route: %d", w.Code)
	}
}

func TestTokenFromPathAndBodyReachesTheVerifier(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{Verifier: bearerRole{}}, func(r *web.Router) {
		r.Handle("GET", "/accept/{jwt}", web.Customer, whoami)
		r.Handle("POST", "/form", web.Customer, func(c echo.Context) error {
			return c.String(http.StatusOK, hub.ActorOf(c.Request().Context()).String()+" "+c.FormValue("name"))
		})
		web.Operation(r, web.Op{Method: "POST", Path: "/accept/confirm", Guard: web.Customer}, confirm)
		r.Handle("POST", "/office", web.Staff, whoami)
	})
	for _, test := range []struct{ method, path, media, body, want string }{
		{"GET", "/accept/customer:Q1", "", "", "customer:Q1"},
		{"POST", "/accept/confirm", "application/json", `{"token":"customer:Q2","name":"Ann"}`, `{"name":"Ann","actor":"customer:Q2"}`},
		{"POST", "/accept/confirm", "application/json", `{"token":"staff:ann","name":"Ann"}`, "unauthenticated"},
		{"POST", "/accept/confirm", "application/json", `{"token":5,"name":"Ann"}`, "unauthenticated"},
		{"POST", "/accept/confirm", "application/json", `{"tok`, "unauthenticated"},
		{"POST", "/form", "application/x-www-form-urlencoded", "token=customer:Q3&name=Ann", "customer:Q3 Ann"},
		{"POST", "/form", "text/plain", "token=customer:Q3&name=Ann", "unauthenticated"},
		{"POST", "/office", "application/json", `{"token":"staff:ann"}`, "unauthenticated"},
	} {
		w := ask(h, test.method, test.path, test.body, "Content-Type: "+test.media)
		if !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%s %s %s: %d %s", test.method, test.path, test.body, w.Code, w.Body)
		}
	}
}

type confirmIn struct {
	Body struct {
		Token string `json:"token"`
		Name  string `json:"name"`
	}
}

type confirmOut struct {
	Body struct {
		Name  string `json:"name"`
		Actor string `json:"actor"`
	}
}

func confirm(ctx context.Context, in *confirmIn) (*confirmOut, error) {
	out := &confirmOut{}
	out.Body.Name, out.Body.Actor = in.Body.Name, hub.ActorOf(ctx).String()
	return out, nil
}

// allowance lets two through per key.
type allowance struct {
	used   map[string]int
	broken error
}

func (a *allowance) Allow(_ context.Context, key string, _ int, _ time.Duration) (bool, time.Duration, error) {
	a.used[key]++
	return a.used[key] <= 2, 7 * time.Second, a.broken
}

func TestPublicRoutesAreMeteredByAddress(t *testing.T) {
	t.Parallel()
	limits := &allowance{used: map[string]int{}}
	h := edge(t, web.Config{TrustedProxies: []string{"192.0.2.0/24"}}, web.Deps{Limits: limits, Verifier: bearerRole{}}, func(r *web.Router) {
		r.Handle("GET", "/open", web.Public, ok)
		r.Handle("POST", "/hook", web.Signed, ok)
		r.Handle("GET", "/maybe", web.Public.Or(web.Staff), ok)
	})
	for i, want := range []int{200, 200, 429, 429} {
		w := ask(h, "GET", "/open", "", "X-Forwarded-For: 203.0.113.9")
		if w.Code != want {
			t.Errorf("request %d: %d", i, w.Code)
		}
		var p web.Problem
		if want == 429 && (json.Unmarshal(w.Body.Bytes(), &p) != nil || p.RetryAfterSec != 7 || w.Header().Get("Retry-After") != "7") {
			t.Errorf("advice: %v %s", w.Header(), w.Body)
		}
	}
	for name, headers := range map[string]string{
		"another address": "X-Forwarded-For: 203.0.113.10", "an IPv6 network": "X-Forwarded-For: 2001:db8:1:2:3::4",
	} {
		if w := ask(h, "GET", "/open", "", headers); w.Code != 200 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if limits.used["public:2001:db8:1:2::/64"] != 1 {
		t.Errorf("counted by %v", limits.used)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if w := ask(h, "GET", path, "", "X-Forwarded-For: 203.0.113.9"); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := ask(h, "POST", "/hook", "", "X-Forwarded-For: 203.0.113.9"); w.Code != 200 {
		t.Errorf("a sender: %d", w.Code)
	}
	if w := ask(h, "GET", "/maybe", "", "X-Forwarded-For: 203.0.113.9", "Authorization: Bearer staff:ann"); w.Code != 200 {
		t.Errorf("staff on a public route: %d", w.Code)
	}
}

func TestPublicEntersWhenTheStoreCannotCount(t *testing.T) {
	t.Parallel()
	limits := &allowance{used: map[string]int{}, broken: errors.New("disk is full")}
	h := edge(t, web.Config{}, web.Deps{Limits: limits}, func(r *web.Router) { r.Handle("GET", "/open", web.Public, ok) })
	for range 4 {
		if w := ask(h, "GET", "/open", ""); w.Code != 200 {
			t.Errorf("got %d", w.Code)
		}
	}
}

// linkProof knows one link; it is opened by its owner only.
type linkProof struct{}

func (linkProof) Verify(_ context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	return hub.Actor{Role: role, Subject: "SAL-QTN-1", TokenID: r.PathValue("jwt")}, nil
}

func TestLinksAreMeteredEachByItself(t *testing.T) {
	t.Parallel()
	counted := &counting{left: map[string]int{"link:a": 2, "link:b": 1}}
	h := edge(t, web.Config{}, web.Deps{Verifier: linkProof{}, Limits: counted}, func(r *web.Router) {
		r.Handle("GET", "/accept/{jwt}/pdf", web.Customer, ok)
		r.Handle("GET", "/me", web.Customer, ok)
	})
	for i, test := range []struct {
		path   string
		status int
	}{{"/accept/a/pdf", 200}, {"/accept/a/pdf", 200}, {"/accept/a/pdf", 429}, {"/accept/b/pdf", 200}, {"/accept/b/pdf", 429}, {"/me", 200}} {
		if w := ask(h, "GET", test.path, ""); w.Code != test.status || (w.Code == 429) != (w.Header().Get("Retry-After") == "7") {
			t.Errorf("%d: %s = %d %v", i, test.path, w.Code, w.Header())
		}
	}
}

// counting lets each key through so many times.
type counting struct{ left map[string]int }

func (c *counting) Allow(_ context.Context, key string, _ int, _ time.Duration) (bool, time.Duration, error) {
	c.left[key]--
	return c.left[key] >= 0, 7 * time.Second, nil
}

// Whoever shows no proof does not get a big body read: it may hold a token only
// where little is sent.
func TestNobodyGetsABigBodyReadBeforeTheGuard(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{Verifier: bearerRole{}}, func(r *web.Router) {
		r.Handle("POST", "/vision", web.Staff.Or(web.Technician), whoami, web.Doc{MaxBody: 12 << 20})
		r.Handle("POST", "/form", web.Technician, whoami)
	})
	for path, want := range map[string]struct {
		read   bool
		status int
	}{"/vision": {false, 401}, "/form": {true, 200}} {
		body := strings.NewReader(`{"token":"technician:T1","image":"` + strings.Repeat("A", 500<<10) + `"}`)
		whole := body.Len()
		r := httptest.NewRequest("POST", path, body)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want.status || (body.Len() < whole) != want.read {
			t.Errorf("%s: %d, %d of %d bytes read", path, w.Code, whole-body.Len(), whole)
		}
	}
}
