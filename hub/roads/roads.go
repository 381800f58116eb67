// Package roads is the language in which the hub asks how far it is, and how long
// the way takes: points, legs, and the Matrix that knows them. Straight is the
// Matrix that needs nobody; others ask a router that knows the streets.
//
// Routes, events, systems called: none. Remembers: nothing.
package roads

import (
	"cmp"
	"context"
	"math"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

// Point is a place on the earth, in degrees of WGS 84.
type Point struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

// Usable tells that it can be the place of somebody: numbers in range, and not the
// zeros that stand in documents nobody has filled in.
func (p Point) Usable() bool {
	return math.Abs(p.Lat) <= 90 && math.Abs(p.Lon) <= 180 && (p.Lat != 0 || p.Lon != 0)
}

// Metres is the way from one to the other as the crow flies.
func Metres(a, b Point) float64 {
	return geo.DistanceHaversine(orb.Point{a.Lon, a.Lat}, orb.Point{b.Lon, b.Lat})
}

// Leg is the way from one point to another.
type Leg struct {
	Metres float64
	Took   time.Duration
	None   bool // there is no way
}

// Matrix knows the ways between places.
type Matrix interface {
	// Table gives the way from each of from to each of to: table[i][j] is the one
	// from from[i] to to[j].
	Table(ctx context.Context, from, to []Point) (table [][]Leg, err error)
	// Name says who knows: straight, osrm, mapbox.
	Name() string
}

// Straight guesses ways from the distance as the crow flies: streets are Factor
// times as long, and driven at Kmh. The zero value guesses as for towns of Quebec.
type Straight struct {
	Factor float64 // 1.3 when 0
	Kmh    float64 // 50 when 0
}

// Name says who knows.
func (Straight) Name() string { return "straight" }

// Table never fails.
func (s Straight) Table(_ context.Context, from, to []Point) ([][]Leg, error) {
	table := make([][]Leg, len(from))
	for i, a := range from {
		table[i] = make([]Leg, len(to))
		for j, b := range to {
			table[i][j] = s.leg(a, b)
		}
	}
	return table, nil
}

func (s Straight) leg(a, b Point) Leg {
	if !a.Usable() || !b.Usable() {
		return Leg{None: true}
	}
	metres := Metres(a, b) * cmp.Or(s.Factor, 1.3)
	return Leg{Metres: metres, Took: time.Duration(metres / (cmp.Or(s.Kmh, 50) / 3.6) * float64(time.Second))}
}
