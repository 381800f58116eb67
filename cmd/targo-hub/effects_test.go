package main

import (
	"fmt"
	"net/http"
	"testing"

	"gigafibre.ca/targo-hub/simkit"
)

// effect reads one effect of a job's last change of state that had it.
func (h *running) effect(t *testing.T, job, name string) effectState {
	t.Helper()
	var all struct{ Moves []moved }
	if status, text, err := h.ask(h.staff, http.MethodGet, "/dispatch/job/"+job+"/effects", nil, &all); err != nil || status != http.StatusOK {
		t.Fatalf("the effects of %s: %d %s, error %v", job, status, text, err)
	}
	for _, m := range all.Moves {
		if e := m.effect(name); e.Name != "" {
			return e
		}
	}
	return effectState{}
}

// awaitEffect waits until an effect of a job is over and returns it.
func (h *running) awaitEffect(t *testing.T, job, name string) (e effectState) {
	t.Helper()
	await(t, "effect "+name+" of "+job+" is over", func() bool {
		e = h.effect(t, job, name)
		return e.over()
	})
	return e
}

// visit is a job whose completion has every effect there is: it installs a device,
// uses up what lies in the van, releases another job, closes an issue, begins a
// service.
type visit struct {
	service
	van, tech, device string
}

// visiting sells a service of one job and gives the job all that a visit can have.
func (w *town) visiting(t *testing.T, h *running, hook string) visit {
	t.Helper()
	v := visit{service: w.sold(t, h, "test_single")}
	job := v.jobs["only"]
	v.van = w.put(t, "Warehouse", map[string]any{"warehouse_name": "Camion " + job, "company": "TARGO", "parent_warehouse": "All Warehouses - T"})
	v.tech = w.put(t, "Dispatch Technician", map[string]any{
		"technician_id": "T-" + job, "full_name": "Technicien", "assigned_group": w.field(t, "Dispatch Job", job, "assigned_group"), "active": 1, "warehouse": v.van,
	})
	cable := w.put(t, "Item", map[string]any{"item_code": "CABLE-" + job, "item_group": "Internet", "stock_uom": "Nos", "is_stock_item": 1})
	w.put(t, "Stock Entry", map[string]any{"stock_entry_type": "Material Receipt", "company": "TARGO", "docstatus": 1, "items": []any{
		map[string]any{"item_code": cable, "qty": 10, "basic_rate": 1, "t_warehouse": v.van},
	}})
	v.device = w.put(t, "Service Equipment", map[string]any{
		"equipment_type": "ONT", "serial_number": "ZZTG" + job, "status": "inventory", "warehouse": v.van, "held_by_technician": v.tech,
	})
	w.put(t, "Dispatch Job", map[string]any{
		"name": job, "assigned_tech": v.tech, "status": "Assigned", "on_close_webhook": hook, "on_open_webhook": hook,
		"equipment_items": []any{map[string]any{"equipment": v.device, "action": "installed", "serial_number": "ZZTG" + job}},
		"materials_used":  []any{map[string]any{"item": cable, "qty": 3}},
	})
	return v
}

// TestEffectsOfAVisit fails each effect once, in turn: the answer shows it as
// failed and everything else as done, it is tried again by itself or by hand, and
// at the end everything happened once.
func TestEffectsOfAVisit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ effect, match string }{
		{"", ""}, // nothing goes wrong
		{"equipment", "PUT /api/resource/Service Equipment"},
		{"materials", "POST /api/resource/Stock Entry"},
		{"issue", "PUT /api/resource/Issue"},
		{"activation", "PUT /api/resource/Service Subscription"},
		{"activation", "POST /api/resource/Sales Invoice"},
	} {
		t.Run(c.effect+" "+c.match, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			h := w.start(t)
			v, before := w.visiting(t, h, ""), tomorrow()
			job := v.jobs["only"]
			h.move(t, job, "In Progress", nil)
			if c.match != "" {
				w.site.Fault().Fail(simkit.Fault{Status: http.StatusExpectationFailed, Match: c.match})
			}
			m := h.move(t, job, "Completed", nil)
			for _, name := range visitEffects() {
				e := m.effect(name)
				switch {
				case e.Name == "":
					t.Errorf("the answer has no effect %s: %+v", name, m.Effects)
				case name == c.effect:
					h.awaitUpset(t, job, name)
				case e.Error != "" || e.Tries > 1: // what takes longer than the answer is under way there
					t.Errorf("%s is %+v although only %q went wrong", name, e, c.effect)
				}
			}
			if c.effect == "equipment" || c.effect == "issue" { // not all of them: the others come back by themselves
				path := "/dispatch/job/" + job + "/effects/" + c.effect + "/retry"
				if status, text, err := h.ask(h.staff, http.MethodPost, path, map[string]any{}, nil); err != nil || status/100 != 2 && status != http.StatusConflict { // it is at it by itself just now
					t.Errorf("asking for %s again answered %d %s, error %v", c.effect, status, text, err)
				}
			}
			w.checkVisited(t, h, v)
			if w.armed(t, "erp") > 0 {
				t.Errorf("nothing went wrong with %s", c.match)
			}
			w.checkBegun(t, h, v.service, before, job)
			again := h.move(t, job, "Completed", nil) // says what was said
			if again.Status != "Completed" || again.effect("materials").State != "done" {
				t.Errorf("completing it again answered %+v", again)
			}
			w.checkVisited(t, h, v)
		})
	}
}

// visitEffects are the effects of a visit that change documents.
func visitEffects() []string { return []string{"equipment", "materials", "issue", "activation"} }

// awaitUpset waits until the hub tells that an effect of a job went wrong, or that
// it was tried again since.
func (h *running) awaitUpset(t *testing.T, job, name string) {
	t.Helper()
	await(t, name+" of "+job+" went wrong", func() bool {
		e := h.effect(t, job, name)
		return e.Tries > 0 && (e.Error != "" || e.Tries > 1)
	})
}

// checkVisited asserts that everything that a visit leads to happened once.
func (w *town) checkVisited(t *testing.T, h *running, v visit) {
	t.Helper()
	job := v.jobs["only"]
	for _, name := range visitEffects() {
		if e := h.awaitEffect(t, job, name); e.State != "done" {
			t.Errorf("%s of %s ended as %+v", name, job, e)
		}
	}
	device, err := w.site.Doc("Service Equipment", v.device)
	if err != nil {
		t.Fatal(err)
	}
	log, _ := device["move_log"].([]any)
	if device["status"] != "active" || device["customer"] != v.customer || device["service_location"] != v.location || len(log) != 1 {
		t.Errorf("the device is %v at %v with %d lines of history, want one", device["status"], device["service_location"], len(log))
	}
	moves := w.all(t, "Stock Entry", m{"stock_entry_type": "Material Issue", "custom_hub_key": []any{"like", job + "/%"}})
	if len(moves) != 1 || moves[0]["docstatus"] != int64(1) {
		t.Errorf("%d movements out of the van; want one, submitted", len(moves))
	}
	bin := w.one(t, "Bin", "warehouse", v.van)
	if fmt.Sprint(bin["actual_qty"]) != "7" {
		t.Errorf("%v of 10 are left in the van, want 7", bin["actual_qty"])
	}
	if status := w.field(t, "Issue", v.issue, "status"); status != "Closed" {
		t.Errorf("the issue is %v", status)
	}
}
