package agenda_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is when all tests happen: a Monday at nine.
var now = time.Date(2026, 11, 23, 9, 0, 0, 0, hub.Local())

// founded is what the sites of all tests begin as. It is never changed.
var founded = erpnexttest.Founded(clock, func(f *erpnexttest.Founding) {
	f.Put("Dispatch Technician", map[string]any{
		"technician_id": "T1", "full_name": "Rémi Tremblay", "status": "available", "assigned_group": "Fibre", "traccar_device_id": " 7 ",
		"photo": "/files/remi.jpg", "home_base_latitude": 45.41, "home_base_longitude": -72.71,
	})
	f.Put("Dispatch Technician", map[string]any{"technician_id": "T2", "full_name": "Ève Gagnon", "status": "off"})
	f.Put("Dispatch Technician", map[string]any{"technician_id": "T3", "full_name": "Parti", "active": 0})
	f.Put("Customer", map[string]any{"customer_name": "Cliente Essai", "customer_type": "Individual", "language": "en"})
	f.Put("Service Location", map[string]any{"customer": "Cliente Essai", "address_line": "12 rue des Essais", "city": "Granby",
		"latitude": 45.4, "longitude": -72.73})
})

func clock() time.Time { return now }

type plant struct {
	site   *erpnextsim.Site
	erp    *erpnext.Client
	agenda *agenda.Agenda
	place  string
	calls  atomic.Int32
	down   atomic.Bool
}

func newPlant(t testing.TB, profile erpnextsim.Profile, shift string) *plant {
	t.Helper()
	p := &plant{site: erpnexttest.Site(t, founded[profile], clock)}
	p.erp = erpnexttest.Client(t, erpnexttest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.Add(1)
		if p.down.Load() {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p.site.ServeHTTP(w, r)
	})), nil)
	places, err := erpnext.List[erpnext.ServiceLocation](t.Context(), p.erp, erpnext.Query{Doctype: "Service Location"})
	if err != nil || len(places) != 1 {
		t.Fatalf("%d places: %v", len(places), err)
	}
	p.place = places[0].Name
	p.works(t, shift)
	return p
}

// works makes another agenda of the plant, and reads it.
func (p *plant) works(t testing.TB, shift string) {
	t.Helper()
	hours, err := agenda.ParseShift(shift)
	if err != nil {
		t.Fatal(err)
	}
	p.agenda = agenda.New(agenda.Deps{ERPNext: p.erp, Shift: hours, Now: clock})
	p.refresh(t)
}

func (p *plant) put(t testing.TB, doctype string, doc map[string]any) string {
	t.Helper()
	return erpnexttest.Put(t, p.site, doctype, doc)
}

// job stores a visit of today that T1 has; change says what is different.
func (p *plant) job(t testing.TB, subject string, change map[string]any) string {
	t.Helper()
	return erpnexttest.Put(t, p.site, "Dispatch Job", map[string]any{
		"subject": subject, "assigned_tech": "T1", "status": "Assigned", "published": 1, "scheduled_date": "2026-11-23", "start_time": "10:00:00",
		"customer": "Cliente Essai", "service_location": p.place, "assigned_group": "Fibre",
	}, change)
}

func (p *plant) refresh(t testing.TB) {
	t.Helper()
	if err := p.agenda.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestAgendaHoldsTheDay: what is followed, and what is not.
func TestAgendaHoldsTheDay(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlant(t, profile, "")
			p.job(t, "last", map[string]any{"start_time": "", "route_order": 1})
			p.job(t, "second", map[string]any{"start_time": "10:00:00", "route_order": 1})
			p.job(t, "first", map[string]any{"start_time": "8:30:00", "route_order": 9})
			p.job(t, "draft", map[string]any{"published": 0})
			p.job(t, "nobody's", map[string]any{"assigned_tech": nil, "status": "Open"})
			p.job(t, "tomorrow", map[string]any{"scheduled_date": "2026-11-24"})
			p.job(t, "late since Friday", map[string]any{"scheduled_date": "2026-11-20"})
			p.job(t, "on the way since Friday", map[string]any{"scheduled_date": "2026-11-20", "status": "En Route", "published": 0})
			p.job(t, "done unannounced", map[string]any{"published": 0, "status": "Completed", "start_time": "7:00:00"})
			p.job(t, "other's", map[string]any{"assigned_tech": "T2"})
			p.refresh(t)
			var got []string
			for _, v := range p.agenda.Jobs() {
				got = append(got, v.Technician+" "+v.Subject)
			}
			want := []string{"T1 on the way since Friday", "T1 done unannounced", "T1 first", "T1 second", "T1 last", "T2 other's"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if own := p.agenda.Of("T2"); len(own) != 1 || own[0].Subject != "other's" {
				t.Errorf("T2 has %v", own)
			}
			if !p.agenda.AsOf().Equal(now) {
				t.Errorf("as of %s", p.agenda.AsOf())
			}
		})
	}
}

