package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/upkeep"
)

// stuck opens an engine whose writer is in the middle of an operation, under
// ctx, until proceed is called; ended gives the outcome of that operation.
func stuck(t *testing.T, ctx context.Context) (e *Engine, proceed func(), ended <-chan error) {
	t.Helper()
	e = openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{})
	inside, release, end := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	proceed = sync.OnceFunc(func() { close(release) })
	t.Cleanup(proceed)
	go func() {
		end <- e.writer.do(ctx, func(x *tx) error {
			close(inside)
			<-release
			_, err := x.Exec("INSERT INTO probe (one, at) VALUES (5, 5)")
			return err
		})
	}()
	<-inside
	return e, proceed, end
}

// waitFor polls a fact that nobody signals. Its limit is only there to end a run
// in which the fact will never be: a machine under load may take its time.
func waitFor(t *testing.T, what string, fact func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for wait := time.Millisecond; !fact(); wait = min(2*wait, 50*time.Millisecond) {
		select {
		case <-time.After(wait):
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestOnlyTheGuiltyOfAGroupSuffer(t *testing.T) {
	t.Parallel()
	e, proceed, first := stuck(t, t.Context())
	errs, guilty := make(chan error, 10), make(chan error, 1)
	for i := range 10 {
		go func() {
			_, fresh, err := e.Put(t.Context(), keep.Job{Kind: "a", Dedupe: strconv.Itoa(i)})
			if err == nil && !fresh {
				err = errors.New("a redone put is not fresh")
			}
			errs <- err
		}()
	}
	go func() {
		guilty <- e.writer.do(t.Context(), func(x *tx) error {
			if _, err := x.Exec("INSERT INTO probe (one, at) VALUES (7, 7)"); err != nil {
				return err
			}
			_, err := x.Exec("INSERT INTO probe (one, at) VALUES (7, 7)")
			return err
		})
	}()
	waitFor(t, "all to wait", func() bool { return e.writer.group.Waiting() == 11 })
	proceed()
	if err := <-guilty; !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("the guilty = %v", err)
	}
	for range 10 {
		if err := <-errs; err != nil {
			t.Errorf("Put = %v", err)
		}
	}
	if err := <-first; err != nil {
		t.Errorf("the first = %v", err)
	}
	counts, err := e.Counts(t.Context())
	if err != nil || len(counts) != 1 || counts[0].N != 10 {
		t.Errorf("Counts = %v, %v; want 10 jobs", counts, err)
	}
}

func TestWhoGivesUpWaitingIsNotStored(t *testing.T) {
	t.Parallel()
	taken, tooLate := context.WithCancel(t.Context())
	e, proceed, begun := stuck(t, taken)
	queued, giveUp := context.WithCancel(t.Context())
	end := make(chan error, 1)
	go func() {
		_, _, err := e.Put(queued, keep.Job{Kind: "a"})
		end <- err
	}()
	waitFor(t, "the second to wait", func() bool { return e.writer.group.Waiting() == 1 })
	giveUp()
	if err := <-end; !errors.Is(err, context.Canceled) || !hub.IsKind(err, hub.Timeout) {
		t.Errorf("the one that waited = %v", err)
	}
	tooLate() // what has begun is awaited
	proceed()
	if err := <-begun; err != nil {
		t.Errorf("the one that had begun = %v", err)
	}
	if page, _, err := e.Jobs(t.Context(), keep.Filter{}); err != nil || len(page) != 0 {
		t.Errorf("%d jobs were stored, %v; want none", len(page), err)
	}
}

func TestCloseWaitsForWhatWasAccepted(t *testing.T) {
	t.Parallel()
	e, proceed, _ := stuck(t, t.Context())
	ends := make(chan error, 5)
	for range cap(ends) {
		go func() {
			_, _, err := e.Put(t.Context(), keep.Job{Kind: "a"})
			ends <- err
		}()
	}
	waitFor(t, "all to wait", func() bool { return e.writer.group.Waiting() == cap(ends) })
	shutting := make(chan error, 1)
	go func() { shutting <- e.Close() }()
	<-e.writer.group.Closing()
	proceed()
	for range cap(ends) {
		if err := <-ends; err != nil {
			t.Errorf("Put = %v", err)
		}
	}
	if err := <-shutting; err != nil {
		t.Errorf("Close = %v", err)
	}
}

func TestTheLogGoesIntoTheFile(t *testing.T) {
	t.Parallel()
	e := openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{})
	for range 3 {
		mustPut(t, e, keep.Job{Kind: "a", Payload: make([]byte, 2<<20)})
	}
	c, err := raw.Dial(e.path, "wal_autocheckpoint=0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := c.Close(); err != nil {
			t.Errorf("close = %v", err)
		}
	}()
	waitFor(t, "the keeper to move the log", func() bool {
		pages, moved, ok := c.Checkpoint("NOOP")
		return ok && pages > upkeep.WalFew && pages-moved < upkeep.WalFew
	})
}

