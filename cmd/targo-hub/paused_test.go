package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// m is a JSON object.
type m = map[string]any

// routesOf reads the golden list: "POST /messages".
func routesOf(t *testing.T) (routes []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "routes.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if f := strings.Fields(line); len(f) > 1 {
			routes = append(routes, f[0]+" "+f[1])
		}
	}
	return routes
}

// till is a site that writes down what would ask somebody for money.
type till struct {
	*erpnextsim.Site
	mu    sync.Mutex
	rings []string
}

var (
	moneyDoctypes = regexp.MustCompile(`(?i)sales.invoice|payment.entry|payment.request|journal.entry|pos.invoice|dunning`)
	asksForMoney  = regexp.MustCompile(`(?i)"docstatus\\?"\s*:\s*\\?"?(1|true)|submit|make_payment_request|activate_scheduler`)
)

func (l *till) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	target, err := url.QueryUnescape(r.URL.RequestURI())
	text := r.Method + " " + target + " " + string(raw)
	if err != nil || !strings.HasPrefix(r.URL.Path, "/_sim/") && moneyDoctypes.MatchString(text) && asksForMoney.MatchString(text) || strings.Contains(text, "activate_scheduler") {
		l.mu.Lock()
		l.rings = append(l.rings, text)
		l.mu.Unlock()
	}
	l.Site.ServeHTTP(w, r)
}

// submitted counts by doctype what is no draft any more, and what ERPNext would
// have sent.
func (l *till) submitted(t *testing.T) map[string]any {
	t.Helper()
	answer := httptest.NewRecorder()
	l.Site.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/_sim/state", nil))
	var shown struct {
		State struct{ Submitted, Documents map[string]any }
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &shown); err != nil {
		t.Fatal(err)
	}
	state := shown.State
	for _, harmless := range []string{"Quotation", "Sales Order", "Stock Entry"} {
		delete(state.Submitted, harmless)
	}
	for _, doctype := range []string{"Payment Request", "Subscription", "Auto Repeat", "Newsletter", "Email Queue"} {
		state.Submitted["any "+doctype] = state.Documents[doctype]
	}
	return state.Submitted
}

