package grid_test

import (
	"math"
	"testing"

	"github.com/makiuchi-d/gozxing"

	"gigafibre.ca/targo-hub/hub/barcode/grid"
	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// board is a picture of eight by eight modules of five pixels, from 10, 10 on;
// dark where dark says, columns and rows from above on the left.
func board(dark func(col, row int) bool) *pixel.Grey {
	g := pixel.New(60, 60)
	for i := range g.Pix {
		x, y := i%60-10, i/60-10
		g.Pix[i] = 210
		if x >= 0 && y >= 0 && x < 40 && y < 40 && dark(x/5, y/5) {
			g.Pix[i] = 30
		}
	}
	return g
}

// quad goes around the board, each corner moved a little.
func quad(off float64) [4]pixel.Point {
	return [4]pixel.Point{{X: 9.5 + off, Y: 49.5 - off}, {X: 9.5, Y: 9.5 + off}, {X: 49.5 + off, Y: 9.5 - off}, {X: 49.5, Y: 49.5 + off}}
}

func TestReadsModules(t *testing.T) {
	t.Parallel()
	dark := func(col, row int) bool { return (col*5+row*3)%4 < 2 }
	g := board(dark)
	s, ok := grid.New(g, 8, quad(0))
	if !ok {
		t.Fatal("no contrast")
	}
	tries := 0
	value, ok := s.Read(g, func(bits *gozxing.BitMatrix) string {
		tries++
		for row := range 8 {
			for col := range 8 {
				if bits.Get(col, row) != dark(col, row) {
					t.Errorf("try %d: module %d, %d", tries, col, row)
				}
			}
		}
		if tries < 8 {
			panic("it cannot be decoded")
		}
		return "at last"
	})
	if !ok || value != "at last" || tries != 8 {
		t.Errorf("%q after %d tries", value, tries)
	}
	if side := s.Side(); math.Abs(side-40) > 0.01 {
		t.Errorf("a side of %v pixels", side)
	}
}

func TestClimbsIntoPlace(t *testing.T) {
	t.Parallel()
	checks := func(col, row int) bool { return (col+row)%2 == 0 }
	g := board(checks)
	s, _ := grid.New(g, 8, quad(1.8))
	score := func(s *grid.Grid) (sum float64) {
		p := s.Project()
		for i := range 64 {
			v := s.Level(g, p, (float64(i%8)+0.3)/8, 1-(float64(i/8)+0.3)/8) + s.Level(g, p, (float64(i%8)+0.7)/8, 1-(float64(i/8)+0.7)/8)
			if checks(i%8, i/8) {
				v = -v
			}
			sum += v / 128
		}
		return sum
	}
	before := score(&s)
	s.Climb(score, 1, 6)
	s.Climb(score, 0.25, 6)
	if s.Score <= before || s.Score < 0.95 {
		t.Errorf("the score went from %.2f to %.2f", before, s.Score)
	}
	for i, p := range s.Quad {
		if p.Sub(quad(0)[i]).Len() > 1.5 {
			t.Errorf("corner %d stopped at %v", i, p)
		}
	}
}

func TestNoContrast(t *testing.T) {
	t.Parallel()
	if _, ok := grid.New(board(func(int, int) bool { return false }), 8, quad(0)); ok {
		t.Error("a grid was laid over nothing")
	}
}