func TestWhatHasEndedIsThrownAway(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 5, 14, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	e := openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{Clock: clock, EventsAge: time.Hour})
	ctx := t.Context()
	for key, ttl := range map[string]time.Duration{"short": time.Minute, "long": 0} {
		if _, err := e.Swap(ctx, key, 0, []byte("v"), ttl); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := e.Allow(ctx, "k", 1, time.Minute); err != nil {
		t.Fatal(err)
	}
	two := []hub.Event{hub.NewEvent(hub.TopicJobs, "a", "k", nil), hub.NewEvent(hub.TopicJobs, "b", "", nil)}
	two[0].At = now.Add(-2 * keysKept) // told late: its key counts from now on all the same
	if _, err := e.Append(ctx, two...); err != nil {
		t.Fatal(err)
	}
	rows := func(want ...int64) {
		t.Helper()
		err := e.readers.Lend(ctx, func(c *raw.Conn) error {
			for i, table := range []string{"entries", "rates", "events", "event_keys"} {
				r, _, err := c.One(ctx, "SELECT count(*) FROM "+table)
				if err != nil {
					return err
				}
				if r.Int(0) != want[i] {
					t.Errorf("%s has %d rows, want %d", table, r.Int(0), want[i])
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	rows(2, 1, 2, 1)
	for _, step := range []struct {
		wait time.Duration
		want []int64
	}{{time.Second, []int64{2, 1, 1, 1}}, {2 * time.Hour, []int64{1, 0, 1, 1}}, {keysKept, []int64{1, 0, 1, 0}}} {
		now = now.Add(step.wait)
		if err := e.writer.do(ctx, e.throwAway); err != nil {
			t.Fatal(err)
		}
		rows(step.want...)
	}
}

func TestATopicThatTalksMuchPushesNobodyOut(t *testing.T) {
	t.Parallel()
	e := openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{EventsKeep: 3})
	for _, topic := range []hub.Topic{hub.TopicInbox, "d", "d", "d", hub.TopicJobs, "d", "d"} { // ids 1 to 7
		if _, err := e.Append(t.Context(), hub.NewEvent(topic, "a", "", nil)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		topics []hub.Topic
		n      int
		oldest int64
	}{
		{nil, 5, 4},
		{[]hub.Topic{"d"}, 3, 4},
		{[]hub.Topic{hub.TopicInbox}, 1, 1},
		{[]hub.Topic{hub.TopicInbox, hub.TopicJobs}, 2, 1},
		{[]hub.Topic{hub.TopicInbox, "d"}, 4, 4},
	} {
		events, oldest, err := e.Read(t.Context(), 0, 10, c.topics...)
		if err != nil || len(events) != c.n || oldest != c.oldest {
			t.Errorf("%v: %d events, oldest %d, %v; want %d, %d", c.topics, len(events), oldest, err, c.n, c.oldest)
		}
	}
}

func TestTheAuditHasAnEnd(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 5, 14, 0, 0, 0, time.UTC)
	e := openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{
		Clock: func() time.Time { return now }, AuditKeep: 3, AuditAge: time.Hour,
	})
	left := func(want ...string) {
		t.Helper()
		if err := e.writer.do(t.Context(), e.throwAway); err != nil {
			t.Fatal(err)
		}
		page, _, err := e.Audits(t.Context(), keep.AuditFilter{})
		var got []string
		for _, r := range page {
			got = append(got, r.ID)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("the audit has %v, %v; want %v", got, err, want)
		}
	}
	for i := range 5 {
		if err := e.Audit(t.Context(), keep.Record{ID: strconv.Itoa(i), At: now.Add(time.Duration(i) * time.Minute)}); err != nil {
			t.Fatal(err)
		}
	}
	left("4", "3", "2")
	now = now.Add(time.Hour + 4*time.Minute)
	left("4")
}
