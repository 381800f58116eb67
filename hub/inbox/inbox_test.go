package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
)

// TestDeadDeliveryIsShownAndRetried fails the work until it is given up, then
// lets a person try it again.
func TestDeadDeliveryIsShownAndRetried(t *testing.T) {
	t.Parallel()
	var works atomic.Bool
	source := plain()
	source.Backoff = []time.Duration{time.Millisecond, time.Millisecond}
	source.Take = func(context.Context, keep.Job) (keep.Result, error) {
		if works.Load() {
			return keep.Result{State: "signed"}, nil
		}
		return keep.Result{}, hub.Fail(hub.Conflict, "quotation-not-open", "The quotation has expired.", nil)
	}
	s := specimen(source)
	h := inboxtest.New(t, source)
	h.Work()
	before := time.Now()
	id := s.Post(h, s.Good).ID
	h.Becomes(id, keep.Dead)
	h.Hears(hub.DeliveryDied, "has expired")

	soon := url.QueryEscape(before.Add(time.Hour).Format(time.RFC3339Nano))
	var list struct{ Items []inbox.Delivery }
	for query, want := range map[string]int{
		"": 1, "source=plain&status=dead": 1, "source=stripe": 0, "status=done": 0, "q=expired": 1, "q=good": 1, "q=nothing": 0,
		"verified_by=word": 1, "verified_by=hmac": 0, "seen=1": 1, "seen=2": 0, "since=" + soon: 0, "until=" + soon: 1, "until=2026-01-01T00:00:00Z": 0, "since=2026-01-01T00:00:00Z": 1,
	} {
		if got := h.Ask("GET", "/inbox?"+query, "", &list); got != 200 || len(list.Items) != want || list.Items == nil {
			t.Errorf("?%s answered %d with %d deliveries, want %d", query, got, len(list.Items), want)
		}
	}
	var d inbox.Delivery
	if got := h.Ask("GET", "/inbox/"+id, "", &d); got != 200 || d.Body != "good" || d.VerifiedBy != "word" || d.Seen != 1 ||
		len(d.Attempts) != 3 || d.Attempts[0].Code != "quotation-not-open" || d.ReceivedAt.Before(before.Add(-time.Second)) {
		t.Errorf("shown as %d %+v", got, d)
	}
	works.Store(true)
	if got := h.Ask("POST", "/inbox/"+id+"/retry", `{"reason":"new quotation made"}`, &d); got != 200 {
		t.Errorf("retry answered %d", got)
	}
	h.Becomes(id, keep.Done)
	records, _, err := h.Engine.Audits(t.Context(), keep.AuditFilter{Name: id})
	if err != nil || len(records) != 1 || records[0].Action != "delivery.retry" || records[0].Detail != "new quotation made" {
		t.Errorf("recorded %+v, %v", records, err)
	}
}

// mute is a store that records nothing.
type mute struct{ *sqlite.Engine }

func (mute) Audit(context.Context, keep.Record) error { return keep.ErrClosed }

// TestNothingIsRetriedUnrecorded fails to record who wants it, and so leaves the
// delivery as it is; what is refused anyway is not recorded.
func TestNothingIsRetriedUnrecorded(t *testing.T) {
	t.Parallel()
	source := plain()
	source.Take = func(context.Context, keep.Job) (keep.Result, error) {
		return keep.Result{}, keep.Reject(hub.Fail(hub.Conflict, "state-conflict", "It cannot be.", nil))
	}
	s := specimen(source)
	h := inboxtest.New(t, source)
	waits := s.Post(h, s.Good).ID
	if _, err := h.Inbox.Retry(t.Context(), waits, ""); !hub.IsKind(err, hub.Conflict) {
		t.Errorf("one that waits: %v", err)
	}
	if records, _, err := h.Engine.Audits(t.Context(), keep.AuditFilter{}); err != nil || len(records) > 0 {
		t.Errorf("recorded %+v, %v", records, err)
	}
	h.Work()
	h.Becomes(waits, keep.Dead)
	_, err := inbox.NewInbox(mute{h.Engine}).Retry(t.Context(), waits, "")
	if job, _ := h.Engine.Job(t.Context(), waits); !errors.Is(err, keep.ErrClosed) || job.Status != keep.Dead || len(job.Attempts) != 1 {
		t.Errorf("unrecorded it became %+v, %v", job, err)
	}
}

