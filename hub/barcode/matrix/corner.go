package matrix

import (
	"cmp"
	"math"
	"slices"

	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

const (
	shortest = 14 // pixels of a solid side
	reach    = 7  // pixels that the ends of two sides may be apart in their corner
	strokes  = 14 // edges kept of each direction
	pairs    = 8  // corners kept
)

// corner is where two solid sides seem to meet: ends of the sides, up being the
// one from which the other lies clockwise.
type corner struct {
	at, up, right pixel.Point
	score         float64
}

// stroke is a long straight edge: upright ones are x = a + b*y, from y = from to
// y = to; lying ones the same with x and y exchanged.
type stroke struct {
	a, b     float64
	from, to float64
	after    bool // dark lies to the right, or below
	score    float64
}

func (s stroke) length() float64 { return s.to - s.from }

// corners finds pairs of solid sides, the most distinct first.
func corners(g *pixel.Grey) []corner {
	if g.W < shortest || g.H < shortest {
		return nil
	}
	upright := slopes(g, false).strokes()
	lying := slopes(g, true).strokes()
	var out []corner
	for _, v := range upright {
		for _, h := range lying {
			if c, ok := meet(v, h); ok {
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b corner) int { return cmp.Compare(b.score, a.score) })
	return out[:min(len(out), pairs)]
}

// meet tests whether an upright and a lying edge make the corner of a symbol.
func meet(v, h stroke) (corner, bool) {
	// x = a + b*y and y = c + d*x
	y := (h.a + h.b*v.a) / (1 - h.b*v.b)
	at := pixel.Point{X: v.a + v.b*y, Y: y}
	farY, nearY := v.from, v.to
	if math.Abs(v.from-at.Y) < math.Abs(v.to-at.Y) {
		farY, nearY = v.to, v.from
	}
	farX, nearX := h.from, h.to
	if math.Abs(h.from-at.X) < math.Abs(h.to-at.X) {
		farX, nearX = h.to, h.from
	}
	if math.Abs(nearY-at.Y) > reach || math.Abs(nearX-at.X) > reach {
		return corner{}, false
	}
	// Dark lies on the side where the other edge goes.
	if (farX > at.X) != v.after || (farY > at.Y) != h.after {
		return corner{}, false
	}
	up := pixel.Point{X: v.a + v.b*farY, Y: farY}
	right := pixel.Point{X: farX, Y: h.a + h.b*farX}
	if ratio := up.Sub(at).Len() / right.Sub(at).Len(); ratio < 0.62 || ratio > 1.6 {
		return corner{}, false
	}
	if up.Sub(at).Cross(right.Sub(at)) < 0 {
		up, right = right, up
	}
	return corner{at: at, up: up, right: right, score: v.score + h.score}, true
}

// incline is the slope of the brightness along one direction, at every pixel;
// positive where it gets darker.
type incline struct {
	w, h  int // transposed for lying edges: w runs across the edges
	slope []int16
	weak  int16 // what noise does not reach
}

func slopes(g *pixel.Grey, lying bool) incline {
	in := incline{w: g.W, h: g.H}
	across, along := 1, g.W
	if lying {
		in.w, in.h = g.H, g.W
		across, along = g.W, 1
	}
	in.slope = make([]int16, in.w*in.h)
	var all []int16
	for y := 1; y < in.h-1; y++ {
		for x := 1; x < in.w-1; x++ {
			i := x*across + y*along
			d := func(o int) int16 { return int16(g.Pix[i+o-across]) - int16(g.Pix[i+o+across]) }
			v := (d(-along) + 2*d(0) + d(along)) / 4
			in.slope[y*in.w+x] = v
			all = append(all, max(v, -v))
		}
	}
	slices.Sort(all)
	if len(all) > 0 {
		in.weak = max(all[len(all)*96/100]/4, 4)
	}
	return in
}

// strokes finds the long edges, of both signs.
func (in incline) strokes() []stroke {
	var all []stroke
	for step := -6; step <= 6; step++ {
		b := float64(step) * 0.02
		for x := 1; x < in.w-1; x++ {
			a := float64(x) - b*float64(in.h)/2
			for _, sign := range []int16{1, -1} {
				if s := in.longest(a, b, sign); s.length() >= shortest {
					all = append(all, s)
				}
			}
		}
	}
	slices.SortFunc(all, func(p, q stroke) int { return cmp.Compare(q.score, p.score) })
	var kept []stroke
	for _, s := range all {
		if len(kept) == strokes {
			break
		}
		if !slices.ContainsFunc(kept, s.repeats) {
			kept = append(kept, s)
		}
	}
	return kept
}

// repeats tells whether the stroke is another one, a little displaced.
func (s stroke) repeats(o stroke) bool {
	middle := (s.from + s.to) / 2
	return s.after == o.after && middle > o.from-4 && middle < o.to+4 &&
		math.Abs(s.a+s.b*middle-o.a-o.b*middle) < 2.6
}

// longest gives the best run of an edge along a line.
func (in incline) longest(a, b float64, sign int16) stroke {
	const hole = 2 // pixels that noise may take out of an edge
	top := stroke{a: a, b: b, after: sign > 0}
	var run stroke
	open, missed := false, 0
	for y := 1; y < in.h-1; y++ {
		x := int(a + b*float64(y) + 0.5)
		v := int16(0)
		if x > 0 && x < in.w-1 {
			v = in.slope[y*in.w+x] * sign
		}
		switch {
		case v > in.weak && !open:
			run, open, missed = stroke{from: float64(y), to: float64(y), score: float64(v)}, true, 0
		case v > in.weak:
			run.to, missed = float64(y), 0
			run.score += float64(min(v, 6*in.weak))
		case open:
			missed++
		}
		if open && run.score > top.score {
			top.from, top.to, top.score = run.from, run.to, run.score
		}
		if missed > hole {
			open = false
		}
	}
	return top
}
