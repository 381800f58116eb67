package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
