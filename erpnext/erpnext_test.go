package erpnext

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// seen is a request as it arrived.
type seen struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

// fakeSite answers with a function and remembers what it was asked. It serves
// over loopback (dial) or inside the process (inside), where time can be faked.
type fakeSite struct {
	mu     sync.Mutex
	calls  []seen
	answer func(w http.ResponseWriter, r seen, n int)
}

func (s *fakeSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	one := seen{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, string(body), r.Header}
	s.mu.Lock()
	s.calls = append(s.calls, one)
	n := len(s.calls)
	s.mu.Unlock()
	s.answer(w, one, n)
}

// RoundTrip serves a request without a network. A handler that aborts is a
// connection that broke.
func (s *fakeSite) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	defer func() {
		if recover() != nil {
			resp, err = nil, io.ErrUnexpectedEOF
		}
	}()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result(), nil
}

func (s *fakeSite) asked() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.calls...)
}

type answerer = func(w http.ResponseWriter, r seen, n int)

func inside(t *testing.T, answer answerer) (*Client, *fakeSite) {
	t.Helper()
	s := &fakeSite{answer: answer}
	c, err := New(Config{URL: "http://erp.example.test", APIKey: "key0", APISecret: "secret0"}, Deps{Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func dial(t *testing.T, answer answerer) (*Client, *fakeSite) {
	t.Helper()
	s := &fakeSite{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL, APIKey: "key0", APISecret: "secret0"}, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// reply writes a JSON answer.
func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// refusal is a v1 body as Frappe writes it when tracebacks are off.
func refusal(class, text string) string {
	inner, _ := json.Marshal(map[string]any{"message": text, "title": "Message", "raise_exception": 1})
	list, _ := json.Marshal([]string{string(inner)})
	body, _ := json.Marshal(map[string]any{"exc_type": class, "_server_messages": string(list)})
	return string(body)
}

const badGateway = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

func TestRequestCarriesTheToken(t *testing.T) {
	t.Parallel()
	c, s := dial(t, func(w http.ResponseWriter, _ seen, _ int) {
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "somebody-else", Path: "/"})
		reply(w, 200, `{"message":"hub@example.test"}`)
	})
	ctx := hub.WithRequestID(t.Context(), "req-7")
	for range 2 {
		if user, err := c.LoggedUser(ctx); err != nil || user != "hub@example.test" {
			t.Fatalf("LoggedUser = %q, %v", user, err)
		}
	}
	if _, err := c.FileContent(ctx, "/private/files/a.pdf"); err == nil {
		t.Error("JSON was taken for a PDF")
	}
	for i, r := range s.asked() {
		got := map[string]string{}
		for _, name := range []string{"Authorization", "Accept", "X-Frappe-Request-Id", "Cookie"} {
			got[name] = r.Header.Get(name)
		}
		want := map[string]string{
			"Authorization": "token key0:secret0", "Accept": "application/json",
			"X-Frappe-Request-Id": "req-7", "Cookie": "",
		}
		if i == 2 {
			want["Accept"] = "application/pdf, application/json"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("request %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	good := Config{URL: "https://erp.example.test", APIKey: "k", APISecret: "s"}
	if err := good.Validate(); err != nil || !good.Configured() {
		t.Errorf("a good configuration: %v", err)
	}
	err := Config{URL: "erp.example.test"}.Validate()
	for _, want := range []string{"url: ", "api_key: ", "api_secret: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate = %v, want it to name %s", err, want)
		}
	}
	if (Config{}).Configured() || (Config{}).Validate() != nil {
		t.Error("an empty section switches the part off and is no mistake")
	}
	if _, err := New(Config{}, Deps{}); err == nil {
		t.Error("New took an empty configuration")
	}
	if out := fmt.Sprintf("%v %+v %#v", good, good, good); strings.Contains(out, `"s"`) {
		t.Errorf("the configuration prints a secret: %s", out)
	}
}

// patienceCase is a call that always fails the same way.
type patienceCase struct {
	name    string
	do      func(context.Context, *Client) error
	status  int // 0: the connection breaks
	body    string
	calls   int
	outcome connectors.Outcome
}

func patienceCases() []patienceCase {
	get := func(ctx context.Context, c *Client) error { return c.Get(ctx, "Issue", "ISS-1", &Issue{}) }
	post := func(ctx context.Context, c *Client) error {
		_, err := Insert[Issue](ctx, c, "Issue", Issue{Subject: "x"})
		return err
	}
	put := func(ctx context.Context, c *Client) error {
		return c.Update(ctx, "Issue", "ISS-1", Values{"status": "Closed"}, nil)
	}
	locked := func(ctx context.Context, c *Client) error {
		return c.Update(ctx, "Issue", "ISS-1", Values{"status": "Closed", "modified": At(time.Now())}, nil)
	}
	call := func(ctx context.Context, c *Client) error { return c.Call(ctx, "a.b", nil, nil) }
	deadlock := `{"exc_type":"QueryDeadlockError"}`
	return []patienceCase{
		{"read, proxy down", get, 502, badGateway, 3, connectors.NotApplied},
		{"read, connection breaks", get, 0, "", 3, connectors.NotApplied},
		{"read, deadlock", get, 500, deadlock, 3, connectors.NotApplied},
		{"read, half an answer", get, 200, `{"data":{"name":"ISS`, 3, connectors.NotApplied},
		{"read, a page instead", get, 200, "<html>Sign in</html>", 3, connectors.NotApplied},
		{"read, refused", get, 417, refusal("ValidationError", "No"), 1, connectors.NotApplied},
		{"read, broken query", get, 500, `{"exc_type":"GroupingError"}`, 1, connectors.NotApplied},
		{"create, proxy down", post, 504, badGateway, 1, connectors.Unknown},
		{"create, connection breaks", post, 0, "", 1, connectors.Unknown},
		{"create, half an answer", post, 200, `{"data":`, 1, connectors.Unknown},
		{"create, nothing in the answer", post, 200, `{}`, 1, connectors.Unknown},
		{"create, rolled back", post, 500, `{"exc_type":"SerializationFailure"}`, 4, connectors.NotApplied},
		{"create, connection to the database lost", post, 500, `{"exc_type":"OperationalError"}`, 1, connectors.Unknown},
		{"create, too many", post, 429, `{"exc_type":"TooManyRequestsError"}`, 4, connectors.NotApplied},
		{"write, proxy down", put, 502, badGateway, 2, connectors.Unknown},
		{"write, a page instead", put, 200, "<html>Sign in</html>", 2, connectors.Unknown},
		{"write, connection breaks", put, 0, "", 2, connectors.Unknown},
		{"write with a lock, proxy down, three looks and one more", locked, 502, badGateway, 5, connectors.Unknown},
		{"write with a lock, deadlock", locked, 500, deadlock, 4, connectors.NotApplied},
		{"call, proxy down", call, 502, badGateway, 1, connectors.Unknown},
		{"call, maintenance", call, 503, `{"exc_type":"SessionStopped"}`, 4, connectors.NotApplied},
	}
}

// What is tried again, how often, and what the caller learns in the end.
func TestPatience(t *testing.T) {
	t.Parallel()
	for _, tc := range patienceCases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) {
					if tc.status == 0 {
						panic(http.ErrAbortHandler)
					}
					reply(w, tc.status, tc.body)
				})
				err := tc.do(t.Context(), c)
				var e *Error
				if !errors.As(err, &e) {
					t.Fatalf("error = %v, want *Error", err)
				}
				if n := len(s.asked()); n != tc.calls || e.Outcome != tc.outcome {
					t.Errorf("%d calls, outcome %v; want %d, %v (%v)", n, e.Outcome, tc.calls, tc.outcome, err)
				}
			})
		})
	}
}

