package inbox_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

// town is a house in which five deliveries died, one is done and one waits.
func town(t *testing.T) (h *inboxtest.House, works *atomic.Bool, dead []string) {
	t.Helper()
	works = &atomic.Bool{}
	source := plain()
	source.Concurrency = 1
	source.Take = func(_ context.Context, job keep.Job) (keep.Result, error) {
		switch {
		case works.Load() || strings.HasPrefix(string(job.Payload), "done"):
			return keep.Result{State: "seen"}, nil
		case strings.HasPrefix(string(job.Payload), "later"):
			return keep.Result{}, keep.Later(time.Hour, hub.Fail(hub.Unavailable, "unavailable", "Not now.", nil))
		}
		return keep.Result{}, keep.Reject(hub.Fail(hub.Conflict, "state-conflict", "It cannot be.", nil))
	}
	s := specimen(source)
	h = inboxtest.New(t, source)
	h.Work()
	h.Becomes(s.Post(h, []byte("done 1")).ID, keep.Done)
	for i := range 5 {
		id := s.Post(h, fmt.Appendf(nil, "dead %d", i)).ID
		h.Becomes(id, keep.Dead)
		dead = append(dead, id)
	}
	later := s.Post(h, []byte("later")).ID
	hubtest.Await(t, "the last one waits", func() bool { return h.Becomes(later, keep.Pending).Tries == 1 })
	return h, works, dead
}

const since = `"source": "plain", "since": "2026-01-01T00:00:00Z"`

func TestReplayTriesFirstAndThenDoes(t *testing.T) {
	t.Parallel()
	h, works, dead := town(t)
	var r inbox.Replay
	if got := h.Ask("POST", "/inbox/replay", `{`+since+`}`, &r); got != 200 || !r.DryRun || r.Matched != 5 || r.Replayed != 0 || r.More {
		t.Fatalf("the dry run answered %d %+v", got, r)
	}
	for i, item := range r.Items {
		if item.ID != dead[i] || item.Outcome != "would-replay" || item.Status != keep.Dead || item.Reason == "" {
			t.Errorf("item %d is %+v", i, item)
		}
		h.Becomes(item.ID, keep.Dead)
	}
	works.Store(true)
	if got := h.Ask("POST", "/inbox/replay", `{`+since+`, "dry_run": false, "limit": 2, "reason": "mended"}`, &r); got != 200 ||
		r.DryRun || r.Matched != 5 || r.Replayed != 2 || len(r.Items) != 2 {
		t.Fatalf("answered %d %+v", got, r)
	}
	for i, id := range dead { // the oldest first
		if i < 2 {
			h.Becomes(id, keep.Done)
		} else {
			h.Becomes(id, keep.Dead)
		}
	}
	records, _, err := h.Engine.Audits(t.Context(), keep.AuditFilter{Action: "delivery.replay"})
	if err != nil || len(records) != 1 || records[0].Name != "plain" || !strings.Contains(records[0].Detail, "2 of 5 dead") ||
		!strings.Contains(records[0].Detail, "mended") || records[0].Actor == "" {
		t.Errorf("recorded %+v, %v", records, err)
	}
}

func TestReplayTouchesOnlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	h, works, dead := town(t)
	works.Store(true)
	third, err := h.Engine.Job(t.Context(), dead[2])
	if err != nil {
		t.Fatal(err)
	}
	until := third.Created.UTC().Format(time.RFC3339Nano)
	for body, want := range map[string]int{
		`{` + since + `, "status": "done"}`: 1, `{` + since + `, "until": "` + until + `"}`: 2,
		`{"source": "plain", "since": "` + until + `"}`: 3, `{"source": "other", "since": "2026-01-01T00:00:00Z"}`: 0,
		`{` + since + `, "status": "held"}`: 0, `{` + since + `, "status": "cancelled"}`: 0,
	} {
		var r inbox.Replay
		if got := h.Ask("POST", "/inbox/replay", body, &r); got != 200 || r.Matched != want || r.Items == nil {
			t.Errorf("%s answered %d %+v, want %d", body, got, r, want)
		}
	}
	var p struct{ Code string }
	for _, body := range []string{
		`{}`, `{"source": "plain"}`, `{"since": "2026-01-01T00:00:00Z"}`, `{` + since + `, "status": "pending"}`,
		`{` + since + `, "status": "running"}`, `{` + since + `, "limit": 5000}`, `{"source": "", "since": "2026-01-01T00:00:00Z"}`,
	} {
		if got := h.Ask("POST", "/inbox/replay", body, &p); got != 422 {
			t.Errorf("%s answered %d %+v", body, got, p)
		}
	}
	if got := h.Send(http.MethodPost, "/inbox/replay", http.Header{"Content-Type": {"application/json"}}, []byte(`{`+since+`}`)); got.Code != 401 {
		t.Errorf("a stranger got %d", got.Code)
	}
	var r inbox.Replay
	if h.Ask("POST", "/inbox/replay", `{`+since+`, "status": "done", "dry_run": false}`, &r); r.Replayed != 1 || r.Items[0].Outcome != "replayed" {
		t.Errorf("done ones are replayed as %+v", r)
	}
	h.Becomes(r.Items[0].ID, keep.Done)
}
