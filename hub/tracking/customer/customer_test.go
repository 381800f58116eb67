package customer_test

import (
	"bytes"
	"encoding/json"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/customer"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/visit"
)

// TestAVisit from the day before to the day after, as its customer sees it.
func TestAVisit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.mint("DJ-00042").Code
	w.drives(roads.Point{Lat: 45.35123, Lon: -73.15123}) // a truck of the morning
	if diff := cmp.Diff(customer.Standing{
		State: "scheduled", UpdatedAt: noon(), Refresh: 120, Window: &customer.Window{From: noon().Add(30 * time.Minute), To: noon().Add(150 * time.Minute)},
		Text: customer.Text{Headline: "Votre visite est prévue", Detail: "Cette page vous montrera quand le technicien sera en route.", Window: "aujourd’hui entre 13 h et 15 h", AsOf: "12 h 30"},
	}, w.state(code)); diff != "" {
		t.Error(diff)
	}
	has(t, w.page(code).Body.String(), []string{"Votre visite est prévue", "aujourd’hui entre 13 h et 15 h"}, "Maude", "photo", `http-equiv="refresh"`, `id="map"`)

	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	w.edit(func() {
		w.etas["DJ-00042"] = visit.ETA{At: w.now.Add(22*time.Minute + 10*time.Second), Minutes: 22, Metres: 18765, Source: "straight"}
	})
	if diff := cmp.Diff(customer.Standing{
		State: "on_the_way", UpdatedAt: noon().Add(2 * time.Minute), Refresh: 30, Technician: &customer.Technician{FirstName: "Maude", Photo: true},
		Window: &customer.Window{From: noon().Add(30 * time.Minute), To: noon().Add(150 * time.Minute)},
		ETA:    &customer.ETA{At: noon().Add(22 * time.Minute), Minutes: 20}, Position: &customer.Position{Lat: 45.351, Lon: -73.151, AgeS: 5}, Place: &customer.Place{Lat: 45.312, Lon: -73.112}, Sketch: &customer.Sketch{X: 73, Y: 61, ReachKm: "10"},
		Text: customer.Text{Headline: "Le technicien est en route", Window: "aujourd’hui entre 13 h et 15 h", ETA: "dans environ 20 minutes (vers 12 h 52)", Distance: "à environ 5 km au nord-ouest de chez vous", AsOf: "12 h 32"},
	}, w.state(code)); diff != "" {
		t.Error(diff)
	}
	page := w.page(code)
	has(t, page.Body.String(), []string{
		"Le technicien est en route", "Maude", "dans environ 20 minutes", `<noscript><meta http-equiv="refresh" content="30"></noscript>`, `<img src="/track/` + code + `/photo?of=`, `alt="Photo du technicien"`,
		`data-map="/track/leaflet/v1/map.js"`, `data-lat="45.351" data-lon="-73.151" data-place-lat="45.312" data-place-lon="-73.112"`, `cx="73" cy="61"`, "© Cartes d'ici", "tel:+15145550100",
	}, "leaflet.js")
	if size := page.Body.Len(); size > 6000 {
		t.Errorf("the page has %d bytes", size)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive", "Content-Language": "fr"} {
		if got := page.Header().Get(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	got := w.ask(http.MethodGet, "/track/"+code+"/photo")
	if small, err := jpeg.Decode(bytes.NewReader(got.Body.Bytes())); err != nil || small.Bounds().Dx() != 192 || got.Body.Len() > 20<<10 || got.Header().Get("Content-Type") != "image/jpeg" {
		t.Errorf("photo: %d %v, %d bytes", got.Code, err, got.Body.Len())
	}
	w.rest(code)
}

// rest is the visit from the arrival on.
func (w *world) rest(code string) {
	w.tb.Helper()
	w.pass(20 * time.Minute)
	w.drives(there())
	w.edit(func() {
		w.records["DJ-00042"] = visit.Record{Job: "DJ-00042", Technician: "TECH-7", EnRouteAt: noon(), ArrivedAt: w.now}
	})
	for _, step := range []struct {
		state, word string
		edit        func(v *agenda.Visit)
		photo       bool
	}{
		{"arrived", "Le technicien est arrivé", func(*agenda.Visit) {}, true},
		{"in_progress", "Les travaux sont en cours", func(v *agenda.Visit) { v.Status = erpnext.JobInProgress }, true},
		{"in_progress", "Les travaux sont en cours", func(v *agenda.Visit) { v.Status = erpnext.JobPaused }, true},
		{"done", "La visite est terminée", func(v *agenda.Visit) { v.Status, v.EndedAt = erpnext.JobCompleted, w.now }, false},
		{"cancelled", "La visite est annulée", func(v *agenda.Visit) { v.Status = erpnext.JobCancelled }, false},
	} {
		w.change(step.edit)
		s := w.state(code)
		if s.State != step.state || s.Text.Headline != step.word || s.ETA != nil || s.Position != nil || s.Place != nil || s.Sketch != nil || (s.Technician != nil) != step.photo {
			w.tb.Errorf("%s: %+v", step.state, s)
		}
		page := w.page(code).Body.String()
		if strings.Contains(page, `class="card"`) != step.photo {
			w.tb.Errorf("%s: %s", step.state, page)
		}
		has(w.tb, page, []string{step.word, "tel:"}, "data-lat", `id="sketch"`, `http-equiv="refresh"`)
		if strings.Contains(page, "Maude") != step.photo {
			w.tb.Errorf("%s: %s", step.state, page)
		}
		if got := w.ask(http.MethodGet, "/track/"+code+"/photo"); (got.Code == http.StatusOK) != step.photo {
			w.tb.Errorf("%s: photo %d", step.state, got.Code)
		}
	}
}

// TestGoneAgain: somebody who was there and drives on, without a word, is not followed.
func TestGoneAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.mint("DJ-00042").Code
	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	w.edit(func() {
		w.etas["DJ-00042"] = visit.ETA{At: w.now.Add(5 * time.Minute)}
		w.records["DJ-00042"] = visit.Record{Job: "DJ-00042", Technician: "TECH-7", ArrivedAt: w.now, LeftAt: w.now}
	})
	if s := w.state(code); s.State != "on_the_way" || s.Position != nil || s.ETA != nil || s.Technician.FirstName != "Maude" {
		t.Errorf("%+v", s)
	}
}

