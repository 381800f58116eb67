package fix

import (
	"errors"
	"math"
	"time"
)

// What is believed.
const (
	Oldest  = 24 * time.Hour  // a fix older than that says nothing of today
	Ahead   = 2 * time.Minute // by which the clock of a device may be fast
	island  = 0.01            // degrees around 0, 0: the place of receivers that know none, about 1.1 km of the Gulf of Guinea
	topKmh  = 400             // what is faster is no truck, and a speed of nonsense
	farAway = 50_000          // metres of accuracy that say as much as none
)

// Reason says why a fix is refused. The set is closed: it labels a metric.
type Reason string

// The reasons.
const (
	NotANumber Reason = "not-a-number"
	OutOfRange Reason = "out-of-range"
	NullIsland Reason = "null-island"
	Invalid    Reason = "invalid"
	TooOld     Reason = "too-old"
	Future     Reason = "future"
	NoDevice   Reason = "no-device"
	Unknown    Reason = "unknown"
)

// Reasons are all of them.
func Reasons() []Reason {
	return []Reason{NotANumber, OutOfRange, NullIsland, Invalid, TooOld, Future, NoDevice, Unknown}
}

// Error makes a reason an error.
func (r Reason) Error() string { return "refusing a position: " + string(r) }

// ReasonOf gives the reason of an error of Check.
func ReasonOf(err error) Reason {
	var r Reason
	if errors.As(err, &r) {
		return r
	}
	return Unknown
}

// Check gives the fix as it may be used, or an error that is a Reason. A fix
// cannot have been taken after it was heard of: the clock of a device that runs
// ahead, by Ahead at most, is set back to that, which is the same for whoever
// hears of the fix. The clock of Traccar itself may be wrong; then ours counts.
// Values that say nothing (a speed below zero) become 0, which means unknown.
func Check(f Fix, now time.Time) (Fix, error) {
	if f.Device <= 0 {
		return Fix{}, NoDevice
	}
	if err := place(f.Lat, f.Lon); err != nil {
		return Fix{}, err
	}
	if f.Invalid {
		return Fix{}, Invalid
	}
	if f.Heard.IsZero() || f.Heard.Sub(now) > Ahead {
		f.Heard = now
	}
	switch {
	case f.At.Sub(now) > Ahead:
		return Fix{}, Future
	case now.Sub(f.At) > Oldest:
		return Fix{}, TooOld
	case f.At.After(f.Heard) && f.At.Sub(f.Heard) <= Ahead:
		f.At = f.Heard
	case f.At.After(f.Heard) && f.At.After(now):
		f.At = now
	}
	// Replicas tell each other microseconds; with less they would never agree.
	f.At, f.Heard = f.At.UTC().Truncate(time.Microsecond), f.Heard.UTC().Truncate(time.Microsecond)
	f.SpeedKmh = known(f.SpeedKmh, topKmh)
	f.Accuracy = known(f.Accuracy, farAway)
	f.Battery = known(f.Battery, 100)
	f.Course = math.Mod(known(f.Course, math.MaxFloat64), 360)
	return f, nil
}

func place(lat, lon float64) error {
	switch {
	case math.IsNaN(lat) || math.IsNaN(lon) || math.IsInf(lat, 0) || math.IsInf(lon, 0):
		return NotANumber
	case math.Abs(lat) > 90 || math.Abs(lon) > 180:
		return OutOfRange
	case math.Abs(lat) < island && math.Abs(lon) < island:
		return NullIsland
	}
	return nil
}

// known gives a measure, or 0 for what cannot be one.
func known(measure, most float64) float64 {
	if math.IsNaN(measure) || measure < 0 || measure > most {
		return 0
	}
	return measure
}
