// Package connectorstest is what every connector must pass: Run lets one of its
// calls meet each way in which another system can misbehave, and looks at the
// failure that comes out. Tests only.
package connectorstest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// Case is one call of a connector.
type Case struct {
	// New makes a fresh client for the system at baseURL ("http://127.0.0.1:4711",
	// without a slash) and returns the call. The time-out of a try must be one
	// second or less; the credentials must be the Secrets.
	New     func(t testing.TB, baseURL string) func(context.Context) error
	Secrets []string // none of them may ever be seen

	Read      bool             // the call changes nothing: its outcome is never Unknown
	BodyFree  bool             // the call takes any body of a good answer (a file)
	Kinds     map[int]hub.Kind // statuses that the connector explains in its own way
	Temporary map[int]bool     // statuses that it judges in its own way
	Outcomes  map[int]connectors.Outcome
	// Before answers the requests that the call makes ahead of the one that is to
	// meet the misbehaviour, and tells whether it did; nil when there is one request.
	Before func(http.ResponseWriter, *http.Request) bool
	Logs   func() string // what the client has logged, when it has a logger
}

// patience is how long a call that must end soon may take.
const patience = 5 * time.Second

// Run runs the whole suite; the subtests run in parallel.
func Run(t *testing.T, c Case) {
	t.Helper()
	for _, status := range []int{
		301, 302, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 417, 422, 429, 500, 501, 502, 503, 504,
	} {
		t.Run("status "+strconv.Itoa(status), func(t *testing.T) { t.Parallel(); c.status(t, status) })
	}
	for name, body := range c.bodies() {
		t.Run("200 with "+name, func(t *testing.T) { t.Parallel(); c.unreadable(t, body) })
	}
	t.Run("retry-after", func(t *testing.T) { t.Parallel(); c.retryAfter(t) })
	t.Run("refused", func(t *testing.T) { t.Parallel(); c.refused(t) })
	t.Run("dropped", func(t *testing.T) { t.Parallel(); c.dropped(t) })
	t.Run("cut short", func(t *testing.T) { t.Parallel(); c.cutShort(t) })
	t.Run("slow", func(t *testing.T) { t.Parallel(); c.slow(t) })
	t.Run("cancelled before", func(t *testing.T) { t.Parallel(); c.cancelledBefore(t) })
	t.Run("cancelled during", func(t *testing.T) { t.Parallel(); c.cancelledDuring(t) })
}

// bodies are what no call can make sense of.
func (c Case) bodies() map[string]string {
	if c.BodyFree {
		return nil
	}
	return map[string]string{
		"nothing":      "",
		"a page":       "<!doctype html><html><body><h1>It works!</h1></body></html>",
		"garbage":      "\x00\xff\xfe{[",
		"half of it":   `{"data": [{"id": 1,`,
		"another type": `"surprise"`,
	}
}

// want is what an error must say; a nil member is not looked at.
type want struct {
	kind      hub.Kind
	temporary bool
	outcome   connectors.Outcome
}

func (c Case) check(t *testing.T, err error, w want) *connectors.Error {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	NoSecret(t, err, c.Secrets...)
	if c.Logs != nil {
		noSecretIn(t, "log", c.Logs(), c.Secrets)
	}
	e, ok := connectors.AsError(err)
	if !ok {
		t.Fatalf("%T is no connectors.Error: %v", err, err)
	}
	if got := hub.ProblemOf(err).Kind; got != w.kind {
		t.Errorf("kind = %d, want %d: %v", got.Status(), w.kind.Status(), err)
	}
	if e.Temporary != w.temporary {
		t.Errorf("temporary = %v, want %v: %v", e.Temporary, w.temporary, err)
	}
	if c.Read && w.outcome == connectors.Unknown {
		w.outcome = connectors.NotApplied
	}
	if e.Outcome != w.outcome {
		t.Errorf("outcome = %v, want %v: %v", e.Outcome, w.outcome, err)
	}
	if _, ok := hub.Problem(hub.ProblemOf(err).Code); !ok {
		t.Errorf("code %q is not in the catalogue", hub.ProblemOf(err).Code)
	}
	return e
}