func TestRetryWithoutBodyAndOfOthers(t *testing.T) {
	t.Parallel()
	s := specimen(plain())
	h := inboxtest.New(t, s.Source)
	id := s.Post(h, s.Good).ID
	var p struct {
		Code  string
		State map[string]string
	}
	if got := h.Ask("POST", "/inbox/"+id+"/retry", "", &p); got != 409 || p.State["status"] != "pending" {
		t.Errorf("a pending one answered %d %+v", got, p)
	}
	other, _, err := h.Engine.Put(t.Context(), keep.Job{Kind: "outbox.sms"})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/inbox/" + other.ID, "/inbox/none"} {
		if got := h.Ask("GET", path, "", &p); got != 404 {
			t.Errorf("%s answered %d", path, got)
		}
		if got := h.Ask("POST", path+"/retry", `{}`, &p); got != 404 {
			t.Errorf("retry of %s answered %d", path, got)
		}
	}
	if got := h.Send(http.MethodGet, "/inbox", http.Header{}, nil); got.Code != 401 {
		t.Errorf("a stranger got %d", got.Code)
	}
}

// TestHeldDeliveryIsTakenUpLater puts a delivery aside, and takes it up when a
// person asks for that.
func TestHeldDeliveryIsTakenUpLater(t *testing.T) {
	t.Parallel()
	var ready atomic.Bool
	source := plain()
	source.Take = func(context.Context, keep.Job) (keep.Result, error) {
		if ready.Load() {
			return inbox.Taken{State: "booked"}.Result(), nil
		}
		return inbox.Taken{State: "kept", Hold: true, Note: "Kept for later."}.Result(), nil
	}
	s := specimen(source)
	h := inboxtest.New(t, source)
	h.Work()
	id := s.Post(h, s.Good).ID
	if job := h.Becomes(id, keep.Held); job.State != "kept" || job.Note != "Kept for later." {
		t.Errorf("put aside as %+v", job)
	}
	if got := s.Post(h, s.Good); got.Status != "duplicate" {
		t.Errorf("the repetition was answered %+v", got)
	}
	h.Becomes(id, keep.Held)
	ready.Store(true)
	var d inbox.Delivery
	if got := h.Ask("POST", "/inbox/"+id+"/retry", `{}`, &d); got != 200 {
		t.Errorf("retry answered %d %+v", got, d)
	}
	if job := h.Becomes(id, keep.Done); job.State != "booked" {
		t.Errorf("ended as %+v", job)
	}
}

// TestListGoesOnBehindWhatItPassesOver pages through a list of which the store
// itself cannot find the few that are asked for.
func TestListGoesOnBehindWhatItPassesOver(t *testing.T) {
	t.Parallel()
	s := specimen(plain())
	h := inboxtest.New(t, s.Source)
	want := map[string]bool{}
	for i := range 130 {
		got := s.Post(h, fmt.Appendf(nil, "n%d", i))
		if i%10 == 0 {
			s.Post(h, fmt.Appendf(nil, "n%d", i))
			want[got.ID] = true
		}
	}
	pages, cursor := 0, ""
	for {
		list, next, err := h.Inbox.List(t.Context(), inbox.Search{Source: "plain", Seen: 2, Limit: 4, Cursor: cursor})
		if err != nil || len(list) > 4 {
			t.Fatalf("%d listed, %v", len(list), err)
		}
		for _, d := range list {
			if !want[d.ID] {
				t.Errorf("%s is listed, twice or not seen twice", d.ID)
			}
			delete(want, d.ID)
		}
		if pages, cursor = pages+1, next; next == "" {
			break
		}
	}
	if len(want) > 0 || pages > 8 {
		t.Errorf("%d are missing after %d pages", len(want), pages)
	}
}
