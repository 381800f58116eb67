// Package barcode reads the codes on photos of labels: Code 128, Code 39, Code
// 93, EAN, UPC, ITF-14, QR and Data Matrix, at any angle, blurred and noisy as
// phones make them, without any system outside.
//
// It first looks where a photo has bars or squares at all, turns each such place
// upright and reads it there: bars along many averaged scan lines, QR and Data
// Matrix by finders of our own where gozxing's see nothing. gozxing's decoders
// (checksums, Reed-Solomon, text modes) do the rest. Only when nothing is found
// the photo is tried at other sizes, whole, and as a negative. A code is reported
// only when its own check is strong or when independent scan lines say the same.
//
// It has no routes, calls no system and remembers nothing.
package barcode

import (
	"context"
	"image"
	"math"
	"time"

	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// Code is one code of a photo.
type Code struct {
	Value   string         // as written in the code
	Format  string         // "code128", "code39", "code93", "ean13" (UPC-A with a leading 0), "ean8", "itf", "qr", "datamatrix"
	Corners [4]image.Point // roughly, in pixels of the photo, clockwise
}

const (
	most      = 8         // codes of one photo
	maxPixels = 3_200_000 // what larger photos are halved to first
	budget    = 2 * time.Second
)

// Decode reads the codes of a photo, most conspicuous first. The deadline of ctx
// is the time it may take (two seconds without one); what was found by then is
// returned. Nothing found is no error, unless ctx ended the search: that is ctx's.
func Decode(ctx context.Context, img image.Image) ([]Code, error) {
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, budget)
		defer cancel()
	}
	if b := img.Bounds(); b.Dx() < 8 || b.Dy() < 8 {
		return nil, ctx.Err()
	}
	s := &search{ctx: ctx}
	s.sizes(pixel.From(img))
	if len(s.found) == 0 && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return s.found, nil
}

// search is the reading of one photo.
type search struct {
	ctx   context.Context
	grey  *pixel.Grey
	scale int // pixels of the photo for one of grey
	found []Code
}

// sizes searches the photo at one size after the other until something is found,
// the most likely size first.
func (s *search) sizes(full *pixel.Grey) {
	grey, scale := full, 1
	finer := full
	for grey.W*grey.H > maxPixels {
		finer, grey = grey, grey.Half()
		scale *= 2
	}
	s.at(grey, scale, s.places)
	if len(s.found) > 0 {
		return
	}
	half := grey.Half() // close up, bars are wider than what is looked for
	s.at(half, 2*scale, s.places)
	s.at(half.Half(), 4*scale, s.places)
	if scale > 1 { // small codes of a large photo are lost in halving
		s.at(finer, scale/2, s.places)
	}
	s.at(grey, scale, s.whole)
	s.at(grey.Inverted(), scale, s.places) // light on dark
}

// at searches one size of the photo, unless something was found at another one.
func (s *search) at(grey *pixel.Grey, scale int, look func()) {
	if len(s.found) > 0 || s.over() || min(grey.W, grey.H) < 16 {
		return
	}
	s.grey, s.scale = grey, scale
	look()
}

// over tells whether to stop.
func (s *search) over() bool { return s.ctx.Err() != nil || len(s.found) >= most }

// take notes a code; the same code at the same place counts once.
func (s *search) take(value, format string, corners [4]pixel.Point) {
	code := Code{Value: value, Format: format}
	for i, p := range corners {
		code.Corners[i] = image.Pt(int(math.Round(p.X))*s.scale, int(math.Round(p.Y))*s.scale)
	}
	for _, other := range s.found {
		if other.Value == value && other.Format == format {
			return
		}
	}
	if value != "" && len(s.found) < most {
		s.found = append(s.found, code)
	}
}

// places reads every place that looks like a code: bars first, which are cheap.
func (s *search) places() {
	bars, squares := regions(s.grey)
	for _, place := range bars {
		if s.over() {
			return
		}
		s.bars(place)
	}
	for _, place := range squares {
		if s.over() {
			return
		}
		s.square(place)
	}
}
