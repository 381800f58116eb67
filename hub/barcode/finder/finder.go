// Package finder finds and reads QR codes in a piece of a photo that stands
// roughly upright, where blur and small modules defeat readers that look for the
// finder patterns in black and white.
//
// It compares every place with the three rings of a finder pattern, at several
// sizes and in grey levels, puts three of them together, lays a grid with
// perspective over them, moves its corners until all that is known of a symbol
// fits best, and leaves error correction and text to gozxing.
package finder

import (
	"cmp"
	"context"
	"math"
	"slices"

	"gigafibre.ca/targo-hub/hub/barcode/grid"
	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// Found is a symbol that was read.
type Found struct {
	Value   string
	Corners [4]pixel.Point // of the picture, clockwise from below on the left of the symbol
}

const (
	least  = 0.42 // likeness of a finder pattern, of 1
	marks  = 9    // patterns kept
	trials = 5    // threes of them laid a grid over
)

// Find reads one symbol of a picture.
func Find(ctx context.Context, g *pixel.Grey) (Found, bool) {
	for _, t := range triples(patterns(g)) {
		if ctx.Err() != nil {
			break
		}
		if found, ok := t.read(g); ok {
			return found, true
		}
	}
	return Found{}, false
}

// mark is a place like a finder pattern.
type mark struct {
	at     pixel.Point
	module float64 // pixels
	like   float64 // up to 1
}

// patterns finds the places most like finder patterns.
func patterns(g *pixel.Grey) []mark {
	levels := slices.Clone(g.Pix)
	slices.Sort(levels)
	if len(levels) == 0 {
		return nil
	}
	contrast := float64(levels[len(levels)*95/100]) - float64(levels[len(levels)*5/100])
	if contrast < 12 {
		return nil
	}
	var all []mark
	for module := 1.9; module < 12; module *= 1.14 {
		r := rings(g, module)
		edge := r.margin
		for y := edge; y < g.H-edge; y++ {
			for x := edge; x < g.W-edge; x++ {
				if like := r.like(g.Pix, y*g.W+x) / contrast; like > least {
					all = append(all, mark{pixel.Point{X: float64(x), Y: float64(y)}, module, like})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b mark) int { return cmp.Compare(b.like, a.like) })
	var kept []mark
	for _, m := range all {
		if len(kept) == marks {
			break
		}
		if !slices.ContainsFunc(kept, func(k mark) bool { return k.at.Sub(m.at).Len() < 4*max(k.module, m.module) }) {
			kept = append(kept, m)
		}
	}
	return kept
}

// ring holds the offsets of samples around a pixel: the centre and the outer
// frame are dark, what lies between and around is light.
type ring struct {
	centre, inner, frame, outer [8]int
	margin                      int
}

func rings(g *pixel.Grey, module float64) ring {
	var r ring
	at := func(radius float64) (out [8]int) {
		for i, d := range [8][2]float64{{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, -1}, {1, -1}, {-1, 1}} {
			out[i] = int(math.Round(d[1]*radius*module))*g.W + int(math.Round(d[0]*radius*module))
		}
		return out
	}
	r.centre, r.inner, r.frame, r.outer = at(0.6), at(2), at(3), at(4)
	r.margin = int(math.Round(4*module)) + 1
	return r
}

// like is the least contrast between neighbouring rings, in levels; what cannot
// be a pattern is left early.
func (r *ring) like(pix []uint8, at int) float64 {
	sum := func(offsets *[8]int) (total int) {
		for _, o := range offsets {
			total += int(pix[at+o])
		}
		return total
	}
	centre, inner := sum(&r.centre), sum(&r.inner)
	if inner-centre < 8*8 {
		return 0
	}
	frame := sum(&r.frame)
	if inner-frame < 8*8 {
		return 0
	}
	outer := sum(&r.outer)
	return float64(min(inner-centre, inner-frame, outer-frame)) / 8
}

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
