package matrix

import (
	"cmp"
	"math"
	"slices"

	"gigafibre.ca/targo-hub/hub/barcode/grid"
	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// sizes are the numbers of modules of a side.
var sizes = [...]int{10, 12, 14, 16, 18, 20, 22, 24, 26, 32, 36, 40, 44, 48, 52, 64}

const (
	smallest  = 1.7 // pixels of a module
	largest   = 24.0
	finalists = 4
	convinces = 0.3 // score of a border that is worth decoding
)

// fit lays grids of every plausible size into a corner and gives those whose
// border is that of a symbol, best first.
func fit(g *pixel.Grey, c corner) []grid.Grid {
	across := c.up.Add(c.right.Sub(c.at), 1)
	start, ok := grid.New(g, 0, [4]pixel.Point{c.at, c.up, across, c.right})
	if !ok {
		return nil
	}
	score := func(s *grid.Grid) float64 { return border(g, s) }
	side := start.Side()
	var all []grid.Grid
	for _, n := range sizes {
		module := side / float64(n)
		if module < smallest || module > largest {
			continue
		}
		s := stretched(start, n, score)
		s.Climb(score, module*0.5, 2)
		s.Climb(score, module*0.25, 1)
		all = append(all, s)
	}
	better := func(a, b grid.Grid) int { return cmp.Compare(b.Score, a.Score) }
	slices.SortFunc(all, better)
	all = all[:min(len(all), finalists)]
	for i := range all {
		module := side / float64(all[i].N)
		all[i].Climb(score, module*0.25, 3)
		all[i].Climb(score, module*0.1, 3)
		all[i].Climb(score, module*0.04, 2)
	}
	slices.SortFunc(all, better)
	return slices.DeleteFunc(all, func(s grid.Grid) bool { return s.Score < convinces })
}

// stretched gives the best of nine beginnings: the ends of the solid sides are
// seen within a module or so.
func stretched(start grid.Grid, n int, score func(*grid.Grid) float64) grid.Grid {
	best := start
	best.N, best.Score = n, math.Inf(-1)
	at := start.Quad[0]
	up, right := start.Quad[1].Sub(at), start.Quad[3].Sub(at)
	for i := range 9 {
		a, b := 1+0.7*float64(i%3-1)/float64(n), 1+0.7*float64(i/3-1)/float64(n)
		s := start
		s.N = n
		s.Quad = [4]pixel.Point{at, at.Add(up, a), at.Add(up, a).Add(right, b), at.Add(right, b)}
		if s.Score = score(&s); s.Score > best.Score {
			best = s
		}
	}
	return best
}

// border is how well the outer modules are those of a symbol, up to 1: two solid
// sides, two dotted ones, and white around. Each must be so by itself.
func border(g *pixel.Grey, s *grid.Grid) float64 {
	p := s.Project()
	m := 1 / float64(s.N)
	near, far := m/2, 1-m/2
	var solid, dots, white float64
	for i := range s.N {
		t := (float64(i) + 0.5) * m
		solid -= s.Level(g, p, t, near) + s.Level(g, p, near, t)
		pair := s.Level(g, p, t, far) + s.Level(g, p, far, t)
		if i%2 == 0 {
			pair = -pair
		}
		dots += pair
		if i%2 == 0 { // every other one is enough for what is white all along
			white += s.Level(g, p, t, -near) + s.Level(g, p, -near, t) + s.Level(g, p, t, 1+near) + s.Level(g, p, 1+near, t)
		}
	}
	scale := 1 / (2 * float64(s.N))
	solid, dots, white = solid*scale, dots*scale, white*scale
	return 0.3*solid + 0.5*dots + 0.2*white + min(solid-0.3, 0) + min(dots-0.2, 0) + min(white-0.3, 0)
}
