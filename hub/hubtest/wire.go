package hubtest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Answer is what a server said.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Send sends a request to a server and reads the answer; a redirect is one.
func Send(t testing.TB, method, url string, body io.Reader, header map[string]string) Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(raw)}
}

// Texts are the bodies of all SMS that were queued, the oldest first, behind the
// last digits of their numbers.
func Texts(t testing.TB, store keep.Engine) (bodies []string) {
	t.Helper()
	page, _, err := store.Jobs(t.Context(), keep.Filter{Kind: "outbox.sms", Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, listed := range page {
		job, err := store.Job(t.Context(), listed.ID)
		var m struct{ To, Body string }
		if err := errors.Join(err, json.Unmarshal(job.Payload, &m)); err != nil {
			t.Fatal(err)
		}
		bodies = append([]string{m.To[len(m.To)-3:] + " " + m.Body}, bodies...)
	}
	return bodies
}

// Keys are those with which the hub of a test signs links and sessions.
func Keys() config.Secret {
	return config.Secret("k1:" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))))
}

// Changed sets members of what a test says, and removes those that are nil.
func Changed(said, change map[string]any) {
	for name, value := range change {
		if said[name] = value; value == nil {
			delete(said, name)
		}
	}
}

// Log keeps what several write to it. The zero value is empty.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String gives what was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
