package standardwebhooks_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/standardwebhooks"
)

// Invented keys.
const (
	secret = "whsec_aW52ZW50ZWQtZm9yLXRlc3RzLW9ubHktMDAwMQ=="
	next   = "whsec_aW52ZW50ZWQtZm9yLXRlc3RzLW9ubHktMDAwMg=="
)

// receiver is somebody who gets webhooks and keeps them.
type receiver struct {
	*httptest.Server
	status int

	mu   sync.Mutex
	got  []http.Header
	said []string
}

func newReceiver(t *testing.T, status int) *receiver {
	t.Helper()
	r := &receiver{status: status}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got, r.said = append(r.got, req.Header.Clone()), append(r.said, req.Method+" "+req.URL.String()+" "+string(body))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) host() string { return strings.TrimPrefix(r.URL, "http://") }

func (r *receiver) heard() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.said...)
}

func client(hosts ...string) *standardwebhooks.Client {
	return standardwebhooks.New(standardwebhooks.Config{Secret: secret, Hosts: hosts, Timeout: time.Second}, standardwebhooks.Deps{})
}

// TestSend looks at one webhook as its receiver does, who may know either secret.
func TestSend(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, http.StatusNoContent)
	c := standardwebhooks.New(standardwebhooks.Config{
		Secret: secret, SecretNext: next, Hosts: []string{r.host()}, Timeout: time.Second,
	}, standardwebhooks.Deps{})
	body := []byte(`{"type":"job.completed","data":{"job":"DJ-1","note":"é"}}`)
	if err := c.Send(t.Context(), standardwebhooks.Webhook{ID: "move-1/on_close_webhook", URL: r.URL + "/hook/x?y=1", Body: body}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"POST /hook/x?y=1 " + string(body)}, r.heard()); diff != "" {
		t.Fatal(diff)
	}
	head := r.got[0]
	if head.Get("Content-Type") != "application/json" || head.Get(sdk.HeaderWebhookID) != "move-1/on_close_webhook" {
		t.Errorf("sent with %v", head)
	}
	for _, known := range []string{secret, next} {
		check, err := sdk.NewWebhook(known)
		if err != nil {
			t.Fatal(err)
		}
		if err := check.Verify(body, head); err != nil {
			t.Errorf("refused: %v", err)
		}
		if err := check.Verify(append(body, ' '), head); err == nil {
			t.Error("a changed body passes")
		}
	}
}

// TestStatuses: what the receiver answers decides whether it is sent again.
func TestStatuses(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]struct{ ok, again bool }{
		200: {true, false}, 201: {true, false}, 202: {true, false}, 204: {true, false},
		301: {}, 302: {}, 307: {}, 308: {}, 400: {}, 401: {}, 403: {}, 404: {}, 410: {}, 422: {},
		408: {again: true}, 429: {again: true}, 500: {again: true}, 502: {again: true}, 503: {again: true},
	} {
		r := newReceiver(t, status)
		err := client(r.host()).Send(t.Context(), standardwebhooks.Webhook{ID: "m1", URL: r.URL + "/", Body: []byte("{}")})
		if (err == nil) != want.ok || len(r.heard()) != 1 {
			t.Errorf("%d: %v after %d requests", status, err, len(r.heard()))
		}
		if e, ok := connectors.AsError(err); err != nil && (!ok || e.Temporary != want.again || e.Status != status || e.Reason == "") {
			t.Errorf("%d: %v, again: %v", status, err, e.Temporary)
		}
	}
}

// TestLongAnswer: whoever answers with a book has taken the webhook all the same.
func TestLongAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("thank you ", 100_000))
	}))
	t.Cleanup(server.Close)
	if err := client(server.Listener.Addr().String()).Send(t.Context(), standardwebhooks.Webhook{ID: "m1", URL: server.URL, Body: []byte("{}")}); err != nil {
		t.Error(err)
	}
}

