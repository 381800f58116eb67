package webhooks_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/webhooks"
)

// TestDeadDeliveryIsShownAndRetried fails the work until it is given up, then
// lets a person try it again.
func TestDeadDeliveryIsShownAndRetried(t *testing.T) {
	t.Parallel()
	var works atomic.Bool
	var tries atomic.Int32
	s := sealSpecimen()
	s.source = webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: sealSecret}, func(context.Context, docuseal.Event) (inbox.Taken, error) {
		tries.Add(1)
		if works.Load() {
			return inbox.Taken{State: "signed"}, nil
		}
		return inbox.Taken{}, hub.Fail(hub.Conflict, "quotation-not-open", "The quotation has expired.", nil)
	})
	s.source.Backoff = []time.Duration{time.Millisecond, time.Millisecond}
	h := build(t, s.source)
	h.work()
	id := s.post(h, s.good).ID
	h.becomes(id, keep.Dead)
	if tries.Load() != 3 {
		t.Errorf("tried %d times, want 3", tries.Load())
	}
	h.hears(hub.DeliveryDied, "has expired")

	var list struct{ Items []inbox.Delivery }
	for query, want := range map[string]int{
		"": 1, "source=docuseal&status=dead": 1, "source=stripe": 0, "status=done": 0, "q=expired": 1, "q=form.completed": 1, "q=nothing": 0,
	} {
		if got := h.ask("GET", "/inbox?"+query, "", &list); got != 200 || len(list.Items) != want || list.Items == nil {
			t.Errorf("?%s answered %d with %d deliveries, want %d", query, got, len(list.Items), want)
		}
	}
	var d inbox.Delivery
	if got := h.ask("GET", "/inbox/"+id, "", &d); got != 200 || d.Body != completed || d.VerifiedBy != "hmac" ||
		d.Event != "form.completed" || d.Lane != "envelope:77" || len(d.Attempts) != 3 || d.Attempts[0].Code != "quotation-not-open" {
		t.Errorf("shown as %d %+v", got, d)
	}
	works.Store(true)
	if got := h.ask("POST", "/inbox/"+id+"/retry", `{"reason":"new quotation made"}`, &d); got != 200 {
		t.Errorf("retry answered %d", got)
	}
	h.becomes(id, keep.Done)
	records, _, err := h.engine.Audits(t.Context(), keep.AuditFilter{Name: id})
	if err != nil || len(records) != 1 || records[0].Action != "delivery.retry" || records[0].Detail != "new quotation made" {
		t.Errorf("recorded %+v, %v", records, err)
	}
}

func TestRetryWithoutBodyAndOfOthers(t *testing.T) {
	t.Parallel()
	s := sealSpecimen()
	h := build(t, s.source)
	id := s.post(h, s.good).ID
	var p struct {
		Code  string
		State map[string]string
	}
	if got := h.ask("POST", "/inbox/"+id+"/retry", "", &p); got != 409 || p.State["status"] != "pending" {
		t.Errorf("a pending one answered %d %+v", got, p)
	}
	other, _, err := h.engine.Put(t.Context(), keep.Job{Kind: "outbox.sms"})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/inbox/" + other.ID, "/inbox/none"} {
		if got := h.ask("GET", path, "", &p); got != 404 {
			t.Errorf("%s answered %d", path, got)
		}
		if got := h.ask("POST", path+"/retry", `{}`, &p); got != 404 {
			t.Errorf("retry of %s answered %d", path, got)
		}
	}
	if got := h.send(http.MethodGet, "/inbox", http.Header{}, nil); got.status != 401 {
		t.Errorf("a stranger got %d", got.status)
	}
}

// plain is a source without secrets, to try the door itself with.
func plain() inbox.Source {
	return inbox.Source{
		Name: "plain", Paths: []string{"/webhooks/plain"}, Keep: []string{"X-Kept"},
		Verify: func(inbox.Call) (string, error) { return "none", nil },
		Read: func(c inbox.Call) (inbox.Label, error) {
			if strings.HasPrefix(string(c.Body), "panic") {
				panic("a strange body")
			}
			return inbox.Label{Type: c.Header.Get("X-Kept") + c.Header.Get("X-Lost")}, nil
		},
		Take: func(context.Context, keep.Job) (keep.Result, error) { return keep.Result{State: "seen"}, nil },
	}
}

func TestDoorKeepsWhatItIsTold(t *testing.T) {
	t.Parallel()
	h := build(t, plain())
	header := http.Header{"X-Kept": {"yes"}, "X-Lost": {"no"}, "Authorization": {"Basic c2VjcmV0"}}
	h.work()
	first := h.send(http.MethodPost, "/webhooks/plain", header, []byte("a\xff"))
	job := h.becomes(first.ID, keep.Done)
	if job.Headers["x-kept"] != "yes" || job.Headers["x-hub-event"] != "yes" || job.State != "seen" {
		t.Errorf("filed as %+v", job)
	}
	for name := range job.Headers {
		if name == "x-lost" || name == "authorization" {
			t.Errorf("header %s was stored", name)
		}
	}
	var d inbox.Delivery
	if h.ask("GET", "/inbox/"+first.ID, "", &d); d.Body != "" || d.BodyBase64 != "Yf8=" {
		t.Errorf("a body that is no text is shown as %+v", d)
	}
	odd := h.send(http.MethodPost, "/webhooks/plain", header, []byte("panic"))
	h.becomes(odd.ID, keep.Dead)
}

func TestWildSenderIsMetered(t *testing.T) {
	t.Parallel()
	source := plain()
	source.Burst, source.Period = 3, time.Hour
	h := build(t, source)
	for i := range 3 {
		if got := h.send(http.MethodPost, "/webhooks/plain", http.Header{}, []byte{'a' + byte(i)}); got.status != 200 {
			t.Fatalf("delivery %d was answered %d", i, got.status)
		}
	}
	got := h.send(http.MethodPost, "/webhooks/plain", http.Header{}, []byte("d"))
	if got.status != 429 || got.header.Get("Retry-After") == "" {
		t.Errorf("answered %+v", got)
	}
}

func TestProofThatBreaksIsARefusal(t *testing.T) {
	t.Parallel()
	source := plain()
	source.Verify = func(inbox.Call) (string, error) { return "", errors.New("dial tcp 10.0.0.1: refused") }
	h := build(t, source)
	got := h.send(http.MethodPost, "/webhooks/plain", http.Header{}, []byte("a"))
	if got.status != 401 || got.Code != "signature-invalid" || strings.Contains(got.Detail, "dial") {
		t.Errorf("answered %+v", got)
	}
}

// hears waits for an event that holds the text.
func (h *house) hears(name, text string) {
	h.t.Helper()
	wake, err := h.engine.Subscribe(h.t.Context(), keep.WakeEvents)
	if err != nil {
		h.t.Fatal(err)
	}
	for {
		events, _, err := h.engine.Read(context.Background(), 0, 100, hub.TopicInbox)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, e := range events {
			if e.Name == name && strings.Contains(string(e.Data), text) {
				return
			}
		}
		if _, open := <-wake; !open {
			h.t.Fatalf("never heard %s", name)
		}
	}
}
