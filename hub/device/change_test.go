package device_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device"
	"gigafibre.ca/targo-hub/hub/keep"
)

func TestADeviceIsLinked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status, answer := w.ask("technician:T1", http.MethodPost, "/equipment/link", doc{"equipment": "nw55-0011-2233", "job": "DJ-A", "source": "barcode"})
	if e, _ := answer["equipment"].(doc); status != http.StatusOK || e["name"] != "EQP-N" || e["status"] != "active" {
		t.Fatalf("%d %v", status, answer)
	}
	want := "EQP-N active at LOC-A of Ann Exemple for SUB-A held by -: install ->LOC-A by T1 on DJ-A good\nDJ-A: installed EQP-N>-\n"
	if got := w.how([]string{"DJ-A"}, "EQP-N"); got != want {
		t.Errorf("%s", cmp.Diff(want, got))
	}
	row := w.get("Dispatch Job", "DJ-A")["equipment_items"].([]any)[0].(doc)
	if row["serial_number"] != "NW5500112233" || row["scan_source"] != "barcode" || row["scanned"] != int64(1) || row["source_key"] == nil {
		t.Errorf("the row: %v", row)
	}
	for range 2 { // without a key, and from another phone
		if status, answer := w.ask("staff", http.MethodPost, "/equipment/link", doc{"equipment": "EQP-N", "job": "DJ-A"}); status != http.StatusOK {
			t.Errorf("again: %d %v", status, answer)
		}
	}
	if got := w.how([]string{"DJ-A"}, "EQP-N"); got != want {
		t.Errorf("again: %s", cmp.Diff(want, got))
	}
	events, _, err := w.store.Read(t.Context(), 0, 10)
	if err != nil || len(events) == 0 || events[0].Name != hub.EquipmentMoved {
		t.Errorf("events: %v %v", err, events)
	}

	if status, _ := w.ask("technician:T1", http.MethodPost, "/equipment/link", doc{"equipment": "EQP-N", "job": "DJ-A", "action": "removed"}); status != http.StatusOK {
		t.Fatal(status)
	}
	if status, _ := w.ask("technician:T1", http.MethodPost, "/equipment/link", doc{"equipment": "EQP-N", "job": "DJ-A"}); status != http.StatusOK {
		t.Fatal(status)
	}
	got := w.how([]string{"DJ-A"}, "EQP-N")
	if !strings.HasPrefix(got, "EQP-N active at LOC-A") || strings.Count(got, "install -") != 2 || strings.Count(got, "remove LOC-A>- by T1") != 1 {
		t.Errorf("taken back, and put in again: %s", got)
	}
}

