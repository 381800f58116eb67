package trail

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub/roads"
)

// Flush does what Run does each minute.
func (t *Trail) Flush(ctx context.Context) { t.flush(ctx) }

// Kept is what comes back of points that were written and read.
func Kept(begin time.Time, all []Place) ([]Place, error) {
	var points []point
	for _, p := range all {
		points = append(points, point{instant{p.Device, p.At}, roads.Point{Lat: p.Lat, Lon: p.Lon}, p.SpeedKmh})
	}
	return Stored(begin, encode(begin, points))
}

// Stored are the points of a value.
func Stored(begin time.Time, raw []byte) ([]Place, error) {
	back, err := decode(begin, raw)
	var got []Place
	for _, p := range back {
		got = append(got, Place{At: p.at, Lat: p.place.Lat, Lon: p.place.Lon, SpeedKmh: p.kmh, Device: p.device})
	}
	return got, err
}

// Readable tells whether bytes can be read as a day.
func Readable(raw []byte) bool {
	_, err := decode(time.Time{}, raw)
	return err == nil
}
