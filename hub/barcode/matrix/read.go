package matrix

import (
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix/decoder"

	"gigafibre.ca/targo-hub/hub/barcode/grid"
	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// read samples the modules and decodes them: as they are, with blur undone, and
// with thresholds a little off, until error correction is content.
func read(g *pixel.Grey, s *grid.Grid) (string, bool) {
	levels := s.Modules(g)
	for _, try := range grid.Thresholds() {
		if value, ok := decode(s.Bits(levels, try[0], try[1])); ok {
			return value, true
		}
	}
	return "", false
}

// decode lets no panic of the decoder out.
func decode(bits *gozxing.BitMatrix) (value string, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	if bits == nil {
		return "", false
	}
	result, err := decoder.NewDecoder().Decode(bits)
	if err != nil || result.GetText() == "" || !agrees(bits, result.GetRawBytes()) {
		return "", false
	}
	return result.GetText(), true
}