func TestMisbehaviour(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		New: func(_ testing.TB, base string) func(context.Context) error {
			c := client(strings.TrimPrefix(base, "http://"))
			return func(ctx context.Context) error {
				return c.Send(ctx, standardwebhooks.Webhook{ID: "m1", URL: base + "/hook", Body: []byte(`{"type":"x"}`)})
			}
		},
		Secrets: []string{secret, strings.TrimPrefix(secret, "whsec_")}, BodyFree: true,
	})
}

// TestWithoutAWayOut: no id, no secret, no list, or a gate that is shut.
func TestWithoutAWayOut(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, 204)
	good := standardwebhooks.Config{Secret: secret, Hosts: []string{r.host()}, Timeout: time.Second}
	for name, c := range map[string]struct {
		cfg    standardwebhooks.Config
		id     string
		closed error
		code   string
	}{
		"no secret": {standardwebhooks.Config{Hosts: good.Hosts}, "m", nil, standardwebhooks.CodeOff},
		"no hosts":  {standardwebhooks.Config{Secret: secret}, "m", nil, standardwebhooks.CodeOff},
		"no id":     {good, "", nil, "invalid"},
		"two lines": {good, "m\r\nX: y", nil, "invalid"},
		"a dot":     {good, "m.1", nil, "invalid"},
		"shut":      {good, "m", context.Canceled, connectors.CodeClosed},
		"shut, off": {standardwebhooks.Config{}, "m", context.Canceled, connectors.CodeClosed},
	} {
		sender := standardwebhooks.New(c.cfg, standardwebhooks.Deps{Closed: func(string) error { return c.closed }})
		err := sender.Send(t.Context(), standardwebhooks.Webhook{ID: c.id, URL: r.URL + "/", Body: []byte("{}")})
		e, ok := connectors.AsError(err)
		if !ok || e.Code != c.code || e.Temporary || e.Outcome != connectors.NotApplied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if heard := r.heard(); len(heard) > 0 {
		t.Errorf("sent all the same: %v", heard)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for want, environ := range map[string][]string{
		"": {"TARGO_SECRET=" + secret, "TARGO_SECRET_NEXT=" + next, "TARGO_HOSTS=hooks.example.com,*.example.org,n8n.example.com:8443,127.0.0.1:5678,localhost:80,[::1]:99,10.0.0.5:443,n8n.example.com=10.0.0.5"},
		"TARGO_SECRET (secret): does not begin with whsec_":                                          {"TARGO_SECRET=abc"},
		"TARGO_SECRET (secret): is not base64 behind whsec_":                                         {"TARGO_SECRET=whsec_*"},
		"TARGO_SECRET (secret): must hold from 24 to 64 bytes":                                       {"TARGO_SECRET=whsec_QUJD"},
		"TARGO_SECRET (secret): missing, although there is a next one":                               {"TARGO_SECRET_NEXT=" + next},
		"TARGO_SECRET (secret): missing, although there are hosts: a webhook is never sent unsigned": {"TARGO_HOSTS=hooks.example.com"},
	} {
		connectorstest.Settings(t, &standardwebhooks.Config{}, environ, want)
	}
	for _, host := range []string{
		"https://hooks.example.com", "hooks.example.com/x", "*", "*.*", "*.com.*", "com", "*.com:x", "hooks.example.com:0", "hooks.example.com:70000",
		"127.0.0.1", "10.0.0.5", "::1", "localhost", "hooks.example.com=", "hooks.example.com=n8n", "*.example.com=10.0.0.5", "10.0.0.5:80=10.0.0.6",
		"[fe80::1%25eth0]:80", "[::ffff:10.0.0.1]:80", "localhost:80=127.0.0.1", "a b.example.com", "",
	} {
		if (standardwebhooks.Config{Secret: secret, Hosts: []string{host}}).Validate() == nil {
			t.Errorf("%q passes for a host", host)
		}
	}
	if (standardwebhooks.Config{Secret: config.Secret(secret)}).On() {
		t.Error("on without hosts")
	}
}
