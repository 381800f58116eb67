// Package inboxtest says when a source of webhooks is right: Conforms sends it
// good and bad deliveries, through a real door with a real store, and demands
// everything that the door promises to senders. House is that door, for tests of
// a source's own ways. It exists for tests only.
package inboxtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/web"
)

// House is a door with its store and a real server on loopback.
type House struct {
	Engine *sqlite.Engine
	Door   *inbox.Door
	Inbox  *inbox.Inbox
	Addr   string // of the server

	t      testing.TB
	store  *moodyStore
	client *http.Client
}

// moodyStore can be away.
type moodyStore struct {
	*sqlite.Engine
	trouble atomic.Pointer[error]
}

// Put fails while there is trouble.
func (s *moodyStore) Put(ctx context.Context, job keep.Job) (keep.Job, bool, error) {
	if trouble := s.trouble.Load(); trouble != nil {
		return keep.Job{}, false, *trouble
	}
	return s.Engine.Put(ctx, job)
}

// New builds a house for the sources, with a server as production has it. It is
// gone when the test ends.
func New(t testing.TB, sources ...inbox.Source) *House {
	t.Helper()
	return build(t, true, sources...)
}

func build(t testing.TB, lean bool, sources ...inbox.Source) *House {
	t.Helper()
	engine := hubtest.Store(t)
	log := slog.New(slog.DiscardHandler)
	h := &House{t: t, Engine: engine, store: &moodyStore{Engine: engine}, Inbox: inbox.NewInbox(engine)}
	h.Door = inbox.NewDoor(inbox.Deps{Store: h.store, Events: hubtest.News{Ring: engine}, Log: log}, sources...)
	edge, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off", Lean: lean}, web.Deps{Verifier: hubtest.Door{}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	h.Door.Mount(edge.Router())
	h.Inbox.Mount(edge.Router())
	h.serve(edge)
	return h
}

// serve runs the server until the test ends.
func (h *House) serve(edge *web.Server) {
	h.t.Helper()
	transport := &http.Transport{}
	h.client = &http.Client{Transport: transport}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- edge.Run(ctx) }()
	h.t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if err := <-ran; err != nil {
			h.t.Errorf("the server returned %v", err)
		}
	})
	select {
	case <-edge.Ready():
		h.Addr = edge.Addr()
	case err := <-ran:
		ran <- nil
		h.t.Fatalf("the server did not start: %v", err)
	}
}

// Trouble lets the store refuse whatever is put, with the error; nil ends it.
func (h *House) Trouble(err error) {
	if err == nil {
		h.store.trouble.Store(nil)
		return
	}
	h.store.trouble.Store(&err)
}

// Work starts the runner.
func (h *House) Work() {
	runner := keep.NewRunner(h.Engine, slog.New(slog.DiscardHandler), keep.RunnerOptions{
		Poll: 50 * time.Millisecond, OnDead: h.Door.Died,
	})
	for _, w := range h.Door.Work() {
		runner.Register(w)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- runner.Run(ctx) }()
	h.t.Cleanup(func() {
		stop()
		if err := <-ran; err != nil {
			h.t.Errorf("the runner returned %v", err)
		}
	})
}

// Answer is what the hub answered, good or not.
type Answer struct {
	Code    int
	Header  http.Header
	Raw     string
	Status  any    `json:"status"` // stored, duplicate; the code in a problem
	ID      string `json:"id"`
	Problem string `json:"code"`
	Detail  string `json:"detail"`
}

// Send makes a request and decodes whatever JSON comes back.
func (h *House) Send(method, path string, header http.Header, body []byte) Answer {
	h.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, "http://"+h.Addr+path, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header = header.Clone()
	answer, err := h.client.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	got := Answer{Code: answer.StatusCode, Header: answer.Header, Raw: string(raw)}
	if strings.Contains(answer.Header.Get("Content-Type"), "json") && len(raw) > 0 {
		if err := json.Unmarshal(raw, &got); err != nil {
			h.t.Fatalf("%s %s answered %s: %v", method, path, raw, err)
		}
	}
	return got
}

// Ask makes a request of the staff, decodes the answer and returns its status.
func (h *House) Ask(method, path, body string, into any) int {
	h.t.Helper()
	header := http.Header{hubtest.RoleHeader: {string(hub.RoleStaff)}}
	if body != "" {
		header.Set("Content-Type", "application/json")
	}
	answer := h.Send(method, path, header, []byte(body))
	if err := json.Unmarshal([]byte(answer.Raw), into); err != nil {
		h.t.Fatalf("%s %s answered %d %s: %v", method, path, answer.Code, answer.Raw, err)
	}
	return answer.Code
}
