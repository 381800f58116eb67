package device_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/web"
)

type doc = map[string]any

// today is the day of all visits: that of the run.
func today() string { return string(erpnext.DateOf(time.Now())) }

// founded is what all sites begin as: two customers, their places and services, a
// visit of each of two technicians, and devices in all notations.
var founded = erpnexttest.Founded(nil, func(f *erpnexttest.Founding) {
	for id, name := range map[string]string{"T1": "Rémi Tremblay", "T2": "Ana Roy", "T3": "Luc Caron"} {
		f.Put("Dispatch Technician", doc{"technician_id": id, "full_name": name})
	}
	for at, customer := range map[string]string{"A": "Ann Exemple", "B": "Sam Sample"} {
		f.Put("Customer", doc{"name": customer, "customer_name": customer, "customer_type": "Individual", "cell_phone": "450 555-0100", "language": "fr"})
		f.Put("Service Location", doc{"name": "LOC-" + at, "customer": customer, "address_line": "12 rue " + at, "city": "Granby", "province": "QC",
			"postal_code": "J2G 0A0", "access_notes": "porte 4321", "contact_phone": "4505550111", "status": "Active"})
		f.Put("Service Subscription", doc{"name": "SUB-" + at, "customer": customer, "service_location": "LOC-" + at, "service_category": "Internet",
			"plan_name": "Fibre 500", "status": "Actif", "speed_down": 500, "speed_up": 500, "monthly_price": 39.95})
	}
	f.Put("Issue", doc{"name": "ISS-A", "subject": "Pas d'Internet", "customer": "Ann Exemple", "service_location": "LOC-A", "status": "Open"})
	for name, job := range map[string]doc{
		"DJ-A": {"customer": "Ann Exemple", "service_location": "LOC-A", "assigned_tech": "T1", "subscription": "SUB-A", "assistants": []any{doc{"technician": "T3"}}},
		"DJ-B": {"customer": "Sam Sample", "service_location": "LOC-B", "assigned_tech": "T2"},
	} {
		job["name"], job["subject"], job["scheduled_date"], job["status"] = name, "Réparation "+name, today(), "In Progress"
		f.Put("Dispatch Job", job)
	}
	for _, d := range []doc{
		{"name": "EQP-A", "equipment_type": "ONT", "serial_number": "zz-77 00.1122", "gpon_serial": "54504C47AABB0001", "mac_address": "00e0.fc12.3401",
			"status": "active", "customer": "Ann Exemple", "service_location": "LOC-A", "subscription": "SUB-A", "olt_name": "OLT-1", "olt_port": 3, "ip_address": "192.0.2.77",
			"wifi_ssid": "Maison A", "wifi_password": "secret-invente-a", "login_user": "admin", "login_password": "autre-secret",
			"move_log": []any{doc{"moved_on": "2026-01-02 10:00:00", "action": "install", "to_location": "LOC-A", "notes": "ancien", "source_key": "x"}}},
		{"name": "EQP-B", "equipment_type": "Router", "serial_number": "S/N: QB4400112233", "barcode": "998877665544", "mac_address": "00-E0-FC-12-34-02",
			"status": "active", "customer": "Sam Sample", "service_location": "LOC-B", "wifi_ssid": "Maison B", "wifi_password": "secret-invente-b"},
		{"name": "EQP-N", "equipment_type": "ONT", "serial_number": "NW5500112233", "mac_address": "00:E0:FC:12:34:03", "status": "inventory", "held_by_technician": "T1",
			"wifi_ssid": "Neuf", "wifi_password": "secret-invente-n"},
		{"name": "EQP-M", "equipment_type": "ONT", "gpon_serial": "TPLG0000AA02", "status": "inventory"},
		{"name": "EQP-D", "equipment_type": "ONT", "serial_number": "DD6600112233", "status": "defective"},
		{"name": "EQP-T1", "equipment_type": "TV Box", "serial_number": "TV0000001", "barcode": "BOX-1234-AA", "status": "inventory"},
		{"name": "EQP-T2", "equipment_type": "TV Box", "serial_number": "TV0000002", "barcode": "box1234aa", "status": "returned"},
	} {
		f.Put("Service Equipment", d)
	}
})

// world is a hub with its site.
type world struct {
	testing.TB
	site  *erpnextsim.Site
	url   string
	store *sqlite.Engine
	desk  *device.Desk
	door  http.Handler
	log   hubtest.Log
	stop  func() // ends the work

	mu     sync.Mutex
	calls  []string        // what the site was asked
	delay  time.Duration   // of every answer
	dead   string          // requests that say this never come back
	cuts   map[string]bool // nil: the line holds; else it breaks at every write that is not in here, once
	late   bool            // it breaks after the site has done what it was asked
	deadly bool            // the hub dies with it
	down   bool            // it is dead: nothing goes through
	ended  func()          // ends whoever asks the hub
}

func newWorld(t testing.TB) *world {
	return worldAt(t, erpnexttest.Site(t, founded[erpnextsim.V16], nil))
}

// worldAt is a hub with a site that may be others' as well, where changes are
// worked off.
func worldAt(t testing.TB, site *erpnextsim.Site) *world {
	t.Helper()
	w := quietAt(t, site)
	w.works()
	return w
}

// quietAt is a hub that nobody asks to change anything.
func quietAt(t testing.TB, site *erpnextsim.Site) *world {
	t.Helper()
	w := &world{TB: t, site: site, store: hubtest.Store(t)}
	w.url = erpnexttest.Serve(t, http.HandlerFunc(w.line))
	w.open(nil)
	return w
}

