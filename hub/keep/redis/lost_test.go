package redis

import (
	"io"
	"net"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

// lossy stands between the engine and the server, and loses replies: the call is
// done, and nobody hears of it.
type lossy struct {
	net.Listener
	deaf atomic.Bool            // loses all of them
	next atomic.Pointer[func()] // loses one, and does this before the caller notices
}

func newLossy(t *testing.T, port int) *lossy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &lossy{Listener: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
			if err != nil {
				_ = near.Close()
				continue
			}
			go func() { _, _ = io.Copy(far, near); _ = far.Close() }()
			go p.replies(near, far)
		}
	}()
	return p
}

func (p *lossy) replies(near, far net.Conn) {
	defer func() { _, _ = near.Close(), far.Close() }()
	buffer := make([]byte, 1<<16)
	for {
		n, err := far.Read(buffer)
		if err != nil || p.deaf.Load() {
			return
		}
		if meanwhile := p.next.Swap(nil); meanwhile != nil {
			(*meanwhile)()
			return
		}
		if _, err := near.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func (p *lossy) lose(meanwhile func()) { p.next.Store(&meanwhile) }

func (p *lossy) url() string { return "redis://" + p.Addr().String() }

// Each call loses its first reply, and must be done once all the same.
func TestALostReplyDoesNothingTwice(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	way := newLossy(t, server.Port)
	e := openAt(t, way.url(), Options{})
	ctx := t.Context()
	lose := func() { way.lose(func() {}) }

	lose()
	job, fresh, err := e.Put(ctx, keep.Job{Kind: "a", Dedupe: "k"})
	if err != nil || !fresh || job.Seen != 1 {
		t.Fatalf("Put = fresh %v, seen %d, %v", fresh, job.Seen, err)
	}
	lose()
	if _, fresh, err = e.Put(ctx, keep.Job{ID: "mine", Kind: "b", Due: job.Due.Add(time.Hour)}); err != nil || !fresh {
		t.Errorf("Put of an own id = fresh %v, %v", fresh, err)
	}
	lose()
	again, fresh, err := e.Put(ctx, keep.Job{Kind: "a", Dedupe: "k"})
	if err != nil || fresh || again.Seen != 2 {
		t.Errorf("Put again = fresh %v, seen %d, %v; want 2", fresh, again.Seen, err)
	}
	lose()
	jobs, err := e.Claim(ctx, []string{"a"}, 5, time.Minute)
	if err != nil || len(jobs) != 1 || jobs[0].Fence != 1 || len(jobs[0].Attempts) != 0 {
		t.Fatalf("Claim = %d jobs, %v", len(jobs), err)
	}
	lose()
	if err := e.Extend(ctx, job.ID, 1, time.Minute); err != nil {
		t.Errorf("Extend = %v", err)
	}
	lose()
	done := keep.Outcome{Next: keep.Dead, Attempt: keep.Attempt{Class: keep.GaveUp}}
	if err := e.Finish(ctx, job.ID, 1, done); err != nil {
		t.Errorf("Finish = %v", err)
	}
	lose()
	changed, err := e.Change(ctx, job.ID, keep.Retry, "again")
	if err != nil || changed.Status != keep.Pending || len(changed.Attempts) != 1 {
		t.Errorf("Change = %s, %d attempts, %v", changed.Status, len(changed.Attempts), err)
	}
}

func TestALostReplyIsNoOtherValueOrEvent(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	way := newLossy(t, server.Port)
	e := openAt(t, way.url(), Options{})
	ctx := t.Context()
	lose := func() { way.lose(func() {}) }

	lose()
	version, err := e.Swap(ctx, "k", 0, []byte("v"), 0)
	if err != nil {
		t.Fatalf("Swap = %v", err)
	}
	if _, have, err := e.Value(ctx, "k"); err != nil || have != version {
		t.Errorf("Value has version %d, %v; want %d", have, err, version)
	}
	lose()
	ev := hub.NewEvent(hub.TopicJobs, "n", "", nil)
	all, err := e.Append(ctx, ev, ev)
	if err != nil || all[0].ID == all[1].ID {
		t.Fatalf("Append = %v, %v", all, err)
	}
	got, _, err := e.Read(ctx, 0, 10)
	if diff := cmp.Diff(all, got); diff != "" || err != nil {
		t.Errorf("Read: %v (-appended +read):\n%s", err, diff)
	}
	lose()
	if err := e.Audit(ctx, keep.Record{Actor: "staff:ann"}); err != nil {
		t.Errorf("Audit = %v", err)
	}
	if page, _, err := e.Audits(ctx, keep.AuditFilter{}); err != nil || len(page) != 1 {
		t.Errorf("%d records, %v; want 1", len(page), err)
	}
}