func TestWaits(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name       string
		retryAfter string
		budget     time.Duration
		calls      int
		atLeast    time.Duration
		atMost     time.Duration
	}{
		{"own waits", "", 0, 3, 300 * time.Millisecond, 900 * time.Millisecond},
		{"advice is followed", "2", 0, 3, 4 * time.Second, 5 * time.Second},
		{"advice beyond the cap is for the queue", "60", 0, 1, 0, 0},
		{"no wait beyond the budget", "2", time.Second, 1, 0, 0},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) {
					w.Header().Set("Retry-After", tc.retryAfter)
					reply(w, 429, `{"exc_type":"TooManyRequestsError"}`)
				})
				ctx := t.Context()
				if tc.budget > 0 {
					limited, cancel := context.WithTimeout(ctx, tc.budget)
					defer cancel()
					ctx = limited
				}
				began := time.Now()
				_, err := c.LoggedUser(ctx)
				took := time.Since(began)
				if !IsRate(err) || len(s.asked()) != tc.calls || took < tc.atLeast || took > tc.atMost {
					t.Errorf("%d calls in %v: %v", len(s.asked()), took, err)
				}
				want := time.Second // callers are always told to wait a little
				if tc.retryAfter != "" {
					want, _ = time.ParseDuration(tc.retryAfter + "s")
				}
				if p := hub.ProblemOf(err); p.Kind != hub.Unavailable || p.Code != "upstream-unavailable" || p.RetryAfter != want {
					t.Errorf("problem = %v %s %v", p.Kind, p.Code, p.RetryAfter)
				}
			})
		})
	}
}

func TestOpenBreakerIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 502, badGateway) })
		for c.State() == "closed" {
			if _, err := c.LoggedUser(t.Context()); err == nil {
				t.Fatal("no error")
			}
		}
		before, began := len(s.asked()), time.Now()
		_, err := c.LoggedUser(t.Context())
		if len(s.asked()) != before || time.Since(began) != 0 || !hub.HasCode(err, "upstream-unavailable") {
			t.Errorf("%d more calls in %v: %v", len(s.asked())-before, time.Since(began), err)
		}
	})
}

func TestSpentBudgetIsATimeout(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 200, `{"message":"x"}`) })
	_, err := c.LoggedUser(ctx)
	if !hub.IsKind(err, hub.Timeout) || len(s.asked()) != 0 {
		t.Errorf("%v after %d calls, want a timeout", err, len(s.asked()))
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, _ seen, n int) {
		reply(w, 200, []string{"", `{"message":{"count":3}}`, `{}`}[n])
	})
	var into struct{ Count int }
	if err := c.Call(t.Context(), "app.mod.fn", map[string]string{"a": "é"}, &into); err != nil || into.Count != 3 {
		t.Fatalf("Call = %v, %v", into, err)
	}
	if err := c.Call(t.Context(), "app.mod.none", nil, &into); err != nil || into.Count != 3 {
		t.Errorf("a method without a result: %v, %v", into, err)
	}
	got := s.asked()
	if got[0].Method != "POST" || got[0].Path != "/api/method/app.mod.fn" || got[0].Body != `{"a":"é"}` ||
		got[0].Header.Get("Content-Type") != "application/json" || got[1].Body != "{}" {
		t.Errorf("requests = %+v", got)
	}
}
