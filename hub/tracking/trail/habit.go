package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/roads"
)

// What is a habit.
const (
	lookBack = 7       // days before today
	habitual = 1_000.0 // metres within which two days began at the same place
)

// Mornings are where days of a technician began in the last week, each place where two
// of them did: he lives there, it may be. They are exact, and for no customer.
func (t *Trail) Mornings(ctx context.Context, technician string) ([]roads.Point, error) {
	now := t.Now()
	today, first := localDay(now), map[string]point{}
	for back := range lookBack + 2 { // days are those of UTC in the store
		points, _, err := t.read(ctx, technician, dayOf(now.AddDate(0, 0, 1-back)))
		if err != nil && !errors.Is(err, errForm) {
			return nil, fmt.Errorf("reading where the days of %s began: %w", technician, err)
		}
		for _, p := range points {
			day := localDay(p.at)
			if known, some := first[day]; day != today && now.Sub(p.at) <= t.Retention && (!some || p.at.Before(known.at)) {
				first[day] = p
			}
		}
	}
	var places []roads.Point
	for day, p := range first {
		again := false
		for other, q := range first {
			again = again || other != day && roads.Metres(p.place, q.place) <= habitual
		}
		if again && !slices.Contains(places, p.place) {
			places = append(places, p.place)
		}
	}
	return places, nil
}

func localDay(at time.Time) string { return at.In(hub.Local()).Format(time.DateOnly) }
