package matrix

import (
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix/encoder"
)

// The modules of a hundred that may differ from the symbol that was read. Small
// symbols have little redundancy: many guesses at noise would now and then hit
// one.
const (
	wrongData   = 4
	wrongBorder = 11
)

// agrees draws the symbol that the decoded bytes make and tells whether the
// modules seen are nearly that.
func agrees(bits *gozxing.BitMatrix, data []byte) bool {
	info, err := encoder.SymbolInfo_Lookup(len(data), encoder.SymbolShapeHint_FORCE_SQUARE, nil, nil, true)
	n := bits.GetWidth()
	if err != nil || info.GetSymbolWidth() != n || info.GetDataCapacity() != len(data) {
		return false
	}
	words, err := encoder.ErrorCorrection_EncodeECC200(data, info)
	if err != nil {
		return false
	}
	width := info.GetSymbolDataWidth()
	placed := encoder.NewDefaultPlacement(words, width, width)
	placed.Place()
	// The inner width of a part of the symbol; each has a border of its own.
	part := info.GetMatrixWidth()
	wrong := 0
	for y := range width {
		for x := range width {
			if bits.Get(x+1+2*(x/part), y+1+2*(y/part)) != placed.GetBit(x, y) {
				wrong++
			}
		}
	}
	edge := 0
	for i := range n {
		if !bits.Get(0, i) {
			edge++
		}
		if !bits.Get(i, n-1) {
			edge++
		}
		if bits.Get(i, 0) != (i%2 == 0) {
			edge++
		}
		if bits.Get(n-1, i) != (i%2 == 1) {
			edge++
		}
	}
	return wrong*100 <= wrongData*width*width && edge*100 <= wrongBorder*4*n
}