// TestWhatNobodyKnows: while ERPNext is away, a truck that was on its way is not shown
// for ever.
func TestWhatNobodyKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.mint("DJ-00042").Code
	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	for _, minutes := range []int{9, 11} {
		w.edit(func() { w.asOf = w.now.Add(-time.Duration(minutes) * time.Minute) })
		if s := w.state(code); s.State != "on_the_way" || (s.Position != nil) != (minutes < 10) {
			t.Errorf("%d minutes: %+v", minutes, s)
		}
	}
}

// TestLate visits say so: before anybody sets out, and on the way.
func TestLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.mint("DJ-00042").Code
	w.pass(3 * time.Hour)
	if s := w.state(code); s.State != "delayed" || s.Late || s.Text.Headline != "Votre visite est en retard" || s.Position != nil || s.Refresh == 0 {
		t.Errorf("%+v", s)
	}
	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	if s := w.state(code); s.State != "on_the_way" || !s.Late || s.Position == nil || s.Text.Detail != "Plus tard que prévu. Nous en sommes désolés." {
		t.Errorf("%+v", s)
	}
	w.edit(func() { w.now = noon() })
	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	w.edit(func() { w.etas["DJ-00042"] = visit.ETA{At: noon().Add(3 * time.Hour)} })
	if s := w.state(code); s.State != "on_the_way" || !s.Late || s.ETA.Minutes != 180 || s.Text.ETA != "dans environ 3 h 00 (vers 15 h 32)" {
		t.Errorf("%+v", s)
	}
}

// TestWithoutAnHour nobody promises one.
func TestWithoutAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.mint("DJ-00042").Code
	for _, c := range []struct {
		date          erpnext.Date
		status        string
		state, window string
	}{
		{"2026-11-23", erpnext.JobAssigned, "scheduled", "aujourd’hui"},
		{"2026-11-24", erpnext.JobAssigned, "scheduled", "demain"},
		{"2026-12-01", erpnext.JobOpen, "scheduled", "mardi 1er décembre 2026"},
		{"2026-11-22", erpnext.JobAssigned, "delayed", "dimanche 22 novembre 2026"},
		{"2026-11-22", erpnext.JobOnHold, "scheduled", "L’heure reste à confirmer."},
		{"", erpnext.JobOpen, "scheduled", "L’heure reste à confirmer."},
		{"2026-11-23", "Quelque chose", "scheduled", "aujourd’hui"},
	} {
		w.change(func(v *agenda.Visit) { v.Date, v.Status, v.From, v.To = c.date, c.status, time.Time{}, time.Time{} })
		if s := w.state(code); s.State != c.state || s.Text.Window != c.window || s.Window != nil {
			t.Errorf("%s %s: %+v", c.date, c.status, s)
		}
	}
}