// TestPausedBilling: while billing is paused every route there is, asked for what
// it is for and for what it is not, by the staff and by a service, and every task
// of the schedule leave each invoice and payment a draft, and nobody is written to.
func TestPausedBilling(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	l := &till{Site: w.site}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	w.urls["erp"] = server.URL
	h := w.startWith(t, overridden(w.environ(w.yard(t, 1).environ...), []string{
		"TARGO_BILLING_PAUSED=true", "TARGO_MIRROR_DOCTYPES=Issue", "TARGO_GATEWAY_METHODS=defaults," + strings.Join(opened(), ","),
		"TARGO_GATEWAY_DOCTYPES=defaults,Sales Invoice:all,Payment Entry:all,Payment Request:all,Journal Entry:all",
	}))
	a := w.aimed(t, h)
	all := probes(a)
	covered := slices.Sorted(maps.Keys(all))
	routes := slices.Sorted(slices.Values(routesOf(t)))
	if diff := cmp.Diff(routes, covered); diff != "" {
		t.Fatalf("the probes do not cover the routes (-routes +probes):\n%s", diff)
	}
	before := l.submitted(t)
	refused := h.probeAll(t, all, h.staff, serviceToken, a.phone)
	h.hostile(t, all)
	h.runTasks(t)
	if diff := cmp.Diff(before, l.submitted(t)); diff != "" {
		t.Errorf("ERPNext has documents that ask for money (-before +after):\n%s", diff)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ring := range l.rings {
		t.Errorf("ERPNext was asked: %.300s", ring)
	}
	if refused == 0 {
		t.Error("no request was refused with billing-paused: the probes try nothing")
	}
	w.checkNothingSent(t)
}

// opened are methods that no site would open, for the guard to stand alone; others
// cannot be opened at all.
func opened() []string {
	return []string{
		"frappe.client.submit", "frappe.client.insert", "frappe.client.save", "frappe.client.set_value",
		"erpnext.accounts.doctype.payment_request.payment_request.make_payment_request", "doc:submit",
	}
}

// aimed puts what the probes are about.
func (w *town) aimed(t *testing.T, h *running) aims {
	t.Helper()
	e, s, single := w.bound(t), w.sold(t, h, "fiber_install"), w.sold(t, h, "test_single")
	a := aims{
		quotation: s.quotation, customer: e.customer, issue: s.issue, contract: e.contract, subscription: e.subscription, spare: w.bound(t).subscription, away: w.bound(t).subscription, rest: w.bound(t).subscription,
		job: s.jobs["network"], next: s.jobs["drop"], only: single.jobs["only"], loose: w.put(t, "Dispatch Job", m{"subject": "Seule", "assigned_group": "Réseau"}),
		hand: w.put(t, "Dispatch Job", m{"subject": "Donnée", "assigned_group": "Réseau"}),
	}
	a.tech = w.put(t, "Dispatch Technician", m{"technician_id": "TECH-1", "full_name": "Un", "assigned_group": "Réseau", "active": 1, "phone": "514-555-0107"})
	a.invoice = w.put(t, "Sales Invoice", m{"customer": a.customer, "company": "TARGO", "items": []any{m{"item_code": "FIBRE-500", "qty": 1, "rate": 10, "income_account": "Ventes - T"}}})
	a.payment = w.put(t, "Payment Entry", m{
		"payment_type": "Receive", "party_type": "Customer", "party": a.customer, "paid_amount": 10, "received_amount": 10, "reference_no": "x", "reference_date": "2026-01-02",
		"company": "TARGO",
	})
	var planned struct{ Changes []struct{ ID string } }
	if status := h.call(t, http.MethodPost, "/contract/vacation", vacation(w.bound(t).subscription), &planned); status/100 != 2 || len(planned.Changes) == 0 {
		t.Fatalf("planning a vacation answered %d with %d changes", status, len(planned.Changes))
	}
	if status := h.call(t, http.MethodPost, "/contract/suspend", m{"subscription": a.away, "reason": "Non-paiement", "force": true}, nil); status/100 != 2 {
		t.Fatalf("suspending answered %d", status)
	}
	a.mine = w.put(t, "Dispatch Job", m{"subject": "Sur le téléphone", "status": "Assigned", "published": 1, "assigned_tech": a.tech})
	_, a.phone = h.techLink(t, a.tech, a.mine, false)
	a.change = planned.Changes[0].ID
	a.message = h.say(t, "sms", "514-555-0188").ID
	page := h.inbox(t, "")
	if page.count == 0 {
		t.Fatal("the inbox is empty")
	}
	a.delivery = page.Items[0].ID
	return a
}

// probe sends one attempt and returns the status; a stream is left after a moment.
func (h *running) probe(t *testing.T, token, route string, p attempt) (int, string) {
	t.Helper()
	method, path, _ := strings.Cut(route, " ")
	if p.path != "" {
		path = p.path
	}
	var body io.Reader
	kind := "application/json"
	if table, plain := p.body.(table); plain {
		body, kind = strings.NewReader(string(table)), "text/csv"
	} else if p.body != nil {
		raw, err := json.Marshal(p.body)
		if err != nil {
			t.Error(err)
		}
		body = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, h.url+path, body)
	if err != nil {
		t.Errorf("%s: %v", route, err)
		return 0, ""
	}
	if !strings.HasSuffix(path, "/logout") { // which would end what follows
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Errorf("%s: %v", route, err)
		return 0, ""
	}
	defer resp.Body.Close()
	if route == "GET /events" || route == "GET /gps/stream" { // never ends by itself
		time.AfterFunc(50*time.Millisecond, cancel)
	}
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer)
}

