package webhooks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) {
	if order := os.Getenv(asRival); order != "" {
		if err := beRival(order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// house is a door with its store and a real server on loopback.
type house struct {
	t      *testing.T
	engine *sqlite.Engine
	store  *moodyStore
	door   *inbox.Door
	server *httptest.Server
}

// moodyStore can be away.
type moodyStore struct {
	*sqlite.Engine
	away atomic.Bool
}

func (s *moodyStore) Put(ctx context.Context, job keep.Job) (keep.Job, bool, error) {
	if s.away.Load() {
		return keep.Job{}, false, keep.ErrClosed
	}
	return s.Engine.Put(ctx, job)
}

func build(t *testing.T, sources ...inbox.Source) *house {
	t.Helper()
	engine := hubtest.Store(t)
	log := slog.New(slog.DiscardHandler)
	h := &house{t: t, engine: engine, store: &moodyStore{Engine: engine}}
	h.door = inbox.NewDoor(inbox.Deps{Store: h.store, Events: hubtest.News{Ring: engine}, Log: log}, sources...)
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	h.door.Mount(edge.Router())
	inbox.NewInbox(engine).Mount(edge.Router())
	h.server = httptest.NewServer(edge.Handler())
	t.Cleanup(h.server.Close)
	return h
}

// work starts the runner.
func (h *house) work() {
	runner := keep.NewRunner(h.engine, slog.New(slog.DiscardHandler), keep.RunnerOptions{
		Poll: 50 * time.Millisecond, OnDead: h.door.Died,
	})
	for _, w := range h.door.Work() {
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

// reply is an answer of the hub, good or not.
type reply struct {
	status int
	header http.Header
	Status any    `json:"status"`
	ID     string `json:"id"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// send makes a request and decodes whatever JSON comes back.
func (h *house) send(method, path string, header http.Header, body []byte) reply {
	h.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, h.server.URL+path, bytes.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header = header.Clone()
	answer, err := h.server.Client().Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	got := reply{status: answer.StatusCode, header: answer.Header}
	if err := json.Unmarshal(raw, &got); err != nil && method != http.MethodHead {
		h.t.Fatalf("%s %s answered %s: %v", method, path, raw, err)
	}
	return got
}

// ask makes a request of the staff.
func (h *house) ask(method, path, body string, into any) int {
	h.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, h.server.URL+path, bytes.NewBufferString(body))
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set(hubtest.RoleHeader, string(hub.RoleStaff))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := h.server.Client().Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		h.t.Fatalf("%s %s answered %s: %v", method, path, answer.Status, err)
	}
	return answer.StatusCode
}

func (h *house) jobs(source string) []keep.Job {
	h.t.Helper()
	jobs, _, err := h.engine.Jobs(context.Background(), keep.Filter{Kind: "inbox." + source, Limit: 200})
	if err != nil {
		h.t.Fatal(err)
	}
	return jobs
}

// becomes waits until the delivery has the status.
func (h *house) becomes(id string, status keep.Status) keep.Job {
	h.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(8 * time.Second)
	for {
		job, err := h.engine.Job(context.Background(), id)
		if err != nil {
			h.t.Fatal(err)
		}
		if job.Status == status {
			return job
		}
		select {
		case <-tick.C:
		case <-end:
			h.t.Fatalf("the delivery is %s (%s), never %s", job.Status, job.Note, status)
		}
	}
}
