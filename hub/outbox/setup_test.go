package outbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	number  = "+15145550123"
	address = "ann@example.com"
)

// office is an outbox with its store, its runner and a real server on loopback.
type office struct {
	t      *testing.T
	engine *sqlite.Engine
	box    *outbox.Outbox
	server *httptest.Server
	log    *lockedBuffer
}

// pen is a sender that answers as it is told and remembers what it was given.
type pen struct {
	mu      sync.Mutex
	letters []outbox.Letter
	answer  func(try int) (outbox.Receipt, error)
}

func (p *pen) Send(_ context.Context, letter outbox.Letter) (outbox.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.letters = append(p.letters, letter)
	if p.answer == nil {
		return outbox.Receipt{ProviderID: "SM0001", Segments: 1}, nil
	}
	return p.answer(len(p.letters))
}

func (p *pen) sent() []outbox.Letter {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]outbox.Letter(nil), p.letters...)
}

// never is a sender that must not be called.
type never struct{ t *testing.T }

func (n never) Send(context.Context, outbox.Letter) (outbox.Receipt, error) {
	n.t.Error("a sender was called although the gate is shut")
	return outbox.Receipt{}, nil
}

func open(t *testing.T, cfg outbox.Config, sender outbox.Sender, with ...func(*outbox.Deps)) *office {
	t.Helper()
	f := &office{t: t, engine: hubtest.Store(t), log: &lockedBuffer{}}
	log := slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	senders := map[outbox.Channel]outbox.Sender{}
	if sender != nil {
		senders[outbox.SMS], senders[outbox.Email] = sender, sender
	}
	deps := outbox.Deps{
		Store: f.engine, Senders: senders, Events: hubtest.News{Ring: f.engine}, Log: log, PublicURL: "https://hub.example.com",
	}
	for _, set := range with {
		set(&deps)
	}
	var err error
	f.box, err = outbox.New(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	texts, err := outbox.ParseTexts(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	f.box.AddTexts("demo", texts)
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{Scopes: []string{"messages"}}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	f.box.Mount(edge.Router())
	f.server = httptest.NewServer(edge.Handler())
	t.Cleanup(f.server.Close)
	return f
}

// work starts the runner, with short pauses between tries.
func (f *office) work() {
	runner := keep.NewRunner(f.engine, slog.New(slog.NewTextHandler(f.log, nil)), keep.RunnerOptions{
		Poll: 50 * time.Millisecond, OnDead: f.box.Died,
	})
	for _, w := range f.box.Work() {
		w.Backoff = []time.Duration{time.Millisecond, time.Millisecond, time.Millisecond}
		runner.Register(w)
	}
	hubtest.Run(f.t, runner)
}

func (f *office) queue(m outbox.Message) outbox.Entry {
	f.t.Helper()
	entry, err := f.box.Queue(context.Background(), m)
	if err != nil {
		f.t.Fatal(err)
	}
	return entry
}

// becomes waits until the message has the status.
func (f *office) becomes(id, status string) outbox.Entry {
	f.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(8 * time.Second)
	for {
		entry, err := f.box.Get(context.Background(), id)
		if err != nil {
			f.t.Fatal(err)
		}
		if entry.Status == status {
			return entry
		}
		select {
		case <-tick.C:
		case <-end:
			f.t.Fatalf("the message is %s (%s), never %s", entry.Status, entry.Reason, status)
		}
	}
}

// call makes a request as a role and decodes the answer.
func (f *office) call(role hub.Role, method, path, body string, into any) int {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set(hubtest.RoleHeader, string(role))
	r.Header.Set("Content-Type", "application/json")
	answer, err := f.server.Client().Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			f.t.Fatalf("%s %s answered %s: %v", method, path, raw, err)
		}
	}
	return answer.StatusCode
}

// heard lists the names of the events about a message.
func (f *office) heard(id string) []string {
	f.t.Helper()
	events, _, err := f.engine.Read(context.Background(), 0, 1000, hub.TopicMessages)
	if err != nil {
		f.t.Fatal(err)
	}
	var names []string
	for _, e := range events {
		if strings.Contains(string(e.Data), id) {
			names = append(names, e.Name)
		}
	}
	return names
}

func (f *office) quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

type problem struct {
	Code   string         `json:"code"`
	Detail string         `json:"detail"`
	Errors []hub.Field    `json:"errors"`
	State  map[string]any `json:"state"`
}

type page struct {
	Items []outbox.Entry `json:"items"`
	Next  *string        `json:"next"`
}

type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
