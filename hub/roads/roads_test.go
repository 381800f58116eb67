package roads_test

import (
	"math"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/roads"
)

func TestUsable(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for _, tc := range []struct {
		at   roads.Point
		want bool
	}{
		{roads.Point{Lat: 45.4, Lon: -72.73}, true},
		{roads.Point{Lat: -33.9, Lon: 18.4}, true},
		{roads.Point{Lat: 0, Lon: 9.4}, true}, // on the equator
		{roads.Point{}, false},
		{roads.Point{Lat: 91, Lon: 1}, false},
		{roads.Point{Lat: 1, Lon: -181}, false},
		{roads.Point{Lat: nan, Lon: 1}, false},
		{roads.Point{Lat: 1, Lon: math.Inf(1)}, false},
	} {
		if got := tc.at.Usable(); got != tc.want {
			t.Errorf("%+v: %v", tc.at, got)
		}
	}
}

// TestStraight: a degree of latitude is 111 km wherever it is, and streets are
// longer than the crow's way.
func TestStraight(t *testing.T) {
	t.Parallel()
	a, b := roads.Point{Lat: 45, Lon: -73}, roads.Point{Lat: 46, Lon: -73}
	if metres := roads.Metres(a, b); math.Abs(metres-111_195) > 200 {
		t.Errorf("a degree is %.0f m", metres)
	}
	for name, tc := range map[string]struct {
		matrix roads.Straight
		metres float64
		took   time.Duration
	}{
		"as it is":      {roads.Straight{}, 144_700, 2*time.Hour + 53*time.Minute},
		"as it is told": {roads.Straight{Factor: 1, Kmh: 111.319}, 111_319, time.Hour},
	} {
		table, err := tc.matrix.Table(t.Context(), []roads.Point{a, {}}, []roads.Point{b, a})
		if err != nil || len(table) != 2 || len(table[0]) != 2 {
			t.Fatalf("%s: %v, %v", name, table, err)
		}
		leg := table[0][0]
		if math.Abs(leg.Metres-tc.metres) > 500 || (leg.Took-tc.took).Abs() > time.Minute || leg.None {
			t.Errorf("%s: %+v", name, leg)
		}
		if here := table[0][1]; here.Metres != 0 || here.Took != 0 || here.None {
			t.Errorf("%s: the way to oneself is %+v", name, here)
		}
		if !table[1][0].None {
			t.Errorf("%s: there is a way from nowhere: %+v", name, table[1][0])
		}
	}
	if name := (roads.Straight{}).Name(); name != "straight" {
		t.Errorf("it is %q", name)
	}
}
