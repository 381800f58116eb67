// Package fix is the word for "where a device was at one instant": what makes a
// position believable, which of two is the later one, how fresh it is, and how
// it is written for whoever may see it whole.
//
// Routes: none. Events: none. Systems called: none. It remembers nothing.
package fix

import (
	"cmp"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
)

// Fix is a place where a device was. The zero Fix is none.
type Fix struct {
	Device     int64  // Traccar's number of the device
	Technician string // name of the Dispatch Technician who carries it; "" when it is nobody's
	Name       string // full name of the technician, else what Traccar calls the device
	Group      string // assigned_group of the technician, "" when there is none

	Lat, Lon float64 // degrees, WGS 84
	SpeedKmh float64 // 0 when unknown
	Course   float64 // degrees from north, clockwise, from 0 up to 360; 0 when unknown
	Accuracy float64 // radius in metres, 0 when unknown
	Battery  float64 // percent, 0 when unknown

	At    time.Time // when the receiver knew the place, UTC
	Heard time.Time // when Traccar (or else the hub) got word of it, UTC
	Turn  int64     // Traccar's number of the position, which grows; 0 when it had none yet

	Invalid   bool // the receiver does not vouch for the place
	Duplicate bool // the technician carries other devices as well
}

// None tells whether there is no fix.
func (f Fix) None() bool { return f.At.IsZero() }

// Newer tells whether f overtakes another fix of the same device: it was taken
// later or, taken at the same instant, was heard later. Of two that are equal in
// both and differ in what they say, Traccar's numbers tell which came later (its
// clock has milliseconds, that of some receivers whole seconds); without numbers
// it is settled somehow, but everywhere alike.
func (f Fix) Newer(than Fix) bool {
	if first := cmp.Or(f.At.Compare(than.At), f.Heard.Compare(than.Heard)); first != 0 {
		return first > 0
	}
	other := cmp.Or(
		cmp.Compare(f.Lat, than.Lat), cmp.Compare(f.Lon, than.Lon), cmp.Compare(f.SpeedKmh, than.SpeedKmh), cmp.Compare(f.Course, than.Course),
	)
	return other != 0 && cmp.Or(cmp.Compare(f.Turn, than.Turn), other) > 0
}

// Point gives the place for the geometry of paulmach/orb (longitude first).
func (f Fix) Point() orb.Point { return orb.Point{f.Lon, f.Lat} }

// Age is how long ago the place was known; never negative.
func (f Fix) Age(now time.Time) time.Duration { return max(0, now.Sub(f.At)) }

// Metres is how far two fixes are apart on the ground, as the crow flies.
func Metres(a, b Fix) float64 { return geo.DistanceHaversine(a.Point(), b.Point()) }
