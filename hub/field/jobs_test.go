package field_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/field"
	"gigafibre.ca/targo-hub/hub/field/day"
)

type sheet = day.Sheet

// TestJobsCostTheSameWhateverTheirNumber counts the calls to ERPNext.
func TestJobsCostTheSameWhateverTheirNumber(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCrew(t, profile)
			for _, n := range []int{1, 19} {
				for range n {
					c.file(t, nil)
				}
				if w := c.ask(t, "T1", http.MethodGet+" "+"/field/jobs", nil); w.Code != http.StatusOK { // the first one also asks for the zone
					t.Fatal(w.Body.String())
				}
				c.set(func() { c.calls = 0 })
				jobs := decode[sheet](t, c.ask(t, "T1", http.MethodGet+" "+"/field/jobs", nil)).Jobs
				if c.calls > 17 || len(jobs) == 0 {
					t.Errorf("%d jobs cost %d calls", len(jobs), c.calls)
				}
			}
		})
	}
}

// TestJobsShowWhatThereIsToKnow looks at one work order with all around it.
func TestJobsShowWhatThereIsToKnow(t *testing.T) {
	t.Parallel()
	c := newCrew(t, erpnextsim.V16)
	before := c.file(t, map[string]any{"subject": "Avant", "assigned_tech": "T2", "status": "In Progress"})
	c.put(t, "Service Equipment", map[string]any{"equipment_type": "ONT", "serial_number": "ZZTG00000001", "status": "active", "service_location": c.place, "wifi_password": "secret-wifi"})
	c.put(t, "Issue", map[string]any{"subject": "Facture", "customer": "C1", "service_location": c.place, "status": "Open"})
	name := c.file(t, map[string]any{
		"notes": "sonner deux fois", "depends_on": before, "assistants": []any{map[string]any{"technician": "T2"}},
		"materials_used": []any{map[string]any{"item": "CABLE", "qty": 2}}, "equipment_items": []any{map[string]any{"action": "installed", "serial_number": "ZZTG00000001"}},
	})
	job := decode[field.Job](t, c.ask(t, "T1", http.MethodGet+" "+"/field/jobs/"+name, nil))
	want := field.Job{
		Name: name, When: "today", Role: "lead", Subject: "Réparer", JobType: "Repair", Priority: "medium", Status: "Scheduled", Steps: []string{"En Route", "In Progress"},
		Date: "2026-11-23", Start: "08:30", End: "10:00", DurationH: 1.5, Customer: day.Customer{Name: "C1", Full: "Marie Essai", Lang: "fr"},
		Place: day.Place{
			Name: c.place, Title: "Maison", Address: "12 rue des Essais, Granby QC J2G 0A0", Lat: 45.4, Lon: -72.7, AccessNotes: "porte 4512",
			Geo:        "geo:45.4,-72.7?q=12+rue+des+Essais%2C+Granby+QC+J2G+0A0",
			Directions: "https://www.google.com/maps/dir/?api=1&travelmode=driving&destination=45.4%2C-72.7",
		},
		Contact: &day.Contact{Name: "Paul Essai", Phone: "+14505550177", Shown: "450 555-0177", Of: "place"},
		Team:    []day.Person{{Technician: "T1", Name: "Rémi Tremblay", Lead: true}, {Technician: "T2", Name: "Ana Roy"}},
		Pinned:  []day.Note{{Text: "sonner deux fois", Of: "job"}, {Text: "chien", Of: "customer"}}, Notes: []day.Note{}, Tags: []day.Tag{},
		Checklist: day.Checklist{Missing: 1, Items: []day.Item{{Label: "Puissance", Required: true, Type: "number"}, {Label: "Photo prise", Type: "check"}}},
		Devices:   []day.Device{{Type: "ONT", Serial: "ZZTG00000001", Status: "active"}},
		Equipment: []day.Handover{{Action: "installed", Serial: "ZZTG00000001"}}, Materials: []day.Material{{Item: "CABLE", Title: "Article CABLE", Qty: 2}}, Photos: []day.Photo{},
		AlsoHere: []day.Elsewhere{{Doctype: "Dispatch Job", Name: before, Subject: "Avant", Status: "In Progress", Date: "2026-11-23"}, {Doctype: "Issue", Subject: "Facture", Status: "Open", Date: "2026-11-23"}},
		WaitsFor: []day.Elsewhere{{Doctype: "Dispatch Job", Name: before, Subject: "Avant", Status: "In Progress", Date: "2026-11-23"}},
		Warnings: []string{"blocked", "opens-elsewhere"},
	}
	same := cmp.Options{
		cmpopts.IgnoreFields(field.Job{}, "Modified"), cmpopts.IgnoreFields(day.Device{}, "Name"),
		cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "AlsoHere.Name" }, cmp.Transformer("shape", func(n string) string { return strings.Split(n, "-")[0][:2] })),
	}
	want.AlsoHere[1].Name = "IS"
	if diff := cmp.Diff(want, job, same); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if job.Modified == "" {
		t.Error("nobody can say what he saw")
	}
	whole := c.ask(t, "T1", http.MethodGet+" "+"/field/jobs", nil).Body.String()
	if strings.Contains(whole, "secret-wifi") {
		t.Error("a secret is told")
	}
}

