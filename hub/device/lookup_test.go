package device_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func (w *world) lookup(as, code, job string) doc {
	w.Helper()
	status, found := w.ask(as, http.MethodGet, "/equipment/lookup?code="+url.QueryEscape(code)+"&job="+job, nil)
	if status != http.StatusOK {
		w.Fatalf("%s: %d %v", code, status, found)
	}
	return found
}

func TestACodeIsFoundInAnyNotation(t *testing.T) {
	t.Parallel()
	w := reader(t)
	for code, want := range map[string]string{
		"ZZ-77001122":            "serial EQP-A", // in the register with blanks and dots, in small letters
		"sn: zz77001122":         "serial EQP-A",
		"TPLGAABB0001":           "serial EQP-A", // the long form stands there
		"tplg-aabb0001":          "serial EQP-A",
		"54504C47AABB0001":       "serial EQP-A",
		"00:E0:FC:12:34:01":      "mac EQP-A",
		"MAC: 00e0fc123401":      "mac EQP-A",
		"QB4400112233":           "serial EQP-B",
		"00e0fc123402":           "mac EQP-B",
		"998877665544":           "barcode EQP-B",
		"０0E0FC12３403":           "mac EQP-N", // full-width
		"NW5500112234":           "none ",
		"BOX 1234 AA":            "barcode EQP-T1 EQP-T2",
		"E0:FC:12:34:01:00":      "none ",
		"%":                      "422 ",
		"' or 1=1 --":            "none ",
		strings.Repeat("A1", 90): "422 ",
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			status, found := w.ask("staff", http.MethodGet, "/equipment/lookup?code="+url.QueryEscape(code), nil)
			got := "422 "
			if status == http.StatusOK {
				got = found["tier"].(string) + " "
				if e, has := found["equipment"].(doc); has {
					got += e["name"].(string)
				}
				var names []string
				for _, c := range found["candidates"].([]any) {
					names = append(names, c.(doc)["name"].(string))
				}
				got += strings.Join(names, " ")
			}
			if got != want {
				t.Errorf("%d %s, want %s (%v)", status, got, want, found)
			}
		})
	}
}

// TestTheRightOneAmongMany: a model's box code is on sixty devices, and the serial
// number of one; sixty others have its characters in between.
func TestTheRightOneAmongMany(t *testing.T) {
	t.Parallel()
	w := quiet(t)
	put := func(d doc) {
		d["equipment_type"] = "Router"
		if _, err := w.site.Put("Service Equipment", d); err != nil {
			t.Fatal(err)
		}
	}
	put(doc{"name": "EQP-BOX", "serial_number": "4006381333931"})
	put(doc{"name": "EQP-ODD", "serial_number": "Q7-A1.B2 c3"})
	for i := range 60 {
		put(doc{"name": fmt.Sprintf("EQP-%03d", i), "serial_number": fmt.Sprintf("Q7XA1XB2XC3X%03d", i), "barcode": "4006381333931"})
	}
	for code, want := range map[string]string{"4006381333931": "EQP-BOX", "Q7A1B2C3": "EQP-ODD"} {
		if e, _ := w.lookup("staff", code, "")["equipment"].(doc); e["name"] != want {
			t.Errorf("%s: %v, want %s", code, e, want)
		}
	}
}

func TestAConflictTellsWhatTheCallerMayKnow(t *testing.T) {
	t.Parallel()
	w := reader(t)
	if found := w.lookup("staff", "QB4400112233", "DJ-B"); found["conflict"] != nil || found["create_hint"] != nil {
		t.Errorf("at its own place: %v", found)
	}
	conflict := w.lookup("staff", "QB4400112233", "DJ-A")["conflict"].(doc)
	if conflict["customer_name"] != "Sam Sample" || conflict["address"] != "12 rue B, Granby QC J2G 0A0" || conflict["reason"] != "elsewhere" {
		t.Errorf("for the office: %v", conflict)
	}
	found := w.lookup("technician:T1", "QB4400112233", "DJ-A")
	conflict = found["conflict"].(doc)
	if want := (doc{"reason": "elsewhere", "equipment": "EQP-B", "status": "active", "detail": "EQP-B is active at another customer's."}); cmp.Diff(want, conflict) != "" {
		t.Errorf("for a technician: %v", conflict)
	}
	if e := found["equipment"].(doc); e["customer"] != "" || e["service_location"] != "" {
		t.Errorf("he learns whose it is: %v", e)
	}
	if found := w.lookup("technician:T2", "QB4400112233", ""); found["equipment"].(doc)["customer"] != "Sam Sample" {
		t.Errorf("who has a visit there does not: %v", found)
	}
	if c := w.lookup("technician:T1", "DD6600112233", "DJ-A")["conflict"].(doc); c["reason"] != "unfit" || c["status"] != "defective" {
		t.Errorf("a defective one: %v", c)
	}
	if status, answer := w.ask("technician:T1", http.MethodGet, "/equipment/lookup?code=QB4400112233&job=DJ-B", nil); status != 403 || answer["code"] != "job-forbidden" {
		t.Errorf("another's visit: %d %v", status, answer)
	}
	for _, nothing := range []string{"", "?code=", "?code=%20&job=DJ-A"} {
		if status, answer := w.ask("staff", http.MethodGet, "/equipment/lookup"+nothing, nil); status != 422 || answer["detail"] != "Give a code." {
			t.Errorf("%q: %d %v", nothing, status, answer)
		}
	}
	if status, answer := w.ask("staff", http.MethodGet, "/equipment/lookup?code=QB4400112233&job=DJ-0", nil); status != 404 || answer["code"] != "job-not-found" {
		t.Errorf("no visit: %d %v", status, answer)
	}
}

func TestAnUnknownCodeFillsInTheForm(t *testing.T) {
	t.Parallel()
	w := reader(t)
	for code, want := range map[string]string{
		"S/N NX7711220099":   "serial_number=NX7711220099",
		"00:E0:FC:99:99:99":  "mac_address=00:E0:FC:99:99:99",
		"5450 4C47 0000001F": "equipment_type=ONT gpon_serial=TPLG0000001F serial_number=TPLG0000001F",
		"CAUTION":            "",
		// They stand on labels too, and are nobody's to search for.
		"WIFI:S:Maison;T:WPA;P:motdepasse1;;": "",
		"https://example.test/a?sn=AB123456":  "",
	} {
		hint := w.lookup("technician:T1", code, "DJ-A")["create_hint"].(doc)
		var got []string
		for _, field := range []string{"equipment_type", "brand", "model", "gpon_serial", "mac_address", "serial_number", "barcode"} {
			if hint[field] != "" {
				got = append(got, field+"="+hint[field].(string))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", code, got, want)
		}
		asked := strings.Join(w.asked(), " ")
		if searched := strings.Contains(asked, "/Service Equipment"); searched == (strings.HasPrefix(code, "WIFI:") || strings.HasPrefix(code, "https:")) {
			t.Errorf("%s: asked for %s", code, asked)
		}
	}
}