// wantOf is the answer to a status unless the connector knows better.
func (c Case) wantOf(status int) want {
	w := want{kind: hub.Upstream, temporary: status >= 500 || status == 429 || status == 408}
	switch status {
	case 429, 502, 503, 504:
		w.kind = hub.Unavailable
	}
	if status >= 500 {
		w.outcome = connectors.Unknown
	}
	if kind, ok := c.Kinds[status]; ok {
		w.kind = kind
	}
	if temporary, ok := c.Temporary[status]; ok {
		w.temporary = temporary
	}
	if outcome, ok := c.Outcomes[status]; ok {
		w.outcome = outcome
	}
	return w
}

// status lets the system answer with a status and a body that repeats all that
// it was sent, as debug pages do.
func (c Case) status(t *testing.T, status int) {
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("a redirect to another host was followed: %s %s", r.Method, r.URL.Path)
	})
	server := c.serve(t, func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		if status < 400 {
			w.Header().Set("Location", elsewhere.URL+"/taken?token="+strings.Join(c.Secrets, ""))
		}
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<pre>"+r.URL.String()+"\n"+string(sent)+"\n")
		_ = r.Header.Write(w)
		_, _ = io.WriteString(w, strings.Join(c.Secrets, "\n"))
	})
	e := c.check(t, c.call(t, server.URL), c.wantOf(status))
	if e.Status != status {
		t.Errorf("status = %d", e.Status)
	}
}

func (c Case) unreadable(t *testing.T, text string) {
	server := c.serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, text)
	})
	e := c.check(t, c.call(t, server.URL), want{kind: hub.Upstream, temporary: true, outcome: connectors.Unknown})
	if e.Status != http.StatusOK || e.Code != connectors.CodeUnreadable {
		t.Errorf("status %d, code %q, want 200 %q", e.Status, e.Code, connectors.CodeUnreadable)
	}
}

func (c Case) retryAfter(t *testing.T) {
	server := c.serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "7")
		http.Error(w, "slow down", http.StatusTooManyRequests)
	})
	err := c.call(t, server.URL)
	e := c.check(t, err, c.wantOf(http.StatusTooManyRequests))
	if e.RetryAfter != 7*time.Second || hub.ProblemOf(err).RetryAfter != 7*time.Second {
		t.Errorf("retry after %s, problem %s, want 7s", e.RetryAfter, hub.ProblemOf(err).RetryAfter)
	}
}

// refused calls a port where nobody listens.
func (c Case) refused(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + listener.Addr().String()
	_ = listener.Close()
	c.check(t, c.call(t, address), want{kind: hub.Unavailable, temporary: true, outcome: connectors.NotApplied})
}

// dropped reads the request and hangs up.
func (c Case) dropped(t *testing.T) {
	server := c.serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		hangUp(t, w, "")
	})
	c.check(t, c.call(t, server.URL), want{kind: hub.Unavailable, temporary: true, outcome: connectors.Unknown})
}

// cutShort hangs up in the middle of the answer.
func (c Case) cutShort(t *testing.T) {
	server := c.serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		hangUp(t, w, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"id\":")
	})
	c.check(t, c.call(t, server.URL), want{kind: hub.Unavailable, temporary: true, outcome: connectors.Unknown})
}

// slow never answers: the time-out of the try must end the call.
func (c Case) slow(t *testing.T) {
	server := c.serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	c.check(t, c.call(t, server.URL), want{kind: hub.Timeout, temporary: true, outcome: connectors.Unknown})
}

func (c Case) cancelledBefore(t *testing.T) {
	server := c.serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the request was sent") })
	call := c.New(t, server.URL)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := soon(t, func() error { return call(ctx) })
	c.check(t, err, want{kind: hub.Timeout, temporary: true, outcome: connectors.NotApplied})
}

func (c Case) cancelledDuring(t *testing.T) {
	arrived := make(chan struct{}, 1)
	server := c.serve(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	call := c.New(t, server.URL)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { <-arrived; cancel() }()
	err := soon(t, func() error { return call(ctx) })
	c.check(t, err, want{kind: hub.Timeout, temporary: true, outcome: connectors.Unknown})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func (c Case) call(t *testing.T, baseURL string) error {
	t.Helper()
	call := c.New(t, baseURL)
	return soon(t, func() error { return call(t.Context()) })
}
