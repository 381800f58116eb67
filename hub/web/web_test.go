package web_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// edge builds a server with mounted routes and returns its handler.
func edge(t *testing.T, cfg web.Config, deps web.Deps, mount func(*web.Router)) http.Handler {
	t.Helper()
	s, err := web.NewServer(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	if mount != nil {
		mount(s.Router())
	}
	return s.Handler()
}

// ask sends a request; headers are "Name: value".
func ask(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body == "" {
		r = httptest.NewRequest(method, target, nil)
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func ok(c echo.Context) error { return c.String(http.StatusOK, "ok") }

// golden compares with testdata/<name>, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// bearerRole believes "Authorization: Bearer role:id"; "gone" and "away" fail
// as an ended link and a lost store would.
type bearerRole struct{}

func (bearerRole) Verify(_ context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		token = r.PathValue("jwt")
	}
	has, id, _ := strings.Cut(token, ":")
	switch {
	case has == "gone" && role == hub.RoleTechnician:
		return hub.Actor{}, hub.Fail(hub.Gone, "link-expired", "The link has expired.", nil)
	case has == "away":
		return hub.Actor{}, hub.Fail(hub.Unavailable, "store-unavailable", "The store is away.", nil)
	case has == "weak" && role == hub.RoleService:
		return hub.Actor{}, hub.Fail(hub.Forbidden, "forbidden", "The scope is missing.", nil)
	case has == "liar":
		return hub.Actor{Role: hub.RoleStaff, ID: id}, nil
	case has == string(role) && id == "narrow":
		return hub.Actor{Role: role, ID: id, Scopes: []string{"messages"}}, nil
	case has == string(role):
		return hub.Actor{Role: role, ID: id, Scopes: []string{"all"}}, nil
	}
	return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Proof of identity is needed.", nil)
}

// memory is a small Memory.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	broken bool
	swaps  int
}

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

func (m *memory) Value(_ context.Context, key string) ([]byte, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.values[key]; ok {
		return v, 1, nil
	}
	return nil, 0, hub.Fail(hub.NotFound, "not-found", "", nil)
}

func (m *memory) Swap(_ context.Context, key string, version int64, value []byte, _ time.Duration) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.swaps++
	if m.broken {
		return 0, hub.Fail(hub.Unavailable, "store-unavailable", "", nil)
	}
	if _, there := m.values[key]; there && version == 0 {
		return 0, hub.Fail(hub.Conflict, "state-conflict", "", nil)
	}
	m.values[key] = value
	return 1, nil
}

func (m *memory) Drop(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return nil
}

// logBook collects log lines.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBook) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBook) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBook) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func read(t *testing.T, r io.Reader) string {
	t.Helper()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
