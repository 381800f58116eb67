package authentiksim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/connectors/authentik/authentiksim"
)

// ask sends a request that is not redirected; headers are "Name: value".
func ask(sim http.Handler, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://auth.example.com"+path, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	return w
}

func newSim(t *testing.T, opts authentiksim.Options) *authentiksim.Sim {
	t.Helper()
	sim, err := authentiksim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

func TestOutpostOfAProxy(t *testing.T) {
	t.Parallel()
	sim := newSim(t, authentiksim.Options{Alg: "ES256"})
	const asks, visit = "/outpost.goauthentik.io/auth/traefik", "X-Forwarded-Uri: /ops/"
	w := ask(sim, "GET", asks, "", visit, "X-Forwarded-Proto: https", "X-Forwarded-Host: erp.example.com")
	if to := w.Header().Get("Location"); w.Code != http.StatusFound || !strings.HasSuffix(to, "start?rd=https%3A%2F%2Ferp.example.com%2Fops%2F") {
		t.Errorf("a stranger: %d to %q", w.Code, to)
	}
	w = ask(sim, "POST", "/_sim/login", `{"username":"ann","email":"ann@example.com","name":"Ann Tremblay","groups":["ops","bureau"],"ttl_s":60,"claims":{"sid":null}}`)
	var login struct {
		Token, Cookie string
		Headers       map[string]string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &login); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if strings.Count(login.Token, ".") != 2 || login.Headers["X-Authentik-Jwt"] != login.Token || login.Headers["X-Authentik-Groups"] != "ops|bureau" {
		t.Errorf("signed in: %+v", login)
	}
	w = ask(sim, "GET", asks, "", visit, "Cookie: "+login.Cookie)
	if w.Code != 200 || w.Header().Get("X-authentik-email") != "ann@example.com" || strings.Count(w.Header().Get("X-authentik-jwt"), ".") != 2 ||
		w.Header().Get("X-authentik-meta-jwks") != "http://auth.example.com/application/o/hub/jwks/" {
		t.Errorf("who is signed in: %d %v", w.Code, w.Header())
	}
	if w = ask(sim, "GET", "/outpost.goauthentik.io/sign_out", "", "Cookie: "+login.Cookie); w.Code != http.StatusFound {
		t.Errorf("signing out: %d", w.Code)
	}
	if w = ask(sim, "GET", asks, "", visit, "Cookie: "+login.Cookie); w.Code != http.StatusFound {
		t.Errorf("who signed out: %d", w.Code)
	}
}

func TestVisitorIsSignedInAndSentBack(t *testing.T) {
	t.Parallel()
	const start = "/outpost.goauthentik.io/start?rd="
	sim := newSim(t, authentiksim.Options{Alg: "ES256", Visitor: &authentiksim.Login{Username: "demo", Email: "demo@example.com"}})
	w := ask(sim, "GET", start+"http%3A%2F%2Fauth.example.com%3A4711%2Fops%2F%3Fa%3Db", "")
	given, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	if to := w.Header().Get("Location"); w.Code != http.StatusFound || to != "http://auth.example.com:4711/ops/?a=b" {
		t.Fatalf("%d to %q", w.Code, to)
	}
	if w = ask(sim, "GET", "/outpost.goauthentik.io/auth/traefik", "", "Cookie: "+given); w.Code != 200 || w.Header().Get("X-authentik-email") != "demo@example.com" {
		t.Errorf("with the cookie: %d %v", w.Code, w.Header())
	}
	for _, to := range []string{"", "/ops/", "https%3A%2F%2Felsewhere.example.com%2F", "%2F%2Fauth.example.com%2F", "javascript%3Aalert(1)", "%25"} {
		if w := ask(sim, "GET", start+to, ""); w.Code != http.StatusBadRequest || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("back to %q: %d", to, w.Code)
		}
	}
	if w := ask(newSim(t, authentiksim.Options{Alg: "ES256"}), "GET", start+"http%3A%2F%2Fauth.example.com%2F", ""); w.Code != http.StatusNotFound {
		t.Errorf("without a visitor: %d", w.Code)
	}
}

func TestListsOfKeys(t *testing.T) {
	t.Parallel()
	sim := newSim(t, authentiksim.Options{Alg: "ES256", Encrypts: true, Slug: "ops"})
	var list struct{ Keys []map[string]any }
	read := func() {
		t.Helper()
		list.Keys = nil
		w := ask(sim, "GET", "/application/o/ops/jwks/", "")
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil || w.Code != 200 || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	read()
	if len(list.Keys) != 2 || list.Keys[0]["kid"] != list.Keys[1]["kid"] || list.Keys[0]["use"] != "sig" || list.Keys[1]["use"] != "enc" || list.Keys[0]["crv"] != "P-256" {
		t.Errorf("keys: %v", list.Keys)
	}
	before := list.Keys[0]["kid"]
	if w := ask(sim, "POST", "/_sim/rotate", `{"alg":"RS256"}`); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	read()
	if list.Keys[0]["kid"] == before || list.Keys[0]["kty"] != "RSA" || list.Keys[0]["e"] != "AQAB" {
		t.Errorf("after the rotation: %v", list.Keys)
	}
	if err := sim.Rotate("HS256"); err != nil {
		t.Fatal(err)
	}
	if read(); len(list.Keys) != 0 {
		t.Errorf("without a signing key: %v", list.Keys)
	}
	if w := ask(sim, "GET", "/application/o/ops/.well-known/openid-configuration", ""); !strings.Contains(w.Body.String(), `"issuer":"http://auth.example.com/application/o/ops/"`) {
		t.Errorf("description: %s", w.Body)
	}
	if w := ask(sim, "GET", "/application/o/wiki/jwks/", ""); w.Code != 404 || !strings.Contains(w.Body.String(), "<html") {
		t.Errorf("another application: %d %s", w.Code, w.Body)
	}
	for _, alg := range []string{"PS256", "none", ""} {
		if err := sim.Rotate(alg); err == nil {
			t.Errorf("%q was taken", alg)
		}
	}
	if w := ask(sim, "POST", "/_sim/rotate", `{"alg":"none"}`); w.Code != 400 {
		t.Errorf("none by the control: %d", w.Code)
	}
	if w := ask(sim, "GET", "/_sim/state", ""); !strings.Contains(w.Body.String(), `"alg":"HS256"`) {
		t.Errorf("state: %s", w.Body)
	}
}
