// Package roadstest is what the simulators of travel time services share: OSRM's
// table language, which Mapbox speaks too, over ways that are straight lines and a
// bit. It exists for tests and the simulated town only, and remembers nothing.
package roadstest

import (
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"
)

// Place is a longitude and a latitude, in this order.
type Place = [2]float64

// South is the latitude below which there are no streets.
const South = 40

// Table gives the ways between places, each 1.3 times as far as the crow flies,
// divided by a number and rounded to tenths as both services do. There is none
// between an island (a latitude and a longitude) and anywhere else.
func Table(places []Place, sources, destinations []int, by float64, islands [][2]float64) [][]*float64 {
	rows := make([][]*float64, len(sources))
	for i, from := range sources {
		for _, to := range destinations {
			if onIsland(places[from], islands) != onIsland(places[to], islands) {
				rows[i] = append(rows[i], nil)
				continue
			}
			way := math.Round(crow(places[from], places[to])*1.3/by*10) / 10
			rows[i] = append(rows[i], &way)
		}
	}
	return rows
}

func onIsland(p Place, islands [][2]float64) bool {
	for _, at := range islands {
		if math.Abs(at[0]-p[1]) < 1e-5 && math.Abs(at[1]-p[0]) < 1e-5 {
			return true
		}
	}
	return false
}

// crow is the distance in metres on a ball.
func crow(a, b Place) float64 {
	const radius, degree = 6_371_000, math.Pi / 180
	lat, lon := (b[1]-a[1])*degree/2, (b[0]-a[0])*degree/2
	h := math.Pow(math.Sin(lat), 2) + math.Cos(a[1]*degree)*math.Cos(b[1]*degree)*math.Pow(math.Sin(lon), 2)
	return 2 * radius * math.Asin(math.Sqrt(h))
}

// Waypoints are the places of an answer; each has the members of more, too.
func Waypoints(places []Place, which []int, more map[string]any) []map[string]any {
	points := make([]map[string]any, len(which))
	for i, at := range which {
		points[i] = map[string]any{"distance": 0.0, "name": "", "location": places[at]}
		maps.Copy(points[i], more)
	}
	return points
}

// Parse reads "lon,lat;lon,lat".
func Parse(text string) ([]Place, error) {
	var places []Place
	for pair := range strings.SplitSeq(text, ";") {
		lon, lat, found := strings.Cut(pair, ",")
		x, err1 := strconv.ParseFloat(lon, 64)
		y, err2 := strconv.ParseFloat(lat, 64)
		if !found || err1 != nil || err2 != nil || math.Abs(x) > 180 || math.Abs(y) > 90 {
			return nil, fmt.Errorf("%q is no place", pair)
		}
		places = append(places, Place{x, y})
	}
	return places, nil
}

// Indexes reads "0;1", or all.
func Indexes(text string, n int) ([]int, bool) {
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
