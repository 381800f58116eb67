package customer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"html"
	"image"
	"image/png"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/customer"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/visit"
	"gigafibre.ca/targo-hub/hub/web"
)

// noon is the clock's beginning: a Monday, 12:30 in Toronto.
func noon() time.Time { return time.Date(2026, 11, 23, 17, 30, 0, 0, time.UTC) }

// The places of the tests: some kilometres between each of them.
func there() roads.Point { return roads.Point{Lat: 45.312345, Lon: -73.112345} }
func home() roads.Point  { return roads.Point{Lat: 45.401234, Lon: -73.201234} }

// town is what the desk asks, and its clock.
type town struct {
	sync.Mutex
	now         time.Time
	visits      map[string]agenda.Visit
	technicians map[string]agenda.Technician
	offShift    bool
	fixes       map[string]fix.Fix
	etas        map[string]visit.ETA
	records     map[string]visit.Record
	pictures    map[string][]byte
	away        error     // ERPNext's
	asOf        time.Time // when the visits were read; zero: now
}

func (w *town) AsOf() time.Time {
	w.Lock()
	defer w.Unlock()
	if w.asOf.IsZero() {
		return w.now
	}
	return w.asOf
}

func (w *town) Job(_ context.Context, name string) (agenda.Visit, error) {
	w.Lock()
	defer w.Unlock()
	v, known := w.visits[name]
	if !known && w.away == nil {
		return v, hub.Fail(hub.NotFound, "not-found", "There is no such work order.", nil)
	}
	return v, w.away
}

func (w *town) Of(technician string) (his []agenda.Visit) {
	w.Lock()
	defer w.Unlock()
	for _, v := range w.visits {
		if v.Technician == technician {
			his = append(his, v)
		}
	}
	return his
}

func (w *town) Technician(name string) (agenda.Technician, bool) {
	w.Lock()
	defer w.Unlock()
	t, known := w.technicians[name]
	return t, known
}

func (w *town) OnShift(string, time.Time) bool {
	w.Lock()
	defer w.Unlock()
	return !w.offShift
}

func (w *town) ETA(_ context.Context, v agenda.Visit) (visit.ETA, bool) {
	w.Lock()
	defer w.Unlock()
	eta, known := w.etas[v.Job]
	return eta, known
}

func (w *town) Trip(_ context.Context, v agenda.Visit) (visit.Record, error) {
	w.Lock()
	defer w.Unlock()
	return w.records[v.Job], nil
}

func (w *town) Picture(_ context.Context, fileURL string) ([]byte, error) {
	w.Lock()
	defer w.Unlock()
	if raw := w.pictures[fileURL]; raw != nil {
		return raw, nil
	}
	return nil, hub.Fail(hub.NotFound, "not-found", "There is no such file.", nil)
}

func (w *town) time() time.Time {
	w.Lock()
	defer w.Unlock()
	return w.now
}

// edit changes the town.
func (w *town) edit(change func()) {
	w.Lock()
	defer w.Unlock()
	change()
}

// fleet is the town's trucks.
type fleet struct{ *town }

func (f fleet) Of(technician string) (fix.Fix, bool) {
	f.Lock()
	defer f.Unlock()
	one, known := f.fixes[technician]
	return one, known
}

// secret makes secrets as a keyring does.
type secret string

func (s secret) Secret(purpose string) ([]byte, error) { return []byte(string(s) + purpose), nil }

// world is a hub with the customer's routes.
type world struct {
	*town
	tb      testing.TB
	store   customer.Store
	desk    *customer.Desk
	handler http.Handler
	log     *bytes.Buffer
}

// newWorld makes one; a nil among the changes gives it a real store.
func newWorld(tb testing.TB, set ...func(*customer.Deps)) *world {
	tb.Helper()
	w := &world{tb: tb, log: &bytes.Buffer{}, store: &memory{values: map[string]value{}}, town: &town{
		now: noon(), visits: map[string]agenda.Visit{}, technicians: map[string]agenda.Technician{}, fixes: map[string]fix.Fix{},
		etas: map[string]visit.ETA{}, records: map[string]visit.Record{}, pictures: map[string][]byte{},
	}}
	for _, change := range set {
		if change == nil { // a store that is one
			w.store = hubtest.Store(tb)
		}
	}
	place := home()
	w.technicians["TECH-7"] = agenda.Technician{Name: "TECH-7", FullName: "Maude Zorglub-Tremblay", Status: "en route", Active: true, Photo: "/private/files/maude-zorglub.png", Home: &place}
	w.technicians["TECH-8"] = agenda.Technician{Name: "TECH-8", FullName: "Bédard, Luc", Status: "available", Active: true}
	w.pictures["/private/files/maude-zorglub.png"] = picture(tb)
	w.visits["DJ-00042"] = job("DJ-00042")
	w.open(set...)
	return w
}

