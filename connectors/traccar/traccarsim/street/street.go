// Package street moves something along a line of streets: where it is after so much
// time, how fast and in which direction. It calls nothing and remembers nothing.
package street

import (
	"errors"
	"math"
	"time"
)

// Stop is a wait at a point of the line.
type Stop struct {
	Point int // from 0
	For   time.Duration
}

// Place is where something is.
type Place struct {
	Lat, Lon float64
	Kmh      float64
	Course   float64 // degrees from north, clockwise
	Done     bool    // it has come to the end and stays there
}

// Walk is a line with the times at which its points are reached.
type Walk struct {
	line  [][2]float64 // latitude, longitude
	kmh   float64
	loop  bool
	reach []time.Duration // when each point is reached
	leave []time.Duration // and left
}

// New measures a line that is driven at one speed (40 km/h when 0). With loop it goes
// there and back for ever.
func New(line [][2]float64, kmh float64, stops []Stop, loop bool) (*Walk, error) {
	if len(line) == 0 {
		return nil, errors.New("a line needs a point")
	}
	for _, p := range line {
		if !(math.Abs(p[0]) <= 90 && math.Abs(p[1]) <= 180) {
			return nil, errors.New("a point of the line is not on earth")
		}
	}
	if kmh == 0 {
		kmh = 40
	}
	if !(kmh > 0) || math.IsInf(kmh, 1) {
		return nil, errors.New("the speed is none")
	}
	w := &Walk{line: line, kmh: kmh, loop: loop}
	wait := map[int]time.Duration{}
	for _, s := range stops {
		wait[s.Point] += max(s.For, 0)
	}
	var at time.Duration
	for i := range line {
		if i > 0 {
			at += time.Duration(Metres(line[i-1], line[i]) / (kmh / 3.6) * float64(time.Second))
		}
		w.reach = append(w.reach, at)
		at += wait[i]
		w.leave = append(w.leave, at)
	}
	return w, nil
}

// Takes is how long the line takes, one way.
func (w *Walk) Takes() time.Duration { return w.leave[len(w.leave)-1] }

// At is where it is so long after the start.
func (w *Walk) At(since time.Duration) Place {
	whole := w.Takes()
	back := false
	switch {
	case since < 0:
		since = 0
	case w.loop && whole > 0:
		since %= 2 * whole
		if back = since > whole; back {
			since = 2*whole - since
		}
	}
	for i := range w.line {
		switch {
		case since < w.reach[i]:
			return w.between(i, since, back)
		case since < w.leave[i]:
			return Place{Lat: w.line[i][0], Lon: w.line[i][1], Course: w.course(i)}
		}
	}
	last := len(w.line) - 1
	return Place{Lat: w.line[last][0], Lon: w.line[last][1], Course: w.course(last), Done: !w.loop}
}

// between is a place on the leg that leads to point i.
func (w *Walk) between(i int, since time.Duration, back bool) Place {
	from, to := w.line[i-1], w.line[i]
	part := float64(since-w.leave[i-1]) / float64(w.reach[i]-w.leave[i-1])
	course := bearing(from, to)
	if back {
		course = math.Mod(course+180, 360)
	}
	return Place{Lat: from[0] + (to[0]-from[0])*part, Lon: from[1] + (to[1]-from[1])*part, Kmh: w.kmh, Course: course}
}

// course is the direction in which point i was reached.
func (w *Walk) course(i int) float64 {
	if len(w.line) < 2 {
		return 0
	}
	i = max(i, 1)
	return bearing(w.line[i-1], w.line[i])
}

const (
	earth = 6371008.8 // metres, mean radius
	rad   = math.Pi / 180
)

// Metres is the distance between two points, by the great circle.
func Metres(a, b [2]float64) float64 {
	dLat, dLon := (b[0]-a[0])*rad/2, (b[1]-a[1])*rad/2
	h := math.Pow(math.Sin(dLat), 2) + math.Cos(a[0]*rad)*math.Cos(b[0]*rad)*math.Pow(math.Sin(dLon), 2)
	return 2 * earth * math.Asin(math.Min(1, math.Sqrt(h)))
}

func bearing(a, b [2]float64) float64 {
	dLon := (b[1] - a[1]) * rad
	y := math.Sin(dLon) * math.Cos(b[0]*rad)
	x := math.Cos(a[0]*rad)*math.Sin(b[0]*rad) - math.Sin(a[0]*rad)*math.Cos(b[0]*rad)*math.Cos(dLon)
	return math.Mod(math.Atan2(y, x)/rad+360, 360)
}
