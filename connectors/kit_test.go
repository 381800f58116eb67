package connectors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

func TestRefusesWhatMustNotLeave(t *testing.T) {
	t.Parallel()
	never := wire(func(*http.Request) (*http.Response, error) { t.Error("sent"); return answer(200), nil })
	for base, path := range map[string]string{
		"https://peer.example/api": "https://evil.example/api/things",
		"https://peer.example":     "http://peer.example/things",
		"https://peer.example/x":   "//evil.example/things",
		"peer.example":             "/things",
		"":                         "/things",
		"://":                      "/things",
	} {
		client := connectors.New(connectors.Options{System: "peer", BaseURL: base, Transport: never})
		_, err := client.Do(t.Context(), "thing.get", http.MethodGet, path, nil)
		if e, ok := connectors.AsError(err); !ok || e.Temporary || e.Outcome != connectors.NotApplied {
			t.Errorf("%s %s: %v", base, path, err)
		}
	}
	client := connectors.New(connectors.Options{System: "peer", Transport: never})
	if _, err := client.Call(t.Context(), "thing.get", func(*http.Client) error { t.Error("called"); return nil }); err == nil {
		t.Error("no error")
	}
}

func TestCallReportsWhatTheSDKDid(t *testing.T) {
	t.Parallel()
	odd := errors.New("the SDK is not happy with hunter2-secret")
	for name, c := range map[string]struct {
		status int // 0 for no request
		err    error
		want   string // "" for none
	}{
		"good":             {200, nil, ""},
		"refuses itself":   {0, odd, "peer thing.get: the call could not be made"},
		"does nothing":     {0, nil, "peer thing.get: the call could not be made"},
		"cannot read":      {200, odd, "peer thing.get: 200 unreadable: the answer cannot be read"},
		"reports":          {404, odd, "peer thing.get: 404: not found"},
		"swallows a 503":   {503, nil, "peer thing.get: 503: it failed"},
		"follows nothing":  {302, nil, "peer thing.get: 302: it redirected the request"},
		"takes a redirect": {301, odd, "peer thing.get: 301: it redirected the request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := connectors.New(connectors.Options{
				System: "peer", BaseURL: "http://peer.example", Secrets: []string{"hunter2-secret"},
				Transport: wire(func(*http.Request) (*http.Response, error) { return answer(c.status), nil }),
			})
			reply, err := client.Call(t.Context(), "thing.get", func(hc *http.Client) error {
				if c.status != 0 {
					resp, err := hc.Get("http://peer.example/things")
					if err != nil {
						t.Error(err)
						return err
					}
					_ = resp.Body.Close()
				}
				return c.err
			})
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if reply.Status != c.status || (c.status != 0 && string(reply.Body) != "{}") {
				t.Errorf("reply %d %q", reply.Status, reply.Body)
			}
			if c.err != nil && !errors.Is(err, odd) {
				t.Error("the cause is lost")
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if e != odd && strings.Contains(fmt.Sprintf("%+v %#v", e, e), "hunter2") {
					t.Errorf("%v shows the secret", e)
				}
			}
		})
	}
}

