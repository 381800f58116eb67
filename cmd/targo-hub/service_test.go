package main

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFromSignatureToInvoice sells a service with each of the six templates and
// works it off, in an order that its chain allows: each job is released when the
// last one before it is done, and with the last of all the service begins tomorrow
// and the rest of the month stands on one draft.
func TestFromSignatureToInvoice(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	t.Cleanup(func() { w.checkNothingSent(t) }) // when all of them are through
	for _, c := range []struct {
		template string
		order    []string
		released [][]string // by each job of the order
	}{
		{"fiber_install", []string{"network", "drop", "indoor", "activation"}, [][]string{{"drop"}, {"indoor"}, {"activation"}, nil}},
		{"phone_service", []string{"number", "phone"}, [][]string{{"phone"}, nil}},
		{"move_service", []string{"remove", "drop", "indoor"}, [][]string{nil, {"indoor"}, nil}},
		{"move_service", []string{"drop", "remove", "indoor"}, [][]string{nil, {"indoor"}, nil}},
		{"repair_service", []string{"diagnose", "repair"}, [][]string{{"repair"}, nil}},
		{"test_single", []string{"only"}, [][]string{nil}},
		{"test_parallel", []string{"first", "left", "right"}, [][]string{{"left", "right"}, nil, nil}},
		{"test_parallel", []string{"first", "right", "left"}, [][]string{{"left", "right"}, nil, nil}},
	} {
		t.Run(fmt.Sprint(c.template, c.order), func(t *testing.T) {
			t.Parallel()
			s := w.sold(t, h, c.template)
			before := tomorrow()
			for i, step := range c.order {
				w.checkPending(t, s)
				m := w.workOff(t, h, s, step)
				checkReleased(t, s, m, c.released[i])
				for _, next := range c.released[i] {
					h.told(t, "job-unblocked", s.jobs[next], 1)
				}
			}
			w.checkBegun(t, h, s, before, s.jobs[c.order[len(c.order)-1]])
			if status := w.field(t, "Issue", s.issue, "status"); status != "Closed" {
				t.Errorf("the issue is %v, want Closed", status)
			}
		})
	}
}

// workOff has a technician claim a job, drive there, and do it.
func (w *town) workOff(t *testing.T, h *running, s service, step string) moved {
	t.Helper()
	job := s.jobs[step]
	group := w.field(t, "Dispatch Job", job, "assigned_group")
	tech := w.put(t, "Dispatch Technician", map[string]any{"technician_id": "T-" + job, "full_name": "Technicien " + job, "assigned_group": group, "active": 1})
	status, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/claim-job", map[string]any{"job": job, "technician": tech}, nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("claiming %s answered %d %s, error %v", job, status, text, err)
	}
	h.told(t, "job-claimed", job, 1)
	if got := w.field(t, "Dispatch Job", job, "assigned_tech"); got != tech {
		t.Errorf("%s is given to %v, want %s", job, got, tech)
	}
	for _, state := range []string{"En Route", "In Progress", "Paused", "In Progress"} {
		h.move(t, job, state, nil)
		if got := w.field(t, "Dispatch Job", job, "status"); got != state {
			t.Errorf("%s is %v, want %s", job, got, state)
		}
	}
	said := map[string]any{"note": "Tout fonctionne."}
	if w.field(t, "Dispatch Job", job, "job_type") == "Removal" {
		said["disconnect_reason"] = "Déménagement"
	}
	m := h.complete(t, job, said)
	if m.Job != job || m.Status != "Completed" {
		t.Errorf("completing %s answered %+v", job, m)
	}
	return m
}

func checkReleased(t *testing.T, s service, m moved, steps []string) {
	t.Helper()
	var want []string
	for _, step := range steps {
		want = append(want, s.jobs[step])
	}
	got := slices.Sorted(slices.Values(m.Unblocked))
	slices.Sort(want)
	if !slices.Equal(want, got) {
		t.Errorf("%s released %v, want %v", m.Job, got, want)
	}
}

// checkPending asserts that the service has not begun.
func (w *town) checkPending(t *testing.T, s service) {
	t.Helper()
	if status := w.field(t, "Service Subscription", s.subscription, "status"); status != "En attente" {
		t.Errorf("the subscription is %v before its work is done", status)
	}
	w.none(t, "Sales Invoice", "service_subscription", s.subscription)
}

// checkBegun asserts that the service is in force from the day after its last job
// was done, and billed once. last may have been done on the next day already.
func (w *town) checkBegun(t *testing.T, h *running, s service, before time.Time, last string) {
	t.Helper()
	h.awaitEffect(t, last, "activation")
	sub, err := w.site.Doc("Service Subscription", s.subscription)
	if err != nil {
		t.Fatal(err)
	}
	start, err := time.Parse(time.DateOnly, fmt.Sprint(sub["start_date"]))
	if err != nil || sub["status"] != "Actif" || start.Before(before) || start.After(tomorrow()) {
		t.Fatalf("the subscription is %v from %v, want Actif from %s", sub["status"], sub["start_date"], before.Format(time.DateOnly))
	}
	if status := w.field(t, "Service Contract", s.contract, "status"); status != "Actif" {
		t.Errorf("the contract is %v", status)
	}
	if start.Day() == 1 { // the monthly run bills it
		w.none(t, "Sales Invoice", "service_subscription", s.subscription)
		return
	}
	w.checkDraft(t, fmt.Sprint(w.one(t, "Sales Invoice", "service_subscription", s.subscription)["name"]), start)
}

// checkDraft asserts that an invoice is a draft of the rest of a month.
func (w *town) checkDraft(t *testing.T, name string, start time.Time) {
	t.Helper()
	invoice, err := w.site.Doc("Sales Invoice", name)
	if err != nil {
		t.Fatal(err)
	}
	cents := func(v any) int64 {
		f, _ := v.(float64)
		return int64(math.Round(f * 100))
	}
	net, tps, tvq := share(start, monthly)
	got := []any{invoice["docstatus"], cents(invoice["net_total"]), cents(invoice["grand_total"]), invoice["company"], invoice["period_start"]}
	for _, row := range invoice["taxes"].([]any) {
		got = append(got, cents(row.(map[string]any)["tax_amount"]))
	}
	for _, row := range invoice["items"].([]any) {
		got = append(got, row.(map[string]any)["income_account"])
	}
	want := []any{int64(0), net, net + tps + tvq, "TARGO", start.Format(time.DateOnly), tps, tvq, "Ventes - T"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the draft %s from %s (-want +got):\n%s", name, start.Format(time.DateOnly), diff)
	}
}

// TestShare holds the tests' own arithmetic against what is known.
func TestShare(t *testing.T) {
	t.Parallel()
	for day, want := range map[string][3]int64{
		"2026-04-24": {932, 47, 93}, "2026-04-30": {133, 7, 13}, "2026-02-02": {3852, 193, 384}, "2028-02-29": {138, 7, 14},
	} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		net, tps, tvq := share(at, monthly)
		if diff := cmp.Diff(want, [3]int64{net, tps, tvq}); diff != "" {
			t.Errorf("from %s (-want +got):\n%s", day, diff)
		}
	}
}
