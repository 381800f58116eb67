package traccarsim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a Traccar with one truck, over HTTP.
type world struct {
	*traccarsim.Sim
	t   *testing.T
	url string
}

func newWorld(t *testing.T, o traccarsim.Options) *world {
	t.Helper()
	o.Devices = append(o.Devices, traccarsim.Device{ID: 7, UniqueID: "truck-7", Name: "Camion 7"})
	sim := traccarsim.New(o)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		sim.Close()
		server.Close()
	})
	return &world{sim, t, server.URL}
}

// ask makes a request; header is of the form "Name: value".
func (w *world) ask(method, path, body string, header ...string) (int, string, http.Header) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, h := range header {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(r) // no redirects, no cookies
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close(); http.DefaultTransport.(*http.Transport).CloseIdleConnections() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

const (
	bearer = "Authorization: Bearer traccar-sim-token"
	form   = "Content-Type: application/x-www-form-urlencoded"
)

func person() string {
	return url.Values{"email": {"dispatch@trucks.example"}, "password": {"traccar-sim-password"}}.Encode()
}

// session logs in and returns the cookie as a header.
func (w *world) session(header ...string) string {
	w.t.Helper()
	status, body, got := w.ask("POST", "/api/session", person(), append(header, form)...)
	if status != 200 || !strings.Contains(body, `"email":"dispatch@trucks.example"`) {
		w.t.Fatalf("login: %d %s", status, body)
	}
	pair, _, _ := strings.Cut(got.Get("Set-Cookie"), ";")
	return "Cookie: " + pair
}

// read decodes a JSON answer.
func (w *world) read(path string, into any) {
	w.t.Helper()
	status, body, _ := w.ask("GET", path, "", bearer, "Accept: application/json")
	if status != 200 {
		w.t.Fatalf("%s: %d %s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		w.t.Fatalf("%s: %v in %s", path, err, body)
	}
}

func (w *world) move(fixes ...traccarsim.Fix) {
	w.t.Helper()
	if err := w.Move(fixes...); err != nil {
		w.t.Fatal(err)
	}
}

// connect opens a live connection; status is that of a refusal.
func (w *world) connect(query string, header http.Header) (conn *websocket.Conn, status int) {
	w.t.Helper()
	conn, resp, err := websocket.Dial(w.t.Context(), w.url+"/api/socket"+query, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		return nil, resp.StatusCode
	}
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, 101
}

// next reads one message.
func (w *world) next(conn *websocket.Conn) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	_, text, err := conn.Read(ctx)
	if err != nil {
		w.t.Fatalf("reading a message: %v", err)
	}
	return string(text)
}
