package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// hookKey signs the webhooks of these tests.
const hookKey = "an-invented-key-for-outgoing-hooks"

// receiver takes webhooks. The first one at each path meets a failure.
type receiver struct {
	*httptest.Server
	mu   sync.Mutex
	ids  map[string][]string // of what came, by path
	took map[string][]string // type and job of what was taken
	bad  []string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	rc := &receiver{ids: map[string][]string{}, took: map[string][]string{}}
	rc.Server = httptest.NewServer(http.HandlerFunc(rc.take))
	t.Cleanup(rc.Close)
	return rc
}

func (rc *receiver) take(w http.ResponseWriter, r *http.Request) {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	id := r.Header.Get("webhook-id")
	mac := hmac.New(sha256.New, []byte(hookKey))
	mac.Write([]byte(id + "." + r.Header.Get("webhook-timestamp") + "." + string(body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); err != nil || r.Header.Get("webhook-signature") != want {
		rc.bad = append(rc.bad, r.URL.Path+" has the signature "+r.Header.Get("webhook-signature"))
	}
	if bytes.Contains(body, []byte("555-01")) {
		rc.bad = append(rc.bad, r.URL.Path+" names a number")
	}
	rc.ids[r.URL.Path] = append(rc.ids[r.URL.Path], id)
	if len(rc.ids[r.URL.Path]) == 1 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var said struct {
		Type string
		Data struct{ Job, Status string }
	}
	if err := json.Unmarshal(body, &said); err != nil {
		rc.bad = append(rc.bad, string(body))
	}
	rc.took[r.URL.Path] = append(rc.took[r.URL.Path], said.Type+" "+said.Data.Job+" "+said.Data.Status)
}

// TestVisitIsAnnounced: a job that is released and one that is done each call the
// address that stands in them, once as far as the other side can tell although the
// first call failed; and the customer gets one text when the technician sets out.
func TestVisitIsAnnounced(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	rc := newReceiver(t)
	h := w.start(t, append(openGate(), "TARGO_HOOKS_SECRET=whsec_"+base64.StdEncoding.EncodeToString([]byte(hookKey)),
		"TARGO_HOOKS_HOSTS="+strings.TrimPrefix(rc.URL, "http://"))...)
	s := w.sold(t, h, "phone_service")
	job := s.jobs["phone"]
	w.put(t, "Dispatch Job", map[string]any{
		"name": job, "on_open_webhook": rc.URL + "/open", "on_close_webhook": rc.URL + "/close",
	})
	h.carryOut(t, s.jobs["number"])
	if e := h.awaitEffect(t, job, "on_open_webhook"); e.State != "done" {
		t.Errorf("the webhook of the release ended as %+v", e)
	}
	tech := w.put(t, "Dispatch Technician", map[string]any{"technician_id": "TECH-1", "full_name": "Ève Roy", "assigned_group": "Installation", "active": 1})
	if status, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/claim-job", map[string]any{"job": job, "technician": tech}, nil); err != nil || status != http.StatusOK {
		t.Fatalf("claiming answered %d %s, error %v", status, text, err)
	}
	texts := w.toCustomer(t)
	h.move(t, job, "En Route", nil)
	if e := h.awaitEffect(t, job, "customer_sms"); e.State != "done" {
		t.Errorf("the text ended as %+v", e)
	}
	await(t, "the customer has the text", func() bool { return w.toCustomer(t) > texts })
	h.move(t, job, "En Route", nil) // said already
	h.carryOut(t, job)
	if e := h.awaitEffect(t, job, "on_close_webhook"); e.State != "done" {
		t.Errorf("the webhook of the end came to %+v", e)
	}
	if got := w.toCustomer(t); got != texts+1 {
		t.Errorf("%d texts about the visit, want one", got-texts)
	}
	rc.check(t, map[string]string{"/open": "job.opened " + job + " Open", "/close": "job.closed " + job + " Completed"})
}

// toCustomer counts the texts that went out.
func (w *town) toCustomer(t *testing.T) int {
	t.Helper()
	return len(w.sent(t, "sms"))
}

// check asserts that each address took one webhook, under the id that the failed
// call had.
func (rc *receiver) check(t *testing.T, want map[string]string) {
	t.Helper()
	rc.mu.Lock()
	defer rc.mu.Unlock()
	for _, bad := range rc.bad {
		t.Error(bad)
	}
	for path, said := range want {
		ids, took := rc.ids[path], rc.took[path]
		if len(took) != 1 || took[0] != said || len(ids) != 2 || ids[0] == "" || ids[0] != ids[1] {
			t.Errorf("%s took %v after calls %v, want one of %q", path, took, ids, said)
		}
	}
}
