package veil_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/customer/veil"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

func noon() time.Time { return time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC) }

// trip is one from noon on, of somebody who lives far away.
func trip() veil.Trip {
	return veil.Trip{
		Visit: agenda.Visit{Job: "DJ-1", Customer: "C1", Status: erpnext.JobEnRoute, EnRouteAt: noon()}, Since: noon(),
		Who: agenda.Technician{Name: "T1", Home: &roads.Point{Lat: 46.1, Lon: -74.1}},
	}
}

func at(lat, lon float64, seen time.Time) fix.Fix {
	return fix.Fix{Technician: "T1", Lat: lat, Lon: lon, At: seen, Heard: seen}
}

// away is a place so many metres north of another.
func away(p roads.Point, metres float64) roads.Point {
	return roads.Point{Lat: p.Lat + metres/111_195, Lon: p.Lon}
}

// TestWhatIsShown: the grid, the newest place, and none of what is nobody's business.
func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	now := noon().Add(30 * time.Minute)
	f := at(45.312345, -73.112345, now.Add(-20*time.Second))
	var v veil.Veil
	got, ok := v.Spot(trip(), f, now)
	if !ok || got.At != (roads.Point{Lat: 45.312, Lon: -73.112}) || !got.Seen.Equal(f.At) {
		t.Errorf("%+v %v", got, ok)
	}
	place := roads.Point{Lat: f.Lat, Lon: f.Lon}
	for name, change := range map[string]func(t *veil.Trip, f *fix.Fix){
		"no fix":               func(_ *veil.Trip, f *fix.Fix) { *f = fix.Fix{} },
		"not vouched for":      func(_ *veil.Trip, f *fix.Fix) { f.Invalid = true },
		"somebody else's":      func(_ *veil.Trip, f *fix.Fix) { f.Technician = "T2" },
		"of before he set out": func(t *veil.Trip, f *fix.Fix) { t.Since = now; f.At = now.Add(-2*time.Minute - time.Second) },
		"old":                  func(_ *veil.Trip, f *fix.Fix) { f.At = now.Add(-fix.StaleFor - time.Second) },
		"works elsewhere": func(t *veil.Trip, _ *fix.Fix) {
			t.Others = []agenda.Visit{{Job: "DJ-2", Status: erpnext.JobInProgress, StartedAt: noon().Add(time.Minute)}}
		},
		"pauses elsewhere, changed since": func(t *veil.Trip, _ *fix.Fix) {
			t.Others = []agenda.Visit{{Job: "DJ-2", Status: erpnext.JobPaused, Modified: noon().Add(time.Minute)}}
		},
		"set out for another": func(t *veil.Trip, _ *fix.Fix) {
			t.Others = []agenda.Visit{{Job: "DJ-2", Status: erpnext.JobEnRoute, EnRouteAt: now}}
		},
		"works elsewhere since": func(t *veil.Trip, _ *fix.Fix) {
			t.Others = other(away(place, 900), "C2")
			t.Others[0].Status, t.Others[0].StartedAt = erpnext.JobInProgress, noon().Add(time.Minute)
		},
		"at home":                func(t *veil.Trip, _ *fix.Fix) { home := away(place, 499); t.Who.Home = &home },
		"where his day ends":     func(t *veil.Trip, _ *fix.Fix) { end := away(place, -499); t.Who.End = &end },
		"where his days begin":   func(t *veil.Trip, _ *fix.Fix) { t.Haunts = []roads.Point{away(place, 499)} },
		"at another customer's":  func(t *veil.Trip, _ *fix.Fix) { t.Others = other(away(place, 199), "C2") },
		"at a place of nobody's": func(t *veil.Trip, _ *fix.Fix) { t.Others = other(away(place, 199), "") },
	} {
		var v veil.Veil
		changed, f := trip(), f
		change(&changed, &f)
		if got, ok := v.Spot(changed, f, now); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestWhatIsNobodyElses is shown.
func TestWhatIsNobodyElses(t *testing.T) {
	t.Parallel()
	now := noon().Add(30 * time.Minute)
	f := at(45.312345, -73.112345, now.Add(-20*time.Second))
	place := roads.Point{Lat: f.Lat, Lon: f.Lon}
	for name, change := range map[string]func(t *veil.Trip){
		"far from home":                    func(t *veil.Trip) { home := away(place, 1100); t.Who.Home, t.Who.End = &home, &home },
		"far from others":                  func(t *veil.Trip) { t.Others = other(away(place, 500), "C2") },
		"at another visit of the customer": func(t *veil.Trip) { t.Others = other(place, "C1") },
		"has not closed the one before": func(t *veil.Trip) {
			t.Others = other(away(place, 900), "C2")
			t.Others[0].Status, t.Others[0].StartedAt = erpnext.JobInProgress, noon().Add(-time.Hour)
		},
		"set out for another before": func(t *veil.Trip) {
			t.Others = []agenda.Visit{{Job: "DJ-2", Status: erpnext.JobEnRoute, EnRouteAt: noon().Add(-time.Hour)}}
		},
		"has not said when he began the one before": func(t *veil.Trip) {
			t.Others = []agenda.Visit{{Job: "DJ-2", Status: erpnext.JobPaused, Modified: noon().Add(-time.Minute)}}
		},
		"nobody says where he lives": func(t *veil.Trip) { t.Who.Home = nil },
		"sets out only now":          func(t *veil.Trip) { t.Since = now.Add(90 * time.Second) },
		"drives by a visit to come": func(t *veil.Trip) {
			t.Others = other(away(place, 50), "C2")
			t.Others[0].Status = erpnext.JobAssigned
		},
		"at a neighbour's": func(t *veil.Trip) {
			t.Others, t.Visit.Place, t.Visit.Placed = other(away(place, 50), "C2"), away(place, 300), true
		},
		"others are over": func(t *veil.Trip) { t.Others = []agenda.Visit{{Job: "DJ-2", Status: erpnext.JobCompleted}, t.Visit} },
	} {
		var v veil.Veil
		changed := trip()
		change(&changed)
		if _, ok := v.Spot(changed, f, now); !ok {
			t.Errorf("%s: nothing is shown", name)
		}
	}
}

func other(place roads.Point, customer string) []agenda.Visit {
	return []agenda.Visit{{Job: "DJ-2", Customer: customer, Status: erpnext.JobCompleted, Place: place, Placed: true}}
}

// TestStopsAtAVisitToCome: driving by tells nothing of it, standing there does.
func TestStopsAtAVisitToCome(t *testing.T) {
	t.Parallel()
	var v veil.Veil
	place := roads.Point{Lat: 45.312345, Lon: -73.112345}
	passing := trip()
	passing.Others = other(place, "C2")
	passing.Others[0].Status = erpnext.JobScheduled
	for _, step := range []struct {
		second int
		metres float64
		shown  bool
	}{{10, 100, true}, {50, 60, true}, {75, 20, false}, {130, 0, false}, {150, 300, true}} {
		seen, p := noon().Add(time.Duration(step.second)*time.Second), away(place, step.metres)
		if _, ok := v.Spot(passing, at(p.Lat, p.Lon, seen), seen); ok != step.shown {
			t.Errorf("second %d: shown %v", step.second, ok)
		}
	}
}

// TestRests are left out after five minutes, until the truck goes on.
func TestRests(t *testing.T) {
	t.Parallel()
	var v veil.Veil
	place := roads.Point{Lat: 45.312345, Lon: -73.112345}
	for _, step := range []struct {
		minute, metres float64
		shown          bool
	}{{1, 0, true}, {3, 40, true}, {5.9, -40, true}, {6.5, 10, false}, {20, 100, false}, {21, 160, true}, {25, 200, true}, {27, 200, false}, {28, 900, true}} {
		seen := noon().Add(time.Duration(step.minute * float64(time.Minute)))
		p := away(place, step.metres)
		if _, ok := v.Spot(trip(), at(p.Lat, p.Lon, seen), seen); ok != step.shown {
			t.Errorf("minute %v, %v m: shown %v", step.minute, step.metres, ok)
		}
	}
}

// TestEachTripBeginsAnew, also that of another day to the same visit: who rested
// where he sets out now is shown.
func TestEachTripBeginsAnew(t *testing.T) {
	t.Parallel()
	var v veil.Veil
	again := trip()
	for day := range 3 {
		since := noon().Add(time.Duration(day) * 24 * time.Hour)
		again.Since = since
		for _, minute := range []int{1, 4, 7} {
			seen := since.Add(time.Duration(minute) * time.Minute)
			if _, ok := v.Spot(again, at(45.3, -73.1, seen), seen); ok != (minute < 6) {
				t.Errorf("day %d, minute %d: shown %v", day, minute, ok)
			}
		}
	}
}

// TestCirclesAreWideEnough wherever a home or a door is.
func TestCirclesAreWideEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		middle := roads.Point{Lat: rapid.Float64Range(43, 53).Draw(t, "lat"), Lon: rapid.Float64Range(-80, -57).Draw(t, "lon")}
		metres, angle := rapid.Float64Range(0, 1500).Draw(t, "metres"), rapid.Float64Range(0, 2*math.Pi).Draw(t, "angle")
		p := roads.Point{
			Lat: middle.Lat + metres/111_195*math.Cos(angle), Lon: middle.Lon + metres/111_195*math.Sin(angle)/math.Cos(middle.Lat*math.Pi/180),
		}
		far := roads.Metres(middle, p)
		home, door := trip(), trip()
		home.Who.Home, door.Others = &middle, other(middle, "C2")
		for name, c := range map[string]struct {
			trip        veil.Trip
			least, most float64
		}{"home": {home, 500, 1090}, "door": {door, 200, 500}} {
			var v veil.Veil
			spot, shown := v.Spot(c.trip, at(p.Lat, p.Lon, noon()), noon())
			if shown && far < c.least || !shown && far > c.most {
				t.Fatalf("%s: %.0f m away, shown %v", name, far, shown)
			}
			if shown && (roads.Metres(spot.At, p) > 80 || math.Abs(spot.At.Lat*1000-math.Round(spot.At.Lat*1000)) > 1e-6 || math.Abs(spot.At.Lon*1000-math.Round(spot.At.Lon*1000)) > 1e-6) {
				t.Fatalf("%+v is shown at %+v", p, spot.At)
			}
		}
	})
}
