package web_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub/web"
)

func TestCrossOriginAnswers(t *testing.T) {
	t.Parallel()
	mount := func(r *web.Router) { r.Handle("POST", "/things", web.Public, ok) }
	cfg := web.Config{CORSOrigins: []string{"https://ops.example.com"}}
	dev := web.Config{CORSOrigins: []string{"https://ops.example.com"}, Dev: true}
	for _, test := range []struct {
		cfg     web.Config
		origin  string
		allowed bool
	}{
		{cfg, "https://ops.example.com", true},
		{cfg, "https://ops.example.com.evil.example", false},
		{cfg, "http://ops.example.com", false},
		{cfg, "null", false},
		{cfg, "http://localhost:9000", false},
		{dev, "http://localhost:9000", true},
		{dev, "http://127.0.0.1:5173", true},
		{dev, "http://localhost.evil.example", false},
		{dev, "https://evil.example", false},
	} {
		h := edge(t, test.cfg, web.Deps{}, mount)
		for _, method := range []string{"OPTIONS", "POST"} {
			got := ask(h, method, "/things", "", "Origin: "+test.origin, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization").Header()
			want := ""
			if test.allowed {
				want = test.origin
			}
			if got.Get("Access-Control-Allow-Origin") != want || (got.Get("Access-Control-Allow-Credentials") == "true") != test.allowed {
				t.Errorf("%s from %s (dev %v): %v", method, test.origin, test.cfg.Dev, got)
			}
		}
	}
}

func TestForgedChangesAreRefused(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{PublicURL: "https://hub.example.com", CORSOrigins: []string{"https://ops.example.com"}}, web.Deps{}, func(r *web.Router) {
		r.Handle("POST", "/things", web.Public, ok)
		r.Handle("GET", "/things", web.Public, ok)
	})
	const cookie, foreign = "Cookie: targo_tech=x", "Sec-Fetch-Site: cross-site"
	for _, test := range []struct {
		name, method string
		headers      []string
		status       int
	}{
		{"foreign site with cookie", "POST", []string{cookie, foreign, "Origin: https://evil.example"}, 403},
		{"foreign origin, old browser", "POST", []string{cookie, "Origin: https://evil.example"}, 403},
		{"proxy session", "POST", []string{"X-Authentik-Jwt: x", foreign, "Origin: https://evil.example"}, 403},
		{"reading", "GET", []string{cookie, foreign, "Origin: https://evil.example"}, 200},
		{"own page", "POST", []string{cookie, "Sec-Fetch-Site: same-origin", "Origin: null"}, 200},
		{"own page behind a proxy, old browser", "POST", []string{cookie, "Origin: https://hub.example.com"}, 200},
		{"our app", "POST", []string{cookie, foreign, "Origin: https://ops.example.com"}, 200},
		{"bearer", "POST", []string{cookie, "Authorization: Bearer x", foreign, "Origin: https://evil.example"}, 200},
		{"no session", "POST", []string{foreign, "Origin: https://evil.example"}, 200},
		{"a program", "POST", []string{cookie}, 200},
	} {
		if w := ask(h, test.method, "/things", "", test.headers...); w.Code != test.status {
			t.Errorf("%s: %d", test.name, w.Code)
		}
	}
}

func TestCallerAddressBelievesOnlyNamedProxies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		proxies []string
		want    string
	}{
		{nil, "192.0.2.1"},
		{[]string{"198.51.100.0/24"}, "192.0.2.1"},
		{[]string{"192.0.2.1"}, "203.0.113.9"},
		{[]string{"192.0.2.1", "203.0.113.0/24"}, "10.1.1.1"},
	} {
		h := edge(t, web.Config{TrustedProxies: test.proxies}, web.Deps{}, func(r *web.Router) {
			r.Handle("GET", "/me", web.Public, func(c echo.Context) error {
				return c.String(http.StatusOK, web.CallerOf(c.Request().Context()).Address)
			})
		})
		w := ask(h, "GET", "/me", "", "X-Forwarded-For: 10.1.1.1, 203.0.113.9", "X-Real-Ip: 6.6.6.6")
		if w.Body.String() != test.want {
			t.Errorf("proxies %v: %s, want %s", test.proxies, w.Body, test.want)
		}
	}
}
