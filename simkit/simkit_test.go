package simkit_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/simkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a simulator that counts what it has done.
type world struct {
	control *simkit.Control
	server  *httptest.Server
	done    atomic.Int32
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{control: simkit.New("test", nil)}
	work := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		w.done.Add(1)
		_, _ = io.WriteString(rw, "done")
	})
	w.server = httptest.NewServer(w.control.Wrap(work, nil))
	t.Cleanup(func() { w.control.Close(); w.server.Close() })
	return w
}

// call answers status 0 when the connection was cut. Each call has its own
// connection, so that the client never repeats it.
func (w *world) call(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	res, err := w.server.Client().Do(req)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, ""
	}
	return res.StatusCode, strings.TrimSpace(string(text))
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		arm    string
		want   []int // of three posts in a row
		worked int32
	}{
		{"none", ``, []int{200, 200, 200}, 3},
		{"one by default", `{"status":503}`, []int{503, 200, 200}, 2},
		{"two", `{"next":2,"status":429}`, []int{429, 429, 200}, 1},
		{"cut before", `{"drop_before":true}`, []int{0, 200, 200}, 2},
		{"cut after the work", `{"drop_after_commit":true}`, []int{0, 200, 200}, 3},
		{"late", `{"delay_ms":1}`, []int{200, 200, 200}, 3},
		{"other path", `{"status":500,"match":"POST /elsewhere"}`, []int{200, 200, 200}, 3},
		{"other method", `{"status":500,"match":"GET"}`, []int{200, 200, 200}, 3},
		{"this one", `{"status":500,"match":"post /thing"}`, []int{500, 200, 200}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.arm != "" {
				if status, body := w.call(t, "POST", "/_sim/fail", tt.arm); status != 200 {
					t.Fatalf("arming: %d %s", status, body)
				}
			}
			for i, want := range tt.want {
				if got, _ := w.call(t, "POST", "/thing/1", "x"); got != want {
					t.Errorf("call %d: status %d, want %d", i+1, got, want)
				}
			}
			if got := w.done.Load(); got != tt.worked {
				t.Errorf("the work was done %d times, want %d", got, tt.worked)
			}
		})
	}
}

func TestFaultsApplyInTheirOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control.Fail(simkit.Fault{Status: 500})
	w.control.Fail(simkit.Fault{Status: 502})
	for _, want := range []int{500, 502, 200} {
		if got, _ := w.call(t, "GET", "/", ""); got != want {
			t.Errorf("status %d, want %d", got, want)
		}
	}
	if got := w.control.Calls(); got != 3 {
		t.Errorf("counted %d calls, want 3", got)
	}
}

func TestDelayEndsWithTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control.Fail(simkit.Fault{Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", w.server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if res, err := w.server.Client().Do(req); err == nil {
		_ = res.Body.Close()
		t.Error("the answer came at once")
	}
	if w.done.Load() != 0 {
		t.Error("the work was done although the caller had left")
	}
}

func TestControlAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var resets atomic.Int32
	w.control.OnReset(func() { resets.Add(1) })
	w.control.State(func() any { return map[string]int{"things": 7} })
	w.control.Handle("POST /_sim/own", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusTeapot) })

	if status, _ := w.call(t, "GET", "/_sim/sent", ""); status != 404 {
		t.Errorf("sent without a list: %d, want 404", status)
	}
	w.control.Sent(func() []any { return nil })
	if _, body := w.call(t, "GET", "/_sim/sent", ""); body != `{"items":[]}` {
		t.Errorf("empty sent: %s", body)
	}
	if status, _ := w.call(t, "POST", "/_sim/own", ""); status != http.StatusTeapot {
		t.Errorf("own control: %d", status)
	}
	for _, bad := range []string{`{`, `{"status":99}`} {
		if status, _ := w.call(t, "POST", "/_sim/fail", bad); status != 400 && status != 422 {
			t.Errorf("arming %s: %d, want a refusal", bad, status)
		}
	}
	w.control.Fail(simkit.Fault{Status: 500, Match: "/never"})
	w.call(t, "GET", "/thing", "")

	_, body := w.call(t, "GET", "/_sim/state", "")
	var state struct {
		Simulator string
		Requests  int
		Faults    []struct{ Match string }
		Recent    []simkit.Call
		State     struct{ Things int }
	}
	if err := json.Unmarshal([]byte(body), &state); err != nil {
		t.Fatal(err)
	}
	if state.Simulator != "test" || state.Requests != 1 || len(state.Faults) != 1 || state.State.Things != 7 || state.Recent[0].Status != 200 {
		t.Errorf("state: %s", body)
	}
	w.call(t, "POST", "/_sim/reset", "")
	if _, body := w.call(t, "GET", "/_sim/state", ""); resets.Load() != 1 || !strings.Contains(body, `"faults":[]`) {
		t.Errorf("after the reset: %d resets, %s", resets.Load(), body)
	}
}

func TestCloseEndsTheBackgroundWork(t *testing.T) {
	t.Parallel()
	c := simkit.New("test", nil)
	ended := make(chan struct{})
	c.Go(func(ctx context.Context) { <-ctx.Done(); close(ended) })
	c.Close()
	select {
	case <-ended:
	default:
		t.Error("Close returned before the work had ended")
	}
	c.Go(func(context.Context) { t.Error("work was started after Close") })
	c.Close()
}

func TestServer(t *testing.T) {
	t.Parallel()
	s, err := simkit.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	s.Serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		t.Errorf("status %d", res.StatusCode)
	}
	if _, err := simkit.Listen(s.Port()); err == nil {
		t.Error("a taken port was taken again")
	}
	if err := s.Close(t.Context()); err != nil {
		t.Errorf("closing: %v", err)
	}
	idle, err := simkit.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := idle.Close(t.Context()); err != nil {
		t.Errorf("closing one that never served: %v", err)
	}
}
