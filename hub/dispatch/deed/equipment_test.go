package deed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
)

// shelf puts devices on the site: two in the van, one at Ann's, one at Sam's.
func (w *world) shelf() {
	for _, d := range []doc{
		{"name": "EQP-1", "equipment_type": "ONT", "serial_number": "ZZTG0001", "status": "inventory", "held_by_technician": "T1", "warehouse": "Camion 1 - T"},
		{"name": "EQP-2", "equipment_type": "Router", "serial_number": "NK2", "mac_address": "02:7A:00:00:00:02", "status": "inventory"},
		{"name": "EQP-3", "equipment_type": "ONT", "serial_number": "ZZTG0003", "status": "active", "customer": "Ann Exemple", "service_location": "LOC-A",
			"wifi_password": "invente", "move_log": []any{doc{"moved_on": "2026-01-02 10:00:00", "action": "install", "to_location": "LOC-A", "notes": "old", "source_key": "x"}}},
		{"name": "EQP-4", "equipment_type": "ONT", "serial_number": "ZZTG0004", "status": "active", "customer": "Sam Sample", "service_location": "LOC-B"},
		{"name": "EQP-5", "equipment_type": "ONT", "serial_number": "ZZTG0005", "status": "defective"},
	} {
		w.put("Service Equipment", d)
	}
}

// devices is how the devices stand, with the causes of their moves.
func (w *world) devices(names ...string) string {
	w.Helper()
	var out []string
	for _, name := range names {
		d := w.get("Service Equipment", name)
		line := fmt.Sprintf("%s %v at %v of %v for %v held by %v in %v:", name, d["status"], d["service_location"], d["customer"], d["subscription"], d["held_by_technician"], d["warehouse"])
		for _, row := range d["move_log"].([]any) {
			r := row.(doc)
			line += fmt.Sprintf(" %v %v>%v by %v on %v", r["action"], r["from_location"], r["to_location"], r["technician"], r["dispatch_job"])
		}
		out = append(out, strings.ReplaceAll(line, "<nil>", "-"))
	}
	return strings.Join(out, "\n")
}

func TestEquipment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shelf()
	sub := w.put("Service Subscription", doc{"customer": "Ann Exemple", "service_location": "LOC-A", "service_category": "Internet", "plan_name": "500", "status": "En attente"})
	job := w.job(doc{"subscription": sub, "equipment_items": []any{
		doc{"equipment": "EQP-3", "action": "replaced", "replaced_by": "EQP-1"},
		doc{"action": "installed", "mac_address": "02:7a:00:00:00:02", "scanned": 1},
		doc{"action": "installed", "serial_number": "UNKNOWN7"},
		doc{"action": "installed"},
		doc{"action": "removed", "serial_number": "zztg0005"},
	}})
	r := w.must("equipment", moved(job, "In Progress", "Completed"))
	if diff := cmp.Diff([]string{"EQP-3", "EQP-1", "EQP-2"}, r.Trace); diff != "" {
		t.Errorf("trace %s, note %s", diff, r.Note)
	}
	for _, said := range []string{"Row 3: no device is known by UNKNOWN7", "Row 4: no device is named", "Row 5: EQP-5 was defective already"} {
		if !strings.Contains(r.Note, said) {
			t.Errorf("note %q lacks %q", r.Note, said)
		}
	}
	want := strings.NewReplacer("SUB", sub, "JOB", job).Replace(
		"EQP-1 active at LOC-A of Ann Exemple for SUB held by - in -: swap_in ->LOC-A by T1 on JOB\n" +
			"EQP-2 active at LOC-A of Ann Exemple for SUB held by - in -: install ->LOC-A by T1 on JOB\n" +
			"EQP-3 returned at - of - for - held by T1 in -: install ->LOC-A by - on - swap_out LOC-A>- by T1 on JOB")
	if diff := cmp.Diff(want, strings.ReplaceAll(w.devices("EQP-1", "EQP-2", "EQP-3"), "  ", " ")); diff != "" {
		t.Error(diff)
	}
	old := w.get("Service Equipment", "EQP-3")["move_log"].([]any)
	if first, last := old[0].(doc), old[1].(doc); first["notes"] != "old" || first["source_key"] != "x" || !strings.HasSuffix(last["source_key"].(string), "/swap_out") {
		t.Errorf("the history became %v", old)
	}
	before := w.devices("EQP-1", "EQP-2", "EQP-3", "EQP-5")
	w.must("equipment", moved(job, "In Progress", "Completed"))
	if diff := cmp.Diff(before, w.devices("EQP-1", "EQP-2", "EQP-3", "EQP-5")); diff != "" {
		t.Errorf("done twice: %s", diff)
	}
}