// probeAll asks every route what it is for, one after the other, and counts what
// was refused because billing is paused.
func (h *running) probeAll(t *testing.T, all map[string][]attempt, tokens ...string) (refused int) {
	t.Helper()
	for _, route := range slices.Sorted(maps.Keys(all)) {
		served, said := !strings.Contains(route, "/contract/") && !strings.Contains(route, "/dispatch/") && !strings.Contains(route, "/billing/"), ""
		for _, p := range all[route] {
			for _, token := range tokens {
				status, answer := h.probe(t, token, route, p)
				served, said = served || status/100 == 2, answer
				if broken(route, status) {
					t.Errorf("%s %s answered %d %.300s", route, p.path, status, answer)
				}
				if status == http.StatusForbidden && strings.Contains(answer, "billing-paused") {
					refused++
				}
			}
		}
		if !served {
			t.Errorf("%s was never done: the last answer is %.400s", route, said)
		}
	}
	return refused
}

// broken tells that a route failed by itself: a part may be off, and ERPNext may
// fail over what the gateway passes on.
func broken(route string, status int) bool {
	passed := status == http.StatusBadGateway && strings.Contains(route, " /api/")
	return status >= 500 && status != http.StatusServiceUnavailable && !passed
}

// hostile asks every route that changes something for what it is not for, many
// at once.
func (h *running) hostile(t *testing.T, all map[string][]attempt) {
	t.Helper()
	bodies := []any{
		nil, []any{}, "docstatus", 1, m{}, m{"docstatus": 1, "doctype": "Sales Invoice", "submit": true, "action": "Submit", "run_method": "submit", "cmd": "frappe.client.submit"},
		m{"contract": nil, "job": -1, "reason": strings.Repeat("é", 4000), "technician": []any{nil}}, m{"job": "../../api/method/logout", "contract": "' OR 1=1 --"},
	}
	var group sync.WaitGroup
	lanes := make(chan struct{}, 6)
	for route, list := range all {
		if strings.HasPrefix(route, "GET ") {
			continue
		}
		group.Go(func() {
			lanes <- struct{}{}
			defer func() { <-lanes }()
			for i, body := range bodies {
				path := list[0].path
				if i == len(bodies)-1 && strings.Contains(route, "{") {
					path = strings.ReplaceAll(list[0].path, "/1/", "/..%2F..%2Fapi%2Fmethod%2Flogout/")
				}
				token := []string{h.staff, serviceToken}[i%2]
				if status, answer := h.probe(t, token, route, attempt{path, body}); broken(route, status) {
					t.Errorf("%s with %.60v answered %d %.300s", route, body, status, answer)
				}
			}
		})
	}
	group.Wait()
}

// runTasks runs everything that is done by the clock, now.
func (h *running) runTasks(t *testing.T) {
	t.Helper()
	var tasks struct{ Items []struct{ Name string } }
	if status := h.call(t, http.MethodGet, "/schedule", nil, &tasks); status != http.StatusOK || len(tasks.Items) == 0 {
		t.Fatalf("the schedule answered %d with %d tasks", status, len(tasks.Items))
	}
	for _, task := range tasks.Items {
		h.runTask(t, task.Name)
	}
}

// runTask runs a task now and waits for its end.
func (h *running) runTask(t *testing.T, name string) {
	t.Helper()
	var started struct{ ID string }
	if status := h.call(t, http.MethodPost, "/schedule/"+name+"/run", nil, &started); status != http.StatusAccepted {
		t.Errorf("running %s answered %d", name, status)
	}
	await(t, "task "+name+" has run", func() bool {
		var runs struct{ Items []struct{ ID, Status string } }
		h.call(t, http.MethodGet, "/schedule/"+name+"/runs", nil, &runs)
		i := slices.IndexFunc(runs.Items, func(r struct{ ID, Status string }) bool { return r.ID == started.ID })
		if i >= 0 && runs.Items[i].Status == "dead" {
			t.Errorf("task %s broke down", name)
		}
		return i >= 0 && slices.Contains([]string{"done", "dead", "skipped"}, runs.Items[i].Status)
	})
}
