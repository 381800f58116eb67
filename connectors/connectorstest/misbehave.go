package connectorstest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

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
