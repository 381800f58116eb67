package barcode

import (
	"math"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"gigafibre.ca/targo-hub/hub/barcode/finder"
	"gigafibre.ca/targo-hub/hub/barcode/matrix"
	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// around is the margin cut around a region of squares, in pixels.
const around = 14

// square reads a region of squares, turned upright: as QR, then as Data Matrix.
func (s *search) square(r region) {
	w, h := r.frame.x1-r.frame.x0, r.frame.y1-r.frame.y0
	if min(w, h) < 16 || max(w, h) > 5*min(w, h) {
		return // a line of text
	}
	scale := 1.0
	if longest := max(w, h); longest > 700 {
		scale = 700 / longest
	}
	origin := r.frame.at(r.frame.x0-around, r.frame.y0-around)
	cut := s.grey.Cut(origin, r.angle, int((w+2*around)*scale), int((h+2*around)*scale), scale)
	if s.qr(cut, r) || s.finder(cut) {
		return
	}
	if s.matrix(cut) || len(s.found) > 0 {
		return
	}
	cut.Grey = cut.Sharper(1) // what is blurred nearly past reading
	if !s.finder(cut) {
		s.matrix(cut)
	}
}

// qr tries the plain cut, then twice its size, then half.
func (s *search) qr(cut pixel.Cut, r region) bool {
	origin := cut.Back(pixel.Point{})
	scale := 1 / cut.Back(pixel.Point{X: 1}).Sub(origin).Len()
	for _, grow := range []float64{1, 2, 0.5} {
		if s.over() {
			return true
		}
		c := cut
		if grow != 1 {
			c = s.grey.Cut(origin, r.angle, int(float64(cut.W)*grow), int(float64(cut.H)*grow), scale*grow)
		}
		for _, local := range []bool{true, false} {
			value, corners, ok := readQR(c.Grey, local)
			if !ok {
				continue
			}
			for i := range corners {
				corners[i] = c.Back(corners[i])
			}
			s.take(value, "qr", corners)
			return true
		}
	}
	return false
}

func readQR(g *pixel.Grey, local bool) (value string, corners [4]pixel.Point, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	bitmap, err := binary(g, local)
	if err != nil {
		return "", corners, false
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	if err != nil {
		return "", corners, false
	}
	points := result.GetResultPoints() // the finders: below left, above left, above right
	if len(points) < 3 {
		return "", corners, false
	}
	p := func(i int) pixel.Point { return pixel.Point{X: points[i].GetX(), Y: points[i].GetY()} }
	corners = [4]pixel.Point{p(1), p(2), p(2).Add(p(0).Sub(p(1)), 1), p(0)}
	return result.GetText(), corners, true
}

// binary prepares a picture for gozxing: with a threshold that follows the light,
// or with one for all.
func binary(g *pixel.Grey, local bool) (*gozxing.BinaryBitmap, error) {
	source, err := gozxing.NewPlanarYUVLuminanceSource(g.Pix, g.W, g.H, 0, 0, g.W, g.H, false)
	if err != nil {
		return nil, err
	}
	if local {
		return gozxing.NewBinaryBitmap(gozxing.NewHybridBinarizer(source))
	}
	return gozxing.NewBinaryBitmap(gozxing.NewGlobalHistgramBinarizer(source))
}

// finder reads a QR code that gozxing does not see.
func (s *search) finder(cut pixel.Cut) bool {
	found, ok := finder.Find(s.ctx, cut.Grey)
	if !ok {
		return false
	}
	for i, p := range found.Corners {
		found.Corners[i] = cut.Back(p)
	}
	s.take(found.Value, "qr", found.Corners)
	return true
}

func (s *search) matrix(cut pixel.Cut) bool {
	all := matrix.Find(s.ctx, cut.Grey)
	for _, found := range all {
		corners := found.Corners
		for i := range corners {
			corners[i] = cut.Back(corners[i])
		}
		s.take(found.Value, "datamatrix", corners)
	}
	return len(all) > 0
}

// whole gives the whole photo to gozxing, the cheapest likely attempt first.
func (s *search) whole() {
	half := s.grey.Half()
	for _, try := range []struct {
		g     *pixel.Grey
		angle float64
		back  float64
	}{{half, 0, 2}, {s.grey, 0, 1}, {half, math.Pi / 4, 2}} {
		if s.over() || try.g.W < 16 || try.g.H < 16 {
			return
		}
		cut := pixel.Cut{Grey: try.g}
		if try.angle != 0 {
			cut = turned(try.g, try.angle)
		} else {
			cut = try.g.Cut(pixel.Point{}, 0, try.g.W, try.g.H, 1)
		}
		value, corners, ok := readQR(cut.Grey, true)
		if !ok {
			continue
		}
		for i := range corners {
			corners[i] = pixel.Point{}.Add(cut.Back(corners[i]), try.back)
		}
		s.take(value, "qr", corners)
		return
	}
}

// turned cuts the whole picture at an angle around its middle.
func turned(g *pixel.Grey, angle float64) pixel.Cut {
	side := int(math.Hypot(float64(g.W), float64(g.H)))
	middle := pixel.Point{X: float64(g.W) / 2, Y: float64(g.H) / 2}
	right := pixel.Point{X: math.Cos(angle), Y: math.Sin(angle)}
	down := pixel.Point{X: -right.Y, Y: right.X}
	return g.Cut(middle.Add(right, -float64(side)/2).Add(down, -float64(side)/2), angle, side, side, 1)
}