// TestWhatIsRefusedChangesNothing: each with its code, and with words.
func TestWhatIsRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, job := range map[string]doc{
		"DJ-END": {"status": "Completed", "service_location": "LOC-A", "assigned_tech": "T1"}, "DJ-NO": {"status": "Open", "assigned_tech": "T1"},
	} {
		job["name"], job["subject"], job["scheduled_date"] = name, name, today()
		if _, err := w.site.Put("Dispatch Job", job); err != nil {
			t.Fatal(err)
		}
	}
	all := []string{"EQP-A", "EQP-B", "EQP-N", "EQP-M", "EQP-D", "EQP-T1", "EQP-T2"}
	before := w.how([]string{"DJ-A", "DJ-B"}, all...)
	for _, c := range []struct {
		as, path string
		body     doc
		want     string
	}{
		{"technician:T1", "/equipment/link", doc{"equipment": "EQP-B", "job": "DJ-A"}, "409 equipment-elsewhere"},
		{"technician:T1", "/equipment/link", doc{"equipment": "EQP-B", "job": "DJ-A", "action": "removed", "confirm": true}, "409 equipment-elsewhere"},
		{"technician:T1", "/equipment/link", doc{"equipment": "EQP-D", "job": "DJ-A", "confirm": true}, "409 equipment-unfit"},
		{"technician:T1", "/equipment/link", doc{"equipment": "BOX1234AA", "job": "DJ-A"}, "409 equipment-ambiguous"},
		{"technician:T1", "/equipment/link", doc{"equipment": "EQP-0", "job": "DJ-A"}, "404 equipment-not-found"},
		{"technician:T1", "/equipment/link", doc{"equipment": "EQP-N", "job": "DJ-B"}, "403 job-forbidden"},
		{"technician:T3", "/equipment/link", doc{"equipment": "EQP-N", "job": "DJ-A"}, "403 job-forbidden"}, // an assistant
		{"technician:T1", "/equipment/link", doc{"equipment": "EQP-N", "job": "DJ-0"}, "404 job-not-found"},
		{"technician:T1", "/equipment/link", doc{"equipment": "EQP-N", "job": "DJ-END"}, "409 state-conflict"},
		{"technician:T1", "/equipment/link", doc{"equipment": "EQP-N", "job": "DJ-NO"}, "422 location-missing"},
		{"staff", "/equipment/swap", doc{"old": "EQP-B", "new": "EQP-N", "job": "DJ-A"}, "409 equipment-elsewhere"},
		{"staff", "/equipment/swap", doc{"old": "EQP-A", "new": "ZZ77001122", "job": "DJ-A"}, "422 invalid"},
		{"staff", "/equipment/swap", doc{"old": "EQP-A", "new": "EQP-D", "job": "DJ-A"}, "409 equipment-unfit"},
		{"staff", "/equipment/swap", doc{"old": "EQP-A", "new": "EQP-B", "job": "DJ-A"}, "409 equipment-elsewhere"},
		{"staff", "/equipment", doc{"equipment_type": "Toaster", "serial_number": "AB12345678"}, "422 invalid"},
		{"staff", "/equipment", doc{"equipment_type": "ONT"}, "422 invalid"},
		{"staff", "/equipment", doc{"equipment_type": "ONT", "mac_address": "01:00:5e:00:00:01"}, "422 invalid"},
		{"staff", "/equipment", doc{"equipment_type": "ONT", "serial_number": "zz 77001122"}, "409 equipment-exists"},
		{"staff", "/equipment", doc{"equipment_type": "ONT", "serial_number": "NEW1234567", "mac_address": "00E0FC123403"}, "409 equipment-exists"},
		{"technician:T1", "/equipment", doc{"equipment_type": "ONT", "serial_number": "QB4400112233", "job": "DJ-A"}, "409 equipment-exists"},
		{"public", "/equipment", doc{"equipment_type": "ONT", "serial_number": "QB4400112233"}, "401 unauthenticated"},
	} {
		status, answer := w.ask(c.as, http.MethodPost, c.path, c.body)
		if got := fmt.Sprint(status, " ", answer["code"]); got != c.want {
			t.Errorf("%s %v: %d %v, want %s", c.path, c.body, status, answer, c.want)
		}
		if text := answer["detail"].(string); c.as == "technician:T1" && (strings.Contains(text, "Sam") || strings.Contains(text, "LOC-B")) {
			t.Errorf("%v: he learns whose it is: %s", c.body, text)
		}
	}
	if got := w.how([]string{"DJ-A", "DJ-B"}, all...); got != before {
		t.Errorf("something was changed: %s", cmp.Diff(before, got))
	}
	devices, err := w.site.All("Service Equipment", doc{})
	if err != nil || len(devices) != len(all) {
		t.Errorf("%d devices, %v", len(devices), err)
	}
}

func TestADeviceIsTakenOverWhenSomebodySaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if status, answer := w.ask("technician:T1", http.MethodPost, "/equipment/link", doc{"equipment": "EQP-B", "job": "DJ-A", "confirm": true}); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	want := "EQP-B active at LOC-A of Ann Exemple for SUB-A held by -: install LOC-B>LOC-A by T1 on DJ-A good\nDJ-A: installed EQP-B>-\n"
	if got := w.how([]string{"DJ-A"}, "EQP-B"); got != want {
		t.Errorf("%s", cmp.Diff(want, got))
	}
	lines, _, err := w.store.Audits(t.Context(), keep.AuditFilter{Action: "equipment.takeover"})
	if err != nil || len(lines) != 1 || lines[0].Actor != "technician:T1" || lines[0].Detail != "from LOC-B for DJ-A" {
		t.Errorf("audit: %v %+v", err, lines)
	}
}

// TestADeviceTakesThePlaceOfAnother swaps three times: each new one is the next old
// one.
func TestADeviceTakesThePlaceOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	put := " active at LOC-A of Ann Exemple for SUB-A held by -: swap_in ->LOC-A by T1 on DJ-A good\n"
	visit := "DJ-A:"
	for _, c := range []struct {
		old, fresh, code, comes string // code: of the new one, as it is scanned
		why                     doc
	}{
		{"EQP-A", "EQP-N", "NW5500112233", " returned at - of - for - held by T1: install ->LOC-A by - on -  swap_out LOC-A>- by T1 on DJ-A good\n", doc{"condition": "good"}},
		{"EQP-N", "EQP-M", "54504C470000AA02", " defective at - of - for - held by T1: swap_in ->LOC-A by T1 on DJ-A good swap_out LOC-A>- by T1 on DJ-A unknown\n", doc{"reason": "defective"}},
		{"EQP-M", "EQP-T1", "EQP-T1", " defective at - of - for - held by T1: swap_in ->LOC-A by T1 on DJ-A good swap_out LOC-A>- by T1 on DJ-A damaged\n", doc{"condition": "damaged"}},
	} {
		c.why["old"], c.why["new"], c.why["job"] = c.old, c.code, "DJ-A"
		status, answer := w.ask("technician:T1", http.MethodPost, "/equipment/swap", c.why)
		if e, _ := answer["equipment"].(doc); status != http.StatusOK || e["name"] != c.fresh || answer["old"].(doc)["name"] != c.old {
			t.Fatalf("%d %v", status, answer)
		}
		visit += " replaced " + c.old + ">" + c.fresh
		if diff := cmp.Diff(c.old+c.comes+c.fresh+put+visit+"\n", w.how([]string{"DJ-A"}, c.old, c.fresh)); diff != "" {
			t.Error(diff)
		}
	}
	if old := w.get("Service Equipment", "EQP-A")["move_log"].([]any)[0].(doc); old["notes"] != "ancien" || old["source_key"] != "x" {
		t.Errorf("the history became %v", old)
	}
}

