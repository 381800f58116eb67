package customer_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/customer"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/visit"
)

// precise finds a number that is finer than the grid, however it is written.
var precise = regexp.MustCompile(`\d[.,]\d{4,}|\d(\.\d+)?[eE][-+]?\d+`)

// secrets are the words of the tests' town that no customer may read: surnames,
// names of documents, other customers, addresses, what technicians are to do.
func secrets() []string {
	return []string{
		"Zorglub", "Tremblay", "Bédard", "TECH-", "DJ-", "CUST-", "Xanadu", "Ursula", "Lupins", "Ancolies", "Remplacer", "Débrancher", "maude-zorglub", "private/files", "77443", "61.37", "211.7", "busy",
	}
}

// TestNobodyLearnsMore: whatever the state, the time and the places, no byte of what
// a link gives, and no line of the log, holds a place that is finer than the grid, a
// surname, anybody else's visit or the technician's home.
func TestNobodyLearnsMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	count, shown := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		count++
		name := fmt.Sprintf("DJ-%05d", count)
		code := w.arrange(t, name)
		truth := w.truthOf(name)
		for range rapid.IntRange(1, 2).Draw(t, "looks") {
			if w.inspect(t, code, truth) {
				shown++
			}
			w.pass(rapid.SampledFrom([]time.Duration{0, 0, 20 * time.Second, 20 * time.Second, 4 * time.Minute, 4 * time.Minute, 11 * time.Minute, 25 * time.Hour}).Draw(t, "later"))
			truth = w.truthOf(name)
		}
		w.edit(func() { w.visits, w.fixes, w.now = map[string]agenda.Visit{}, map[string]fix.Fix{}, noon() })
	})
	if shown == 0 {
		t.Error("nothing was ever shown: the test looks at nothing")
	}
	t.Logf("%d of %d trucks were shown", shown, count)
	for line := range strings.Lines(w.log.String()) {
		w.read(t, "the log", line, `"[a-z_]*_ms":[0-9.e-]+`, `"time":"[^"]+"`, `"request_id":"[^"]+"`)
	}
}

// read looks for what must not be in a text; what fits the patterns is left out.
func (w *world) read(t interface{ Fatalf(string, ...any) }, what, text string, without ...string) {
	for _, pattern := range without {
		text = regexp.MustCompile(pattern).ReplaceAllString(text, "")
	}
	if found := precise.FindString(text); found != "" {
		t.Fatalf("%s holds %s: %s", what, found, text)
	}
	for _, word := range secrets() {
		if strings.Contains(text, word) {
			t.Fatalf("%s holds %s: %s", what, word, text)
		}
	}
}

// arrange makes a link, and a town around its visit.
func (w *world) arrange(t *rapid.T, name string) (code string) {
	v := job(name)
	w.edit(func() { w.visits[name] = v })
	code = w.mint(name).Code
	const onTheWay = erpnext.JobEnRoute
	statuses := []string{onTheWay, onTheWay, onTheWay, onTheWay, onTheWay, erpnext.JobOpen, erpnext.JobAssigned, erpnext.JobScheduled, erpnext.JobOnHold, onTheWay, erpnext.JobInProgress, erpnext.JobPaused, erpnext.JobCompleted, erpnext.JobCancelled, "?"}
	ago := func(label string) time.Duration {
		most := rapid.SampledFrom([]int{10, 300, 300, 3600}).Draw(t, label+" at most")
		return time.Duration(rapid.IntRange(-60, most).Draw(t, label)) * time.Second
	}
	v.Status = rapid.SampledFrom(statuses).Draw(t, "status")
	v.Technician = rapid.SampledFrom([]string{"TECH-7", "TECH-7", "TECH-8", "TECH-9", ""}).Draw(t, "technician")
	v.Placed = rapid.IntRange(0, 9).Draw(t, "placed") > 0
	if rapid.IntRange(0, 9).Draw(t, "en route at") > 0 {
		v.EnRouteAt = noon().Add(-ago("set out") - 2*time.Minute)
	}
	if v.Final() {
		v.EndedAt, v.Modified = noon().Add(-ago("ended")), noon().Add(-ago("modified"))
	}
	where := func(label string) roads.Point {
		around := rapid.SampledFrom([]roads.Point{there(), home(), {Lat: 45.35, Lon: -73.15}, {Lat: 45.351234567, Lon: -73.01}}).Draw(t, label)
		return roads.Point{Lat: around.Lat + rapid.Float64Range(-.012, .012).Draw(t, label+" lat"), Lon: around.Lon + rapid.Float64Range(-.012, .012).Draw(t, label+" lon")}
	}
	w.edit(func() {
		w.visits[name] = v
		truck := where("truck")
		for i := range rapid.IntRange(0, 2).Draw(t, "others") {
			o := agenda.Visit{Job: fmt.Sprintf("DJ-9%d", i), Subject: "Débrancher", Technician: "TECH-7", Customer: "CUST-9", CustomerName: "Ursula K.", Address: "9, rang des Ancolies", Place: truck, Placed: true}
			if rapid.Bool().Draw(t, "elsewhere") {
				o.Place = where("other")
			} else {
				o.Place.Lat += rapid.Float64Range(-.004, .004).Draw(t, "beside")
			}
			o.Status, o.EnRouteAt = rapid.SampledFrom(statuses[4:]).Draw(t, "other's status"), noon().Add(-ago("other set out"))
			if o.Modified = noon().Add(-ago("other modified")); rapid.Bool().Draw(t, "other begun") {
				o.StartedAt = noon().Add(-ago("begun"))
			}
			w.visits[o.Job] = o
		}
		for _, technician := range []string{"TECH-7", "TECH-8"} {
			p, at := truck, noon().Add(-ago("fix"))
			w.fixes[technician] = fix.Fix{Device: 77443, Technician: technician, Name: w.technicians[technician].FullName, Lat: p.Lat, Lon: p.Lon, SpeedKmh: 61.37, Course: 211.7, At: at, Heard: at, Invalid: rapid.IntRange(0, 19).Draw(t, "invalid") == 0}
		}
		w.offShift = rapid.IntRange(0, 19).Draw(t, "off shift") == 0
		w.etas[name] = visit.ETA{At: noon().Add(time.Duration(rapid.Float64Range(-1, 3).Draw(t, "eta") * float64(time.Hour))), Minutes: 17, Metres: 12345, Source: "straight"}
		if rapid.IntRange(0, 9).Draw(t, "arrived") == 0 {
			w.records[name] = visit.Record{Job: name, Technician: v.Technician, EnRouteAt: v.EnRouteAt, ArrivedAt: noon(), Metres: 12345.6789}
		}
	})
	return code
}

