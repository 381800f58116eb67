// Package connectorstest is what every connector must pass: Run lets one of its
// calls meet each way in which another system can misbehave, and looks at the
// failure that comes out. Tests only.
package connectorstest

import (
	"context"
	"net/http"
	"strconv"
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

func (c Case) call(t *testing.T, baseURL string) error {
	t.Helper()
	call := c.New(t, baseURL)
	return soon(t, func() error { return call(t.Context()) })
}
