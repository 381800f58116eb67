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
