package redis

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

// The worker that hears nothing of its outcome tells it again.
func TestAnOutcomeInDoubtIsToldAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	way := newLossy(t, server.Port)
	e := openAt(t, way.url(), Options{})
	job := mustPut(t, e, keep.Job{Kind: "a"})
	if _, err := e.Claim(t.Context(), []string{"a"}, 1, time.Minute); err != nil {
		t.Fatal(err)
	}
	e.scripts.Patience = 20 * time.Millisecond
	way.deaf.Store(true)
	done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
	if err := e.Finish(t.Context(), job.ID, 1, done); !hub.IsKind(err, hub.Unavailable) {
		t.Fatalf("Finish = %v, want Unavailable", err)
	}
	way.deaf.Store(false)
	if err := e.Finish(t.Context(), job.ID, 1, done); err != nil {
		t.Errorf("Finish again = %v", err)
	}
	if err := e.Finish(t.Context(), job.ID, 1, done); err == nil {
		t.Error("a third Finish, of its own, was taken")
	}
	got, err := e.Job(t.Context(), job.ID)
	if err != nil || got.Status != keep.Done || len(got.Attempts) != 1 {
		t.Errorf("the job is %s with %d attempts, %v", got.Status, len(got.Attempts), err)
	}
}

// While one replica has not heard what became of its call, another goes on.
func TestWhatOthersDoMeanwhileIsNotUndone(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	way := newLossy(t, server.Port)
	e, other := openAt(t, way.url(), Options{}), openAt(t, server.URL(""), Options{})
	ctx := t.Context()
	done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
	claim := func() { _, _ = other.Claim(ctx, []string{"own", "keyed", "held"}, 9, time.Minute) }
	again := func() { _, _, _ = other.Put(ctx, keep.Job{Kind: "a", Dedupe: "k"}) }

	way.lose(claim)
	if _, fresh, err := e.Put(ctx, keep.Job{ID: "my\nown", Kind: "own"}); err != nil || !fresh {
		t.Errorf("Put of what was claimed meanwhile = fresh %v, %v", fresh, err)
	}
	way.lose(claim)
	job, fresh, err := e.Put(ctx, keep.Job{ID: "keyed", Kind: "keyed", Dedupe: "k"})
	if err != nil || !fresh || job.Seen != 1 {
		t.Errorf("Put with a key of what was claimed meanwhile = fresh %v, seen %d, %v", fresh, job.Seen, err)
	}
	job = mustPut(t, e, keep.Job{Kind: "a", Dedupe: "k"})
	way.lose(again)
	if got, err := e.Claim(ctx, []string{"a"}, 1, time.Minute); err != nil || len(got) != 1 {
		t.Errorf("Claim of what was seen again meanwhile = %d jobs, %v", len(got), err)
	}
	way.lose(again)
	if err := e.Finish(ctx, job.ID, 1, done); err != nil {
		t.Errorf("Finish of what was seen again meanwhile = %v", err)
	}
	held := mustPut(t, e, keep.Job{Kind: "held", Status: keep.Held})
	way.lose(func() { _, _ = other.Settle(ctx, held.ID, "delivered", "") })
	if got, err := e.Settle(ctx, held.ID, "sent", ""); err != nil || got.State != "delivered" {
		t.Errorf("Settle took the state back to %s, %v", got.State, err)
	}
	way.lose(claim)
	if _, err := e.Change(ctx, held.ID, keep.Release, ""); err != nil {
		t.Errorf("Change of what was claimed meanwhile = %v", err)
	}
	if _, err := e.Swap(ctx, "lock", 0, []byte("ours"), 0); err != nil {
		t.Fatal(err)
	}
	way.lose(func() { _, _ = other.Swap(ctx, "v", keep.AnyVersion, []byte("theirs"), 0) })
	if _, err := e.Swap(ctx, "v", 0, []byte("ours"), 0); err != nil {
		t.Errorf("Swap of what was overwritten meanwhile = %v", err)
	}
	way.lose(func() { _, _ = other.Swap(ctx, "lock", 0, []byte("theirs"), 0) })
	if err := e.Drop(ctx, "lock"); err != nil {
		t.Errorf("Drop = %v", err)
	}
	if v, _, err := e.Value(ctx, "lock"); err != nil || string(v) != "theirs" {
		t.Errorf("the lock of the other is %q, %v", v, err)
	}
}

