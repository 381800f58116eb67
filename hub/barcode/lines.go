package barcode

import (
	"math"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"

	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// grain is how many bits stand for a sample of a scan line, so that edges keep
// their place between samples.
const grain = 4

// reader is a decoder of bars, with how many independent scan lines must agree
// before it is believed, and what share of the region the code must fill.
type reader struct {
	format string
	votes  int
	share  float64
	oned.RowDecoder
}

func readers() []reader {
	decoder := func(r gozxing.Reader) oned.RowDecoder { return r.(oned.RowDecoder) }
	return []reader{
		{"code128", 2, 0.3, decoder(oned.NewCode128Reader())},
		{"ean13", 2, 0.6, decoder(oned.NewEAN13Reader())},
		{"code39", 3, 0.6, decoder(oned.NewCode39Reader())},
		{"code93", 2, 0.6, decoder(oned.NewCode93Reader())},
		{"itf", 3, 0.7, decoder(oned.NewITFReader())},
		{"ean8", 3, 0.7, decoder(oned.NewEAN8Reader())},
	}
}

// reading is what a scan line says.
type reading struct {
	value, format string
	from, to      float64 // along the frame
}

// ballot counts the lines that say the same.
type ballot struct {
	r       region
	readers []reader
	votes   map[reading]map[int]bool // by value and format: the strips that say so
}

// bars reads a region of bars: in strips beside each other, plainly first, then
// sharpened more and more.
func (s *search) bars(r region) {
	height := (r.frame.y1 - r.frame.y0) * 0.8
	if height < 2 || r.frame.x1-r.frame.x0 < 24 {
		return
	}
	b := &ballot{r: r, readers: readers(), votes: map[reading]map[int]bool{}}
	middle := (r.frame.y0 + r.frame.y1) / 2
	lines := make([]line, strips)
	// From the middle outwards: the ends of bars are rounder.
	for i := range lines {
		off := float64((i+1)/2) * height / strips
		if i%2 == 1 {
			off = -off
		}
		lines[i] = r.scan(s.grey, middle+off, height/strips)
	}
	for _, sharp := range []struct{ amount, reach float64 }{{0, 0}, {0.5, 1.5}, {1, 2}, {2, 2}, {0.5, 3}} {
		for i, l := range lines {
			if s.over() {
				return
			}
			if sharp.amount > 0 {
				l = l.sharper(sharp.amount, sharp.reach)
			}
			if code, ok := b.read(i, l); ok {
				f := r.frame
				s.take(code.value, code.format, [4]pixel.Point{f.at(code.from, f.y0), f.at(code.to, f.y0), f.at(code.to, f.y1), f.at(code.from, f.y1)})
				return
			}
		}
	}
}

// read lets every reader look at a line, forwards and backwards, and gives what
// enough strips say.
func (b *ballot) read(strip int, l line) (reading, bool) {
	edges := l.edgesOf()
	if len(edges) < 20 {
		return reading{}, false
	}
	row := bits(edges, len(l.level))
	for _, backwards := range []bool{false, true} {
		for _, r := range b.readers {
			got, from, to, ok := r.look(row)
			if !ok {
				continue
			}
			if backwards {
				from, to = float64(row.GetSize())-to, float64(row.GetSize())-from
			}
			got.from, got.to = l.x0+from/(fine*grain), l.x0+to/(fine*grain)
			if got.to-got.from < r.share*(b.r.frame.x1-b.r.frame.x0) {
				continue
			}
			if b.count(strip, got) >= r.votes {
				return got, true
			}
		}
		row.Reverse()
	}
	return reading{}, false
}

func (b *ballot) count(strip int, got reading) int {
	key := reading{value: got.value, format: got.format}
	if b.votes[key] == nil {
		b.votes[key] = map[int]bool{}
	}
	b.votes[key][strip] = true
	if len(b.votes) > 2 {
		// Where lines contradict each other nobody is believed lightly.
		return len(b.votes[key]) - 1
	}
	return len(b.votes[key])
}

// bits draws the line as black and white.
func bits(edges []float64, samples int) *gozxing.BitArray {
	row := gozxing.NewBitArray(samples * grain)
	for i := 0; i+1 < len(edges); i += 2 {
		from, to := int(math.Round(edges[i]*grain)), int(math.Round(edges[i+1]*grain))
		if to > from {
			_ = row.SetRange(from, min(to, samples*grain)) // in range by construction
		}
	}
	return row
}

// look decodes a row; from and to are in bits.
func (r reader) look(row *gozxing.BitArray) (got reading, from, to float64, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	hints := map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_ALLOWED_LENGTHS: []int{14}}
	if r.format != "itf" {
		hints = nil
	}
	result, err := r.DecodeRow(0, row, hints)
	if err != nil {
		return got, 0, 0, false
	}
	got = reading{value: result.GetText(), format: r.format}
	points := result.GetResultPoints()
	if len(points) >= 2 {
		from, to = points[0].GetX(), points[len(points)-1].GetX()
	}
	switch {
	case len(got.value) < 4:
		return got, 0, 0, false
	case r.format == "itf" && !checked(got.value):
		return got, 0, 0, false
	}
	return got, from, to, true
}

// checked tests the last digit of an ITF-14.
func checked(digits string) bool {
	sum := 0
	for i, d := range []byte(digits) {
		if d < '0' || d > '9' {
			return false
		}
		weight := 1
		if (len(digits)-i)%2 == 0 {
			weight = 3
		}
		sum += int(d-'0') * weight
	}
	return sum%10 == 0
}
