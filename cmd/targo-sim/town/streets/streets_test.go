package streets

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() *Map {
	return Lay([]Point{{45.08, -74.17}, {45.12, -74.00}, {48.44, -68.52}}, [][2]int{{0, 1}})
}

func TestSamePlacesGiveTheSameStreets(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(sample().Lines(), sample().Lines()); diff != "" {
		t.Error(diff)
	}
	kinds := map[string]int{}
	for _, line := range sample().Lines() {
		kinds[line.Kind]++
	}
	if diff := cmp.Diff(map[string]int{Street: 3 * (along + across - 1), Road: 3 + 1, River: 1}, kinds); diff != "" {
		t.Error(diff)
	}
}

// A way begins and ends at the street before the two houses, and never leaves the
// streets in between.
func TestWaysFollowStreets(t *testing.T) {
	t.Parallel()
	m := sample()
	for n := range 20 {
		from, to := m.House(0, n), m.House(1, 2*n+1)
		way := m.Way(from, to)
		if len(way) < 20 || Metres(way[0], from) > 20 || Metres(way[len(way)-1], to) > 20 {
			t.Fatalf("house %d: %d points", n, len(way))
		}
		if straight, long := Metres(from, to), Length(way); long < straight || long > straight*1.6 {
			t.Errorf("house %d: %.0f m for a distance of %.0f m", n, long, straight)
		}
		for i := 1; i < len(way); i++ {
			middle := Point{(way[i-1].Lat + way[i].Lat) / 2, (way[i-1].Lon + way[i].Lon) / 2}
			if off := Metres(m.nearest(middle).at, middle); off > 1 {
				t.Fatalf("house %d: %.1f m off the street", n, off)
			}
		}
	}
	if way := m.Way(m.House(0, 1), m.House(2, 1)); way != nil {
		t.Errorf("there is a way to the other end of the country: %d points", len(way))
	}
	if same := m.Way(m.House(0, 4), m.House(0, 4)); len(same) != 2 || Length(same) > 0.1 {
		t.Errorf("at home already: %v", same)
	}
}

func TestWhatIsLeftOfAWay(t *testing.T) {
	t.Parallel()
	m := sample()
	way := m.Way(m.House(0, 1), m.House(1, 1))
	whole := Length(way)
	for _, driven := range []float64{0, 1, whole / 3, whole - 1} {
		if left := Length(After(way, driven)); math.Abs(left-(whole-driven)) > 2 {
			t.Errorf("after %.0f m of %.0f are left %.0f", driven, whole, left)
		}
	}
	if end := After(way, whole+5000); len(end) != 1 || end[0] != way[len(way)-1] {
		t.Errorf("past the end: %v", end)
	}
	if len(After(nil, 10)) != 0 {
		t.Error("there is something left of nothing")
	}
}

func TestHousesStandApart(t *testing.T) {
	t.Parallel()
	m := sample()
	seen := map[Point]int{}
	for n := range 12 {
		at := m.House(1, n)
		if other, taken := seen[at]; taken {
			t.Errorf("houses %d and %d are one", n, other)
		}
		seen[at] = n
		if d := Metres(at, Point{45.12, -74.00}); d > 700 {
			t.Errorf("house %d is %.0f m from the middle", n, d)
		}
	}
}
