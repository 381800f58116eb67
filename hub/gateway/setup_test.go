package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// door lets in whom the header names: "staff", "service:billing".
type door struct{}

func (door) Verify(_ context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	who, scopes, _ := strings.Cut(r.Header.Get("X-Test-Role"), ":")
	if hub.Role(who) != role {
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Who are you?", nil)
	}
	return hub.Actor{Role: role, ID: "ann@example.test", Scopes: strings.Split(scopes+",api", ",")}, nil
}

// book remembers the evidence, or refuses it.
type book struct {
	mu      sync.Mutex
	records []keep.Record
	broken  bool
}

func (b *book) Audit(_ context.Context, r keep.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken {
		return keep.ErrClosed
	}
	b.records = append(b.records, r)
	return nil
}

func (b *book) lines() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var lines []string
	for _, r := range b.records {
		lines = append(lines, strings.Join([]string{r.Actor, r.Action, r.Doctype, r.Name, r.Detail}, " | "))
	}
	return lines
}

// house is a hub with a gateway on loopback, before a site.
type house struct {
	t     *testing.T
	gate  *gateway.Gateway
	book  *book
	hub   *httptest.Server
	calls atomic.Int64 // that reached the site
}

// options of a house.
type options struct {
	cfg    gateway.Config
	paused bool
	silent bool
	site   http.Handler
	log    *slog.Logger
	counts *prometheus.Registry
}

func build(t *testing.T, o options) *house {
	t.Helper()
	h := &house{t: t, book: &book{}}
	site := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.calls.Add(1)
		o.site.ServeHTTP(w, r)
	}))
	var guard erpnext.Guard = charge.Open{}
	if o.paused {
		guard, _ = charge.NewGuard(charge.Config{Paused: true}, charge.Deps{})
	}
	client, err := erpnext.New(erpnext.Config{URL: site, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{Guard: guard})
	if err != nil {
		t.Fatal(err)
	}
	deps := gateway.Deps{Site: client, Trail: h.book, Silent: o.silent, Log: o.log}
	if o.counts != nil {
		deps.Metrics = o.counts
	}
	if h.gate, err = gateway.New(o.cfg, deps); err != nil {
		t.Fatal(err)
	}
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: door{}, Log: o.log})
	if err != nil {
		t.Fatal(err)
	}
	h.gate.Mount(server.Router())
	h.hub = httptest.NewServer(server.Handler())
	t.Cleanup(func() {
		h.hub.CloseClientConnections()
		h.hub.Close()
		h.gate.Close()
	})
	return h
}

// answer is what a caller got.
type answer struct {
	status int
	header http.Header
	body   string
	err    error
}

// problem reads the members of a problem.
func (a answer) problem() (p struct {
	Code    string          `json:"code"`
	Detail  string          `json:"detail"`
	ExcType string          `json:"exc_type"`
	Current json.RawMessage `json:"current"`
}) {
	_ = json.Unmarshal([]byte(a.body), &p)
	return p
}

// ask sends a request with a target that is not touched on its way. Headers are
// "Name: value"; X-Test-Role is staff unless given.
func (h *house) ask(method, target, body string, headers ...string) answer {
	h.t.Helper()
	return h.askWith(h.t.Context(), method, target, strings.NewReader(body), headers...)
}

func (h *house) askWith(ctx context.Context, method, target string, body io.Reader, headers ...string) answer {
	r, err := http.NewRequestWithContext(ctx, method, h.hub.URL, body)
	if err != nil {
		return answer{err: err}
	}
	path, query, _ := strings.Cut(target, "?")
	r.URL = &url.URL{Scheme: "http", Host: r.URL.Host, Opaque: path, RawQuery: query}
	r.Header.Set("X-Test-Role", "staff")
	r.Header.Set("Accept-Encoding", "identity")
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	resp, err := h.hub.Client().Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text), err}
}

// says answers every request with the same JSON.
func says(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

// newServer serves a handler on loopback until the test ends.
func newServer(t *testing.T, site http.Handler) (base string) {
	t.Helper()
	server := httptest.NewServer(site)
	t.Cleanup(server.Close)
	return server.URL
}
