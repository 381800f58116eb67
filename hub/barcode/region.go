package barcode

import (
	"cmp"
	"slices"

	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

const (
	tile      = 8    // pixels: the photo is judged in squares of this side
	coherent  = 0.62 // share of the gradients that must point one way in bars
	minBars   = 10   // tiles
	minSquare = 5    // tiles
	tries     = 14   // places of each sort
)

// region is a place of the photo with many edges.
type region struct {
	angle  float64 // of the frame; across the bars, or along a side of a square
	energy float64
	tiles  int
	frame  frame
	fan    fan
}

// frame is a rectangle around a region, at the region's angle.
type frame struct {
	x0, x1, y0, y1 float64 // along and across, from the photo's origin
	right, down    pixel.Point
}

func (f frame) at(x, y float64) pixel.Point {
	return pixel.Point{X: x*f.right.X + y*f.down.X, Y: x*f.right.Y + y*f.down.Y}
}

// edges sums the gradients of a tile: their energy, and their direction as
// vectors of the double angle (bars point one way) and of the fourfold angle
// (the sides of squares point two ways).
type edges struct{ energy, c2, s2, c4, s4 float64 }

func (e *edges) add(o edges) {
	e.energy += o.energy
	e.c2 += o.c2
	e.s2 += o.s2
	e.c4 += o.c4
	e.s4 += o.s4
}

// field is the photo in tiles.
type field struct {
	w, h   int
	tiles  []edges
	smooth []edges // each tile with its neighbours
	floor  float64 // energy that noise does not reach
}

// regions finds places with bars and places with squares, strongest first.
func regions(g *pixel.Grey) (bars, squares []region) {
	f := survey(g)
	used := make([]bool, len(f.tiles))
	var parts [][]int
	for _, part := range f.group(used, f.isBars, f.sameWay) {
		if len(part) >= minBars {
			parts = append(parts, part)
			continue
		}
		for _, i := range part {
			used[i] = false
		}
	}
	for _, part := range f.joined(parts) {
		r := f.measure(part, 2)
		r.fan = f.fanOf(part, r)
		bars = append(bars, r)
	}
	strong := func(i int) bool { return f.tiles[i].energy > f.floor }
	for _, part := range f.group(used, strong, func(int, int) bool { return true }) {
		if len(part) >= minSquare {
			squares = append(squares, f.measure(part, 4))
		}
	}
	order := func(a, b region) int { return cmp.Compare(b.energy, a.energy) }
	slices.SortFunc(bars, order)
	slices.SortFunc(squares, order)
	return bars[:min(len(bars), tries)], squares[:min(len(squares), tries)]
}

// survey measures the gradients of every tile.
func survey(g *pixel.Grey) *field {
	f := &field{w: g.W / tile, h: g.H / tile}
	f.tiles = make([]edges, f.w*f.h)
	for ty := range f.h {
		for tx := range f.w {
			f.tiles[ty*f.w+tx] = gradients(g, tx*tile, ty*tile)
		}
	}
	f.smooth = make([]edges, len(f.tiles))
	for y := range f.h {
		for x := range f.w {
			sum := &f.smooth[y*f.w+x]
			for v := max(y-1, 0); v <= min(y+1, f.h-1); v++ {
				for u := max(x-1, 0); u <= min(x+1, f.w-1); u++ {
					sum.add(f.tiles[v*f.w+u])
				}
			}
		}
	}
	all := make([]float64, len(f.tiles))
	for i, t := range f.tiles {
		all[i] = t.energy
	}
	slices.Sort(all)
	if len(all) > 0 {
		f.floor = max(3*all[len(all)/4], 400)
	}
	return f
}

// gradients takes Sobel's at every other pixel.
func gradients(g *pixel.Grey, x0, y0 int) (sum edges) {
	for y := max(y0, 1); y < min(y0+tile, g.H-1); y += 2 {
		up, mid, low := g.Pix[(y-1)*g.W:], g.Pix[y*g.W:], g.Pix[(y+1)*g.W:]
		for x := max(x0, 1); x < min(x0+tile, g.W-1); x += 2 {
			a, b, c := int(up[x-1]), int(up[x]), int(up[x+1])
			d, e := int(mid[x-1]), int(mid[x+1])
			p, q, r := int(low[x-1]), int(low[x]), int(low[x+1])
			gx := float64(c + 2*e + r - a - 2*d - p)
			gy := float64(p + 2*q + r - a - 2*b - c)
			m := gx*gx + gy*gy
			if m == 0 {
				continue
			}
			c2, s2 := gx*gx-gy*gy, 2*gx*gy
			sum.energy += m
			sum.c2 += c2
			sum.s2 += s2
			sum.c4 += (c2*c2 - s2*s2) / m
			sum.s4 += 2 * c2 * s2 / m
		}
	}
	const samples = tile * tile / 4
	sum.energy /= samples
	sum.c2 /= samples
	sum.s2 /= samples
	sum.c4 /= samples
	sum.s4 /= samples
	return sum
}
