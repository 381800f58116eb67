package docusealsim_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
)

// parcel is what the control API shows of a webhook call.
type parcel struct {
	Event     string `json:"event_type"`
	URL, Body string
	Headers   map[string]string
	HTTP      int `json:"http_status"`
	Delivered *bool
}

type outcome struct {
	Submission int64
	Status     string
	parcel
	Deliveries []parcel
}

func TestSignatureVector(t *testing.T) {
	t.Parallel()
	body := `{"event_type":"form.completed","timestamp":"2026-01-01T00:00:00.000Z","data":{"id":1}}`
	want := "1767225600.f69c0879dc9ec03b58bfc9073e2431e3d45f493631fd01dbf988e4164da443a6"
	if got := docusealsim.Signature(secret, time.Unix(1767225600, 0), []byte(body)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// signed tells whether a call carries both proofs, by the rule written out anew.
func signed(header http.Header, body []byte) bool {
	at, sum, _ := strings.Cut(header.Get("X-Docuseal-Signature"), ".")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "." + string(body)))
	return hex.EncodeToString(mac.Sum(nil)) == sum && header.Get("X-Hook-Key") == "static" && header.Get("User-Agent") == "DocuSeal.com Webhook"
}

func TestSigningOnThePageDeliversTheWebhook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made := w.create(t, strings.Replace(order, `"name":"Ann`, `"completed_redirect_url":"https://example.com/thanks","name":"Ann`, 1))[0]
	if res := w.press(t, made.Slug, url.Values{"action": {"sign"}}); res.StatusCode != 303 || res.Header.Get("Location") != "https://example.com/thanks" {
		t.Errorf("signing: %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
	kinds := map[string]event{}
	for range 2 {
		c, e := w.hub.next(t)
		kinds[e.EventType] = e
		if !signed(c.header, c.body) {
			t.Errorf("%s lacks a proof", e.EventType)
		}
	}
	done := kinds["form.completed"]
	if _, started := kinds["form.started"]; !started || done.Data.ID != made.ID || done.Data.SubmissionID != made.SubmissionID {
		t.Errorf("webhooks %+v", kinds)
	}
	if done.Data.Status != "completed" || done.Data.Submission.Status != "completed" || done.Data.ExternalID != "SAL-QTN-2026-00001" || len(done.Data.Documents) != 1 {
		t.Errorf("form.completed %+v", done.Data)
	}
	if res := w.press(t, made.Slug, url.Values{"action": {"sign"}}); res.StatusCode != 422 {
		t.Errorf("signing twice: %d, want 422", res.StatusCode)
	}
}

func TestDecliningOnThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made := w.create(t, order)[0]
	w.press(t, made.Slug, url.Values{"action": {"decline"}, "reason": {"trop cher"}})
	if _, e := w.hub.next(t); e.EventType != "form.declined" || e.Data.Decline != "trop cher" || e.Data.Submission.Status != "declined" {
		t.Errorf("webhook %+v", e)
	}
}

func TestWebhookIsTriedAgainWithTheSameTimestamp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *docusealsim.Options) { o.Hook.Events = []string{"form.completed"} })
	w.hub.status = []int{500, 404, 302, 200}
	made := w.create(t, order)[0]
	w.press(t, made.Slug, url.Values{"action": {"sign"}})
	var stamps []string
	for range 3 { // the redirect counts as taken
		_, e := w.hub.next(t)
		stamps = append(stamps, e.Timestamp)
	}
	if stamps[0] == "" || stamps[0] != stamps[1] || stamps[1] != stamps[2] {
		t.Errorf("timestamps differ: %v", stamps)
	}
	w.sim.Close() // waits for the deliveries
	if n := len(w.hub.got); n != 0 {
		t.Errorf("%d more calls after a redirect", n)
	}
}

func TestCompleteWithoutDeliveryGivesAWebhookToSendByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made := w.create(t, order)[0]
	var out outcome
	if status := w.call(t, "POST", "/_sim/complete", `{"submission":"SAL-QTN-2026-00001"}`, &out); status != 200 {
		t.Fatalf("completing: %d", status)
	}
	header := http.Header{}
	for name, value := range out.Headers {
		header.Set(name, value)
	}
	if out.Event != "form.completed" || out.Status != "completed" || out.URL != w.hub.server.URL || !signed(header, []byte(out.Body)) || out.Delivered != nil {
		t.Errorf("outcome %+v", out)
	}
	if len(w.hub.got) != 0 {
		t.Error("the hub was called")
	}
	var sub struct {
		Status    string
		Documents []struct{ URL string }
	}
	if w.call(t, "GET", fmt.Sprintf("/api/submissions/%d", made.SubmissionID), "", &sub); sub.Status != "completed" || len(sub.Documents) != 1 {
		t.Errorf("submission %+v", sub)
	}
	if status := w.call(t, "POST", "/_sim/complete", `{"submission":"SAL-QTN-2026-00001"}`, nil); status != 409 {
		t.Errorf("completing twice: %d, want 409", status)
	}
	if status := w.call(t, "POST", "/_sim/complete", `{"submission":1}`, nil); status != 404 {
		t.Errorf("completing what is not there: %d, want 404", status)
	}
}

