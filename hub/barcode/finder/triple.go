package finder

import (
	"cmp"
	"math"
	"slices"

	"gigafibre.ca/targo-hub/hub/barcode/grid"
	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// triple is three marks that stand as in a symbol.
type triple struct {
	corner, right, below mark
	score                float64
}

// triples puts marks together that make a right angle with equal arms.
func triples(found []mark) []triple {
	var out []triple
	for i, corner := range found {
		for j, a := range found {
			for k := j + 1; k < len(found); k++ {
				if j == i || k == i {
					continue
				}
				if t, ok := join(corner, a, found[k]); ok {
					out = append(out, t)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b triple) int { return cmp.Compare(b.score, a.score) })
	return out[:min(len(out), trials)]
}

func join(corner, a, b mark) (triple, bool) {
	p, q := a.at.Sub(corner.at), b.at.Sub(corner.at)
	square := math.Abs(p.Dot(q)) / (p.Len() * q.Len())
	uneven := math.Abs(math.Log(p.Len() / q.Len()))
	sizes := max(corner.module, a.module, b.module) / min(corner.module, a.module, b.module)
	module := (corner.module + a.module + b.module) / 3
	if square > 0.3 || uneven > 0.35 || sizes > 1.7 || min(p.Len(), q.Len()) < 11*module {
		return triple{}, false
	}
	t := triple{corner: corner, right: a, below: b}
	if p.Cross(q) < 0 {
		t.right, t.below = b, a
	}
	t.score = corner.like + a.like + b.like - square - uneven
	return t, true
}

// read lays grids of the likely sizes over three marks.
func (t triple) read(g *pixel.Grey) (Found, bool) {
	x, y := t.right.at.Sub(t.corner.at), t.below.at.Sub(t.corner.at)
	module := (t.corner.module + t.right.module + t.below.module) / 3
	guess := int(math.Round(((x.Len()+y.Len())/2/module + 7 - 17) / 4))
	var all []grid.Grid
	for version := max(guess-2, 1); version <= min(guess+2, 40); version++ {
		n := 17 + 4*version
		ex, ey := 1/float64(n-7), 1/float64(n-7)
		at := func(u, w float64) pixel.Point { // in modules from the corner mark
			return t.corner.at.Add(x, u*ex).Add(y, w*ey)
		}
		far := float64(n) - 3.5
		s, ok := grid.New(g, n, [4]pixel.Point{at(-3.5, far), at(-3.5, -3.5), at(far, -3.5), at(far, far)})
		if !ok {
			continue
		}
		known := patternsOf(version)
		score := func(s *grid.Grid) float64 { return known.fit(g, s) }
		step := s.Side() / float64(n)
		s.Climb(score, step*0.5, 2)
		s.Climb(score, step*0.25, 2)
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b grid.Grid) int { return cmp.Compare(b.Score, a.Score) })
	for _, s := range all[:min(len(all), 2)] {
		if value, ok := settle(g, &s); ok {
			return Found{Value: value, Corners: s.Quad}, true
		}
	}
	return Found{}, false
}
