package photo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"golang.org/x/image/draw"

	"gigafibre.ca/targo-hub/hub"
)

// Fit shrinks a picture so that its longer side has at most so many pixels. One
// that is small enough comes back as it is.
func Fit(img image.Image, long int) image.Image {
	b := img.Bounds()
	side := max(b.Dx(), b.Dy())
	if side <= long || long <= 0 {
		return img
	}
	for side >= 2*long { // what is far too large is halved first, which is cheap
		img = halve(img)
		b = img.Bounds()
		side = max(b.Dx(), b.Dy())
	}
	size := image.Rect(0, 0, max(b.Dx()*long/side, 1), max(b.Dy()*long/side, 1))
	if _, isGrey := img.(*image.Gray); isGrey {
		out := image.NewGray(size)
		draw.CatmullRom.Scale(out, size, img, b, draw.Src, nil)
		return out
	}
	out := image.NewRGBA(size)
	draw.CatmullRom.Scale(out, size, img, b, draw.Src, nil)
	return out
}

// JPEG writes a picture in at most so many bytes: less quality first, fewer
// pixels then. What was transparent is white. An error means that even a
// thumbnail is larger.
func JPEG(img image.Image, maxBytes int) ([]byte, error) {
	img = opaque(img)
	for side := max(img.Bounds().Dx(), img.Bounds().Dy()); side >= 16; side = side * 3 / 4 {
		img = Fit(img, side)
		for _, quality := range []int{85, 75, 60} {
			var buf bytes.Buffer
			if err := jpeg.Encode(&buf, img, &jpeg.Options{Quality: quality}); err != nil {
				return nil, fmt.Errorf("writing a picture: %w", err)
			}
			if buf.Len() <= maxBytes {
				return buf.Bytes(), nil
			}
		}
	}
	return nil, hub.Fail(hub.TooLarge, "picture-too-large", "The picture does not fit.", nil)
}

// opaque puts a picture that may be transparent on white paper.
func opaque(img image.Image) image.Image {
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Over)
	return out
}

// halve makes a picture of half the width and height. The planes of a JPEG stay
// planes.
func halve(img image.Image) image.Image {
	b := img.Bounds()
	size := image.Rect(0, 0, max(b.Dx()/2, 1), max(b.Dy()/2, 1))
	switch src := img.(type) {
	case *image.Gray:
		return grey(plane{src.Pix, src.Stride, b.Dx(), b.Dy(), 1}.halve())
	case *image.YCbCr:
		out := image.NewYCbCr(size, src.SubsampleRatio)
		if b.Min != (image.Point{}) || b.Dx()%4+b.Dy()%4 > 0 {
			break // the halves of an odd plane are not a plane of the half
		}
		cw, ch := src.CStride, len(src.Cb)/max(src.CStride, 1)
		y, cb, cr := plane{src.Y, src.YStride, b.Dx(), b.Dy(), 1}.halve(), plane{src.Cb, cw, cw, ch, 1}.halve(), plane{src.Cr, cw, cw, ch, 1}.halve()
		if len(cb.pix) < len(out.Cb) {
			break
		}
		out.Y, out.Cb, out.Cr, out.YStride, out.CStride = y.pix, cb.pix, cr.pix, y.stride, cb.stride
		return out
	}
	out := image.NewRGBA(size)
	draw.ApproxBiLinear.Scale(out, size, img, b, draw.Src, nil)
	return out
}

// halve averages squares of four pixels of a plane of single bytes.
func (p plane) halve() plane {
	out := plane{width: p.width / 2, height: p.height / 2, bytes: 1}
	out.stride = out.width
	out.pix = make([]byte, out.stride*out.height)
	for y := range out.height {
		top, low := p.pix[2*y*p.stride:], p.pix[(2*y+1)*p.stride:]
		row := out.pix[y*out.stride : (y+1)*out.stride]
		for x := range row {
			row[x] = byte((int(top[2*x]) + int(top[2*x+1]) + int(low[2*x]) + int(low[2*x+1]) + 2) / 4)
		}
	}
	return out
}
