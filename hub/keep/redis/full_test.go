package redis

import (
	"bytes"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

func TestAFullStoreRefusesAndRecovers(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	e := openAt(t, server.URL(""), Options{})
	ctx := t.Context()
	const n = 50
	body := bytes.Repeat([]byte("0123456789abcdef"), 4096) // 64 KiB
	for range n {
		mustPut(t, e, keep.Job{Kind: "a", Lane: "l", Payload: body})
	}
	room(t, e, "2mb") // less than it holds
	refusesAll(t, e)

	// The work goes on, and so there is room again.
	done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
	for range n {
		jobs, err := e.Claim(ctx, []string{"a"}, 1, time.Minute)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("Claim in a full store = %d jobs, %v", len(jobs), err)
		}
		if err := e.Extend(ctx, jobs[0].ID, 1, time.Minute); err != nil {
			t.Fatalf("Extend in a full store = %v", err)
		}
		if err := e.Finish(ctx, jobs[0].ID, 1, done); err != nil {
			t.Fatalf("Finish in a full store = %v", err)
		}
	}
	if page, _, err := e.Jobs(ctx, keep.Filter{Limit: 1}); err != nil || len(page) != 1 {
		t.Errorf("Jobs in a full store = %d, %v", len(page), err)
	} else if _, err := e.Settle(ctx, page[0].ID, "delivered", ""); err != nil {
		t.Errorf("Settle in a full store = %v", err)
	}
	if err := e.Drop(ctx, "nothing"); err != nil {
		t.Errorf("Drop in a full store = %v", err)
	}
	if got, err := e.Prune(ctx, "", time.Now().Add(time.Hour), 10_000); err != nil || got != n {
		t.Errorf("Prune in a full store = %d, %v; want %d", got, err, n)
	}
	eventually(t, "it takes jobs in again", func() bool {
		_, _, err := e.Put(ctx, keep.Job{Kind: "a", Dedupe: "refused"})
		return err == nil
	})
}

// room sets how much the server may hold.
func room(t *testing.T, e *Engine, size string) {
	t.Helper()
	if err := e.client.ConfigSet(t.Context(), "maxmemory", size).Err(); err != nil {
		t.Fatal(err)
	}
}

// refusesAll sees that whatever takes room is refused, and leaves nothing behind.
func refusesAll(t *testing.T, e *Engine) {
	t.Helper()
	ctx := t.Context()
	_, _, put := e.Put(ctx, keep.Job{Kind: "a", Dedupe: "refused"})
	_, swap := e.Swap(ctx, "refused", 0, nil, 0)
	_, event := e.Append(ctx, hub.NewEvent(hub.TopicJobs, "refused", "refused", nil))
	for name, err := range map[string]error{
		"Put": put, "Swap": swap, "Append": event, "Audit": e.Audit(ctx, keep.Record{}), "Check": e.Check(ctx),
	} {
		if !hub.IsKind(err, hub.Unavailable) || !hub.HasCode(err, "store-full") || hub.ProblemOf(err).RetryAfter == 0 {
			t.Errorf("%s in a full store = %v, want store-full and when to try again", name, err)
		}
	}
	if page, _, err := e.Jobs(ctx, keep.Filter{Dedupe: "refused"}); err != nil || len(page) != 0 {
		t.Errorf("a refused job left %d behind, %v", len(page), err)
	}
	if last, err := e.Last(ctx); err != nil || last != 0 {
		t.Errorf("a refused event left the id %d behind, %v", last, err)
	}
}