// quiet is one with a site of its own, which the test changes.
func quiet(t testing.TB) *world { return quietAt(t, erpnexttest.Site(t, founded[erpnextsim.V16], nil)) }

// shelf is a site that nobody changes; it lasts as long as the tests.
var shelf = sync.OnceValues(func() (*erpnextsim.Site, error) {
	image, err := founded[erpnextsim.V16]()
	if err != nil {
		return nil, err
	}
	return erpnextsim.New(erpnextsim.Options{Image: image})
})

// reader is a hub before that one.
func reader(t testing.TB) *world {
	t.Helper()
	site, err := shelf()
	if err != nil {
		t.Fatal(err)
	}
	return quietAt(t, site)
}

// open makes the desk and its door.
func (w *world) open(olt func(context.Context, string) (any, error)) {
	w.Helper()
	w.desk = w.hired(w.store, olt)
	w.door = w.edge(hubtest.Door{})
}

// edge is a door of the desk.
func (w *world) edge(who hubtest.Door) http.Handler {
	w.Helper()
	edge, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off"}, web.Deps{Verifier: who, Memory: w.store})
	if err != nil {
		w.Fatal(err)
	}
	w.desk.Mount(edge.Router())
	return edge.Handler()
}

// hired is a desk, one of those of any hub.
func (w *world) hired(store device.Store, olt func(context.Context, string) (any, error)) *device.Desk {
	w.Helper()
	return device.NewDesk(device.Deps{
		ERPNext: erpnexttest.Client(w, w.url, nil), Store: store, News: hubtest.News{Ring: w.store}, OLT: olt,
		Log: slog.New(slog.NewJSONHandler(&w.log, nil)),
	})
}

// works has the changes worked off until stop is called, which is as sudden as it can be.
func (w *world) works() {
	w.Helper()
	w.stop = w.run(w.desk)
}

// run works a desk's changes off.
func (w *world) run(desk *device.Desk) (stop func()) {
	w.Helper()
	opts := keep.RunnerOptions{Poll: 50 * time.Millisecond, Lease: 400 * time.Millisecond, Drain: time.Millisecond}
	return hubtest.Work(w, w.store, opts, desk.Work()...)
}

// line carries a request to the site.
func (w *world) line(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	call := r.Method + " " + r.URL.Path
	w.calls = append(w.calls, call)
	delay, dead, down := w.delay, w.dead != "" && strings.Contains(r.URL.Path+string(body), w.dead), w.down
	breaks := w.cuts != nil && writes(call) && !w.cuts[call] // a question is asked again by itself
	if breaks {
		w.cuts[call] = true
	}
	late, ended := w.late, w.ended
	dies := breaks && w.deadly
	w.mu.Unlock()
	switch {
	case dead:
		<-r.Context().Done()
		return
	case down:
		panic(http.ErrAbortHandler)
	case breaks && late:
		w.site.ServeHTTP(httptest.NewRecorder(), r)
	}
	if dies {
		w.set(func() { w.down = true })
		ended()
	}
	if breaks {
		panic(http.ErrAbortHandler)
	}
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-r.Context().Done():
			return
		}
	}
	w.site.ServeHTTP(rw, r)
}

// writes tells that a request changes something.
func writes(call string) bool {
	return strings.HasPrefix(call, http.MethodPut) || strings.HasPrefix(call, "POST /api/resource/")
}

func (w *world) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

// asked counts what the site was asked since the last time.
func (w *world) asked() (calls []string) {
	w.set(func() { calls, w.calls = w.calls, nil })
	return calls
}

// ask asks the door, as somebody ("technician:T1"), and reads the answer.
func (w *world) ask(as, method, path string, body any) (int, doc) {
	w.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		w.Fatal(err)
	}
	r := httptest.NewRequestWithContext(w.Context(), method, path, bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(hubtest.RoleHeader, as)
	rec := httptest.NewRecorder()
	w.door.ServeHTTP(rec, r)
	var answer doc
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		w.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	return rec.Code, answer
}

func (w *world) get(doctype, name string) doc {
	w.Helper()
	d, err := w.site.Doc(doctype, name)
	if err != nil {
		w.Fatal(err)
	}
	return d
}

// how tells how devices stand, with their histories, and what the visits say.
func (w *world) how(jobs []string, devices ...string) string {
	w.Helper()
	var b strings.Builder
	for _, name := range devices {
		d := w.get("Service Equipment", name)
		fmt.Fprintf(&b, "%s %v at %v of %v for %v held by %v:", name, d["status"], d["service_location"], d["customer"], d["subscription"], d["held_by_technician"])
		for _, row := range d["move_log"].([]any) {
			r := row.(doc)
			fmt.Fprintf(&b, " %v %v>%v by %v on %v %v", r["action"], r["from_location"], r["to_location"], r["technician"], r["dispatch_job"], r["condition"])
		}
		b.WriteString("\n")
	}
	for _, name := range jobs {
		b.WriteString(name + ":")
		for _, row := range w.get("Dispatch Job", name)["equipment_items"].([]any) {
			r := row.(doc)
			fmt.Fprintf(&b, " %v %v>%v", r["action"], r["equipment"], r["replaced_by"])
		}
		b.WriteString("\n")
	}
	return strings.ReplaceAll(b.String(), "<nil>", "-")
}

// as puts a technician on the context.
func as(ctx context.Context, technician string) context.Context {
	return hub.WithActor(ctx, hub.Actor{Role: hub.RoleTechnician, ID: technician})
}

func office(ctx context.Context) context.Context {
	return hub.WithActor(ctx, hub.Actor{Role: hub.RoleStaff, ID: "ann"})
}
