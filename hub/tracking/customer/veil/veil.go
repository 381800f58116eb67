// Package veil decides what a customer may know of where a truck is. It sees the
// whole truth, and lets nothing out but points of a grid.
//
// Around where a technician lives, and at other customers', nothing is shown. The
// middle of such a circle is moved to a point of a coarse grid first, so that
// somebody who watches many trips and draws where trucks vanish finds the grid and
// not the door; the circle is as much wider.
//
// Routes, events, systems called: none. Remembers, in memory: where the trucks of
// trips that are watched stand.
package veil

import (
	"math"
	"slices"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

const (
	grid = 1000 // points a degree on which trucks are shown: some 100 m

	homeGrid   = 250   // points a degree for the middles of circles around homes: moved 280 m at most
	homeWithin = 800.0 // metres: 500 around the true place
	doorGrid   = 500   // the same around other customers: moved 140 m at most
	doorWithin = 350.0 // metres: 200 around the true place

	// restAfter is how long a truck may stand before it is left out: it waits at a
	// light, or at a crossing. Where somebody eats is his own business.
	restAfter = 5 * time.Minute
	stopAfter = time.Minute // it does not drive by
	restsIn   = 150.0       // metres: as far as the place of a truck that stands seems to move
	forgotten = 12 * time.Hour

	// setsOut is how much older than the setting out a place may be: it is where he
	// sets out from. Many a tracker says nothing more until the truck moves.
	setsOut = 2 * time.Minute
)

// Snap moves a place to the grid on which customers see places.
func Snap(p roads.Point) roads.Point { return snap(p, grid) }

func snap(p roads.Point, perDegree float64) roads.Point {
	return roads.Point{Lat: math.Round(p.Lat*perDegree) / perDegree, Lon: math.Round(p.Lon*perDegree) / perDegree}
}

// Headed tells whether a technician is on his way to the visit since then: it is the
// one that he turned to last. Work elsewhere that nobody has closed counts for
// nothing when it was begun before.
func Headed(v agenda.Visit, since time.Time, his []agenda.Visit) bool {
	turned := v.EnRouteAt
	if turned.IsZero() {
		turned = since
	}
	for _, o := range his {
		works := o.Status == erpnext.JobInProgress || o.Status == erpnext.JobPaused
		switch {
		case o.Job == v.Job:
		case works && !begun(o).Before(since):
			return false
		case o.Status == erpnext.JobEnRoute && o.EnRouteAt.After(turned):
			return false
		}
	}
	return true
}

// begun is when work was begun, at the latest: when somebody changed it last, if
// nobody wrote down when it was.
func begun(v agenda.Visit) time.Time {
	if v.StartedAt.IsZero() {
		return v.Modified
	}
	return v.StartedAt
}

// Trip is one way of one technician to a visit.
type Trip struct {
	Visit  agenda.Visit
	Who    agenda.Technician
	Since  time.Time      // what was before is nobody's business
	Others []agenda.Visit // what he has beside it
	Haunts []roads.Point  // where his days begin, if nobody said where he lives
}

// Spot is where the truck is, on the grid.
type Spot struct {
	At   roads.Point
	Seen time.Time
}

// Veil is safe for concurrent use. The zero Veil is good.
type Veil struct {
	mu    sync.Mutex
	walks map[string]*walk // by technician and visit
}

// Spot is where the truck of a trip is; false when the customer may not know.
func (v *Veil) Spot(t Trip, f fix.Fix, now time.Time) (Spot, bool) {
	if f.None() || f.Invalid || f.Technician != t.Who.Name || f.Age(now) > fix.StaleFor || f.At.Before(t.Since.Add(-setsOut)) || !Headed(t.Visit, t.Since, t.Others) {
		return Spot{}, false
	}
	at := roads.Point{Lat: f.Lat, Lon: f.Lon}
	stands := v.step(t, at, f.At)
	if stands > restAfter {
		return Spot{}, false
	}
	for _, home := range t.homes() {
		if near(at, home, homeGrid, homeWithin) {
			return Spot{}, false
		}
	}
	for _, o := range t.Others {
		if t.private(o, stands) && near(at, o.Place, doorGrid, doorWithin) {
			return Spot{}, false
		}
	}
	return Spot{At: Snap(at), Seen: f.At}, true
}

// homes are where somebody may live.
func (t Trip) homes() []roads.Point {
	homes := slices.Clone(t.Haunts)
	for _, home := range []*roads.Point{t.Who.Home, t.Who.End} {
		if home != nil {
			homes = append(homes, *home)
		}
	}
	return homes
}

// private tells that it is nobody's business that the truck is at another visit. At
// one that is still to come it only drives by, until it stops; and what happens at
// the customer's own door he sees anyway.
func (t Trip) private(o agenda.Visit, stands time.Duration) bool {
	strange := o.Job != t.Visit.Job && (o.Customer == "" || o.Customer != t.Visit.Customer)
	beside := t.Visit.Placed && roads.Metres(o.Place, t.Visit.Place) < doorWithin
	return strange && o.Placed && !beside && (!o.Waiting() || stands >= stopAfter)
}

// near tells whether a place is in the circle around another one.
func near(at, middle roads.Point, perDegree, within float64) bool {
	return roads.Metres(at, snap(middle, perDegree)) < within
}

// walk is how the truck of a trip has moved.
type walk struct {
	since time.Time   // the trip's
	stood roads.Point // it has not been far from here
	still time.Time   // since then
	last  time.Time   // the fix that was looked at last
}

// step takes the newest place of a trip in, and tells for how long the truck has
// been there.
func (v *Veil) step(t Trip, at roads.Point, seen time.Time) (stands time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.walks == nil {
		v.walks = map[string]*walk{}
	}
	key := t.Who.Name + "/" + t.Visit.Job
	w := v.walks[key]
	if w == nil || !w.since.Equal(t.Since) {
		v.forget(seen)
		w = &walk{since: t.Since, stood: at, still: seen}
		v.walks[key] = w
	}
	if roads.Metres(at, w.stood) > restsIn {
		w.stood, w.still = at, seen
	}
	w.last = seen
	return seen.Sub(w.still)
}

// forget drops walks that nobody has looked at for long.
func (v *Veil) forget(now time.Time) {
	for key, w := range v.walks {
		if now.Sub(w.last) > forgotten {
			delete(v.walks, key)
		}
	}
}
