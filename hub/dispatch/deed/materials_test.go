package deed_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
)

// stock is what was taken out for a work order, and what its lines say of it.
func (w *world) stock(job string) string {
	w.Helper()
	entries, err := w.site.All("Stock Entry", doc{"stock_entry_type": "Material Issue"})
	if err != nil {
		w.Fatal(err)
	}
	out, number := []string{}, map[any]string{nil: "-", "": "-"}
	slices.SortFunc(entries, func(a, b map[string]any) int { return strings.Compare(a["name"].(string), b["name"].(string)) })
	for i, e := range entries {
		number[e["name"]] = fmt.Sprintf("#%d", i+1)
		line := fmt.Sprintf("#%d state %v:", i+1, e["docstatus"])
		for _, row := range w.get("Stock Entry", e["name"].(string))["items"].([]any) {
			r := row.(doc)
			line += fmt.Sprintf(" %v x %v of %v [%s]", r["qty"], r["item_code"], r["s_warehouse"], strings.ReplaceAll(fmt.Sprint(r["serial_no"]), "\n", "+"))
		}
		out = append(out, strings.ReplaceAll(line, "<nil>", ""))
	}
	for _, row := range w.get("Dispatch Job", job)["materials_used"].([]any) {
		r := row.(doc)
		out = append(out, fmt.Sprintf("%v: %s", r["item"], number[r["stock_entry"]]))
	}
	return strings.Join(out, "\n")
}

func (w *world) same(what, got string, want ...string) {
	w.Helper()
	if diff := cmp.Diff(strings.Join(want, "\n"), got); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestMaterials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.job(doc{"materials_used": []any{
		doc{"item": "CABLE", "qty": 2.5}, doc{"item": "BORNE", "qty": 2, "serials": "ZZ1\r\nZZ2 ", "warehouse": "Camion 1 - T"},
		doc{"item": "HEURE", "qty": 3}, doc{"item": "PRISE", "qty": 0},
	}})
	m := moved(job, "In Progress", "Completed")
	r := w.must("materials", m)
	if len(r.Trace) != 1 || !strings.Contains(r.Note, "Not kept in stock: HEURE") {
		t.Errorf("result %+v", r)
	}
	want := []string{"#1 state 1: 2.5 x CABLE of Camion 1 - T [] 2 x BORNE of Camion 1 - T [ZZ1+ZZ2]", "CABLE: #1", "BORNE: #1", "HEURE: -", "PRISE: -"}
	w.same("stock", w.stock(job), want...)
	if r := w.must("materials", m); r.State != effect.Skipped {
		t.Errorf("again: %+v", r)
	}
	w.same("stock after another run", w.stock(job), want...)

	// A line that is added later is taken out alone.
	rows := w.get("Dispatch Job", job)["materials_used"].([]any)
	if err := w.erp.Update(t.Context(), "Dispatch Job", job, erpnext.Values{"materials_used": erpnext.Replace(append(rows, doc{"item": "PRISE", "qty": 1}))}, nil); err != nil {
		t.Fatal(err)
	}
	w.must("materials", moved(job, "In Progress", "Completed"))
	w.same("stock after a line was added", w.stock(job), want[0], "#2 state 1: 1 x PRISE of Camion 1 - T []", want[1], want[2], want[3], want[4], "PRISE: #2")
}