// TestJobsAreTheTechniciansOwn of the days that are asked for, in his order.
func TestJobsAreTheTechniciansOwn(t *testing.T) {
	t.Parallel()
	c := newCrew(t, erpnextsim.V16)
	theirs := c.file(t, map[string]any{"subject": "autrui", "assigned_tech": "T2"})
	free := c.file(t, map[string]any{"subject": "libre", "assigned_tech": nil, "status": "Open"})
	c.file(t, map[string]any{"subject": "second", "route_order": 2})
	c.file(t, map[string]any{"subject": "aide", "assigned_tech": "T2", "route_order": 3, "assistants": []any{map[string]any{"technician": "T1"}}})
	c.file(t, map[string]any{"subject": "premier", "route_order": 1})
	c.file(t, map[string]any{"subject": "en cours", "route_order": 9, "status": "In Progress"})
	c.file(t, map[string]any{"subject": "en retard", "scheduled_date": "2026-11-19"})
	c.file(t, map[string]any{"subject": "fait hier", "scheduled_date": "2026-11-22", "status": "Completed"})
	c.file(t, map[string]any{"subject": "fait", "status": "Completed"})
	c.file(t, map[string]any{"subject": "demain", "scheduled_date": "2026-11-24"})
	c.file(t, map[string]any{"subject": "plus tard", "scheduled_date": "2026-12-02"})
	var got []string
	for _, job := range decode[sheet](t, c.ask(t, "T1", http.MethodGet+" "+"/field/jobs", nil)).Jobs {
		got = append(got, fmt.Sprintf("%s %s next=%v late=%v", job.When, job.Subject, job.NextUp, job.Late))
	}
	want := []string{
		"today en cours next=true late=false", "today en retard next=false late=true", "today premier next=false late=false", "today second next=false late=false",
		"today aide next=false late=false", "upcoming demain next=false late=false", "done fait next=false late=false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for who, cases := range map[string]map[string]int{
		"T1":         {theirs: http.StatusForbidden, free: http.StatusForbidden, "DJ-99999": http.StatusNotFound},
		"T1@" + free: {free: http.StatusOK}, "T1@" + theirs: {theirs: http.StatusForbidden}, "": {theirs: http.StatusUnauthorized},
	} {
		for name, code := range cases {
			if w := c.ask(t, who, http.MethodGet+" "+"/field/jobs/"+name, nil); w.Code != code {
				t.Errorf("%q reads %s: %d", who, name, w.Code)
			}
		}
	}
	for query, code := range map[string]int{"from=2026-13-01": 422, "from=2026-11-24&to=2026-11-23": 422, "from=2026-11-01&to=2027-01-01": 422, "to=x": 422, "from=2026-12-01": 200} {
		if w := c.ask(t, "T1", http.MethodGet+" "+"/field/jobs?"+query, nil); w.Code != code {
			t.Errorf("%s: %d %s", query, w.Code, w.Body.String())
		}
	}
}

// TestJobsThatHaveNotChanged are not sent again.
func TestJobsThatHaveNotChanged(t *testing.T) {
	t.Parallel()
	c := newCrew(t, erpnextsim.V16)
	c.file(t, nil)
	first := c.ask(t, "T1", http.MethodGet+" "+"/field/jobs", nil)
	tag := first.Header().Get("ETag")
	c.set(func() { c.now = c.now.Add(time.Minute) })
	if w := c.ask(t, "T1", http.MethodGet+" "+"/field/jobs", nil, "If-None-Match", "W/"+tag); w.Code != http.StatusNotModified || w.Body.Len() != 0 || w.Header().Get("ETag") != tag {
		t.Errorf("%d %q %s", w.Code, w.Header().Get("ETag"), w.Body.String())
	}
	c.file(t, nil)
	if w := c.ask(t, "T1", http.MethodGet+" "+"/field/jobs", nil, "If-None-Match", tag); w.Code != http.StatusOK || w.Header().Get("ETag") == tag {
		t.Errorf("%d: a new job is not seen", w.Code)
	}
	me := decode[field.Context](t, c.ask(t, "T1@DJ-1", http.MethodGet+" "+"/field/context", nil))
	if me.Name != "Rémi Tremblay" || me.Job != "DJ-1" || me.Today != "2026-11-23" || len(me.Scopes) != 5 || me.Expires == nil || me.Limits.Mutations != 200 {
		t.Errorf("%+v", me)
	}
}
