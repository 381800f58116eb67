package visit

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub/roads"
)

// Round does what Run does when fixes came in, and when its clock ticks.
func (d *Desk) Round(ctx context.Context) { d.round(ctx, true) }

// Way measures steps, as the trips do: metres north of a point, and seconds.
func Way(metres func(i int) (north float64, seconds, kmh, accuracy float64), n int) float64 {
	var w way
	for i := range n {
		north, seconds, kmh, accuracy := metres(i)
		w.drive(at(north, seconds, kmh, accuracy))
	}
	return w.Metres
}

func at(north, seconds, kmh, accuracy float64) sight {
	return sight{
		device: 7, at: time.Unix(0, 0).Add(time.Duration(seconds * float64(time.Second))), kmh: kmh, accuracy: accuracy,
		place: roads.Point{Lat: 45 + north/111_319.49, Lon: -72},
	}
}
