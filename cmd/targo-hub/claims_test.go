package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestTwentyTechniciansClaimOneJob: exactly one gets it, and the others are told
// who, on each engine.
func TestTwentyTechniciansClaimOneJob(t *testing.T) {
	t.Parallel()
	for _, engine := range engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			w.on(t, engine)
			h := w.start(t)
			job := w.put(t, "Dispatch Job", map[string]any{"subject": "Une seule", "assigned_group": "Fibre", "status": "Open"})
			var techs []string
			for i := range 20 {
				techs = append(techs, w.put(t, "Dispatch Technician", map[string]any{
					"technician_id": fmt.Sprintf("TECH-%02d", i), "full_name": fmt.Sprintf("Technicien %d", i), "assigned_group": "Fibre", "active": 1,
				}))
			}
			answers := make([]string, len(techs))
			var won, lost []int
			var mu sync.Mutex
			var all sync.WaitGroup
			for i, tech := range techs {
				all.Go(func() {
					status, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/claim-job", map[string]any{"job": job, "technician": tech}, nil)
					mu.Lock()
					defer mu.Unlock()
					answers[i] = text
					switch {
					case err == nil && status == http.StatusOK:
						won = append(won, i)
					case err == nil && status == http.StatusConflict:
						lost = append(lost, i)
					default:
						t.Errorf("%s was answered %d %s, error %v", tech, status, text, err)
					}
				})
			}
			all.Wait()
			if len(won) != 1 || len(lost) != len(techs)-1 {
				t.Fatalf("%d technicians have the job, %d were refused", len(won), len(lost))
			}
			winner := techs[won[0]]
			if got := w.field(t, "Dispatch Job", job, "assigned_tech"); got != winner {
				t.Errorf("ERPNext gives the job to %v, the hub said %s", got, winner)
			}
			if i := slices.IndexFunc(lost, func(i int) bool { return !strings.Contains(answers[i], winner) }); i >= 0 {
				t.Errorf("a refusal does not name %s: %s", winner, answers[lost[i]])
			}
			h.told(t, "job-claimed", job, 1)
			status, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/claim-job", map[string]any{"job": job, "technician": winner}, nil)
			if err != nil || status != http.StatusOK {
				t.Errorf("the winner asks again: %d %s, error %v", status, text, err)
			}
		})
	}
}

// TestJobIsNotClaimed: what is no free job of the technician's own group stays.
func TestJobIsNotClaimed(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	tech := w.put(t, "Dispatch Technician", map[string]any{"technician_id": "TECH-9", "full_name": "Neuf", "assigned_group": "Fibre", "active": 1})
	for name, c := range map[string]struct{ group, status, code string }{
		"another group's": {"Support", "Open", "state-conflict"},
		"done":            {"Fibre", "Completed", "transition-illegal"},
		"waiting":         {"Fibre", "On Hold", "transition-illegal"},
	} {
		job := w.put(t, "Dispatch Job", m{"subject": name, "assigned_group": c.group, "status": c.status})
		var p struct{ Code string }
		status, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/claim-job", m{"job": job, "technician": tech}, &p)
		if err != nil || status != http.StatusConflict || p.Code != c.code {
			t.Errorf("%s: %d %s, error %v; want 409 %s", name, status, text, err, c.code)
		}
		if got := w.field(t, "Dispatch Job", job, "assigned_tech"); got != nil {
			t.Errorf("%s: given to %v", name, got)
		}
	}
	if status, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/claim-job", map[string]any{"job": "DJ-99999", "technician": tech}, nil); err != nil || status != http.StatusNotFound {
		t.Errorf("a job that is not there: %d %s, error %v", status, text, err)
	}
}

// TestDeletedJobs deletes the first, the middle and the last job of a chain: the
// others are chained anew first, and the work still comes to its end.
func TestDeletedJobs(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	for _, c := range []struct {
		step, next string   // next is who waited for the deleted one
		waits      []string // for whom it waits then
		order      []string // of what is left
	}{
		{"network", "drop", nil, []string{"drop", "indoor", "activation"}},
		{"drop", "indoor", []string{"network"}, []string{"network", "indoor", "activation"}},
		{"activation", "", nil, []string{"network", "drop", "indoor"}},
	} {
		s := w.sold(t, h, "fiber_install") // all of them before a deletion: its number would be given out again
		t.Run(c.step, func(t *testing.T) {
			t.Parallel()
			status, text, err := h.ask(h.staff, http.MethodPost, "/dispatch/job-delete", map[string]any{"job": s.jobs[c.step]}, nil)
			if err != nil || status != http.StatusOK {
				t.Fatalf("deleting %s answered %d %s, error %v", c.step, status, text, err)
			}
			// Not asked for by name: ERPNext gives the number of its last document out again.
			if left := w.all(t, "Dispatch Job", m{"service_contract": s.contract, "step_id": c.step}); len(left) > 0 {
				t.Errorf("%s is still there: %v", c.step, left)
			}
			if c.next != "" {
				w.checkWaits(t, s, c.next, c.waits)
			}
			before := tomorrow()
			for _, step := range c.order {
				if got := w.field(t, "Dispatch Job", s.jobs[step], "status"); got != "Open" {
					t.Fatalf("%s is %v when its turn has come", step, got)
				}
				h.carryOut(t, s.jobs[step])
			}
			w.checkBegun(t, h, s, before, s.jobs[c.order[len(c.order)-1]])
		})
	}
}

// checkWaits asserts for whom a job waits, in the field of old clients as well.
func (w *town) checkWaits(t *testing.T, s service, step string, want []string) {
	t.Helper()
	doc, err := w.site.Doc("Dispatch Job", s.jobs[step])
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	rows, _ := doc["predecessors"].([]any)
	for _, row := range rows {
		got = append(got, fmt.Sprint(row.(map[string]any)["job"]))
	}
	var names []string
	for _, each := range want {
		names = append(names, s.jobs[each])
	}
	first, _ := doc["depends_on"].(string)
	if !slices.Equal(names, got) || len(names) > 0 && first != names[0] || len(names) == 0 && first != "" {
		t.Errorf("%s waits for %v (and %q), want %v", step, got, first, names)
	}
}
