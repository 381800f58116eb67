package osrmsim

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// crow is the distance in metres on a ball.
func crow(a, b [2]float64) float64 {
	const radius, degree = 6_371_000, math.Pi / 180
	lat, lon := (b[1]-a[1])*degree/2, (b[0]-a[0])*degree/2
	h := math.Pow(math.Sin(lat), 2) + math.Cos(a[1]*degree)*math.Cos(b[1]*degree)*math.Pow(math.Sin(lon), 2)
	return 2 * radius * math.Asin(math.Sqrt(h))
}

func waypoints(places [][2]float64, which []int) []map[string]any {
	points := make([]map[string]any, len(which))
	for i, at := range which {
		points[i] = map[string]any{"hint": "c2ltdWxhdGVk", "distance": 0.0, "name": "", "location": places[at]}
	}
	return points
}

// parse reads "lon,lat;lon,lat".
func parse(text string) ([][2]float64, error) {
	var places [][2]float64
	for pair := range strings.SplitSeq(text, ";") {
		lon, lat, found := strings.Cut(pair, ",")
		x, err1 := strconv.ParseFloat(lon, 64)
		y, err2 := strconv.ParseFloat(lat, 64)
		if !found || err1 != nil || err2 != nil || math.Abs(x) > 180 || math.Abs(y) > 90 {
			return nil, fmt.Errorf("%q is no place", pair)
		}
		places = append(places, [2]float64{x, y})
	}
	return places, nil
}

// indexes reads "0;1", or all.
func indexes(text string, n int) ([]int, bool) {
	var which []int
	if text == "" || text == "all" {
		for i := range n {
			which = append(which, i)
		}
		return which, true
	}
	for one := range strings.SplitSeq(text, ";") {
		i, err := strconv.Atoi(one)
		if err != nil || i < 0 || i >= n {
			return nil, false
		}
		which = append(which, i)
	}
	return which, true
}
