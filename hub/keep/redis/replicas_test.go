package redis

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

func newLeaver(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

// book notes who works at what, by lane.
type book struct {
	mu      sync.Mutex
	running map[string]int
	order   map[string][]string // ids in the order in which they were begun
	faults  []string
}

func (b *book) begin(job keep.Job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.running[job.Lane]++; b.running[job.Lane] > 1 {
		b.faults = append(b.faults, "two jobs of lane "+job.Lane+" run")
	}
	b.order[job.Lane] = append(b.order[job.Lane], job.ID)
}

func (b *book) end(job keep.Job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running[job.Lane]--
}

// Three replicas work the same lanes off, while jobs come in through all of them.
func TestReplicasShareTheWorkAndKeepTheLanes(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	const lanes, each = 5, 40
	var engines []*Engine
	for range 3 {
		engines = append(engines, openAt(t, server.URL(""), Options{}))
	}
	b := &book{running: map[string]int{}, order: map[string][]string{}}
	put := make([][]string, lanes)
	var crew, senders sync.WaitGroup
	for lane := range lanes {
		senders.Go(func() {
			for i := range each {
				job, _, err := engines[i%3].Put(t.Context(), keep.Job{Kind: fmt.Sprintf("kind%d", i%2), Lane: fmt.Sprint(lane)})
				if err != nil {
					t.Errorf("Put = %v", err)
					return
				}
				put[lane] = append(put[lane], job.ID)
			}
		})
	}
	ctx, leave := newLeaver(t)
	defer leave()
	shares := make([]int, len(engines))
	for i, e := range engines {
		crew.Go(func() { shares[i] = work(ctx, t, e, b) })
	}
	senders.Wait()
	eventually(t, "all jobs are done", func() bool {
		n := 0
		counts, err := engines[0].Counts(t.Context())
		for _, c := range counts {
			if c.Status == keep.Done {
				n += c.N
			}
		}
		return err == nil && n == lanes*each
	})
	leave()
	crew.Wait()
	for lane := range lanes {
		if !slices.Equal(put[lane], b.order[fmt.Sprint(lane)]) {
			t.Errorf("lane %d did not run in the order of the puts", lane)
		}
	}
	if slices.Contains(shares, 0) || shares[0]+shares[1]+shares[2] != lanes*each || len(b.faults) > 0 {
		t.Errorf("shares %v, faults %v", shares, b.faults)
	}
}

// work claims and finishes until ctx ends, and returns how many jobs it did.
func work(ctx context.Context, t *testing.T, e *Engine, b *book) (n int) {
	for ctx.Err() == nil {
		jobs, err := e.Claim(context.WithoutCancel(ctx), []string{"kind0", "kind1"}, 2, time.Minute)
		if err != nil {
			t.Errorf("Claim = %v", err)
			return n
		}
		for _, job := range jobs {
			b.begin(job)
			b.end(job)
			err := e.Finish(context.WithoutCancel(ctx), job.ID, job.Fence, keep.Outcome{
				Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK},
			})
			if err != nil {
				t.Errorf("Finish = %v", err)
			}
			n++
		}
	}
	return n
}

func TestReplicasWakeEachOtherAndReadTheSameEvents(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	near, far := openAt(t, server.URL(""), Options{}), openAt(t, server.URL(""), Options{})
	jobs, err := far.Subscribe(t.Context(), keep.WakeJobs)
	if err != nil {
		t.Fatal(err)
	}
	events, err := far.Subscribe(t.Context(), keep.WakeEvents)
	if err != nil {
		t.Fatal(err)
	}
	mustPut(t, near, keep.Job{Kind: "a"})
	all, err := near.Append(t.Context(), hub.NewEvent(hub.TopicJobs, "n", "", map[string]int{"n": 1}))
	if err != nil {
		t.Fatal(err)
	}
	for _, heard := range []struct {
		from <-chan []byte
		want string
	}{{jobs, "a"}, {events, fmt.Sprint(all[0].ID)}} {
		select {
		case m := <-heard.from:
			if string(m) != heard.want {
				t.Errorf("heard %q, want %q", m, heard.want)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%q was not heard", heard.want)
		}
	}
	got, _, err := far.Read(t.Context(), 0, 10)
	if err != nil || len(got) != 1 || got[0].ID != all[0].ID || string(got[0].Data) != `{"n":1}` {
		t.Errorf("the other replica reads %v, %v", got, err)
	}
	other := openAt(t, server.URL("other"), Options{})
	if got, _, err := other.Read(t.Context(), 0, 10); err != nil || len(got) != 0 {
		t.Errorf("another hub reads %v, %v", got, err)
	}
}

// A topic that talks much takes nothing away from the others, and a listener
// learns what it missed.
func TestTheRingIsBounded(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	e := openAt(t, server.URL(""), Options{EventsKeep: 10})
	ctx := t.Context()
	if _, err := e.Append(ctx, hub.NewEvent(hub.TopicInbox, "rare", "", nil)); err != nil {
		t.Fatal(err)
	}
	for range 30 {
		if _, err := e.Append(ctx, hub.NewEvent(hub.TopicJobs, "often", "", nil)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		topics    []hub.Topic
		n, oldest int64
	}{{nil, 11, 22}, {[]hub.Topic{hub.TopicInbox}, 1, 1}, {[]hub.Topic{hub.TopicJobs}, 10, 22}} {
		got, oldest, err := e.Read(ctx, 0, 100, c.topics...)
		if err != nil || int64(len(got)) != c.n || oldest != c.oldest {
			t.Errorf("Read(%v) = %d events, oldest %d, %v; want %d, %d", c.topics, len(got), oldest, err, c.n, c.oldest)
		}
	}
}

func TestWhatIsTooOldIsSwept(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	now := time.Date(2026, time.March, 5, 14, 0, 0, 0, time.UTC)
	e := openAt(t, server.URL(""), Options{Clock: func() time.Time { return now }})
	ctx := t.Context()
	for range 3 {
		if _, err := e.Append(ctx, hub.NewEvent(hub.TopicJobs, "n", "", nil)); err != nil {
			t.Fatal(err)
		}
		if err := e.Audit(ctx, keep.Record{}); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(3 * 365 * 24 * time.Hour)
	if err := e.Audit(ctx, keep.Record{}); err != nil {
		t.Fatal(err)
	}
	if err := e.sweep(ctx); err != nil {
		t.Fatal(err)
	}
	events, oldest, err := e.Read(ctx, 0, 10)
	if err != nil || len(events) != 1 || events[0].ID != 3 || oldest != 3 {
		t.Errorf("%d events are left, oldest %d, %v; want the newest", len(events), oldest, err)
	}
	if page, _, err := e.Audits(ctx, keep.AuditFilter{}); err != nil || len(page) != 1 {
		t.Errorf("%d records are left, %v; want 1", len(page), err)
	}
}
