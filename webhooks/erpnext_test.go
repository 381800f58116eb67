package webhooks_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/webhooks"
)

const (
	deskSecret = "dsecret-é"
	changed    = `{"doctype": "Dispatch Job", "name": "DJ-00017", "modified": "2026-11-22 10:11:12.120000", "event": "on_change", ` +
		`"docstatus": 0, "status": "In Progress", "customer": "Caf\u00e9 Sirois"}`
)

func deskSign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// deskProof is what ERPNext sends: no content type.
func deskProof(body []byte, _ time.Time) http.Header {
	return http.Header{webhooks.ERPNextSignature: {deskSign(deskSecret, body)}}
}

func unmoved(context.Context, webhooks.ERPNextEvent) (inbox.Taken, error) {
	return inbox.Taken{State: "told"}, nil
}

// ears takes events and remembers them.
type ears struct {
	mu    sync.Mutex
	heard []webhooks.ERPNextEvent
}

func (e *ears) take(_ context.Context, event webhooks.ERPNextEvent) (inbox.Taken, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, event)
	return inbox.Taken{State: "told"}, nil
}

func (e *ears) list() []webhooks.ERPNextEvent {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.heard)
}

func TestERPNextConforms(t *testing.T) {
	t.Parallel()
	put := func(value string) func([]byte, http.Header) {
		return func(_ []byte, h http.Header) { h.Set(webhooks.ERPNextSignature, value) }
	}
	mac := hmac.New(sha256.New, []byte(deskSecret))
	mac.Write([]byte(changed))
	inboxtest.Conforms(t, inboxtest.Specimen{
		Source:      webhooks.ERPNext(deskSecret, unmoved),
		Good:        []byte(changed),
		Undecodable: []byte(`{"doctype": "Dispatch Job", "name": "DJ-1", "modified": NaN}`),
		Unknown:     []byte(`{"doctype": "Issue", "name": "ISS-1", "modified": "2026-11-22 10:11:12", "event": "on_payment"}`),
		Proof:       webhooks.ERPNextSignature,
		Prove:       deskProof,
		Spoil: map[string]func([]byte, http.Header){
			"none":         func(_ []byte, h http.Header) { h.Del(webhooks.ERPNextSignature) },
			"empty":        put(""),
			"hex":          put(fmt.Sprintf("%x", mac.Sum(nil))),
			"URL alphabet": put(base64.URLEncoding.EncodeToString(mac.Sum(nil)) + "-_"),
			"half":         put(deskSign(deskSecret, []byte(changed))[:22]),
			"other body":   put(deskSign(deskSecret, []byte("{}"))),
			"other secret": put(deskSign("guess", []byte(changed))),
			"no secret":    put(deskSign("", []byte(changed))),
		},
	})
}

// TestERPNextAsItSends holds a delivery as a site of version 15 sent it.
func TestERPNextAsItSends(t *testing.T) {
	t.Parallel()
	const (
		body = `{"doctype": "ToDo", "name": "n1s2bjbp14", "modified": "2026-11-22 20:53:08.785352", "event": "after_insert", ` +
			`"docstatus": 0, "status": "Open", "customer": ""}`
		signature = "jNm9Rei4IggJFbw/GEQCCpm1bQGaKPsCaidGWUTWvJ8="
	)
	e := &ears{}
	h := inboxtest.New(t, webhooks.ERPNext(deskSecret, e.take))
	h.Work()
	got := h.Send(http.MethodPost, "/webhooks/erpnext", http.Header{webhooks.ERPNextSignature: {signature}}, []byte(body))
	if got.Code != 200 {
		t.Fatalf("answered %+v", got)
	}
	job := h.Becomes(got.ID, keep.Done)
	if job.Subject.Doctype != "ToDo" || job.Subject.Name != "n1s2bjbp14" || job.Lane != "erpnext:ToDo/n1s2bjbp14" || job.State != "told" {
		t.Errorf("filed as %+v", job)
	}
	want := []webhooks.ERPNextEvent{{
		Doctype: "ToDo", Name: "n1s2bjbp14", Modified: "2026-11-22 20:53:08.785352", Event: "after_insert", Status: "Open",
	}}
	if diff := cmp.Diff(want, e.list()); diff != "" {
		t.Error(diff)
	}
}

func TestERPNextWithoutSecretBelievesNobody(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"", " ", "\n"} {
		h := inboxtest.New(t, webhooks.ERPNext(config.Secret(secret), unmoved))
		proof := http.Header{webhooks.ERPNextSignature: {deskSign(secret, []byte(changed))}}
		got := h.Send(http.MethodPost, "/webhooks/erpnext", proof, []byte(changed))
		if got.Code != 503 || got.Problem != "secret-missing" || len(h.Jobs("erpnext")) > 0 {
			t.Errorf("%q answered %+v", secret, got)
		}
	}
}