func TestHTTPClient(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	}))
	client := connectors.New(connectors.Options{System: "peer", BaseURL: server.URL})
	ask := func() (*http.Response, error) {
		req, err := http.NewRequestWithContext(connectors.WithOp(t.Context(), "tea.get"), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		return client.HTTP().Do(req)
	}
	resp, err := ask()
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusTeapot || string(body) != "short and stout" {
		t.Errorf("%d %q", resp.StatusCode, body)
	}
	server.Close()
	resp, err = ask()
	if err == nil {
		_ = resp.Body.Close()
	}
	if e, ok := connectors.AsError(err); !ok || e.Op != "tea.get" || e.Code != connectors.CodeNetwork || e.Reason != "connection refused" {
		t.Errorf("%v", err)
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 1000))
	}))
	defer server.Close()
	for limit, fits := range map[int64]bool{999: false, 1000: true, 0: true, -1: true} {
		client := connectors.New(connectors.Options{System: "peer", BaseURL: server.URL, MaxBody: limit})
		resp, err := client.Do(t.Context(), "thing.get", http.MethodGet, "/", nil)
		if fits && (err != nil || len(resp.Body()) != 1000) {
			t.Errorf("limit %d: %v", limit, err)
		}
		if e, ok := connectors.AsError(err); !fits && (!ok || e.Code != connectors.CodeTooLarge || e.Temporary || e.Status != 200) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestErrorShows(t *testing.T) {
	t.Parallel()
	e := &connectors.Error{
		System: "peer", Op: "thing.create", Status: 400, Code: "42", Reason: "the thing is odd", Outcome: connectors.Applied,
		Body: []byte("private words"), Err: errors.New("cause"),
	}
	const line = "peer thing.create: 400 42: the thing is odd"
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		if got := fmt.Sprintf(verb, e); got != line {
			t.Errorf("%s gives %q", verb, got)
		}
	}
	encoded, err := json.Marshal(e)
	if err != nil || strings.Contains(string(encoded), "private") || !strings.Contains(string(encoded), `"outcome":"applied"`) {
		t.Errorf("%s %v", encoded, err)
	}
	if status, code, detail := e.AttemptInfo(); status != 400 || code != "42" || detail != line {
		t.Error(status, code, detail)
	}
	wrapped := fmt.Errorf("filing the thing: %w", e)
	if got, ok := connectors.AsError(wrapped); !ok || got != e {
		t.Error("AsError did not find it")
	}
	if p := hub.ProblemOf(wrapped); p.Code != "upstream-failed" || strings.Contains(p.Detail, "odd") {
		t.Errorf("%+v", p)
	}
	if _, ok := connectors.AsError(errors.New("other")); ok {
		t.Error("AsError found what is not there")
	}
}

func TestRefusalKeepsTheBody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, strings.Repeat("y", 100<<10))
	}))
	defer server.Close()
	client := connectors.New(connectors.Options{System: "peer", BaseURL: server.URL})
	resp, err := client.Do(t.Context(), "thing.create", http.MethodPost, "/", func(r *resty.Request) { r.SetBody("x") })
	e, ok := connectors.AsError(err)
	if !ok || len(e.Body) != 64<<10 || resp.StatusCode() != 409 {
		t.Fatalf("%v", err)
	}
	if e.RetryAfter < 58*time.Minute || e.RetryAfter > time.Hour {
		t.Errorf("retry after %s", e.RetryAfter)
	}
}

// A caller whose own time runs out during the call learns that, and that the
// other side may have acted.
func TestCallersDeadline(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer server.Close()
	client := connectors.New(connectors.Options{System: "peer", BaseURL: server.URL, Timeout: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := client.Do(ctx, "thing.create", http.MethodPost, "/", func(r *resty.Request) { r.SetBody("x") })
	e, ok := connectors.AsError(err)
	if !ok || e.Code != connectors.CodeTimeout || e.Outcome != connectors.Unknown || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"nothing to hide":                              "nothing to hide",
		"the token expired, basic rules apply":         "the token expired, basic rules apply",
		"key p@ss/word=1 here":                         "key [secret] here",
		"escaped p%40ss%2Fword%3D1 or p@ss%2Fword=1":   "escaped [secret] or [secret]",
		"base64 cEBzcy93b3JkPTE=":                      "base64 [secret]",
		"longer p@ss/word=12":                          "longer [secret]",
		"GET https://user:pw@host.example/x":           "GET https://[secret]@host.example/x",
		"redis://:pw@127.0.0.1/0":                      "redis://[secret]@127.0.0.1/0",
		`Get "https://h/x?token=abc&a=1&api_key=d#f"`:  `Get "https://h/x?token=[secret]&a=1&api_key=[secret]#f"`,
		"Authorization: Bearer abcdef.ghi":             "Authorization: Bearer [secret]",
		"Authorization: Basic dXNlcjpwYXNz":            "Authorization: Basic [secret]",
		"Authorization: token 0123456:789abcdef":       "Authorization: token 0123456:[secret]",
		"link /j/eyJhbGciOiJIUzI1NiJ9.eyJzdWIi.c2lnbg": "link /j/[secret]",
		"item_code=KEEP in ?item_code=KEEP":            "item_code=KEEP in ?item_code=KEEP",
		"https://h/?code=abc&signature=d":              "https://h/?code=[secret]&signature=[secret]",
	} {
		if got := connectors.Redact(text, "p@ss/word=1", "p@ss/word=12", "", "abc"[:0]); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}
