package labelpress

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/code39"
	"github.com/boombuler/barcode/datamatrix"
	"github.com/boombuler/barcode/ean"
	"github.com/boombuler/barcode/qr"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Dots of paper for a module, and the white around a label, in modules.
const (
	dots   = 8
	margin = 10
)

// paper is a label drawn in dots: 255 is white.
type paper struct{ *image.Gray }

// layout prints the codes one under the other, each with its text below, and a
// line of small print above.
func layout(dice *rand.Rand, codes []Code) paper {
	var blocks []*image.Gray
	width, height := 0, margin*dots
	for _, code := range codes {
		block := symbol(code)
		blocks = append(blocks, block)
		width = max(width, block.Rect.Dx())
		height += block.Rect.Dy() + (6+margin+4)*dots
	}
	width = max(width, 60*dots) + 2*margin*dots
	sheet := image.NewGray(image.Rect(0, 0, width, height+8*dots))
	draw.Draw(sheet, sheet.Rect, image.White, image.Point{}, draw.Src)
	write(sheet, margin*dots, 4*dots, fmt.Sprintf("MODEL %s-%d  12V 1.5A", letters(dice, 2), dice.IntN(900)+100))
	y := 14 * dots
	for i, block := range blocks {
		x := margin * dots
		if spare := width - block.Rect.Dx() - 2*x; spare > 0 {
			x += dice.IntN(spare)
		}
		draw.Draw(sheet, block.Rect.Add(image.Pt(x, y)), block, image.Point{}, draw.Src)
		y += block.Rect.Dy() + 4*dots
		write(sheet, x, y, codes[i].Value)
		y += (6 + margin) * dots
	}
	return paper{sheet}
}

// write sets a line of text some five modules high; what does not fit is cut.
func write(sheet *image.Gray, x, y int, text string) {
	const grow = 3
	small := image.NewGray(image.Rect(0, 0, 7*len(text), 13))
	draw.Draw(small, small.Rect, image.White, image.Point{}, draw.Src)
	pen := font.Drawer{Dst: small, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(0, 11)}
	pen.DrawString(text)
	for dy := range 13 * grow {
		for dx := range 7 * len(text) * grow {
			if at := image.Pt(x+dx, y+dy); at.In(sheet.Rect) {
				sheet.SetGray(at.X, at.Y, small.GrayAt(dx/grow, dy/grow))
			}
		}
	}
}

// symbol draws a code in dots. Bars are 40 modules high.
func symbol(code Code) *image.Gray {
	drawn, err := encode(code)
	if err != nil {
		panic(fmt.Sprintf("printing %s: %v", code.Format, err))
	}
	size := drawn.Bounds().Size()
	rows := size.Y
	if rows == 1 {
		rows = 40
	}
	out := image.NewGray(image.Rect(0, 0, size.X*dots, rows*dots))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			r, _, _, _ := drawn.At(x/dots, min(y/dots, size.Y-1)).RGBA()
			out.SetGray(x, y, color.Gray{Y: uint8(r >> 8)})
		}
	}
	return out
}

func encode(code Code) (barcode.Barcode, error) {
	switch code.Format {
	case Code128:
		return code128.Encode(code.Value)
	case Code39:
		return code39.Encode(code.Value, false, false)
	case EAN13:
		return ean.Encode(code.Value)
	case QR:
		return qr.Encode(code.Value, qr.M, qr.Auto)
	case DataMatrix:
		return datamatrix.Encode(code.Value)
	}
	return nil, fmt.Errorf("no such format")
}
