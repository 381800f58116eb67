package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/simkit"
)

// signedForm is a quotation that its customer has signed at DocuSeal, and the
// webhook that says so.
type signedForm struct {
	quotation string
	body      []byte
}

// signed makes a quotation, its envelope, and the signature.
func (w *town) signed(t *testing.T, h *running) signedForm {
	t.Helper()
	f := signedForm{quotation: w.quotation(t, "Commercial", nil)}
	var made struct {
		EnvelopeID string `json:"envelope_id"`
	}
	if status := h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": f.quotation}, &made); status != http.StatusCreated {
		t.Fatalf("generate answered %d", status)
	}
	f.body = w.complete(t, made.EnvelopeID)
	return f
}

// complete signs an envelope and returns the form.completed webhook.
func (w *town) complete(t *testing.T, envelope string) []byte {
	t.Helper()
	resp, err := http.Post(w.urls["seal"]+"/_sim/complete", "application/json", strings.NewReader(`{"submission":`+envelope+`}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var out struct {
		Event string `json:"event_type"`
		Body  string `json:"body"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil || out.Event != "form.completed" {
		t.Fatalf("completing envelope %s gave %q, error %v", envelope, out.Event, err)
	}
	return []byte(out.Body)
}

// outcomeState is what GET /accept/{quotation}/state answers.
type outcomeState struct {
	Status, Contract, Issue, Subscription string
	Jobs                                  []string
	Steps                                 []struct{ Name, State, Trace, Note string }
}

func (h *running) awaitAccepted(t *testing.T, quotation string) outcomeState {
	t.Helper()
	var out outcomeState
	await(t, quotation+" is accepted", func() bool {
		var raw json.RawMessage
		if h.call(t, http.MethodGet, "/accept/"+quotation+"/state", nil, &raw) != http.StatusOK {
			return false // ERPNext may be away for a moment
		}
		if err := json.Unmarshal(raw, &out); err != nil {
			t.Fatalf("the state of %s: %v: %s", quotation, err, raw)
		}
		return out.Status == "accepted"
	})
	return out
}

// checkOne asserts that exactly one of everything exists.
func (w *town) checkOne(t *testing.T, h *running, quotation string) {
	t.Helper()
	out := h.awaitAccepted(t, quotation)
	q, err := w.site.Doc("Quotation", quotation)
	if err != nil {
		t.Fatal(err)
	}
	if q["docstatus"] != int64(1) || q["custom_accepted_at"] == nil || q["custom_signed_pdf"] == nil {
		t.Errorf("quotation %s: docstatus %v, accepted %v, document %v", quotation, q["docstatus"], q["custom_accepted_at"], q["custom_signed_pdf"])
	}
	contract := w.one(t, "Service Contract", "quotation", quotation)
	if contract["status"] != "Signé" || contract["name"] != out.Contract {
		t.Errorf("contract %v of %s has status %v", contract["name"], quotation, contract["status"])
	}
	w.one(t, "Issue", "service_contract", contract["name"])
	w.checkChain(t, contract["name"])
	subscription := w.one(t, "Service Subscription", "service_contract", contract["name"])
	if subscription["status"] != "En attente" || contract["service_subscription"] != subscription["name"] {
		t.Errorf("subscription %v is %v; the contract is linked to %v", subscription["name"], subscription["status"], contract["service_subscription"])
	}
	w.one(t, "File", "attached_to_name", quotation)
	w.checkMessages(t, h, fmt.Sprint(q["party_name"]))
}

func (w *town) one(t *testing.T, doctype, field string, value any) map[string]any {
	t.Helper()
	docs, err := w.site.All(doctype, map[string]any{field: value})
	if err != nil {
		t.Fatal(err)
	}
	if len(docs) != 1 {
		t.Fatalf("%d documents of type %s with %s = %v, want exactly one", len(docs), doctype, field, value)
	}
	return docs[0]
}

// checkChain asserts the four jobs of a fibre installation, each waiting for the
// one before.
func (w *town) checkChain(t *testing.T, contract any) {
	t.Helper()
	jobs, err := w.site.All("Dispatch Job", map[string]any{"service_contract": contract})
	if err != nil {
		t.Fatal(err)
	}
	byOrder := map[any]map[string]any{}
	for _, j := range jobs {
		byOrder[j["step_order"]] = j
	}
	if len(jobs) != 4 || len(byOrder) != 4 {
		t.Fatalf("%d jobs with %d places for %v, want 4", len(jobs), len(byOrder), contract)
	}
	groups := []any{"Réseau", "Fibre", "Installation", "Support"}
	var before any
	for i := range int64(4) {
		j := byOrder[i+1]
		if j["scheduled_date"] == nil || j["assigned_group"] != groups[i] || j["depends_on"] != before || j["source_issue"] == nil {
			t.Errorf("job %d: date %v, group %v, waits for %v (want %v)", i+1, j["scheduled_date"], j["assigned_group"], j["depends_on"], before)
		}
		before = j["name"]
	}
}

func (w *town) checkMessages(t *testing.T, h *running, customer string) {
	t.Helper()
	got := map[string]int{}
	await(t, "the thanks are captured", func() bool {
		var page struct {
			Items []struct{ Channel, Status string }
		}
		h.call(t, http.MethodGet, "/messages?customer="+url.QueryEscape(customer), nil, &page)
		got = map[string]int{}
		for _, m := range page.Items {
			got[m.Channel+" "+m.Status]++
		}
		return got["sms captured"]+got["email captured"] >= 2
	})
	if diff := cmp.Diff(map[string]int{"sms captured": 1, "email captured": 1}, got); diff != "" {
		t.Errorf("messages to %s (-want +got):\n%s", customer, diff)
	}
}

// checkEvents reads the whole ring and asserts one quotation.accepted for each
// quotation. A quotation.sent made for the purpose marks the end.
func (w *town) checkEvents(t *testing.T, h *running, quotations []string) {
	t.Helper()
	mark := w.quotation(t, "Commercial", nil)
	h.call(t, http.MethodPost, "/accept/generate", map[string]any{"quotation": mark}, nil)
	r, _ := http.NewRequest(http.MethodGet, h.url+"/events?topics=quotations", nil)
	r.Header.Set("Authorization", "Bearer "+h.staff)
	r.Header.Set("Last-Event-ID", "0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	seen := map[string]int{}
	name := ""
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = n
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var e struct{ Quotation string }
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			t.Fatalf("event data %q: %v", data, err)
		}
		if e.Quotation == mark {
			break
		}
		if name == "quotation.accepted" {
			seen[e.Quotation]++
		}
	}
	for _, q := range quotations {
		if seen[q] != 1 {
			t.Errorf("%d quotation.accepted events for %s, want exactly one", seen[q], q)
		}
	}
}

// breakage is a request of the story that can go wrong.
type breakage struct{ step, at, match string }

func breakages() []breakage {
	return []breakage{
		{"reading the envelope", "seal", "GET /api/submissions/"},
		{"reading the quotation", "erp", "GET /api/resource/Quotation"},
		{"marking it accepted", "erp", "PUT /api/resource/Quotation"},
		{"looking for the contract", "erp", "GET /api/resource/Service Contract"},
		{"making the contract", "erp", "POST /api/resource/Service Contract"},
		{"making the issue", "erp", "POST /api/resource/Issue"},
		{"making a job", "erp", "POST /api/resource/Dispatch Job"},
		{"making the subscription", "erp", "POST /api/resource/Service Subscription"},
		{"linking the contract", "erp", "PUT /api/resource/Service Contract"},
		{"asking for the document", "seal", "/documents"},
		{"downloading it", "seal", "/file/"},
		{"attaching it", "erp", "POST /api/method/upload_file"},
	}
}

func (w *town) fail(b breakage, f simkit.Fault) {
	f.Match = b.match
	if b.at == "seal" {
		w.seal.Control().Fail(f)
		return
	}
	w.site.Fault().Fail(f)
}

// TestSignedFormBecomesWork fails each step of the outcome once, in every way,
// delivers again, and finds exactly one of everything.
func TestSignedFormBecomesWork(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simkit.Fault{
		"nothing fails":       {},
		"500":                 {Status: http.StatusInternalServerError},
		"417":                 {Status: http.StatusExpectationFailed},
		"503":                 {Status: http.StatusServiceUnavailable},
		"reply lost":          {DropAfterCommit: true, Next: 2},
		"connection cut":      {DropBefore: true, Next: 2},
		"several upsets in a": {Status: http.StatusBadGateway, Next: 4},
	} {
		for part := range slices.Chunk(breakages(), 4) { // a town for each part: they wait at the same time
			t.Run(name+" while "+part[0].step, func(t *testing.T) {
				t.Parallel()
				survives(t, part, fault)
			})
		}
	}
}

// survives signs one form for each breakage, with the fault in its way.
func survives(t *testing.T, part []breakage, fault simkit.Fault) {
	t.Helper()
	w := newTown(t)
	h := w.start(t)
	var done []string
	for i, b := range part {
		form := w.signed(t, h)
		if fault != (simkit.Fault{}) {
			w.fail(b, fault)
		}
		deliverAgain(t, h, form, i%3)
		if fault.Next > 1 && !fault.DropAfterCommit { // else every create waits for a back-off, twice and more
			h.insist(t, form)
		}
		w.checkOne(t, h, form.quotation)
		w.site.Fault().Reset()
		if t.Failed() {
			t.Fatalf("after the upset while %s", b.step)
		}
		done = append(done, form.quotation)
	}
	w.checkEvents(t, h, done)
	w.checkNothingSent(t)
}

// deliverAgain delivers a form and repeats it: once, twice, or five times at
// once. Each delivery must be taken.
func deliverAgain(t *testing.T, h *running, form signedForm, how int) {
	t.Helper()
	repeat := []int{1, 2, 5}[how]
	if status := h.deliver(t, form.body); status != http.StatusOK {
		t.Fatalf("the delivery was answered %d", status)
	}
	if how < 2 {
		for range repeat {
			if status := h.deliver(t, form.body); status != http.StatusOK {
				t.Fatalf("the repeated delivery was answered %d", status)
			}
		}
		return
	}
	var all sync.WaitGroup
	for range repeat {
		all.Go(func() {
			if status := h.deliver(t, bytes.Clone(form.body)); status != http.StatusOK {
				t.Errorf("a simultaneous delivery was answered %d", status)
			}
		})
	}
	all.Wait()
}

// insist delivers a form until its quotation is accepted, as a sender does that
// was told nothing: what waits for its next try is tried at once.
func (h *running) insist(t *testing.T, form signedForm) {
	t.Helper()
	await(t, form.quotation+" is accepted", func() bool {
		if status := h.deliver(t, form.body); status != http.StatusOK {
			t.Fatalf("the repeated delivery was answered %d", status)
		}
		var out outcomeState
		h.call(t, http.MethodGet, "/accept/"+form.quotation+"/state", nil, &out)
		return out.Status == "accepted"
	})
}

// checkNothingSent asserts that the gate was shut.
func (w *town) checkNothingSent(t *testing.T) {
	t.Helper()
	for _, at := range []string{"sms", "mail"} {
		resp, err := http.Get(w.urls[at] + "/_sim/sent")
		if err != nil {
			t.Fatal(err)
		}
		var sent struct{ Items []any }
		err = json.NewDecoder(resp.Body).Decode(&sent)
		_ = resp.Body.Close()
		if err != nil || len(sent.Items) != 0 {
			t.Errorf("%s got %d messages, error %v", at, len(sent.Items), err)
		}
	}
}
