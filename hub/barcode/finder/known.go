package finder

import (
	"github.com/makiuchi-d/gozxing/qrcode/decoder"

	"github.com/makiuchi-d/gozxing"

	"gigafibre.ca/targo-hub/hub/barcode/grid"
	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// convinces is the fit of what is worth decoding.
const convinces = 0.3

// module is one of known colour: column and row from above on the left, -1 and n
// being the white around.
type module struct {
	col, row int
	dark     bool
}

// known is what is the same in all symbols of a size.
type known struct{ finders, dots, light []module }

func patternsOf(version int) known {
	n := 17 + 4*version
	var k known
	for _, at := range [3][2]int{{0, 0}, {n - 7, 0}, {0, n - 7}} {
		for r := -1; r <= 7; r++ {
			for c := -1; c <= 7; c++ {
				deep := max(abs(c-3), abs(r-3)) // 0 and 1 centre, 3 frame
				m := module{at[0] + c, at[1] + r, deep != 2 && deep != 4}
				k.finders = append(k.finders, m)
			}
		}
	}
	for i := 8; i < n-8; i++ {
		k.dots = append(k.dots, module{i, 6, i%2 == 0}, module{6, i, i%2 == 0})
	}
	for i := 0; i < n; i += 2 {
		k.light = append(k.light, module{n, i, false}, module{i, n, false})
	}
	if shape, err := decoder.Version_GetVersionForNumber(version); err == nil {
		centres := shape.GetAlignmentPatternCenters()
		for _, y := range centres {
			for _, x := range centres {
				if x < 9 && y < 9 || x > n-10 && y < 9 || x < 9 && y > n-10 {
					continue // a finder stands there
				}
				for d := range 25 {
					c, r := d%5-2, d/5-2
					k.dots = append(k.dots, module{x + c, y + r, max(abs(c), abs(r)) != 1})
				}
			}
		}
	}
	return k
}

// fit is how well a grid has what is known, up to 1; each part must fit by
// itself.
func (k *known) fit(g *pixel.Grey, s *grid.Grid) float64 {
	p := s.Project()
	part := func(list []module) float64 {
		sum := 0.0
		for _, m := range list {
			v := s.Level(g, p, (float64(m.col)+0.5)/float64(s.N), 1-(float64(m.row)+0.5)/float64(s.N))
			if m.dark {
				v = -v
			}
			sum += v
		}
		return sum / float64(max(len(list), 1))
	}
	finders, dots, light := part(k.finders), part(k.dots), part(k.light)
	return 0.5*finders + 0.4*dots + 0.1*light + min(finders-0.3, 0) + min(dots-0.2, 0)
}

// settle moves a grid into place and reads it.
func settle(g *pixel.Grey, s *grid.Grid) (string, bool) {
	k := patternsOf((s.N - 17) / 4)
	score := func(s *grid.Grid) float64 { return k.fit(g, s) }
	step := s.Side() / float64(s.N)
	for _, part := range []float64{0.25, 0.1, 0.04} {
		s.Climb(score, step*part, 3)
	}
	if s.Score < convinces {
		return "", false
	}
	return s.Read(g, decode)
}

func decode(bits *gozxing.BitMatrix) string {
	result, err := decoder.NewDecoder().Decode(bits, nil)
	if err != nil {
		return ""
	}
	return result.GetText()
}

func abs(n int) int { return max(n, -n) }
