package web_test

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestConfigNamesAllMistakes(t *testing.T) {
	t.Parallel()
	cfg := web.Config{
		Listen: "nowhere", PublicURL: "ftp://x", CORSOrigins: []string{"*", "https://ops.example.com/path"},
		TrustedProxies: []string{"10.0.0.0/99"}, MetricsListen: "x", Drain: -1,
	}
	_, err := web.NewServer(cfg, web.Deps{})
	if err == nil {
		t.Fatal("wrong settings were taken")
	}
	for _, key := range []string{"listen:", "public_url:", "cors_origins: entry 1", "entry 2", "trusted_proxies: entry 1", "metrics_listen:", "drain:"} {
		if !strings.Contains(err.Error(), key) {
			t.Errorf("error does not name %s: %v", key, err)
		}
	}
	if got := (web.Config{PublicURL: "https://hub.example.com/"}).Public("/accept/x"); got != "https://hub.example.com/accept/x" {
		t.Errorf("Public = %s", got)
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, func(r *web.Router) {
		r.Handle("GET", "/id", web.Public, func(c echo.Context) error {
			return c.String(http.StatusOK, hub.RequestID(c.Request().Context()))
		})
	})
	for _, given := range []string{"abc-123", "", "with space", strings.Repeat("x", 65), "é"} {
		w := ask(h, "GET", "/id", "", "X-Request-Id: "+given)
		id := w.Header().Get("X-Request-Id")
		if id != w.Body.String() || (given == "abc-123") != (id == given) || id == "" {
			t.Errorf("%q became %q, context has %q", given, id, w.Body)
		}
		if made, err := uuid.Parse(id); id != given && (err != nil || made.Version() != 7 || made.Variant() != uuid.RFC4122) {
			t.Errorf("%q is no UUIDv7", id)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{PublicURL: "https://hub.example.com"}, web.Deps{}, nil)
	for _, path := range []string{"/version", "/nowhere", "/docs"} {
		got := ask(h, "GET", path, "").Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"X-Frame-Options": "DENY", "Strict-Transport-Security": "max-age=", "Permissions-Policy": "microphone=()",
		} {
			if !strings.Contains(got.Get(name), want) {
				t.Errorf("%s: %s = %q", path, name, got.Get(name))
			}
		}
		if strings.Contains(got.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s allows inline code", path)
		}
	}
	if got := ask(edge(t, web.Config{}, web.Deps{}, nil), "GET", "/version", "").Header(); got.Get("Strict-Transport-Security") != "" || got.Get("Cache-Control") != "no-store" {
		t.Errorf("without https: %v", got)
	}
}

// unread fails the test when a body is read that should not be.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestBodyLimits(t *testing.T) {
	t.Parallel()
	length := func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, len(body))
	}
	h := edge(t, web.Config{}, web.Deps{}, func(r *web.Router) {
		r.Handle("POST", "/small", web.Signed, length, web.Doc{MaxBody: 10})
		r.Handle("POST", "/usual", web.Signed, length)
	})
	for _, test := range []struct {
		path       string
		size       int
		chunked    bool
		status     int
		connection string
	}{
		{"/small", 10, false, 200, ""},
		{"/small", 11, false, 413, "close"},
		{"/small", 10, true, 200, ""},
		{"/small", 11, true, 413, ""},
		{"/usual", 1 << 20, false, 200, ""},
		{"/usual", 1<<20 + 1, true, 413, ""},
	} {
		r := httptest.NewRequest("POST", test.path, strings.NewReader(strings.Repeat("x", test.size)))
		if test.chunked {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != test.status || w.Header().Get("Connection") != test.connection {
			t.Errorf("%s %d chunked=%v: %d %v %s", test.path, test.size, test.chunked, w.Code, w.Header(), w.Body)
		}
	}
	r := httptest.NewRequest("POST", "/usual", unread{t})
	r.ContentLength = 50 << 20
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != 413 || !strings.Contains(w.Body.String(), `"code":"body-too-large"`) {
		t.Errorf("announced 50 MiB: %d %s", w.Code, w.Body)
	}
	if w := askBroken(h, "/usual"); w.Code != 400 || !strings.Contains(w.Body.String(), `"code":"body-truncated"`) {
		t.Errorf("half a body: %d %s", w.Code, w.Body)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("read tcp 10.0.0.7:1: reset") }

func askBroken(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", path, broken{}))
	return w
}

func TestCompressionHeadAndEncodedPaths(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, func(r *web.Router) {
		big := func(c echo.Context) error { return c.String(http.StatusOK, strings.Repeat("tall tale ", 500)) }
		r.Handle("GET", "/big", web.Public, big)
		r.Handle("GET", "/live", web.Public, big, web.Doc{Stream: true})
		r.Handle("GET", "/doc/{name}/state", web.Public, func(c echo.Context) error { return c.String(http.StatusOK, c.Param("name")) })
	})
	w := ask(h, "GET", "/big", "", "Accept-Encoding: gzip")
	plain, err := gzip.NewReader(w.Body)
	if err != nil || w.Header().Get("Content-Encoding") != "gzip" {
		t.Fatalf("not compressed: %v %v", err, w.Header())
	}
	if got := read(t, plain); len(got) != 5000 {
		t.Errorf("got %d bytes", len(got))
	}
	if w := ask(h, "GET", "/live", "", "Accept-Encoding: gzip"); w.Header().Get("Content-Encoding") != "" {
		t.Error("a stream was compressed")
	}
	if w := ask(h, "HEAD", "/live", ""); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("HEAD of a stream: %d %q", w.Code, w.Body)
	}
	if w := ask(h, "HEAD", "/big", ""); w.Code != 200 {
		t.Errorf("HEAD: %d", w.Code)
	}
	if w := ask(h, "GET", "/doc/a%2Fb%20c/state", ""); w.Body.String() != "a/b c" {
		t.Errorf("encoded name: %q", w.Body)
	}
}
