package gateway_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/web"
)

// stub is a site without a network, for timed stories: it answers what it is
// told, or nothing until the call ends.
type stub struct {
	mu     sync.Mutex
	answer func(p erpnext.Pass) (status int, body string)
	err    error
	calls  int
	now    func() time.Time
	counts *prometheus.Registry
}

func newStub() *stub { return &stub{now: time.Now} }

// becomes changes what the site answers; nil hangs.
func (s *stub) becomes(answer func(p erpnext.Pass) (int, string), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.err = answer, err
}

func (s *stub) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Forward implements gateway.Site.
func (s *stub) Forward(ctx context.Context, p erpnext.Pass) (*http.Response, error) {
	s.mu.Lock()
	s.calls++
	answer, err := s.answer, s.err
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	if answer == nil {
		<-ctx.Done()
		return nil, &connectors.Error{System: "erpnext", Op: "forward", Code: connectors.CodeTimeout, Temporary: true, Err: ctx.Err()}
	}
	status, body := answer(p)
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// Refusal implements gateway.Site.
func (s *stub) Refusal(status int, _ []byte) *erpnext.Error {
	return &erpnext.Error{Status: status, ExcType: "DoesNotExistError", Text: "gone"}
}

// bench is a gateway on a stub, without a network.
type bench struct {
	*gateway.Gateway
	handler http.Handler
}

func (s *stub) gate(t testing.TB, cfg gateway.Config) bench {
	t.Helper()
	deps := gateway.Deps{Site: s, Trail: &book{}, Now: s.now}
	if s.counts != nil {
		deps.Metrics = s.counts
	}
	return mounted(t, cfg, deps)
}

// mounted is a gateway behind the hub's door.
func mounted(t testing.TB, cfg gateway.Config, deps gateway.Deps) bench {
	t.Helper()
	g, err := gateway.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: door{}})
	if err != nil {
		t.Fatal(err)
	}
	g.Mount(server.Router())
	return bench{g, server.Handler()}
}

func (b bench) get(t testing.TB, target, who string, headers ...string) *httptest.ResponseRecorder {
	return b.do(t, "GET", target, who, headers...)
}

func (b bench) do(t testing.TB, method, target, who string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	body := ""
	if method != http.MethodGet {
		body = `{"description":"x"}`
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	r.Header.Set("X-Test-Role", who)
	r.Header.Set("Content-Type", "application/json")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// data answers with a body that names the call.
func data(text string) func(erpnext.Pass) (int, string) {
	return func(erpnext.Pass) (int, string) { return http.StatusOK, `{"data":"` + text + `"}` }
}

func away() error {
	return &connectors.Error{System: "erpnext", Op: "forward", Code: connectors.CodeBreakerOpen, Temporary: true, RetryAfter: 4 * time.Second}
}
