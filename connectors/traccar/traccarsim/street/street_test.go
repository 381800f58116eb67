package street_test

import (
	"math"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/street"
)

// TestWalk is where it should be: one minute north at 60 km/h, a stop, one east, and
// back.
func TestWalk(t *testing.T) {
	t.Parallel()
	north := [2]float64{45 + 1000.0/111195, -74}
	line := [][2]float64{{45, -74}, north, {north[0], -74 + 1000/(111195*math.Cos(north[0]*math.Pi/180))}}
	stops := []street.Stop{{Point: 1, For: 20 * time.Second}, {Point: 1, For: 10 * time.Second}, {Point: 9, For: time.Hour}}
	for _, loop := range []bool{false, true} {
		w, err := street.New(line, 60, stops, loop)
		if err != nil {
			t.Fatal(err)
		}
		if took := w.Takes(); took.Round(time.Second) != 150*time.Second {
			t.Errorf("it takes %s", took)
		}
		for _, c := range []struct {
			at, lat, lon, kmh, course float64
		}{
			{-5, 45, -74, 60, 0}, {0, 45, -74, 60, 0}, {30, (45 + north[0]) / 2, -74, 60, 0}, {75, north[0], -74, 0, 0},
			{120, north[0], (line[2][1] - 74) / 2, 60, 90},
		} {
			near(t, w.At(time.Duration(c.at*float64(time.Second))), street.Place{Lat: c.lat, Lon: c.lon, Kmh: c.kmh, Course: c.course})
		}
		back := street.Place{Lat: north[0], Lon: line[2][1], Course: 90, Done: true}
		if loop {
			back = street.Place{Lat: north[0], Lon: (line[2][1] - 74) / 2, Kmh: 60, Course: 270}
		}
		near(t, w.At(180*time.Second), back)
	}
	for name, c := range map[string]struct {
		line [][2]float64
		kmh  float64
	}{"no line": {nil, 1}, "nowhere": {[][2]float64{{math.NaN(), 0}}, 1}, "backwards": {line, -1}, "how fast": {line, math.NaN()}, "too fast": {line, math.Inf(1)}} {
		if _, err := street.New(c.line, c.kmh, nil, false); err == nil {
			t.Errorf("%s is a walk", name)
		}
	}
	alone, err := street.New(line[:1], 0, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	near(t, alone.At(time.Hour), street.Place{Lat: 45, Lon: -74})
}

func near(t *testing.T, got, want street.Place) {
	t.Helper()
	if street.Metres([2]float64{got.Lat, got.Lon}, [2]float64{want.Lat, want.Lon}) > 10 || got.Kmh != want.Kmh ||
		math.Abs(math.Mod(got.Course-want.Course+540, 360)-180) > 0.1 || got.Done != want.Done {
		t.Errorf("at %+v, want %+v", got, want)
	}
}