// open starts the hub, again after a restart.
func (w *world) open(set ...func(*customer.Deps)) {
	w.tb.Helper()
	deps := customer.Deps{
		Agenda: w.town, Visits: w.town, Fleet: fleet{w.town}, Pictures: w.town, Store: w.store, Keys: secret("k1"),
		Map: "/track/leaflet/v1/map.js", Tiles: true, Attribution: "© Cartes d'ici", Office: "514 555-0100", Now: w.time,
		Public: func(path string) string { return "https://hub.example.com" + path },
		Log:    slog.New(slog.NewJSONHandler(&guarded{out: w.log}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range set {
		if change != nil {
			change(&deps)
		}
	}
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}, Log: deps.Log})
	if err != nil {
		w.tb.Fatal(err)
	}
	if w.desk, err = customer.New(deps); err != nil {
		w.tb.Fatal(err)
	}
	if err := w.desk.Mount(server.Router()); err != nil {
		w.tb.Fatal(err)
	}
	w.handler = server.Handler()
}

// guarded lets several write.
type guarded struct {
	sync.Mutex
	out *bytes.Buffer
}

func (g *guarded) Write(p []byte) (int, error) {
	g.Lock()
	defer g.Unlock()
	return g.out.Write(p)
}

// job is a visit of today from 13:00 to 15:00 that TECH-7 has.
func job(name string) agenda.Visit {
	return agenda.Visit{
		Job: name, Subject: "Remplacer le modem de la chambre", Status: erpnext.JobScheduled, Technician: "TECH-7", Customer: "CUST-" + name, CustomerName: "Aline Xanadu", Address: "12, rue des Lupins",
		Place: there(), Placed: true, Date: "2026-11-23", From: noon().Add(30 * time.Minute), To: noon().Add(150 * time.Minute), Published: true, Modified: noon().Add(-24 * time.Hour),
	}
}

// change edits the visit of the tests.
func (w *world) change(edit func(v *agenda.Visit)) {
	w.edit(func() {
		v := w.visits["DJ-00042"]
		edit(&v)
		w.visits["DJ-00042"] = v
	})
}

// setsOut lets the technician set out now, and be at a place two minutes later.
func (w *world) setsOut(at roads.Point) {
	w.change(func(v *agenda.Visit) { v.Status, v.EnRouteAt = erpnext.JobEnRoute, w.now })
	w.pass(2 * time.Minute)
	w.drives(at)
}

func (w *world) drives(at roads.Point) {
	w.edit(func() {
		w.fixes["TECH-7"] = fix.Fix{Device: 501, Technician: "TECH-7", Name: "Maude Zorglub-Tremblay", Lat: at.Lat, Lon: at.Lon, SpeedKmh: 61.37, Course: 211.7, At: w.now.Add(-5 * time.Second), Heard: w.now}
	})
}

func (w *world) pass(d time.Duration) { w.edit(func() { w.now = w.now.Add(d) }) }

// ask sends a request; header is name, value, name, value …
func (w *world) ask(method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

func (w *world) page(code string, header ...string) *httptest.ResponseRecorder {
	return w.ask(http.MethodGet, "/track/"+code, append([]string{"Accept", "text/html"}, header...)...)
}

// mint makes the link of a work order.
func (w *world) mint(job string) customer.Minted {
	w.tb.Helper()
	var m customer.Minted
	got := w.ask(http.MethodPost, "/track/"+job, hubtest.RoleHeader, "staff")
	if err := json.Unmarshal(got.Body.Bytes(), &m); got.Code != http.StatusCreated || err != nil {
		w.tb.Fatalf("minting %s: %d %s", job, got.Code, got.Body)
	}
	return m
}

// state asks how a visit stands.
func (w *world) state(code string) customer.Standing {
	w.tb.Helper()
	var s customer.Standing
	got := w.ask(http.MethodGet, "/track/"+code+"/state")
	if err := json.Unmarshal(got.Body.Bytes(), &s); got.Code != http.StatusOK || err != nil {
		w.tb.Fatalf("state: %d %s", got.Code, got.Body)
	}
	for _, text := range []*string{&s.Text.Window, &s.Text.ETA, &s.Text.Distance, &s.Text.AsOf} {
		*text = plain(*text)
	}
	return s
}

// plain has spaces where lines must not break.
func plain(text string) string { return strings.ReplaceAll(text, "\u00a0", " ") }

// has wants all the words in a text, and none of the others.
func has(tb testing.TB, text string, words []string, without ...string) {
	tb.Helper()
	text = plain(html.UnescapeString(text))
	for _, word := range words {
		if !strings.Contains(text, word) {
			tb.Errorf("%q is not in %s", word, text)
		}
	}
	for _, word := range without {
		if strings.Contains(text, word) {
			tb.Errorf("%q is in %s", word, text)
		}
	}
}

// picture is a portrait, larger than what is shown.
func picture(tb testing.TB) []byte {
	tb.Helper()
	img := image.NewGray(image.Rect(0, 0, 600, 400))
	for i := range img.Pix {
		img.Pix[i] = uint8(i / 600)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}