// TestEquipmentForPeople: what only a person can mend is told, and stays as it is;
// the other rows are done all the same.
func TestEquipmentForPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shelf()
	before := w.devices("EQP-4", "EQP-5")
	job := w.job(doc{"equipment_items": []any{
		doc{"equipment": "EQP-4", "action": "installed"}, doc{"equipment": "EQP-5", "action": "installed"}, doc{"equipment": "EQP-1", "action": "installed"},
		doc{"equipment": "EQP-4", "action": "removed"},
	}})
	m := moved(job, "In Progress", "Completed")
	w.refused("equipment", m, "equipment-elsewhere", "EQP-4 is active at LOC-B (Sam Sample), not at LOC-A", "EQP-5 is marked defective")
	if diff := cmp.Diff(before, w.devices("EQP-4", "EQP-5")); diff != "" {
		t.Errorf("moved all the same: %s", diff)
	}
	if got := w.devices("EQP-1"); !strings.Contains(got, "EQP-1 active at LOC-A") {
		t.Errorf("the good row was left: %s", got)
	}
	for name, values := range map[string]doc{"EQP-4": {"status": "inventory", "service_location": nil, "customer": nil}, "EQP-5": {"status": "inventory"}} {
		if err := w.erp.Update(t.Context(), "Service Equipment", name, values, nil); err != nil {
			t.Fatal(err)
		}
	}
	if r := w.must("equipment", m); len(r.Trace) != 4 {
		t.Errorf("mended, and tried again: %+v", r)
	}
	if got := w.devices("EQP-1", "EQP-4"); strings.Count(got, "install ") != 2 || strings.Count(got, "remove ") != 1 {
		t.Errorf("devices: %s", got)
	}

	nowhere := w.job(doc{"service_location": nil, "equipment_items": []any{doc{"equipment": "EQP-2", "action": "installed"}}})
	w.refused("equipment", moved(nowhere, "In Progress", "Completed"), "location-missing", nowhere)
	if got := w.devices("EQP-2"); !strings.Contains(got, "EQP-2 inventory at -") {
		t.Errorf("moved to nowhere: %s", got)
	}
	gone := w.job(doc{"equipment_items": []any{doc{"equipment": "EQP-2", "action": "removed"}}})
	if r := w.must("equipment", moved(gone, "In Progress", "Completed")); r.State != effect.Skipped || !strings.Contains(r.Note, "EQP-2 was inventory already") {
		t.Errorf("taken back from where it was not: %+v", r)
	}
	if r := w.must("equipment", moved(gone, "Open", "Cancelled")); r.State != "unwanted" {
		t.Errorf("a cancelled visit moves devices: %+v", r)
	}
}

// TestEquipmentMovedAtTheScan: what a phone moved already, it is not moved again at
// the end of the visit; its row says what it was written for.
func TestEquipmentMovedAtTheScan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.shelf()
	job := w.job(doc{"equipment_items": []any{doc{"equipment": "EQP-1", "action": "installed", "source_key": "scan-1"}}})
	w.put("Service Equipment", doc{"name": "EQP-6", "equipment_type": "ONT", "serial_number": "ZZTG0006", "status": "active", "customer": "Ann Exemple", "service_location": "LOC-A",
		"move_log": []any{doc{"moved_on": "2026-01-02 10:00:00", "action": "install", "to_location": "LOC-A", "dispatch_job": job, "source_key": job + "/scan-2/install"}}})
	if err := w.erp.Update(t.Context(), "Dispatch Job", job, doc{"equipment_items": erpnext.Replace([]any{
		doc{"equipment": "EQP-1", "action": "installed", "source_key": "scan-1"}, doc{"equipment": "EQP-6", "action": "installed", "source_key": "scan-2"},
		doc{"equipment": "EQP-3", "action": "installed", "source_key": "scan-3"}, // it was there before
	})}, nil); err != nil {
		t.Fatal(err)
	}
	before := w.devices("EQP-3", "EQP-6")
	w.must("equipment", moved(job, "In Progress", "Completed"))
	if diff := cmp.Diff(before, w.devices("EQP-3", "EQP-6")); diff != "" {
		t.Errorf("moved again: %s", diff)
	}
	if row := w.get("Service Equipment", "EQP-1")["move_log"].([]any)[0].(doc); row["source_key"] != job+"/scan-1/install" {
		t.Errorf("what was not moved yet: %v", row)
	}
}