// TestERPNextQuirks delivers as ERPNext does when it is at its worst.
func TestERPNextQuirks(t *testing.T) {
	t.Parallel()
	e := &ears{}
	h := inboxtest.New(t, webhooks.ERPNext(deskSecret, e.take))
	h.Work()
	body := func(modified, event string) []byte {
		return []byte(`{"doctype": "Quotation", "name": "Q-1", "modified": "` + modified + `", "event": "` + event + `", "docstatus": "1"}`)
	}
	var last string
	post := func(b []byte) {
		t.Helper()
		got := h.Send(http.MethodPost, "/webhooks/erpnext", deskProof(b, time.Now()), b)
		if got.Code != 200 {
			t.Fatalf("answered %+v", got)
		}
		last = got.ID
	}
	for range 3 { // a slow answer: the same event three times
		post(body("2026-11-22 10:00:02.500000", "on_change"))
	}
	post(body("2026-11-22 10:00:02.5", "on_change"))      // the same instant, written otherwise
	post(body("2026-11-22 10:00:01", "after_insert"))     // overtaken by the one before
	post(body("2026-11-22 10:00:09.000001", "on_change")) // several changes in one transaction: only the last is told
	post(body("2026-11-22 10:00:09.000001", "on_trash"))  // another event of the same state
	post(body("2026-11-22T10:00:09.000001", "on_change")) // once more
	post([]byte(`{"name": 7, "doctype": "Issue", "modified": "2026-11-22 10:00:00", "doc_event": "on_update", "docstatus": 2}`))
	h.Becomes(last, keep.Done)
	hubtest.Await(t, "all are told", func() bool { return len(e.list()) == 5 })
	var got []string
	for _, event := range e.list() {
		if event.Doctype == "Quotation" { // those of one document come in the order of the door
			got = append(got, event.Modified[11:]+" "+event.Event+" "+fmt.Sprint(event.DocStatus, event.Deleted()))
		} else if event.Name != "7" || event.Event != "on_update" || event.DocStatus != 2 {
			t.Errorf("heard %+v", event)
		}
	}
	want := []string{
		"10:00:02.500000 on_change 1 false", "10:00:01.000000 after_insert 1 false",
		"10:00:09.000001 on_change 1 false", "10:00:09.000001 on_trash 1 true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

// TestERPNextTellsStatesApart hears of a status that was set without a new
// modified, and of each state once.
func TestERPNextTellsStatesApart(t *testing.T) {
	t.Parallel()
	h := inboxtest.New(t, webhooks.ERPNext(deskSecret, unmoved))
	for _, c := range []struct{ state, want string }{
		{`"docstatus": 0, "status": "Open"`, "stored"}, {`"docstatus": 0, "status": "Lost"`, "stored"},
		{`"docstatus": 1, "status": "Open"`, "stored"}, {`"docstatus": 0, "status": "Lost"`, "duplicate"},
	} {
		body := []byte(`{"doctype": "Quotation", "name": "Q-1", "modified": "2026-11-22 10:00:02", "event": "on_change", ` + c.state + `}`)
		if got := h.Send(http.MethodPost, "/webhooks/erpnext", deskProof(body, time.Now()), body); got.Status != c.want {
			t.Errorf("%s was answered %+v, want %s", c.state, got, c.want)
		}
	}
}

// TestERPNextStrangeBodies are signed correctly and still say nothing.
func TestERPNextStrangeBodies(t *testing.T) {
	t.Parallel()
	h := inboxtest.New(t, webhooks.ERPNext(deskSecret, unmoved))
	h.Work()
	for _, body := range []string{
		`{}`, ``, `[]`, `"x"`, `{"doctype": "Issue", "name": null, "modified": "2026-11-22 10:00:00"}`,
		`{"doctype": "Issue", "name": "", "modified": "2026-11-22 10:00:00"}`, `{"doctype": "Issue", "name": "A"}`,
		`{"doctype": "Issue", "name": "A", "modified": "yesterday"}`, `{"doctype": 5, "name": "A", "modified": "2026-11-22 10:00:00"}`,
	} {
		got := h.Send(http.MethodPost, "/webhooks/erpnext", deskProof([]byte(body), time.Now()), []byte(body))
		if job := h.Becomes(got.ID, keep.Dead); !strings.Contains(job.Note, "parked") {
			t.Errorf("%s became %+v", body, job)
		}
	}
}

func TestERPNextTakeIsTriedAgain(t *testing.T) {
	t.Parallel()
	tries := make(chan int, 3)
	tries <- 1
	source := webhooks.ERPNext(deskSecret, func(context.Context, webhooks.ERPNextEvent) (inbox.Taken, error) {
		if len(tries) == 1 {
			tries <- 2
			return inbox.Taken{}, hub.Fail(hub.Unavailable, "unavailable", "Not now.", nil)
		}
		return inbox.Taken{State: "told"}, nil
	})
	source.Backoff = []time.Duration{time.Millisecond}
	h := inboxtest.New(t, source)
	h.Work()
	got := h.Send(http.MethodPost, "/webhooks/erpnext", deskProof([]byte(changed), time.Now()), []byte(changed))
	if job := h.Becomes(got.ID, keep.Done); len(job.Attempts) != 2 {
		t.Errorf("it took %d tries", len(job.Attempts))
	}
}

func TestERPNextWebhookDocuments(t *testing.T) {
	t.Parallel()
	list := webhooks.ERPNextWebhooks("https://hub.example.com/", "invented", "Quotation", "Dispatch Job")
	var names []string
	for _, d := range list {
		names = append(names, d.Name)
		raw, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{
			`"doctype":"Webhook"`, `"request_url":"https://hub.example.com/webhooks/erpnext"`, `"enable_security":1`,
			`"webhook_secret":"invented"`, `"request_structure":"JSON"`, `\"event\": \"` + d.DocEvent + `\"`, `"timeout":5`,
		} {
			if !strings.Contains(string(raw), part) {
				t.Errorf("%s lacks %s: %s", d.Name, part, raw)
			}
		}
	}
	want := []string{
		"targo-hub Quotation after_insert", "targo-hub Quotation on_change", "targo-hub Quotation on_trash",
		"targo-hub Dispatch Job after_insert", "targo-hub Dispatch Job on_change", "targo-hub Dispatch Job on_trash",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}