// truth is what the town knows at the moment of a look.
type truth struct {
	visit  agenda.Visit
	others []agenda.Visit
	truck  fix.Fix
	off    bool
	now    time.Time
}

func (w *world) truthOf(name string) truth {
	w.Lock()
	defer w.Unlock()
	known := truth{visit: w.visits[name], off: w.offShift, now: w.now}
	known.truck = w.fixes[known.visit.Technician]
	for _, o := range w.visits {
		if o.Job != name && o.Technician == known.visit.Technician {
			known.others = append(known.others, o)
		}
	}
	return known
}

// inspect looks at everything that a link gives, as its holder and as anybody's
// program; it tells whether a place was shown.
func (w *world) inspect(t *rapid.T, code string, known truth) bool {
	var s customer.Standing
	for _, path := range []string{"", "?lang=en", "/state", "/state?lang=en", "/photo"} {
		got := w.ask(http.MethodGet, "/track/"+code+path, "Accept", rapid.SampledFrom([]string{"text/html", "application/json", "*/*"}).Draw(t, "accept"))
		text := got.Body.String()
		if got.Header().Get("Content-Type") == "image/jpeg" {
			text = ""
		}
		w.read(t, path, strings.ReplaceAll(text, code, "")+fmt.Sprint(got.Header()), `X-Request-Id:\[[^]]*\]`, `"instance":"[^"]*"`, `<code>[^<]*</code>`, `assets/[^"]*`, `of=[0-9a-f]+`)
		if path == "" && got.Code != http.StatusOK { // the others take as long to say the same
			return false
		}
		if path == "/state" && got.Code == http.StatusOK {
			if err := json.Unmarshal(got.Body.Bytes(), &s); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s.ETA != nil && (s.State != "on_the_way" || known.visit.Status != erpnext.JobEnRoute) || s.Technician != nil && !known.visit.UnderWay() {
		t.Fatalf("%+v of %+v", s, known)
	}
	for _, o := range known.others {
		if s.ETA != nil && worksAt(o, known.visit) {
			t.Fatalf("an hour is told while he works elsewhere: %+v", s)
		}
	}
	if s.Position == nil {
		if s.Place != nil || s.Sketch != nil || s.Text.Distance != "" {
			t.Fatalf("something is shown without a position: %+v", s)
		}
		return false
	}
	w.judge(t, s, known)
	return true
}

// worksAt tells whether the technician works at another visit since he set out.
func worksAt(o, v agenda.Visit) bool {
	began := o.StartedAt
	if began.IsZero() {
		began = o.Modified
	}
	return (o.Status == erpnext.JobInProgress || o.Status == erpnext.JobPaused) && !v.EnRouteAt.IsZero() && !began.Before(v.EnRouteAt)
}

// judge tells whether a place that is shown may be.
func (w *world) judge(t *rapid.T, s customer.Standing, known truth) {
	truck, v := roads.Point{Lat: known.truck.Lat, Lon: known.truck.Lon}, known.visit
	shown := roads.Point{Lat: s.Position.Lat, Lon: s.Position.Lon}
	switch {
	case s.State != "on_the_way" || v.Status != erpnext.JobEnRoute:
		t.Fatalf("shown while %s (%s)", s.State, v.Status)
	case known.off || known.truck.Invalid || known.truck.At.Before(v.EnRouteAt.Add(-2*time.Minute)) || known.now.Sub(known.truck.At) > 10*time.Minute:
		t.Fatalf("shown, though it must not be: %+v", known)
	case v.Technician == "TECH-7" && roads.Metres(truck, home()) < 500:
		t.Fatalf("shown at %.0f m from home", roads.Metres(truck, home()))
	case roads.Metres(truck, shown) > 80 || math.Abs(shown.Lat*1000-math.Round(shown.Lat*1000)) > 1e-6:
		t.Fatalf("%+v is shown at %+v", truck, shown)
	}
	for _, o := range known.others {
		if roads.Metres(truck, o.Place) < 200 && !o.Waiting() && roads.Metres(o.Place, v.Place) > 400 || worksAt(o, v) {
			t.Fatalf("shown at %.0f m from a visit that is %s", roads.Metres(truck, o.Place), o.Status)
		}
	}
}
