package dispatch_test

import (
	"net/http"
	"slices"
	"testing"
)

// TestDispatchersWorkOnOneBoard: what is assigned and chained through the desk is
// seen on its board, causes no move past the hub, and is taken back in the order in
// which it was done.
func TestDispatchersWorkOnOneBoard(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{words: "Assigned=Attribué"})
	of.put(t, "Property Setter", map[string]any{"doctype_or_field": "DocField", "doc_type": "Dispatch Job", "field_name": "status", "property": "options",
		"property_type": "Text", "value": "Open\nAttribué\nScheduled\nEn Route\nIn Progress\nPaused\nOn Hold\nCompleted\nCancelled"})
	first, second := of.file(t, nil), of.file(t, nil)
	if a := of.post(t, "staff:ann", "/dispatch/assign", body{"job": second, "technician": "T1"}); a.code != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	if err := of.desk.Noticed(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if a := of.ask(t, "staff:ann", http.MethodGet, "/dispatch/job/"+second+"/effects", nil); len(a.Moves) > 0 {
		t.Errorf("an assignment was taken for a move past the hub: %+v", a.Moves)
	}
	if job := of.job(t, second); job.Status != "Attribué" || job.AssignedTech != "T1" {
		t.Errorf("%s, %s", job.Status, job.AssignedTech)
	}
	if a := of.post(t, "staff:ann", "/dispatch/depends-on", body{"job": second, "depends_on": []string{first}}); a.code != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	if job := of.job(t, second); job.Status != "On Hold" || !slices.Equal(job.WaitsFor(), []string{first}) {
		t.Errorf("chained: %s, waits for %v", job.Status, job.WaitsFor())
	}
	if a := of.post(t, "staff:ann", "/dispatch/undo", body{}); a.code != http.StatusOK {
		t.Fatalf("unchaining: %+v", a)
	}
	if job := of.job(t, second); job.Status == "On Hold" || len(job.WaitsFor()) > 0 || job.AssignedTech != "T1" {
		t.Errorf("unchained: %s of %s, waits for %v", job.Status, job.AssignedTech, job.WaitsFor())
	}
	if a := of.post(t, "staff:ann", "/dispatch/undo", body{}); a.code != http.StatusOK || of.job(t, second).AssignedTech != "" {
		t.Errorf("unassigning: %+v", a)
	}
	of.post(t, "staff:ann", "/dispatch/assign", body{"job": second, "technician": "T2"})
	for _, path := range []string{"/dispatch/board?from=2026-11-23", "/dispatch/group-jobs?group=Fibre", "/dispatch/actions", "/dispatch/presence"} {
		if a := of.ask(t, "staff:ann", http.MethodGet, path, nil); a.code != http.StatusOK {
			t.Errorf("%s: %+v", path, a)
		}
	}
	if a := of.post(t, "staff:ann", "/dispatch/publish", body{"from": "2026-11-23", "to": "2026-11-23"}); a.code != http.StatusOK || !bool(of.job(t, second).Published) {
		t.Errorf("publishing: %+v", a)
	}
}
