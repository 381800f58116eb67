package redis

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/keeptest"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a server on which each test has a store of its own.
type house struct {
	url  string
	full string // another server, for the stores that will have no room
	opts Options
	n    atomic.Int64
}

func (h *house) open(t *testing.T, clock func() time.Time) keep.Engine {
	t.Helper()
	return h.enter(t, "s"+strconv.FormatInt(h.n.Add(1), 10), clock)
}

func (h *house) enter(t *testing.T, name string, clock func() time.Time) *Engine {
	t.Helper()
	opts := h.opts
	opts.Clock, opts.Name = clock, name
	if strings.Contains(t.Name(), "/Full/") {
		return openAt(t, h.full, opts)
	}
	return openAt(t, h.url, opts)
}

// fill takes the room away. It is the server's, so everybody on it has none.
func (h *house) fill(t *testing.T, engine keep.Engine) (free func()) {
	t.Helper()
	e, ours := engine.(*Engine)
	if !ours {
		t.Fatalf("a %T is none of ours", engine)
	}
	room(t, e, "1mb")
	return func() { room(t, e, "0") }
}

// again is another process after the end of the first.
func (h *house) again(t *testing.T, first keep.Engine, clock func() time.Time) keep.Engine {
	t.Helper()
	e, ours := first.(*Engine)
	if !ours {
		t.Fatalf("a %T is none of ours", first)
	}
	shut(t, e)
	return h.enter(t, e.opts.Name, clock)
}

// beside is another process meanwhile.
func (h *house) beside(t *testing.T, first keep.Engine, clock func() time.Time) keep.Engine {
	t.Helper()
	e, ours := first.(*Engine)
	if !ours {
		t.Fatalf("a %T is none of ours", first)
	}
	return h.enter(t, e.opts.Name, clock)
}

// Miniredis is a server in this process: it has no settings to look at and
// nothing on disk, but an idea of its own of every command.
func TestKeepsThePromisesOnMiniredis(t *testing.T) {
	t.Parallel()
	h := &house{url: "redis://" + miniredis.RunT(t).Addr(), opts: Options{Unsafe: true}}
	keeptest.Run(t, h.open, keeptest.Reopened(h.again), keeptest.Shared(h.beside))
}

func TestKeepsThePromises(t *testing.T) {
	t.Parallel()
	h := &house{url: redistest.Start(t).URL(""), full: redistest.Start(t).URL("")}
	keeptest.Run(t, h.open, keeptest.Reopened(h.again), keeptest.Shared(h.beside), keeptest.Filled(h.fill))
}

// Whatever one replica promises, three of them do that take turns at every call.
func TestReplicasKeepThePromises(t *testing.T) {
	t.Parallel()
	h := &house{url: redistest.Start(t).URL("")}
	keeptest.Run(t, func(t *testing.T, clock func() time.Time) keep.Engine {
		t.Helper()
		first := h.open(t, clock)
		return &troupe{engines: []keep.Engine{first, h.beside(t, first, clock), h.beside(t, first, clock)}}
	})
}

// openAt opens an engine that is closed when the test ends.
func openAt(t *testing.T, url string, opts Options) *Engine {
	t.Helper()
	e, err := Open(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, e) })
	return e
}

func shut(t *testing.T, e *Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}

func mustPut(t *testing.T, e *Engine, job keep.Job) keep.Job {
	t.Helper()
	stored, fresh, err := e.Put(t.Context(), job)
	if err != nil || !fresh {
		t.Fatalf("Put = fresh %v, %v", fresh, err)
	}
	return stored
}

// eventually waits for a fact.
func eventually(t *testing.T, what string, fact func() bool) {
	t.Helper()
	for until := time.Now().Add(15 * time.Second); time.Now().Before(until); {
		if fact() {
			return
		}
		<-time.After(5 * time.Millisecond)
	}
	t.Fatalf("it never came to this: %s", what)
}

func TestWithoutAServerItSaysSo(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	e := openAt(t, server.URL(""), Options{})
	e.scripts.Patience = 20 * time.Millisecond
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	_, _, err := e.Put(t.Context(), keep.Job{Kind: "a"})
	if !hub.IsKind(err, hub.Unavailable) || !hub.HasCode(err, "store-unavailable") || hub.ProblemOf(err).RetryAfter == 0 {
		t.Errorf("Put = %v, want store-unavailable and when to try again", err)
	}
	if _, err := Open(t.Context(), server.URL(""), Options{}); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("Open = %v, want Unavailable", err)
	}
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	mustPut(t, e, keep.Job{Kind: "a"})
}

func TestBackupSaysWhereItIsDone(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	e := openAt(t, "redis://"+server.Addr(), Options{Unsafe: true})
	err := e.Backup(t.Context(), "copy")
	if !hub.IsKind(err, hub.Invalid) || !strings.Contains(hub.ProblemOf(err).Detail, "BGSAVE") {
		t.Errorf("Backup = %v", err)
	}
}

func TestNoKeyIsOutsideTheName(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	e := openAt(t, "redis://"+server.Addr()+"?name=towns", Options{Unsafe: true})
	job := mustPut(t, e, keep.Job{Kind: "a", Lane: "l", Dedupe: "d", Subject: keep.Subject{Customer: "c", Name: "n"}})
	if _, err := e.Swap(t.Context(), "v", 0, []byte("x"), time.Hour); err != nil {
		t.Error(err)
	}
	if _, _, err := e.Allow(t.Context(), "r", 3, time.Hour); err != nil {
		t.Error(err)
	}
	if _, err := e.Append(t.Context(), hub.NewEvent(hub.TopicJobs, "n", "k", nil)); err != nil {
		t.Error(err)
	}
	if err := e.Audit(t.Context(), keep.Record{}); err != nil {
		t.Error(err)
	}
	for _, key := range server.Keys() {
		if !strings.HasPrefix(key, "{towns}:") {
			t.Errorf("the key %s is outside", key)
		}
	}
	if _, err := e.Change(t.Context(), job.ID, keep.Cancel, ""); err != nil {
		t.Error(err)
	}
	if n, err := e.Prune(t.Context(), "", time.Now().Add(time.Hour), 10); n != 1 || err != nil {
		t.Errorf("Prune = %d, %v", n, err)
	}
	for _, key := range server.Keys() {
		for _, of := range []string{"job:", "kind:", "list:", "keys:", "lane:", "heads", "history:", "customer:", "name:", "due:", "old:"} {
			if strings.HasPrefix(key, "{towns}:"+of) {
				t.Errorf("the key %s outlives its job", key)
			}
		}
	}
}