// The client of a cluster tries again by itself, and tells no script.
func TestALostReplyInAClusterDoesNothingTwice(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t))
	way := newLossy(t, server.Port)
	host, port, err := net.SplitHostPort(way.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	node := goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:" + strconv.Itoa(server.Port)})
	defer func() { _ = node.Close() }()
	err = errors.Join(node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(),
		node.ConfigSet(t.Context(), "cluster-announce-ip", host).Err(),
		node.ConfigSet(t.Context(), "cluster-announce-port", port).Err())
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cluster is whole and known by its way", func() bool {
		info, err := node.ClusterInfo(t.Context()).Result()
		nodes, err2 := node.ClusterNodes(t.Context()).Result()
		return err == nil && err2 == nil && strings.Contains(info, "cluster_state:ok") && strings.Contains(nodes, ":"+port+"@")
	})
	e := openAt(t, fmt.Sprintf("redis+cluster://%s:%s", host, port), Options{})
	ctx := t.Context()
	way.lose(func() {})
	if _, fresh, err := e.Put(ctx, keep.Job{Kind: "a"}); err != nil || !fresh {
		t.Errorf("Put = fresh %v, %v", fresh, err)
	}
	way.lose(func() {})
	if got, err := e.Claim(ctx, []string{"a"}, 2, time.Minute); err != nil || len(got) != 1 {
		t.Errorf("Claim = %d jobs, %v", len(got), err)
	}
	way.lose(func() {})
	if _, err := e.Append(ctx, hub.NewEvent(hub.TopicJobs, "n", "", nil)); err != nil {
		t.Errorf("Append = %v", err)
	}
	way.lose(func() {})
	if err := e.Audit(ctx, keep.Record{}); err != nil {
		t.Errorf("Audit = %v", err)
	}
	events, _, err := e.Read(ctx, 0, 10)
	records, _, err2 := e.Audits(ctx, keep.AuditFilter{})
	if len(events) != 1 || len(records) != 1 || err != nil || err2 != nil {
		t.Errorf("%d events, %d records, %v, %v; want one of each", len(events), len(records), err, err2)
	}
}

// A claim that nobody heard of is handed out when the worker asks again, long
// before its lease ends.
func TestAClaimInDoubtIsHandedOutAgain(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	way := newLossy(t, server.Port)
	e := openAt(t, way.url(), Options{})
	job := mustPut(t, e, keep.Job{Kind: "a"})
	e.scripts.Patience = 20 * time.Millisecond
	way.deaf.Store(true)
	if _, err := e.Claim(t.Context(), []string{"a"}, 1, time.Hour); !hub.IsKind(err, hub.Unavailable) {
		t.Fatalf("Claim = %v, want Unavailable", err)
	}
	way.deaf.Store(false)
	got, err := e.Claim(t.Context(), []string{"a"}, 1, time.Hour)
	if err != nil || len(got) != 1 || got[0].ID != job.ID || got[0].Fence != 1 || len(got[0].Attempts) != 0 {
		t.Errorf("Claim again = %v, %v", got, err)
	}
}

// A master that has not heard of a claim gives the same fence again.
func TestAFenceThatWasGivenTwiceIsNotEnough(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	e, other := openAt(t, server.URL(""), Options{}), openAt(t, server.URL(""), Options{})
	ctx := t.Context()
	job := mustPut(t, e, keep.Job{Kind: "a"})
	key := e.prefix + "job:" + job.ID
	if _, err := e.Claim(ctx, []string{"a"}, 1, 0); err != nil {
		t.Fatal(err)
	}
	if err := e.client.HDel(ctx, key, "f").Err(); err != nil { // what the replica knows
		t.Fatal(err)
	}
	got, err := other.Claim(ctx, []string{"a"}, 1, time.Minute)
	if err != nil || len(got) != 1 || got[0].Fence != 1 {
		t.Fatalf("the other claim = %v, %v", got, err)
	}
	done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
	if err := e.Extend(ctx, job.ID, 1, time.Minute); !errors.Is(err, keep.ErrFence) {
		t.Errorf("Extend of the first = %v, want ErrFence", err)
	}
	if err := e.Finish(ctx, job.ID, 1, done); !errors.Is(err, keep.ErrFence) {
		t.Errorf("Finish of the first = %v, want ErrFence", err)
	}
	if err := other.Finish(ctx, job.ID, 1, done); err != nil {
		t.Errorf("Finish of the second = %v", err)
	}
}
