package barcode

import (
	"math"
	"slices"

	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

func (f *field) isBars(i int) bool {
	s := f.smooth[i]
	return f.tiles[i].energy > f.floor && math.Hypot(s.c2, s.s2) > coherent*s.energy
}

// sameWay tells whether two tiles' gradients are within 15 degrees.
func (f *field) sameWay(i, j int) bool {
	a, b := f.smooth[i], f.smooth[j]
	return a.c2*b.c2+a.s2*b.s2 > 0.866*math.Hypot(a.c2, a.s2)*math.Hypot(b.c2, b.s2)
}

// group gathers tiles that touch and are alike.
func (f *field) group(used []bool, is func(int) bool, alike func(i, j int) bool) (groups [][]int) {
	seen := slices.Clone(used)
	for start := range f.tiles {
		if seen[start] || !is(start) {
			continue
		}
		part := []int{start}
		seen[start] = true
		for at := 0; at < len(part); at++ {
			i := part[at]
			for _, step := range [4][2]int{{1, 0}, {-1, 0}, {0, 1}, {0, -1}} {
				x, y := i%f.w+step[0], i/f.w+step[1]
				j := y*f.w + x
				if x < 0 || y < 0 || x >= f.w || y >= f.h || seen[j] || !is(j) || !alike(i, j) {
					continue
				}
				seen[j] = true
				part = append(part, j)
			}
		}
		for _, i := range part {
			used[i] = true
		}
		groups = append(groups, part)
	}
	return groups
}

// measure puts a frame around a group, at the angle of its gradients; fold is 2
// for bars and 4 for squares.
func (f *field) measure(part []int, fold int) region {
	var sum edges
	for _, i := range part {
		sum.add(f.tiles[i])
	}
	angle := math.Atan2(sum.s2, sum.c2) / 2
	if fold == 4 {
		angle = math.Atan2(sum.s4, sum.c4) / 4
	}
	r := f.measureAt(part, angle)
	r.energy = sum.energy
	return r
}

// measureAt puts a frame around a group at an angle.
func (f *field) measureAt(part []int, angle float64) region {
	r := region{angle: angle, tiles: len(part)}
	r.frame = frame{
		x0: math.Inf(1), x1: math.Inf(-1), y0: math.Inf(1), y1: math.Inf(-1),
		right: pixel.Point{X: math.Cos(angle), Y: math.Sin(angle)},
		down:  pixel.Point{X: -math.Sin(angle), Y: math.Cos(angle)},
	}
	for _, i := range part {
		p := f.centre(i)
		x, y := p.Dot(r.frame.right), p.Dot(r.frame.down)
		r.frame.x0, r.frame.x1 = min(r.frame.x0, x-tile/2), max(r.frame.x1, x+tile/2)
		r.frame.y0, r.frame.y1 = min(r.frame.y0, y-tile/2), max(r.frame.y1, y+tile/2)
	}
	return r
}

func (f *field) centre(i int) pixel.Point {
	return pixel.Point{X: float64(i%f.w*tile) + tile/2, Y: float64(i/f.w*tile) + tile/2}
}

// joined puts groups of bars together that a wide space parts: side by side, of
// the same height and angle.
func (f *field) joined(parts [][]int) [][]int {
	const gap = 26 // pixels; less than the quiet zone of most codes
	for i := 0; i < len(parts); i++ {
		for j := i + 1; j < len(parts); j++ {
			a := f.measure(parts[i], 2)
			b := f.measureAt(parts[j], a.angle)
			within := f.measure(parts[j], 2).angle - a.angle
			if math.Abs(math.Sin(within)) > 0.15 {
				continue
			}
			shared := min(a.frame.y1, b.frame.y1) - max(a.frame.y0, b.frame.y0)
			tallest := max(a.frame.y1-a.frame.y0, b.frame.y1-b.frame.y0)
			apart := max(a.frame.x0, b.frame.x0) - min(a.frame.x1, b.frame.x1)
			if shared < 0.7*tallest || apart > gap {
				continue
			}
			parts[i] = append(slices.Clone(parts[i]), parts[j]...)
			parts = slices.Delete(parts, j, j+1)
			j = i // look at all the others again
		}
	}
	return parts
}
