package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

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
	await(t, quotation+" is accepted", func() bool { return h.accepted(t, quotation, &out) })
	return out
}

// accepted looks once whether a quotation is.
func (h *running) accepted(t *testing.T, quotation string, out *outcomeState) bool {
	t.Helper()
	var raw json.RawMessage
	if h.call(t, http.MethodGet, "/accept/"+quotation+"/state", nil, &raw) != http.StatusOK {
		return false // ERPNext may be away for a moment
	}
	if err := json.Unmarshal(raw, out); err != nil {
		t.Fatalf("the state of %s: %v: %s", quotation, err, raw)
	}
	return out.Status == "accepted"
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

// upsets are the ways in which a request goes wrong; of several, one breakage
// gets the first, the next one the second.
func upsets() map[string][]simkit.Fault {
	return map[string][]simkit.Fault{
		"refused":           {{Status: http.StatusExpectationFailed}},
		"failed":            {{Status: http.StatusInternalServerError}, {Status: http.StatusServiceUnavailable}},
		"reply lost":        {{DropAfterCommit: true, Next: 2}},
		"connection cut":    {{DropBefore: true, Next: 2}},
		"failed many times": {{Status: http.StatusBadGateway, Next: 4}},
	}
}

// TestSignedFormBecomesWork fails each step of the outcome, in every way,
// delivers again, and finds exactly one of everything.
func TestSignedFormBecomesWork(t *testing.T) {
	t.Parallel()
	t.Run("nothing fails", func(t *testing.T) {
		t.Parallel()
		survives(t, breakages()[:3], []simkit.Fault{{}})
	})
	for name, faults := range upsets() {
		for part := range slices.Chunk(breakages(), 4) { // a town for each part: they wait at the same time
			t.Run(name+" while "+part[0].step, func(t *testing.T) {
				t.Parallel()
				survives(t, part, faults)
			})
		}
	}
}

// survives signs one form for each breakage, with one of the faults in its way.
func survives(t *testing.T, part []breakage, faults []simkit.Fault) {
	t.Helper()
	w := newTown(t)
	h := w.start(t)
	var done []string
	for i, b := range part {
		form, fault := w.signed(t, h), faults[i%len(faults)]
		if fault != (simkit.Fault{}) {
			w.fail(b, fault)
		}
		deliverAgain(t, h, form, i%3)
		if fault.Next > 1 && !fault.DropAfterCommit { // else every create waits for a back-off, twice and more
			h.insist(t, form)
		}
		w.checkOne(t, h, form.quotation)
		if fault != (simkit.Fault{}) && w.armed(t, b.at) >= max(fault.Next, 1) {
			t.Errorf("nothing went wrong while %s", b.step)
		}
		w.site.Fault().Reset()
		if t.Failed() {
			t.Fatalf("after the upset while %s", b.step)
		}
		done = append(done, form.quotation)
	}
	w.checkEvents(t, h, done)
	w.checkNothingSent(t)
}

// armed counts the requests that a simulator is still to spoil.
func (w *town) armed(t *testing.T, at string) int {
	t.Helper()
	resp, err := http.Get(w.urls[at] + "/_sim/state")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var state struct{ Faults []struct{ Next int } }
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, f := range state.Faults {
		left += f.Next
	}
	return left
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
		return h.accepted(t, form.quotation, &outcomeState{})
	})
}
