package erpnext

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/retry"
)

// trouble is the way to a site on which something goes wrong with the first
// request that fits, and only with that one.
type trouble struct {
	site  http.RoundTripper
	kind  string
	match string // "POST /api/resource/Issue"; "" for none
	hit   atomic.Bool
}

// next makes ready for another story.
func (tr *trouble) next(kind, match string) {
	tr.kind, tr.match = kind, match
	tr.hit.Store(false)
}

// troubles are all kinds of it; "" is none.
func troubles() []string {
	return []string{
		"", "429", "deadlock", "serialization", "502", "503", "504", "508", "drop before", "drop after commit", "delay", "cut",
	}
}

var errCut = errors.New("connection reset by peer")

func (tr *trouble) RoundTrip(r *http.Request) (*http.Response, error) {
	method, path, _ := strings.Cut(tr.match, " ")
	if r.Method != method || !strings.HasPrefix(r.URL.Path, path) || !tr.hit.CompareAndSwap(false, true) {
		return tr.site.RoundTrip(r)
	}
	if status, body := tr.answer(); status != 0 {
		w := httptest.NewRecorder()
		w.WriteHeader(status)
		_, _ = w.WriteString(body)
		return w.Result(), nil
	}
	switch tr.kind {
	case "drop before":
		return nil, errCut
	case "delay":
		<-time.After(10 * time.Millisecond)
	}
	resp, err := tr.site.RoundTrip(r)
	if err != nil || (tr.kind != "drop after commit" && tr.kind != "cut") {
		return resp, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil || tr.kind != "cut" {
		return nil, errCut
	}
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), brokenReader{}))
	return resp, nil
}

// answer is what stands in the way of the site; 0 for nothing.
func (tr *trouble) answer() (status int, body string) {
	switch tr.kind {
	case "429":
		return 429, `{"exc_type":"TooManyRequestsError"}`
	case "deadlock":
		return 500, `{"exc_type":"QueryDeadlockError"}`
	case "serialization":
		return 500, `{"exc_type":"SerializationFailure"}`
	case "503":
		return 503, `{"exc_type":"SessionStopped"}`
	case "502", "504", "508":
		status, _ = strconv.Atoi(tr.kind)
		return status, badGateway
	default:
		return 0, ""
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// quick is the hub's pace for tests in real time.
func quick() retry.Pace {
	return retry.Pace{First: time.Millisecond, Cap: 5 * time.Second, Looks: []time.Duration{0, time.Millisecond, time.Millisecond}}
}

func through(t *testing.T, way http.RoundTripper, wrote func(string, string)) *Client {
	t.Helper()
	c, err := New(Config{URL: "http://erp.example.test", APIKey: "key0", APISecret: "secret0"}, Deps{Transport: way, Wrote: wrote})
	if err != nil {
		t.Fatal(err)
	}
	c.pace, c.rows = quick(), 5
	return c
}
