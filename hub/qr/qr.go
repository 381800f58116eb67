// Package qr draws QR codes, as SVG for pages and print formats or as PNG for
// what cannot read SVG. The same text always gives the same bytes.
//
// It has no routes, calls no system and remembers nothing.
package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"
)

// The white margin that readers need, in modules, and the pixels of a module.
const (
	quiet = 4
	scale = 6
)

// SVG draws the text as one path on white. An error means that the text is too
// long for a code (about 2,300 bytes).
func SVG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("drawing a code: %w", err)
	}
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := range side {
			if dark(code, x, y) {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quiet, y+quiet)
			}
		}
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges">`+
		`<path fill="#fff" d="M0 0h%[1]dv%[1]dH0z"/><path d="%[2]s"/></svg>`, side+2*quiet, path.String()), nil
}

// PNG draws the text in black and white, six pixels a module.
func PNG(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("drawing a code: %w", err)
	}
	side := code.Bounds().Dx()
	picture := image.NewGray(image.Rect(0, 0, (side+2*quiet)*scale, (side+2*quiet)*scale))
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			shade := color.Gray{Y: 255}
			if dark(code, x/scale-quiet, y/scale-quiet) {
				shade.Y = 0
			}
			picture.SetGray(x, y, shade)
		}
	}
	var buf bytes.Buffer
	err = png.Encode(&buf, picture)
	return buf.Bytes(), err
}

// dark tells whether a module is black; outside the code all is white.
func dark(code barcode.Barcode, x, y int) bool {
	if !image.Pt(x, y).In(code.Bounds()) {
		return false
	}
	r, _, _, _ := code.At(x, y).RGBA()
	return r == 0
}