// TestMaterialsCorrected: a draft says what the lines of the work order say, until
// it is submitted; one of which no line is left is deleted.
func TestMaterialsCorrected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.job(doc{"materials_used": []any{doc{"item": "CABLE", "qty": 1}, doc{"item": "PRISE", "qty": 40}}})
	m := moved(job, "In Progress", "Completed")
	correct := func(change func(rows []any) []any) {
		t.Helper()
		rows := change(w.get("Dispatch Job", job)["materials_used"].([]any))
		if err := w.erp.Update(t.Context(), "Dispatch Job", job, erpnext.Values{"materials_used": erpnext.Replace(rows)}, nil); err != nil {
			t.Fatal(err)
		}
	}
	w.refused("materials", m, "stock-short", "PRISE in Camion 1 - T", "the line in the work order", "draft MAT-STE")
	correct(func(rows []any) []any { rows[1].(doc)["qty"] = 30; return rows })
	w.refused("materials", m, "stock-short", "PRISE")
	w.same("corrected, still too many", w.stock(job), "#1 state 0: 1 x CABLE of Camion 1 - T [] 30 x PRISE of Camion 1 - T []", "CABLE: -", "PRISE: -")
	correct(func(rows []any) []any {
		rows[1].(doc)["item"], rows[1].(doc)["qty"], rows[1].(doc)["uom"] = "BORNE", 1, nil
		return rows
	})
	w.must("materials", m)
	w.same("another item", w.stock(job), "#1 state 1: 1 x CABLE of Camion 1 - T [] 1 x BORNE of Camion 1 - T []", "CABLE: #1", "BORNE: #1")

	job = w.job(doc{"materials_used": []any{doc{"item": "PRISE", "qty": 40}}})
	m = moved(job, "In Progress", "Completed")
	w.refused("materials", m, "stock-short", "PRISE")
	correct(func(rows []any) []any { rows[0].(doc)["qty"] = 0; return rows })
	if r := w.must("materials", m); r.State != effect.Skipped {
		t.Errorf("nothing was used after all: %+v", r)
	}
	w.same("the draft is gone", w.stock(job), "#1 state 1: 1 x CABLE of Camion 1 - T [] 1 x BORNE of Camion 1 - T []", "PRISE: -")
}

func TestMaterialsForPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	short := w.job(doc{"materials_used": []any{doc{"item": "CABLE", "qty": 1}, doc{"item": "PRISE", "qty": 4}}})
	m := moved(short, "In Progress", "Completed")
	for range 2 {
		w.refused("materials", m, "stock-short", "PRISE in Camion 1 - T", "draft MAT-STE")
		w.same("a draft waits", w.stock(short), "#1 state 0: 1 x CABLE of Camion 1 - T [] 4 x PRISE of Camion 1 - T []", "CABLE: -", "PRISE: -")
	}
	w.put("Stock Entry", doc{"stock_entry_type": "Material Receipt", "company": "TARGO", "docstatus": 1,
		"items": []any{doc{"item_code": "PRISE", "qty": 5, "basic_rate": 2, "t_warehouse": "Camion 1 - T"}}})
	w.must("materials", m)
	w.same("counted since", w.stock(short), "#1 state 1: 1 x CABLE of Camion 1 - T [] 4 x PRISE of Camion 1 - T []", "CABLE: #1", "PRISE: #1")

	// Whoever cancels an entry and empties the line means that nothing was used.
	entry := w.get("Dispatch Job", short)["materials_used"].([]any)[0].(doc)["stock_entry"].(string)
	if err := w.erp.Update(t.Context(), "Dispatch Job", short, erpnext.Values{"materials_used": erpnext.Replace(emptied(w.get("Dispatch Job", short)["materials_used"].([]any)))}, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.erp.Cancel(t.Context(), "Stock Entry", entry); err != nil {
		t.Fatal(err)
	}
	if r := w.must("materials", m); !strings.Contains(r.Note, entry+" was cancelled by a person") {
		t.Errorf("cancelled: %+v", r)
	}
	w.same("cancelled", w.stock(short), "#1 state 2: 1 x CABLE of Camion 1 - T [] 4 x PRISE of Camion 1 - T []", "CABLE: -", "PRISE: -")

	for why, more := range map[string]doc{
		"no van": {"assigned_tech": "T2", "materials_used": []any{doc{"item": "CABLE", "qty": 1}}},
	} {
		job := w.job(more)
		w.refused("materials", moved(job, "In Progress", "Completed"), "warehouse-missing", "T2 has no warehouse", job)
		if got := w.stock(job); !strings.HasSuffix(got, "CABLE: -") {
			t.Errorf("%s: %s", why, got)
		}
	}
	nobody := moved(w.job(doc{"assigned_tech": nil, "materials_used": []any{doc{"item": "CABLE", "qty": 1}}}), "In Progress", "Completed")
	nobody.Actor = "staff:ann"
	w.refused("materials", nobody, "warehouse-missing", "whose van")
}

// emptied is rows without their entries.
func emptied(rows []any) []any {
	for _, row := range rows {
		row.(doc)["stock_entry"] = nil
	}
	return rows
}
