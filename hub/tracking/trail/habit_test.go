package trail_test

import (
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// TestMornings are where two days began, of the last week; neither where he was later,
// nor where one day began, nor today.
func TestMornings(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 30*24*time.Hour)
	noon := start.Add(-5 * time.Hour)
	report := func(days int, metres ...float64) {
		for i, m := range metres {
			f := fixed(0, m)
			f.At = noon.AddDate(0, 0, -days).Add(time.Duration(i-5) * time.Hour)
			f.Heard = f.At
			s.set(f.At)
			s.trail.Take([]fix.Fix{f})
		}
	}
	report(9, 90_000) // too long ago, twice
	report(8, 90_000)
	report(4, 0, 20_000)
	report(3, 50_000, 20_000)
	report(1, 300, 40_000)
	report(0, 70_000, 70_000)
	s.set(noon)
	s.trail.Flush(t.Context())
	places, err := s.trail.Mornings(t.Context(), "T1")
	home := roads.Point{Lat: 45.4, Lon: -72.73}
	if err != nil || len(places) != 2 || roads.Metres(places[0], home) > 310 || roads.Metres(places[1], home) > 310 {
		t.Errorf("%v %v", places, err)
	}
	if places, err := s.trail.Mornings(t.Context(), "T2"); err != nil || len(places) > 0 {
		t.Errorf("of somebody who was never seen: %v %v", places, err)
	}
}
