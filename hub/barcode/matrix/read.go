package matrix

import (
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/datamatrix/decoder"
)

// decode reads modules that agree with what they are said to say.
func decode(bits *gozxing.BitMatrix) string {
	result, err := decoder.NewDecoder().Decode(bits)
	if err != nil || result.GetText() == "" || !agrees(bits, result.GetRawBytes()) {
		return ""
	}
	return result.GetText()
}
