package device_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

func TestATechnicianSeesWhereHeWorks(t *testing.T) {
	t.Parallel()
	w := quiet(t)
	for _, round := range []string{"the first time", "again"} {
		p := w.look(as(t.Context(), "T1"), "ZZ77001122")
		if got := facts(p); !strings.Contains(got, "equipment.wifi_ssid=Maison A\nequipment.wifi_password=secret-invente-a") ||
			!strings.Contains(got, "customer.phone=+14505550100") || strings.Contains(got, "autre-secret") {
			t.Errorf("%s, his own: %s", round, got)
		}
		if got := facts(w.look(as(t.Context(), "T3"), "ZZ77001122")); strings.Contains(got, "wifi") || !strings.Contains(got, "customer.customer_name=Ann Exemple") {
			t.Errorf("%s, an assistant: %s", round, got)
		}
		p = w.look(as(t.Context(), "T2"), "ZZ77001122")
		if got := facts(p); states(p) != "ok empty empty empty empty empty empty" || !strings.Contains(got, "equipment.brand") == strings.Contains(got, "Ann") {
			t.Errorf("%s, another's: %s\n%s", round, states(p), got)
		}
	}
	lines, _, err := w.store.Audits(t.Context(), keep.AuditFilter{Action: "device.wifi"})
	if err != nil || len(lines) != 2 || lines[0].Actor != "technician:T1" || lines[0].Name != "EQP-A" || lines[0].Detail != "DJ-A" {
		t.Errorf("audit: %v %+v", err, lines)
	}
	if strings.Contains(w.log.String(), "secret") {
		t.Errorf("the log: %s", w.log.String())
	}
	if calls := strings.Join(w.asked(), "\n"); strings.Count(calls, "get_password") != 2 {
		t.Errorf("passwords were read for others: %s", calls)
	}
	// The day after the visit is over it is nobody's to see.
	if _, err := w.site.Put("Dispatch Job", doc{"name": "DJ-OLD", "subject": "x", "status": "Completed", "scheduled_date": "2026-01-02", "assigned_tech": "T2",
		"customer": "Ann Exemple", "service_location": "LOC-A"}); err != nil {
		t.Fatal(err)
	}
	if p := w.look(as(t.Context(), "T2"), "ZZ77001122"); strings.Contains(facts(p), "wifi") || p.Cards[1].Status != "empty" {
		t.Errorf("after an old visit: %s", facts(p))
	}
}

// TestWhichVisitsOpenTheWifi: his own, and not those of next week, unless the link
// was made for it.
func TestWhichVisitsOpenTheWifi(t *testing.T) {
	t.Parallel()
	w := quiet(t)
	day := func(days int) string { return string(erpnext.DateOf(time.Now().AddDate(0, 0, days))) }
	for name, job := range map[string]doc{
		"DJ-SOON": {"scheduled_date": day(1), "assigned_tech": "T4"}, "DJ-LATER": {"scheduled_date": day(9), "assigned_tech": "T5"},
		"DJ-LONG": {"scheduled_date": day(-9), "assigned_tech": "T6"}, "DJ-FAR": {"scheduled_date": day(40), "assigned_tech": "T7"},
	} {
		job["name"], job["subject"], job["status"], job["customer"], job["service_location"] = name, name, "Open", "Ann Exemple", "LOC-A"
		if _, err := w.site.Put("Dispatch Technician", doc{"technician_id": job["assigned_tech"], "full_name": name}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.site.Put("Dispatch Job", job); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		technician, link string
		sees, wifi       bool
	}{
		{"T4", "", true, true},
		{"T5", "", true, false}, {"T5", "DJ-LATER", true, true},
		{"T6", "", false, false}, {"T6", "DJ-LONG", true, true},
		{"T7", "DJ-FAR", true, true}, {"T7", "DJ-A", false, false}, {"T7", "DJ-0", false, false},
	} {
		ctx := hub.WithActor(t.Context(), hub.Actor{Role: hub.RoleTechnician, ID: c.technician, Job: c.link})
		got := facts(w.look(ctx, "ZZ77001122"))
		if strings.Contains(got, "Ann Exemple") != c.sees || strings.Contains(got, "secret-invente-a") != c.wifi {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestNoAuditNoPassword: what cannot be written down is not shown, and the rest is,
// in time.
func TestNoAuditNoPassword(t *testing.T) {
	t.Parallel()
	w := reader(t)
	w.desk = w.hired(forgetful{w.store}, nil)
	start := time.Now()
	p := w.look(as(t.Context(), "T1"), "ZZ77001122")
	if took := time.Since(start); took > 3*time.Second || states(p) != "ok ok ok ok ok ok ok" || strings.Contains(facts(p), "wifi") || p.Cards[0].Note == "" {
		t.Errorf("after %v: %s, %s\n%s", took, states(p), p.Cards[0].Note, facts(p))
	}
}

// TestALinkDoesWhatItWasMadeFor lets a technician in with one right at a time.
func TestALinkDoesWhatItWasMadeFor(t *testing.T) {
	t.Parallel()
	w := reader(t)
	for right, want := range map[string]string{"job:read": "403 200 403", "scan": "200 403 403", "job:equipment": "403 403 404", "job:status": "403 403 403"} {
		w.door = w.edge(hubtest.Door{Scopes: []string{right}})
		scan, _ := w.ask("technician:T1", http.MethodGet, "/equipment/lookup?code=ZZ77001122", nil)
		show, _ := w.ask("technician:T1", http.MethodGet, "/device/ZZ77001122", nil)
		link, _ := w.ask("technician:T1", http.MethodPost, "/equipment/link", doc{"equipment": "EQP-0", "job": "DJ-A"})
		if got := fmt.Sprint(scan, " ", show, " ", link); got != want {
			t.Errorf("%s: %s, want %s", right, got, want)
		}
	}
}
