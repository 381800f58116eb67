package main

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWizardStepsBecomeJobs: the steps of the order wizard are the jobs, one of
// them waiting for two; steps that cannot be read give way to the template.
func TestWizardStepsBecomeJobs(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	const steps = `[{"id":"a","label":"Relevé","group":"Réseau","job_type":"Survey"},
		{"id":"b","label":"Conduit","group":"Fibre","offset":2},
		{"id":"c","label":"Mise en service","group":"Support","depends_on":["a","b"],"tags":["inconnue"]}]`
	chain := w.accepted(t, h, steps)
	if len(chain) != 3 {
		t.Fatalf("%d jobs, want 3", len(chain))
	}
	last := chain[2]
	job, err := w.site.Doc("Dispatch Job", last["name"].(string))
	if err != nil {
		t.Fatal(err)
	}
	var waits []any
	for _, row := range job["predecessors"].([]any) {
		waits = append(waits, row.(map[string]any)["job"])
	}
	if diff := cmp.Diff([]any{chain[0]["name"], chain[1]["name"]}, waits); diff != "" {
		t.Errorf("the last job waits for (-want +got):\n%s", diff)
	}
	if last["status"] != "On Hold" || last["depends_on"] != chain[0]["name"] || chain[1]["status"] != "Open" || last["assigned_group"] != "Support" {
		t.Errorf("jobs: %v", chain)
	}
	if broken := w.accepted(t, h, `[{"id":"a","depends_on":"z"}]`); len(broken) != 4 {
		t.Errorf("%d jobs after broken steps, want the template's 4", len(broken))
	}
}

// accepted signs a quotation with wizard steps and returns its jobs in order.
func (w *town) accepted(t *testing.T, h *running, steps string) []map[string]any {
	t.Helper()
	quotation := w.quotation(t, "Résidentiel", map[string]any{"custom_wizard_steps": steps})
	body := map[string]any{"token": tokenOf(h.link(t, quotation)), "name": "Ève Tremblay", "consents": []string{"terms"}}
	if status, a := h.confirm(t, "/accept/confirm", body); status != http.StatusOK {
		t.Fatalf("confirm answered %d %s", status, a.Code)
	}
	h.awaitAccepted(t, quotation)
	contract := w.one(t, "Service Contract", "quotation", quotation)
	jobs, err := w.site.All("Dispatch Job", map[string]any{"service_contract": contract["name"]})
	if err != nil {
		t.Fatal(err)
	}
	ordered := make([]map[string]any, len(jobs))
	for _, j := range jobs {
		ordered[j["step_order"].(int64)-1] = j
	}
	return ordered
}
