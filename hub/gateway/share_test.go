package gateway_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/hub/gateway"
)

// held is a site that answers nothing until it is let go.
type held struct {
	came chan struct{} // one for every request that has arrived
	gone chan struct{} // one for every request whose caller left
	let  chan struct{}
	body string
}

func newHeld(body string) *held {
	return &held{make(chan struct{}, 1000), make(chan struct{}, 1000), make(chan struct{}), body}
}

func (s *held) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.came <- struct{}{}
	select {
	case <-s.let:
		says(s.body)(w, r)
	case <-r.Context().Done():
		s.gone <- struct{}{}
	}
}

// many asks the same n times at once and gives the answers.
func (h *house) many(ctx context.Context, n int, target string, headers ...string) (answers func() []answer) {
	var wait sync.WaitGroup
	list := make([]answer, n)
	for i := range n {
		wait.Go(func() { list[i] = h.askWith(ctx, "GET", target, http.NoBody, headers...) })
	}
	return func() []answer { wait.Wait(); return list }
}

// waiting waits until so many readers share a flight, the first among them.
func (h *house) waiting(n int) {
	h.t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for h.gate.Waiting() != n {
		select {
		case <-tick.C:
		case <-deadline.C:
			h.t.Fatalf("%d readers wait, not %d", h.gate.Waiting(), n)
		}
	}
}

func TestSimultaneousReadsMakeOneCall(t *testing.T) {
	t.Parallel()
	site := newHeld(`{"data":[{"name":"A"}]}`)
	h := build(t, options{site: site})
	answers := h.many(t.Context(), 300, "/api/resource/Customer?limit=1")
	h.waiting(300)
	close(site.let)
	for _, got := range answers() {
		if got.status != 200 || got.body != site.body || got.header.Get("Content-Length") != strconv.Itoa(len(site.body)) {
			t.Fatalf("%d %q %v", got.status, got.body, got.err)
		}
	}
	if n := h.calls.Load(); n != 1 {
		t.Errorf("300 reads made %d calls", n)
	}
}

// TestClassesDoNotShare keeps apart who may see different things, and languages.
func TestClassesDoNotShare(t *testing.T) {
	t.Parallel()
	site := newHeld(`{"data":[]}`)
	h := build(t, options{site: site, cfg: gateway.Config{Doctypes: []string{"defaults", "billing/Vehicle:read"}}})
	const target = "/api/resource/Customer"
	waits := []func() []answer{
		h.many(t.Context(), 3, target), h.many(t.Context(), 3, target, "X-Test-Role: service"), h.many(t.Context(), 3, target, "X-Test-Role: service:billing"),
		h.many(t.Context(), 3, target, "X-Test-Role: service:other"), h.many(t.Context(), 3, target, "Accept-Language: en"), h.many(t.Context(), 3, target+"?limit=20"),
	}
	h.waiting(18)
	close(site.let)
	for _, answers := range waits {
		answers()
	}
	if n := h.calls.Load(); n != 5 { // service and service:other are one class
		t.Errorf("%d calls", n)
	}
}

// TestWhoLeavesDoesNotCancelTheOthers until the last one leaves.
func TestWhoLeavesDoesNotCancelTheOthers(t *testing.T) {
	t.Parallel()
	site := newHeld(`{"data":[]}`)
	h := build(t, options{site: site})
	const target = "/api/resource/Customer"
	first, leave := context.WithCancel(t.Context())
	led := h.many(first, 1, target)
	h.waiting(1)
	others := h.many(t.Context(), 2, target)
	h.waiting(3)
	leave()
	if got := led()[0]; !errors.Is(got.err, context.Canceled) {
		t.Errorf("who left got %d %v", got.status, got.err)
	}
	h.waiting(2)
	close(site.let)
	for _, got := range others() {
		if got.status != 200 || got.body != site.body {
			t.Errorf("who stayed got %d %s %v", got.status, got.body, got.err)
		}
	}

	last := newHeld(`{}`)
	h = build(t, options{site: last})
	ctx, all := context.WithCancel(t.Context())
	left := h.many(ctx, 3, target)
	h.waiting(3)
	all()
	left()
	<-last.gone // the call ended with the last one
	if h.waiting(0); len(last.came) != 1 {
		t.Errorf("%d calls", len(last.came))
	}
}

// TestLongAnswersAreNotShared lets each read for himself.
func TestLongAnswersAreNotShared(t *testing.T) {
	t.Parallel()
	site := newHeld(`{"data":"` + strings.Repeat("x", 5000) + `"}`)
	h := build(t, options{site: site, cfg: gateway.Config{Share: 1}})
	answers := h.many(t.Context(), 3, "/api/resource/Customer")
	h.waiting(3)
	close(site.let)
	for _, got := range answers() {
		if got.status != 200 || got.body != site.body {
			t.Errorf("%d, %d bytes, %v", got.status, len(got.body), got.err)
		}
	}
	if n := h.calls.Load(); n != 3 {
		t.Errorf("%d calls", n)
	}
}

// TestFailuresAreShared tells all that wait the same.
func TestFailuresAreShared(t *testing.T) {
	t.Parallel()
	site := newHeld("")
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site.came <- struct{}{}
		<-site.let
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"exc_type":"DoesNotExistError"}`)
	})})
	answers := h.many(t.Context(), 5, "/api/resource/Customer/X")
	h.waiting(5)
	close(site.let)
	for _, got := range answers() {
		if got.status != 404 || got.problem().ExcType != "DoesNotExistError" {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if n := h.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// TestAReadAfterAWriteDoesNotJoinOneBeforeIt shows people what they wrote.
func TestAReadAfterAWriteDoesNotJoinOneBeforeIt(t *testing.T) {
	t.Parallel()
	site := newHeld(`{"data":"old"}`)
	first := make(chan struct{})
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			says(`{"data":{}}`)(w, r)
		case len(site.came) == 0:
			site.came <- struct{}{}
			close(first)
			<-site.let
			says(`{"data":"old"}`)(w, r)
		default:
			says(`{"data":"new"}`)(w, r)
		}
	})})
	const target = "/api/resource/Issue/I"
	before := h.many(t.Context(), 1, target)
	<-first
	if got := h.ask("PUT", target, `{"subject":"new"}`); got.status != 200 {
		t.Fatal(got.body)
	}
	if got := h.ask("GET", target, ""); got.body != `{"data":"new"}` {
		t.Errorf("after the write: %s", got.body)
	}
	close(site.let)
	if got := before()[0]; got.body != `{"data":"old"}` {
		t.Errorf("before the write: %s", got.body)
	}
}

// TestBudget ends a read that takes too long, for all who wait.
func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		site := newStub()
		g := site.gate(t, gateway.Config{ReadBudget: 3 * time.Second})
		defer g.Close()
		began := time.Now()
		got := g.get(t, "/api/resource/Customer", "staff")
		if took := time.Since(began); got.Code != http.StatusGatewayTimeout || took != 3*time.Second {
			t.Errorf("%d %s after %s", got.Code, got.Body, took)
		}
	})
}
