package barcode

import (
	"math"

	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

const (
	quiet  = 34 // pixels read beyond a region: the quiet zone, and ends that tiles missed
	fine   = 2  // samples of a scan line for a pixel
	strips = 7  // scan lines of a region, one beside the other
)

// fan says how bars lie that perspective spreads: their angle, off the frame's,
// at a place of the frame is level + along*x + across*y.
type fan struct{ level, along, across float64 }

func (f fan) at(x, y float64) float64 { return f.level + f.along*x + f.across*y }

// fanOf fits the angles of a region's tiles. A region too small to tell gets
// parallel bars.
func (f *field) fanOf(part []int, r region) fan {
	var m [3][4]float64 // normal equations
	cos, sin := math.Cos(2*r.angle), math.Sin(2*r.angle)
	for _, i := range part {
		s := f.smooth[i]
		off := math.Atan2(s.s2*cos-s.c2*sin, s.c2*cos+s.s2*sin) / 2
		p := f.centre(i)
		row := [4]float64{1, p.Dot(r.frame.right), p.Dot(r.frame.down), off}
		for a := range 3 {
			for b := range row {
				m[a][b] += row[a] * row[b] * s.energy
			}
		}
	}
	if len(part) < 3*minBars {
		return fan{level: m[0][3] / m[0][0]}
	}
	for a := range 3 { // Gauss and Jordan; the frame is never degenerate with so many tiles
		if math.Abs(m[a][a]) < 1e-9 {
			return fan{}
		}
		for b := range 3 {
			if b == a {
				continue
			}
			k := m[b][a] / m[a][a]
			for c := a; c < 4; c++ {
				m[b][c] -= k * m[a][c]
			}
		}
	}
	return fan{level: m[0][3] / m[0][0], along: m[1][3] / m[1][1], across: m[2][3] / m[2][2]}
}

// line is the brightness along a scan line: fine samples a pixel, from x0 of the
// region's frame on, averaged along the bars.
type line struct {
	x0    float64
	level []float64
}

// scan averages the photo along the bars over height pixels around y.
func (r region) scan(g *pixel.Grey, y, height float64) line {
	x0 := r.frame.x0 - quiet
	l := line{x0: x0, level: make([]float64, int((r.frame.x1-r.frame.x0+2*quiet)*fine))}
	rows := max(int(height), 1)
	for i := range l.level {
		x := x0 + float64(i)/fine
		angle := r.angle + r.fan.at(min(max(x, r.frame.x0), r.frame.x1), y)
		along := pixel.Point{X: -math.Sin(angle), Y: math.Cos(angle)}
		at := r.frame.at(x, y).Add(along, -float64(rows-1)/2)
		sum := 0.0
		for range rows {
			sum += g.At(at.X, at.Y)
			at = at.Add(along, 1)
		}
		l.level[i] = sum / float64(rows)
	}
	return l
}

// sharper undoes some blur: a sample moves away from its neighbours at reach
// pixels.
func (l line) sharper(amount, reach float64) line {
	n := int(reach*fine + 0.5)
	out := line{x0: l.x0, level: make([]float64, len(l.level))}
	for i, v := range l.level {
		a, b := l.level[max(i-n, 0)], l.level[min(i+n, len(l.level)-1)]
		out.level[i] = v + amount*(2*v-a-b)
	}
	return out
}

// edgesOf gives where the line crosses from light to dark and back, in samples;
// the first crossing is into dark. The threshold follows the brightest and the
// darkest around.
func (l line) edgesOf() []float64 {
	const window = 26 * fine
	low, high := envelope(l.level, window)
	span := 0.0
	for i := range low {
		span = max(span, high[i]-low[i])
	}
	var out []float64
	dark := false
	for i := 1; i < len(l.level); i++ {
		if high[i]-low[i] < span/4 {
			continue
		}
		middle := (high[i] + low[i]) / 2
		if now := l.level[i] < middle; now != dark {
			before := (high[i-1] + low[i-1]) / 2
			a, b := l.level[i-1]-before, l.level[i]-middle
			where := float64(i)
			if a != b {
				where = float64(i-1) + min(max(a/(a-b), 0), 1)
			}
			out = append(out, where)
			dark = now
		}
	}
	return out
}

// envelope gives the darkest and the brightest within reach samples.
func envelope(level []float64, reach int) (low, high []float64) {
	low, high = make([]float64, len(level)), make([]float64, len(level))
	const block = 4 // judged in blocks: the window need not be exact
	count := (len(level) + block - 1) / block
	least, most := make([]float64, count), make([]float64, count)
	for b := range count {
		least[b], most[b] = math.Inf(1), math.Inf(-1)
		for _, v := range level[b*block : min((b+1)*block, len(level))] {
			least[b], most[b] = min(least[b], v), max(most[b], v)
		}
	}
	for b := range count {
		lo, hi := math.Inf(1), math.Inf(-1)
		for k := max(b-reach/block, 0); k <= min(b+reach/block, count-1); k++ {
			lo, hi = min(lo, least[k]), max(hi, most[k])
		}
		for i := b * block; i < min((b+1)*block, len(level)); i++ {
			low[i], high[i] = lo, hi
		}
	}
	return low, high
}
