// Package matrix finds and reads square Data Matrix symbols (ECC 200) in a piece
// of a photo that stands roughly upright.
//
// It looks for the two solid sides of a symbol as long straight edges that meet
// in a corner, lays a grid with perspective between them, moves its corners until
// the two dotted sides fit best for a number of modules, reads every module
// between the pixels, and leaves error correction and text to gozxing. What does
// not have the border of a symbol is not decoded at all.
package matrix

import (
	"context"

	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// Found is a symbol that was read.
type Found struct {
	Value   string
	Corners [4]pixel.Point // of the picture; the solid corner first, then clockwise
}

// Find reads the symbols of a picture until ctx is over.
func Find(ctx context.Context, g *pixel.Grey) (found []Found) {
	for _, c := range corners(g) {
		if ctx.Err() != nil {
			return found
		}
		if inside(found, c) {
			continue
		}
		for _, s := range fit(g, c) {
			if value, ok := s.Read(g, decode); ok {
				found = append(found, Found{Value: value, Corners: s.Quad})
				break
			}
		}
	}
	return found
}

// inside tells whether a corner lies within a symbol that was read already.
func inside(found []Found, c corner) bool {
	for _, f := range found {
		in := true
		for i, p := range f.Corners {
			side := f.Corners[(i+1)%4].Sub(p)
			in = in && side.Cross(c.at.Sub(p)) > -6*side.Len()
		}
		if in {
			return true
		}
	}
	return false
}