func TestCompleteWithDelivery(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *docusealsim.Options) { o.Hook.Events = []string{"form.completed", "submission.completed"} })
	made := w.create(t, order)[0]
	w.hub.status = []int{503} // the first is tried again in the background
	var out outcome
	w.call(t, "POST", "/_sim/complete", fmt.Sprintf(`{"submission":%d,"deliver":true}`, made.SubmissionID), &out)
	if len(out.Deliveries) != 2 || out.HTTP != 503 || *out.Delivered || !*out.Deliveries[1].Delivered {
		t.Fatalf("outcome %+v", out)
	}
	got := map[string]int{}
	for range 3 {
		_, e := w.hub.next(t)
		got[e.EventType]++
	}
	if got["form.completed"] != 2 || got["submission.completed"] != 1 {
		t.Errorf("webhooks %v", got)
	}
}

func TestTwoSignersCompleteOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *docusealsim.Options) { o.Hook.Events = []string{"form.completed", "submission.completed"} })
	made := w.create(t, `{"template_id":2,"send_email":false,"submitters":[{"role":"Client","name":"Ann"},{"role":"Entreprise","name":"Guy"}]}`)
	if len(made) != 2 {
		t.Fatalf("made %+v", made)
	}
	complete := func(role string) (out outcome) {
		w.call(t, "POST", "/_sim/complete", fmt.Sprintf(`{"submission":%d,"role":%q}`, made[0].SubmissionID, role), &out)
		return out
	}
	var body event
	first := complete("Client")
	if err := json.Unmarshal([]byte(first.Body), &body); err != nil {
		t.Fatal(err)
	}
	if first.Status != "pending" || len(first.Deliveries) != 1 || body.Data.Status != "completed" || body.Data.Submission.Status != "pending" {
		t.Errorf("after the first: %+v", first)
	}
	if last := complete("Entreprise"); last.Status != "completed" || len(last.Deliveries) != 2 || last.Deliveries[1].Event != "submission.completed" {
		t.Errorf("after the last: %+v", last)
	}
}

func TestDeliverAgainUnsignedOrLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made := w.create(t, order)[0]
	w.call(t, "POST", "/_sim/complete", fmt.Sprintf(`{"submission":%d}`, made.SubmissionID), nil)
	var out outcome
	w.call(t, "POST", "/_sim/deliver", fmt.Sprintf(`{"submission":%d,"times":2}`, made.SubmissionID), &out)
	_, first := w.hub.next(t)
	if _, second := w.hub.next(t); first.Timestamp != second.Timestamp || len(out.Deliveries) != 2 {
		t.Errorf("resends differ: %s and %s", first.Timestamp, second.Timestamp)
	}
	w.call(t, "POST", "/_sim/deliver", fmt.Sprintf(`{"submission":%d,"unsigned":true}`, made.SubmissionID), nil)
	if c, e := w.hub.next(t); c.header.Get("X-Docuseal-Signature") != "" || strings.Contains(e.Timestamp, ".") {
		t.Errorf("the test call is signed or has milliseconds: %s", e.Timestamp)
	}
	w.call(t, "POST", "/_sim/deliver", fmt.Sprintf(`{"submission":%d,"skew_s":-600}`, made.SubmissionID), nil)
	c, _ := w.hub.next(t)
	at, _, _ := strings.Cut(c.header.Get("X-Docuseal-Signature"), ".")
	if n, _ := strconv.ParseInt(at, 10, 64); n != w.clock.now().Unix()-600 || !signed(c.header, c.body) {
		t.Errorf("signed at %s", at)
	}
	w.call(t, "POST", "/_sim/deliver", fmt.Sprintf(`{"submission":%d,"event":"submission.expired"}`, made.SubmissionID), nil)
	if _, e := w.hub.next(t); e.EventType != "submission.expired" || e.Data.ID != made.SubmissionID {
		t.Errorf("event %+v", e)
	}
}
