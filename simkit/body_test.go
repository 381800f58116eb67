package simkit_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/simkit"
)

func TestFaultsOfTheBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, arm, want string
		longer          bool // the body should have gone on
	}{
		{"cut after two bytes", `{"cut_body":2}`, "do", true},
		{"cut in the middle", `{"cut_body":-1}`, "do", true},
		{"cut beyond the end", `{"cut_body":99}`, "done", true}, // the promised length has arrived
		{"hanging", `{"hang_body":3}`, "don", true},
		{"dripping", `{"drip_ms":1}`, "done", false},
		{"a bomb", `{"bomb_bytes":100000}`, `{"message":` + strings.Repeat(" ", 100000) + `"pong"}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if status, body := w.call(t, "POST", "/_sim/fail", tt.arm); status != 200 {
				t.Fatalf("arming: %d %s", status, body)
			}
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			req, err := http.NewRequestWithContext(ctx, "GET", w.server.URL+"/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(io.LimitReader(res.Body, int64(len(tt.want)))) // a hanging one never ends
			leave()
			_ = res.Body.Close()
			if string(text) != tt.want || err != nil || !tt.longer && res.ContentLength > int64(len(tt.want)) {
				t.Errorf("%d bytes %.20q (%v), want %.20q", len(text), text, err, tt.want)
			}
			if status, body := w.call(t, "GET", "/x", ""); status != 200 || body != "done" {
				t.Errorf("the next one: %d %q", status, body)
			}
		})
	}
}

func TestFaultsThatWaitAndOwnKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.control.Kind("teapot", func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		rw.WriteHeader(http.StatusTeapot)
		next.ServeHTTP(rw, r)
	})
	if status, _ := w.call(t, "POST", "/_sim/fail", `{"kind":"kettle"}`); status != 422 {
		t.Errorf("an unknown kind: %d, want 422", status)
	}
	if status, body := w.call(t, "POST", "/_sim/fail", `{"kind":"teapot","after":1}`); status != 200 {
		t.Fatalf("arming: %d %s", status, body)
	}
	w.control.Fail(simkit.Fault{Status: 503, Match: "/other"})
	for _, want := range []int{200, http.StatusTeapot, 200} {
		if got, _ := w.call(t, "GET", "/x", ""); got != want {
			t.Errorf("status %d, want %d", got, want)
		}
	}
	if w.done.Load() != 3 {
		t.Errorf("the work was done %d times, want 3", w.done.Load())
	}
}
