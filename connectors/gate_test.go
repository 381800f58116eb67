package connectors_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// wire is a transport without a network, for tests in fake time.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) { return w(r) }

func answer(status int) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`))}
}

func get(ctx context.Context, c *connectors.Client) error {
	_, err := c.Do(ctx, "thing.get", http.MethodGet, "/things", nil)
	return err
}

func codeOf(err error) string {
	if e, ok := connectors.AsError(err); ok {
		return e.Code
	}
	return ""
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		status, calls := 503, 0
		reg := prometheus.NewRegistry()
		client := connectors.New(connectors.Options{
			System: "peer", BaseURL: "http://peer.example", Metrics: connectors.NewMetrics(reg),
			Transport: wire(func(*http.Request) (*http.Response, error) { calls++; return answer(status), nil }),
		})
		for range 5 {
			if err := get(t.Context(), client); codeOf(err) != "" || client.State() == "" {
				t.Fatal(err)
			}
		}
		err := get(t.Context(), client)
		e, _ := connectors.AsError(err)
		if codeOf(err) != connectors.CodeBreakerOpen || calls != 5 || client.State() != "open" {
			t.Fatalf("after %d calls, %s: %v", calls, client.State(), err)
		}
		if !e.Temporary || e.Outcome != connectors.NotApplied || e.RetryAfter < time.Second || e.RetryAfter > 12*time.Second {
			t.Errorf("temporary %v, outcome %v, retry after %v", e.Temporary, e.Outcome, e.RetryAfter)
		}
		if p := hub.ProblemOf(err); p.Kind != hub.Unavailable || p.RetryAfter != e.RetryAfter {
			t.Errorf("problem %+v", p)
		}
		if got := gauge(t, reg); got != 2 {
			t.Errorf("gauge %v", got)
		}
		time.Sleep(12 * time.Second)
		status = 200
		for range 2 {
			if err := get(t.Context(), client); err != nil {
				t.Fatal(err)
			}
		}
		if client.State() != "closed" || gauge(t, reg) != 0 {
			t.Errorf("breaker %s", client.State())
		}
	})
}

// What the caller did wrong, or gave up, says nothing about the system.
func TestBreakerCountsOnlyTheSystem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		state  string
	}{
		"404": {func(*http.Request) (*http.Response, error) { return answer(404), nil }, "closed"},
		"409": {func(*http.Request) (*http.Response, error) { return answer(409), nil }, "closed"},
		"429": {func(*http.Request) (*http.Response, error) { return answer(429), nil }, "open"},
		"500": {func(*http.Request) (*http.Response, error) { return answer(500), nil }, "open"},
		"net": {func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }, "open"},
		"slow": {func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}, "open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := connectors.New(connectors.Options{System: "peer", BaseURL: "http://peer.example", Transport: wire(c.answer)})
				for range 6 {
					if get(t.Context(), client) == nil {
						t.Fatal("no error")
					}
				}
				if client.State() != c.state {
					t.Errorf("breaker %s, want %s", client.State(), c.state)
				}
			})
		})
	}
}

// A probe of the half-open breaker that its caller gives up must not leave the
// breaker half-open for ever.
func TestBreakerSurvivesACancelledProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := false
		client := connectors.New(connectors.Options{System: "peer", BaseURL: "http://peer.example", Transport: wire(func(r *http.Request) (*http.Response, error) {
			if hang {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return answer(500), nil
		})})
		for range 5 {
			_ = get(t.Context(), client)
		}
		time.Sleep(12 * time.Second)
		hang = true
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			go func() { time.Sleep(time.Second); cancel() }()
			_ = get(ctx, client)
		}
		if client.State() != "open" {
			t.Fatalf("breaker %s", client.State())
		}
		time.Sleep(12 * time.Second)
		if err := get(t.Context(), client); codeOf(err) != connectors.CodeTimeout {
			t.Errorf("not probed again: %v", err)
		}
	})
}

func TestBulkheads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var running atomic.Int32
		client := connectors.New(connectors.Options{
			System: "peer", BaseURL: "http://peer.example", Reads: 2, Writes: 1, Timeout: time.Minute,
			Transport: wire(func(*http.Request) (*http.Response, error) { running.Add(1); <-release; return answer(200), nil }),
		})
		for range 3 {
			go func() { _ = get(t.Context(), client) }()
			go func() { _, _ = client.Do(t.Context(), "thing.create", http.MethodPost, "/things", nil) }()
		}
		synctest.Wait()
		if n := running.Load(); n != 3 {
			t.Errorf("%d calls run at once, want 2 reads and 1 write", n)
		}
		err := get(t.Context(), client) // its turn does not come within the time-out
		if e, ok := connectors.AsError(err); !ok || e.Code != connectors.CodeBusy || !e.Temporary || e.Outcome != connectors.NotApplied {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := get(ctx, client); codeOf(err) != connectors.CodeTimeout || !hub.IsKind(err, hub.Timeout) {
			t.Errorf("got %v", err)
		}
		close(release)
		synctest.Wait()
		if err := get(t.Context(), client); err != nil {
			t.Errorf("the places were not given back: %v", err)
		}
	})
}

func gauge(t *testing.T, reg *prometheus.Registry) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "targo_connector_breaker_state" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatal("no gauge")
	return 0
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	statuses := make(chan int, 1)
	client := connectors.New(connectors.Options{
		System: "peer", BaseURL: "http://peer.example", Metrics: connectors.NewMetrics(reg),
		Transport: wire(func(*http.Request) (*http.Response, error) {
			if status := <-statuses; status != 0 {
				return answer(status), nil
			}
			return nil, errors.New("cable cut")
		}),
	})
	for _, status := range []int{200, 201, 302, 404, 429, 500, 0} {
		statuses <- status
		_ = get(t.Context(), client)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = get(ctx, client)
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() != "targo_connector_calls_total" {
				continue
			}
			name := ""
			for _, l := range m.GetLabel() {
				name += l.GetValue() + " "
			}
			got[strings.TrimSpace(name)] = m.GetCounter().GetValue()
		}
	}
	want := map[string]float64{
		"ok thing.get peer": 2, "redirect thing.get peer": 1, "client-error thing.get peer": 1, "rate-limited thing.get peer": 1,
		"server-error thing.get peer": 1, "network thing.get peer": 1, "cancelled thing.get peer": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/here", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			_, _ = io.WriteString(w, r.Method+" "+r.Header.Get("X-Auth-Token")+" "+r.Header.Get("X-Request-Id")+" "+r.UserAgent())
		}
	}))
	defer server.Close()
	client := connectors.New(connectors.Options{System: "peer", BaseURL: server.URL + "/"})
	withToken := func(r *resty.Request) { r.SetHeader("X-Auth-Token", "t0ken") }
	resp, err := client.Do(hub.WithRequestID(t.Context(), "req-1"), "thing.get", http.MethodGet, "/moved", withToken)
	if err != nil || resp.String() != "GET t0ken req-1 targo-hub" {
		t.Errorf("%v %v", resp, err)
	}
	for method, path := range map[string]string{http.MethodPost: "/moved", http.MethodPut: "/moved", http.MethodGet: "/loop"} {
		_, err := client.Do(t.Context(), "thing.get", method, path, withToken)
		if e, ok := connectors.AsError(err); !ok || e.Status != http.StatusFound || e.Temporary {
			t.Errorf("%s %s: %v", method, path, err)
		}
	}
	resp, err = client.Do(t.Context(), "thing.get", http.MethodGet, "/here", nil)
	if err != nil || len(resp.Cookies()) != 0 {
		t.Errorf("%v %v", resp, err)
	}
}