// TestAgendaKnowsAVisitWhole: from three documents.
func TestAgendaKnowsAVisitWhole(t *testing.T) {
	t.Parallel()
	p := newPlant(t, erpnextsim.V16, "")
	own := p.job(t, "Installation", map[string]any{"status": "En Route", "en_route_at": "2026-11-23 08:40:00", "eta_at": "2026-11-23 09:20:00", "latitude": 45.5, "longitude": -72.5})
	half := p.job(t, "À moitié", map[string]any{"latitude": 45.5}) // and no longitude
	placeless := p.job(t, "Ailleurs", map[string]any{"service_location": nil, "customer": nil, "start_time": ""})
	p.refresh(t)
	got, err := p.agenda.Job(t.Context(), own)
	if err != nil {
		t.Fatal(err)
	}
	want := agenda.Visit{
		Job: own, Subject: "Installation", JobType: "Installation", Status: "En Route", Technician: "T1", Group: "Fibre",
		Customer: "Cliente Essai", CustomerName: "Cliente Essai", Language: "en", Location: p.place, Address: "12 rue des Essais, Granby",
		Place: roads.Point{Lat: 45.5, Lon: -72.5}, Placed: true, Date: "2026-11-23",
		From: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC),
		EnRouteAt: time.Date(2026, 11, 23, 13, 40, 0, 0, time.UTC), EtaAt: time.Date(2026, 11, 23, 14, 20, 0, 0, time.UTC),
		Modified: got.Modified, Published: true,
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Modified.IsZero() {
		t.Errorf("modified %s, -want +got:\n%s", got.Modified, diff)
	}
	if v, err := p.agenda.Job(t.Context(), placeless); err != nil || v.Placed || v.Place != (roads.Point{}) || !v.From.IsZero() {
		t.Errorf("%+v, %v", v, err)
	}
	if v, err := p.agenda.Job(t.Context(), half); err != nil || v.Place != (roads.Point{Lat: 45.4, Lon: -72.73}) {
		t.Errorf("half of a place: %+v, %v", v, err)
	}
	who, known := p.agenda.Technician("T1")
	home := roads.Point{Lat: 45.41, Lon: -72.71}
	tech := agenda.Technician{Name: "T1", FullName: "Rémi Tremblay", Status: "available", Group: "Fibre", Device: "7", Photo: "/files/remi.jpg", Active: true, Home: &home}
	if diff := cmp.Diff(tech, who); diff != "" || !known || who.FirstName() != "Rémi" {
		t.Errorf("known %v, first name %q, -want +got:\n%s", known, who.FirstName(), diff)
	}
	if _, known := p.agenda.Technician("T9"); known || p.agenda.Knows("T9") || !p.agenda.Knows("T1") || len(p.agenda.Technicians()) != 3 {
		t.Errorf("there are %+v", p.agenda.Technicians())
	}
}

// TestAgendaCostsTheSameWhateverItsSize counts the calls to ERPNext.
func TestAgendaCostsTheSameWhateverItsSize(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlant(t, profile, "Mon-Sat 06:00-20:00")
			p.refresh(t) // learns the zone and the settings too
			for _, jobs := range []int{1, 20} {
				for i := range jobs {
					p.job(t, fmt.Sprintf("visit %d of %d", i, jobs), nil)
				}
				p.calls.Store(0)
				p.refresh(t)
				if n := p.calls.Load(); n != 2 {
					t.Errorf("%d visits more cost %d calls", jobs, n)
				}
			}
			p.calls.Store(0)
			all := p.agenda.Jobs()
			for _, v := range all {
				if _, err := p.agenda.Job(t.Context(), v.Job); err != nil {
					t.Error(err)
				}
				p.agenda.OnShift(v.Technician, now)
			}
			if n := p.calls.Load(); n != 0 || len(all) != 21 {
				t.Errorf("looking at %d visits cost %d calls", len(all), n)
			}
		})
	}
}
