package trail

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"gigafibre.ca/targo-hub/hub/roads"
)

// Points are kept as differences from the one before, in some bytes each: a byte that
// names the form, then for each point the device, the seconds, latitude and longitude
// in hundred thousandths of a degree (1.1 m), and the speed in km/h.
const (
	form = 1
	grid = 1e5
)

var errForm = errors.New("reading a trail: it is damaged")

func encode(begin time.Time, points []point) []byte {
	raw := make([]byte, 1, 1+10*len(points))
	raw[0] = form
	var device, second, lat, lon int64
	for _, p := range points {
		now := [4]int64{p.device, int64(p.at.Sub(begin) / time.Second), int64(math.Round(p.place.Lat * grid)), int64(math.Round(p.place.Lon * grid))}
		for i, before := range []*int64{&device, &second, &lat, &lon} {
			raw = binary.AppendVarint(raw, now[i]-*before)
			*before = now[i]
		}
		raw = binary.AppendUvarint(raw, uint64(math.Round(max(0, min(p.kmh, 1000)))))
	}
	return raw
}

func decode(begin time.Time, raw []byte) ([]point, error) {
	if len(raw) == 0 || raw[0] != form {
		return nil, errForm
	}
	var points []point
	var before [4]int64
	for raw = raw[1:]; len(raw) > 0; {
		for i := range before {
			step, n := binary.Varint(raw)
			if n <= 0 {
				return nil, errForm
			}
			before[i], raw = before[i]+step, raw[n:]
		}
		kmh, n := binary.Uvarint(raw)
		if n <= 0 {
			return nil, errForm
		}
		raw = raw[n:]
		points = append(points, point{
			instant: instant{before[0], begin.Add(time.Duration(before[1]) * time.Second)}, kmh: float64(kmh),
			place: roads.Point{Lat: float64(before[2]) / grid, Lon: float64(before[3]) / grid},
		})
	}
	return points, nil
}
