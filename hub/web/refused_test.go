package web_test

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestPageAnswersItsOwnRefusal(t *testing.T) {
	t.Parallel()
	words := template.Must(template.New("").Parse(`{{define "ended.title"}}Lien terminé{{end}}{{define "ended"}}<p>Appelez le bureau</p>{{end}}`))
	refused := func(c echo.Context, err error) error {
		if !hub.IsKind(err, hub.Gone) && !hub.IsKind(err, hub.Unauthenticated) {
			return err
		}
		return web.Page(c, hub.ProblemOf(err).Kind.Status(), words, "ended", nil)
	}
	logs := &logBook{}
	h := edge(t, web.Config{}, web.Deps{Verifier: bearerRole{}, Log: logs.logger()}, func(r *web.Router) {
		r.Handle("GET", "/j/{jwt}", web.Technician, ok, web.Doc{Refused: refused})
		r.Handle("POST", "/j/{jwt}", web.Technician, ok, web.Doc{Refused: refused})
		r.Handle("GET", "/plain/{jwt}", web.Technician, ok)
		r.Handle("GET", "/worse/{jwt}", web.Technician, ok, web.Doc{Refused: func(echo.Context, error) error { return errors.New("the page broke") }})
		r.Handle("GET", "/panics/{jwt}", web.Technician, ok, web.Doc{Refused: func(echo.Context, error) error { panic("the page broke") }})
	})
	const own, json = "Appelez le bureau", `"code":"link-expired"`
	for _, test := range []struct {
		method, path, accept, want string
		status                     int
	}{
		{"GET", "/j/technician:T1", "text/html", "ok", 200},
		{"GET", "/j/gone:T1", "text/html", own, 410},
		{"GET", "/j/gone:T1", "*/*", own, 410},
		{"GET", "/j/gone:T1", "", own, 410},
		{"POST", "/j/gone:T1", "text/html,application/xhtml+xml", own, 410},
		{"GET", "/j/nobody:T1", "text/html", own, 401},
		{"GET", "/j/gone:T1", "application/json", json, 410},
		{"GET", "/j/gone:T1", "application/problem+json, application/json, text/html", json, 410},
		{"GET", "/j/away:T1", "text/html", "store-unavailable", 503},
		{"GET", "/plain/gone:T1", "application/json", json, 410},
		{"GET", "/worse/gone:T1", "text/html", "Erreur interne", 500},
		{"GET", "/panics/gone:T1", "text/html", "Erreur interne", 500},
	} {
		w := ask(h, test.method, test.path, "", "Accept: "+test.accept)
		if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
			t.Errorf("%s %s for %q: %d %s", test.method, test.path, test.accept, w.Code, w.Body)
		}
		if (test.status == 401) != (w.Header().Get("WWW-Authenticate") != "") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: %v", test.method, test.path, w.Header())
		}
	}
	if text := logs.String(); strings.Contains(text, "gone:T1") || !strings.Contains(text, `"code":"link-expired"`) {
		t.Errorf("log: %s", text)
	}
}

// proxyReader lets in whoever the proxy shows, and says what it was told.
type proxyReader struct{}

func (proxyReader) Verify(ctx context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	if caller := web.CallerOf(ctx); caller.Proxied && r.Header.Get("X-Authentik-Jwt") != "" {
		return hub.Actor{Role: role, ID: r.Header.Get("X-Authentik-Jwt")}, nil
	}
	return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Proof of identity is needed.", nil)
}

func TestSessionOfTheProxyIsSeenByTheGuardOnly(t *testing.T) {
	t.Parallel()
	seen := func(c echo.Context) error {
		for name := range c.Request().Header {
			if strings.Contains(strings.ToLower(name), "authentik") {
				return c.String(http.StatusOK, "leaked "+name)
			}
		}
		return whoami(c)
	}
	mount := func(r *web.Router) {
		r.Handle("GET", "/office", web.Staff, seen)
		r.Handle("GET", "/open", web.Public, seen)
		r.Handle("POST", "/hook", web.Signed, seen)
	}
	headers := []string{
		"X-Authentik-Jwt: ann", "X-Authentik-Username: bob", "X_authentik_groups: admins", "x-authentik-meta-jwks: https://evil.example/", "X-Authentik-Email: bob@example.com",
	}
	for proxies, want := range map[string]string{
		"192.0.2.1": "200 staff:ann", "192.0.2.0/24": "200 staff:ann", "::ffff:192.0.2.1": "200 staff:ann", // httptest calls from 192.0.2.1
		"192.0.2.2": "401", "10.0.0.0/8": "401", "": "401",
	} {
		cfg := web.Config{}
		if proxies != "" {
			cfg.TrustedProxies = []string{proxies}
		}
		h := edge(t, cfg, web.Deps{Verifier: proxyReader{}}, mount)
		w := ask(h, "GET", "/office", "", append(headers, "X-Forwarded-For: 203.0.113.9")...)
		if status, body, _ := strings.Cut(want, " "); status != strconv.Itoa(w.Code) || !strings.Contains(w.Body.String(), body) || strings.Contains(w.Body.String(), "leaked") {
			t.Errorf("proxies %q: %d %s, want %s", proxies, w.Code, w.Body, want)
		}
		if w := ask(h, "GET", "/open", "", headers...); w.Body.String() != "public" {
			t.Errorf("an open route: %s", w.Body)
		}
		if w := ask(h, "POST", "/hook", "", append(headers, "Sec-Fetch-Site: same-origin")...); w.Body.String() != "signed" {
			t.Errorf("a webhook: %s", w.Body)
		}
	}
}
