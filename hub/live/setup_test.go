package live_test

import (
	"bufio"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/live"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a broker behind a real server on loopback.
type stage struct {
	t      *testing.T
	engine *sqlite.Engine
	broker *live.Broker
	url    string
	server *httptest.Server
}

// door lets everybody in as the staff member of a header.
type door struct{ expires time.Time }

func (d door) Verify(_ context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	name := r.Header.Get("X-Test-Actor")
	if name == "" || role != hub.RoleStaff {
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Who are you?", nil)
	}
	return hub.Actor{Role: role, ID: name, Expires: d.expires}, nil
}

func setup(t *testing.T, store sqlite.Options, verifier web.Verifier, options ...live.Option) *stage {
	t.Helper()
	engine, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"), store)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	s := stand(t, engine, verifier, options...)
	s.engine = engine
	return s
}

// stand sets a broker up on a store.
func stand(t *testing.T, store live.Store, verifier web.Verifier, options ...live.Option) *stage {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s := &stage{t: t, broker: live.NewBroker(store, log, options...)}
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: verifier, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	s.broker.Mount(edge.Router())
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.broker.Run(ctx) }()
	s.server = httptest.NewServer(edge.Handler())
	s.url = s.server.URL
	t.Cleanup(func() {
		s.broker.Close()
		s.server.Close()
		stop()
		if err := <-ran; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	return s
}

func (s *stage) publish(events ...hub.Event) {
	s.t.Helper()
	if err := s.broker.Publish(context.Background(), events...); err != nil {
		s.t.Fatal(err)
	}
}

// listener is a client of the stream.
type listener struct {
	t      *testing.T
	answer *http.Response
	lines  *bufio.Reader
	cut    context.CancelFunc
	last   string // the id it would come back with
}

// frame is a block of the stream: an event, or a comment when name is empty.
type frame struct{ id, name, data, comment, retry string }

func (s *stage) get(query, last string) (*http.Response, context.CancelFunc) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/events"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("X-Test-Actor", "ann@example.com")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	answer, err := s.server.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer, cancel
}

// listen opens the stream and reads its first block.
func (s *stage) listen(query, last string) *listener {
	s.t.Helper()
	answer, cancel := s.get(query, last)
	if answer.StatusCode != http.StatusOK {
		s.t.Fatalf("GET /events%s answered %s", query, answer.Status)
	}
	l := &listener{t: s.t, answer: answer, lines: bufio.NewReader(answer.Body), cut: cancel, last: last}
	s.t.Cleanup(l.close)
	if f, ok := l.block(); !ok || f.retry != "3000" {
		s.t.Fatalf("first block is %+v", f)
	}
	return l
}

func (l *listener) close() {
	l.cut()
	_ = l.answer.Body.Close() // it may be cut already
}

// block reads up to the next empty line; ok is false at the end of the stream.
func (l *listener) block() (f frame, ok bool) {
	for {
		line, err := l.lines.ReadString('\n')
		if err != nil {
			return f, false
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "\n":
			return f, true
		case name == "id":
			f.id, l.last = value, value
		case name == "event":
			f.name = value
		case name == "data":
			f.data = value
		case name == "retry":
			f.retry = value
		default:
			f.comment = value
		}
	}
}

// next reads up to the next event.
func (l *listener) next() frame {
	l.t.Helper()
	for {
		f, ok := l.block()
		if !ok {
			l.t.Fatal("the stream ended before the next event")
		}
		if f.data != "" {
			return f
		}
	}
}

func job(n int) hub.Event {
	return hub.NewEvent(hub.TopicJobs, hub.JobCreated, "", map[string]int{"n": n})
}
