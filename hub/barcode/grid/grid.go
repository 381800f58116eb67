// Package grid lays a grid of square modules over a symbol seen in perspective,
// moves its corners until what is known of the symbol fits, and reads the modules
// between the pixels.
package grid

import (
	"slices"

	"github.com/makiuchi-d/gozxing"

	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// Grid is a symbol of N modules a side between four corners, clockwise from the
// one below on the left. Places are given in shares of its side: u to the right,
// w upwards.
type Grid struct {
	N     int
	Quad  [4]pixel.Point
	Score float64 // of the last Climb
	mid   float64 // threshold between dark and light
	half  float64 // half the contrast
}

// New lays a grid; ok is false where there is no contrast.
func New(g *pixel.Grey, n int, quad [4]pixel.Point) (s Grid, ok bool) {
	s = Grid{N: n, Quad: quad}
	p := s.Project()
	levels := make([]float64, 0, 400)
	for i := range cap(levels) {
		x, y := p.at(-0.05+1.1*float64(i%20)/19, -0.05+1.1*float64(i/20)/19)
		levels = append(levels, g.At(x, y))
	}
	slices.Sort(levels)
	dark, light := levels[40], levels[360]
	s.mid, s.half = (dark+light)/2, (light-dark)/2
	return s, s.half >= 6
}

// Side is the length of the sides that end in the first corner, in pixels.
func (s *Grid) Side() float64 {
	return (s.Quad[1].Sub(s.Quad[0]).Len() + s.Quad[3].Sub(s.Quad[0]).Len()) / 2
}

// Projection takes the unit square to a quad, the first corner being 0,0, the
// second 0,1 and the last 1,0.
type Projection struct{ a, b, c, d, e, f, g, h float64 }

// Project prepares the reading of places.
func (s *Grid) Project() Projection {
	q := &s.Quad
	p0, p1, p2, p3 := q[0], q[3], q[2], q[1] // by u first
	dx1, dx2 := p1.X-p2.X, p3.X-p2.X
	dy1, dy2 := p1.Y-p2.Y, p3.Y-p2.Y
	sx, sy := p0.X-p1.X+p2.X-p3.X, p0.Y-p1.Y+p2.Y-p3.Y
	den := dx1*dy2 - dx2*dy1
	if den == 0 {
		den = 1e-9
	}
	g, h := (sx*dy2-dx2*sy)/den, (dx1*sy-sx*dy1)/den
	return Projection{
		p1.X - p0.X + g*p1.X, p3.X - p0.X + h*p3.X, p0.X,
		p1.Y - p0.Y + g*p1.Y, p3.Y - p0.Y + h*p3.Y, p0.Y, g, h,
	}
}

func (p Projection) at(u, w float64) (x, y float64) {
	z := 1 / (p.g*u + p.h*w + 1)
	return (p.a*u + p.b*w + p.c) * z, (p.d*u + p.e*w + p.f) * z
}

// Climb moves the corners by steps (pixels) as long as the score grows.
func (s *Grid) Climb(score func(*Grid) float64, step float64, rounds int) {
	s.Score = score(s)
	for range rounds {
		better := false
		for i := range s.Quad {
			for _, move := range [4]pixel.Point{{X: step}, {X: -step}, {Y: step}, {Y: -step}} {
				old := s.Quad[i]
				s.Quad[i] = old.Add(move, 1)
				if now := score(s); now > s.Score {
					s.Score, better = now, true
				} else {
					s.Quad[i] = old
				}
			}
		}
		// A side as a whole: the timing of the two others moves with it.
		for i := range s.Quad {
			for _, k := range [2]float64{step, -step} {
				old := s.Quad
				j := (i + 1) % 4
				out := s.Quad[i].Sub(s.Quad[(i+3)%4])
				out = pixel.Point{X: out.X / out.Len() * k, Y: out.Y / out.Len() * k}
				s.Quad[i], s.Quad[j] = s.Quad[i].Add(out, 1), s.Quad[j].Add(out, 1)
				if now := score(s); now > s.Score {
					s.Score, better = now, true
				} else {
					s.Quad = old
				}
			}
		}
		if !better {
			return
		}
	}
}

// Level is the brightness of a place of the symbol: -1 for dark, 1 for light.
func (s *Grid) Level(g *pixel.Grey, p Projection, u, w float64) float64 {
	x, y := p.at(u, w)
	return max(min((g.At(x, y)-s.mid)/s.half, 1), -1)
}

// Modules averages every module around its centre, with one more ring outside.
// Rows go down from the top, as decoders want them.
func (s *Grid) Modules(g *pixel.Grey) [][]float64 {
	const off = 0.2 // modules
	p := s.Project()
	rows := make([][]float64, s.N+2)
	for r := range rows {
		rows[r] = make([]float64, s.N+2)
		for c := range rows[r] {
			u, w := float64(c)-0.5, float64(s.N-r)+0.5
			sum := 2 * s.raw(g, p, u, w)
			for _, d := range [4][2]float64{{off, 0}, {-off, 0}, {0, off}, {0, -off}} {
				sum += s.raw(g, p, u+d[0], w+d[1])
			}
			rows[r][c] = sum / 6
		}
	}
	return rows
}

// raw is the level at a place given in modules, without limits.
func (s *Grid) raw(g *pixel.Grey, p Projection, u, w float64) float64 {
	x, y := p.at(u/float64(s.N), w/float64(s.N))
	return (g.At(x, y) - s.mid) / s.half
}

// Bits draws the modules that are dark, for a decoder: blur undone so much, and
// the threshold moved.
func (s *Grid) Bits(levels [][]float64, sharp, shift float64) *gozxing.BitMatrix {
	out, err := gozxing.NewSquareBitMatrix(s.N)
	if err != nil {
		return nil
	}
	for r := 1; r <= s.N; r++ {
		for c := 1; c <= s.N; c++ {
			v := levels[r][c]
			v += sharp * (v - (levels[r-1][c]+levels[r+1][c]+levels[r][c-1]+levels[r][c+1])/4)
			if v < shift {
				out.Set(c-1, r-1)
			}
		}
	}
	return out
}

// Read samples the modules and has them decoded: with blur undone, as they are, and
// with thresholds a little off, until error correction is content. decode gives ""
// for what it cannot read; no panic of it gets out.
func (s *Grid) Read(g *pixel.Grey, decode func(*gozxing.BitMatrix) string) (string, bool) {
	levels := s.Modules(g)
	for _, try := range thresholds() {
		if value := tried(decode, s.Bits(levels, try[0], try[1])); value != "" {
			return value, true
		}
	}
	return "", false
}

func tried(decode func(*gozxing.BitMatrix) string, bits *gozxing.BitMatrix) (value string) {
	defer func() {
		if recover() != nil {
			value = ""
		}
	}()
	if bits == nil {
		return ""
	}
	return decode(bits)
}

// thresholds are worth trying one after the other: blur undone, threshold moved.
func thresholds() [][2]float64 {
	return [][2]float64{{0.5, 0}, {0, 0}, {1, 0}, {0.5, 0.15}, {0.5, -0.15}, {1.6, 0}, {1, 0.2}, {1, -0.2}}
}
