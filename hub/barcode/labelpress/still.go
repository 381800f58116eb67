package labelpress

import (
	"image"
	"math"
)

// Still is a symbol without paper, camera or noise: so many pixels a module, turned
// by degrees, each pixel an average of 16.
func Still(code image.Image, module, degrees float64) *image.Gray {
	n := code.Bounds().Dx()
	side := int(float64(n)*module*1.2) + 50
	out := image.NewGray(image.Rect(0, 0, side, side))
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	for i := range out.Pix {
		dark := 0
		for k := range 16 {
			x := float64(i%side) - float64(side)/2 + float64(k%4)*0.6 - 0.9
			y := float64(i/side) - float64(side)/2 + float64(k/4)*0.6 - 0.9
			u, v := (x*cos+y*sin)/module+float64(n)/2, (y*cos-x*sin)/module+float64(n)/2
			if u < 0 || v < 0 || u >= float64(n) || v >= float64(n) {
				continue
			}
			if r, _, _, _ := code.At(int(u), int(v)).RGBA(); r == 0 {
				dark++
			}
		}
		out.Pix[i] = uint8(220 - 11*dark)
	}
	return out
}