// TestLanguages: the one that is asked for, else the customer's, else the telephone's.
func TestLanguages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.mint("DJ-00042").Code
	for _, c := range []struct{ customer, phone, query, want string }{
		{"", "", "", "fr"}, {"", "en-CA", "", "en"}, {"fr-CA", "en-CA", "", "fr"}, {"en", "fr", "", "en"}, {"en", "fr", "?lang=fr", "fr"}, {"fr", "fr", "?lang=en", "en"},
	} {
		w.change(func(v *agenda.Visit) { v.Language = c.customer })
		page := w.page(code+c.query, "Accept-Language", c.phone)
		var s customer.Standing
		if err := json.Unmarshal(w.ask(http.MethodGet, "/track/"+code+"/state"+c.query, "Accept-Language", c.phone).Body.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		words := map[string]string{"fr": "Votre visite est prévue", "en": "Your visit is planned"}[c.want]
		has(t, page.Body.String(), []string{`<html lang="` + c.want + `">`, words, `/state?lang=` + c.want})
		if s.Text.Headline != words {
			t.Errorf("%+v: %+v", c, s)
		}
	}
	w.setsOut(roads.Point{Lat: 45.25, Lon: -73.112345})
	w.edit(func() { w.etas["DJ-00042"] = visit.ETA{At: w.now.Add(50 * time.Second)} })
	has(t, w.page(code+"?lang=en").Body.String(), []string{"in about 1 minute (around 12:33 pm)", "about 7 km south of your place", "today between 1:00 pm and 3:00 pm", "Call us:"})
}

// TestSomebodyElseComes: the link follows whoever has the visit, from when he has it.
func TestSomebodyElseComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.mint("DJ-00042").Code
	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	if s := w.state(code); s.Position == nil || s.Technician.FirstName != "Maude" {
		t.Errorf("%+v", s)
	}
	was := w.time()
	w.pass(5 * time.Minute)
	w.change(func(v *agenda.Visit) { v.Technician, v.Modified = "TECH-8", w.now })
	comes := func(at time.Time) {
		w.edit(func() {
			w.fixes["TECH-8"] = fix.Fix{Device: 502, Technician: "TECH-8", Lat: 45.21004, Lon: -73.01, At: at, Heard: at}
			w.etas["DJ-00042"] = visit.ETA{At: w.now.Add(5 * time.Minute)}
		})
	}
	comes(was) // what he did while it was not his is nobody's business
	if s := w.state(code); s.State != "on_the_way" || s.Position != nil || s.ETA == nil || s.Technician.FirstName != "Luc" || s.Technician.Photo {
		t.Errorf("%+v", s)
	}
	w.pass(10 * time.Second)
	comes(w.time())
	if s := w.state(code); s.Position == nil || s.Position.Lat != 45.21 {
		t.Errorf("%+v", s)
	}
}

// TestSetOutInERPNext: nobody wrote down when, and the truck stands since then: it is
// shown where it was when that was done, whenever the customer looks.
func TestSetOutInERPNext(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		enRoute, fixed time.Duration // before the look
		shown          bool
	}{
		"a moment before": {5 * time.Minute, 6 * time.Minute, true}, "since": {5 * time.Minute, time.Minute, true}, "long before": {5 * time.Minute, 8 * time.Minute, false},
	} {
		for _, clock := range []time.Duration{0, 5 * time.Hour} { // one that writes the hour of another zone
			w := newWorld(t)
			code := w.mint("DJ-00042").Code
			w.change(func(v *agenda.Visit) {
				v.Status, v.Modified = erpnext.JobEnRoute, w.now.Add(-c.enRoute)
				if clock > 0 {
					v.EnRouteAt = w.now.Add(clock)
				}
			})
			w.drives(roads.Point{Lat: 45.35123, Lon: -73.15123})
			w.edit(func() {
				f := w.fixes["TECH-7"]
				f.At = w.now.Add(-c.fixed)
				w.fixes["TECH-7"] = f
			})
			if s := w.state(code); s.State != "on_the_way" || (s.Position != nil) != c.shown {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// TestWithoutPictures or tiles, a telephone or a technician, the page is a page.
func TestWithoutPictures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(d *customer.Deps) { d.Pictures, d.Tiles, d.Office = nil, false, "" })
	code := w.mint("DJ-00042").Code
	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	has(t, w.page(code).Body.String(), []string{"Maude", `id="sketch"`, "L’heure d’arrivée n’est pas encore connue."}, "<img src=\"/track/", `id="map"`, "tel:")
	w.edit(func() { delete(w.technicians, "TECH-7") })
	has(t, w.page(code).Body.String(), []string{"Le technicien est en route"}, "Maude", "TECH", `data-lat`)
	w.open(func(d *customer.Deps) { d.Map = "" })
	has(t, w.page(code).Body.String(), []string{"Le technicien est en route"}, `id="map"`)
}

// TestAssets are few: a page begins with less than 30 KB.
func TestAssets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.mint("DJ-00042").Code
	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	page := w.page(code).Body.String()
	all := len(page)
	for rest := page; ; {
		_, after, more := strings.Cut(rest, `="/`)
		if !more {
			break
		}
		address, left, _ := strings.Cut(after, `"`)
		rest = left
		if strings.Contains(address, "assets/") {
			got := w.ask(http.MethodGet, "/"+address, hubtest.RoleHeader, "")
			if got.Code != http.StatusOK {
				t.Errorf("%s: %d", address, got.Code)
			}
			all += got.Body.Len()
		}
	}
	if all > 30<<10 || all < 10<<10 {
		t.Errorf("the page and its files have %d bytes", all)
	}
}