func TestADeviceIsAdded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := w.desk.Create(t.Context(), device.CreateOrder{
		Order: device.Order{Key: "k1", Technician: "T1"}, Type: "ONT", Brand: "Marque", Model: "M1", Serial: "tplg-00 00 77 01", MAC: "00e0.fc99.0001",
	})
	if err != nil {
		t.Fatal(err)
	}
	d := w.get("Service Equipment", made.Equipment.Name)
	if d["gpon_serial"] != "TPLG00007701" || d["serial_number"] != nil || d["mac_address"] != "00:E0:FC:99:00:01" || d["status"] != "inventory" || d["held_by_technician"] != "T1" {
		t.Errorf("%v", d)
	}
	_, err = w.desk.Create(t.Context(), device.CreateOrder{Order: device.Order{Key: "k2", Technician: "T1"}, Type: "ONT", MAC: "00:e0:fc:99:00:01"})
	if p := hub.ProblemOf(err); p.Code != "equipment-exists" || p.State["equipment"] != made.Equipment.Name {
		t.Errorf("its MAC alone: %v", err)
	}
	linked, err := w.desk.Create(t.Context(), device.CreateOrder{Order: device.Order{Key: "k3", Technician: "T1", Job: "DJ-A"}, Type: "Router", Serial: "RT88112233"})
	if err != nil || linked.Equipment.Status != "active" {
		t.Fatalf("%+v %v", linked, err)
	}
	if got := w.how([]string{"DJ-A"}, linked.Equipment.Name); !strings.Contains(got, "active at LOC-A") || !strings.Contains(got, "DJ-A: installed "+linked.Equipment.Name) {
		t.Errorf("at once into service: %s", got)
	}
	for _, err := range []error{
		second(w.desk.Link(t.Context(), device.LinkOrder{Order: device.Order{Job: "DJ-A"}, Equipment: "EQP-N", Action: "replaced"})),
		second(w.desk.Link(t.Context(), device.LinkOrder{Order: device.Order{Job: "DJ-A"}, Equipment: "EQP-N", Source: "guess"})),
		second(w.desk.Swap(t.Context(), device.SwapOrder{Order: device.Order{Job: "DJ-A"}, Old: "EQP-A", New: "EQP-N", Condition: "new"})),
		second(w.desk.Create(t.Context(), device.CreateOrder{Type: "ONT", Serial: "RT88112244", Brand: strings.Repeat("x", 141)})),
	} {
		if !hub.HasCode(err, "invalid") {
			t.Errorf("what ERPNext would refuse half-way: %v", err)
		}
	}
	off := device.NewDesk(device.Deps{Store: w.store, News: nil})
	if _, err := off.Lookup(t.Context(), "RT88112233", ""); !hub.HasCode(err, "part-off") {
		t.Errorf("without ERPNext: %v", err)
	}
}

// TestARowOfTheOfficeIsCarriedOut: what was moved at the scan leaves the
// trace that the end of the visit asks for.
func TestARowOfTheOfficeIsCarriedOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	planned := []any{doc{"equipment": "EQP-N", "action": "installed"}}
	if err := erpnexttest.Client(t, w.url, nil).Update(t.Context(), "Dispatch Job", "DJ-A", doc{"equipment_items": planned}, nil); err == nil {
		t.Error("a bare table is taken")
	}
	if _, err := w.site.Put("Dispatch Job", doc{"name": "DJ-P", "subject": "x", "status": "Open", "scheduled_date": today(), "assigned_tech": "T1",
		"customer": "Ann Exemple", "service_location": "LOC-A", "equipment_items": planned}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.desk.Link(context.Background(), device.LinkOrder{Order: device.Order{Key: "k", Job: "DJ-P"}, Equipment: "EQP-N"}); err != nil {
		t.Fatal(err)
	}
	row := w.get("Dispatch Job", "DJ-P")["equipment_items"].([]any)
	trace := w.get("Service Equipment", "EQP-N")["move_log"].([]any)[0].(doc)["source_key"]
	if len(row) != 1 || trace != "DJ-P/"+row[0].(doc)["name"].(string)+"/install" {
		t.Errorf("rows %v, trace %v", row, trace)
	}
}

func second(_ device.Changed, err error) error { return err }
