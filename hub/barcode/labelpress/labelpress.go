// Package labelpress makes photos of equipment labels from a seed: barcodes
// drawn on paper, the paper held at an angle, seen by a phone's camera with its
// blur, noise and JPEG. The same seed always makes the same photo. It serves
// tests and benchmarks of whatever reads labels; no file is downloaded for it.
package labelpress

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"strings"
)

// The formats that can be printed.
const (
	Code128    = "code128"
	Code39     = "code39"
	EAN13      = "ean13"
	QR         = "qr"
	DataMatrix = "datamatrix"
)

// The tiers, by how hard a photo is to read.
const (
	Easy = "easy" // ±3°, 3.5 px a module, slight blur
	Rot  = "rot"  // any angle, 3 to 4 px, blur sigma 0.6, noise 8, slight perspective
	Mid  = "mid"  // any angle, 3 px, blur sigma 0.8 to 1.2, noise 8, slight perspective
	Hard = "hard" // any angle, 2.2 to 3 px, blur sigma 1.0 to 1.9, noise 14, perspective
	Dark = "dark" // as rot, in a basement: a quarter of the light
	Skew = "skew" // as rot, held far aslant
)

// Width and Height are those of a photo, in pixels.
const (
	Width  = 1280
	Height = 960
)

// Code is what stands on a label.
type Code struct{ Format, Value string }

// Photo is a label as a camera saw it.
type Photo struct {
	Name  string // tier, formats, seed
	Codes []Code
	Image *image.Gray // before JPEG
	JPEG  []byte      // quality 75
}

// Order says what to print.
type Order struct {
	Tier          string
	Formats       []string // one or more codes on one label
	Value         string   // what every code says; "" for something invented
	Width, Height int      // pixels; zero for Width and Height above
}

// Print makes the photo of an order. An unknown format or tier panics: orders
// are written in tests.
func Print(seed uint64, order Order) Photo {
	name := fmt.Sprintf("%s-%s-%d", order.Tier, strings.Join(order.Formats, "+"), seed)
	hash := fnv.New64a()
	hash.Write([]byte(order.Tier + strings.Join(order.Formats, "+")))
	dice := rand.New(rand.NewPCG(seed, hash.Sum64()))
	if order.Width == 0 {
		order.Width, order.Height = Width, Height
	}
	photo := Photo{Name: name}
	for _, format := range order.Formats {
		code := Code{Format: format, Value: value(dice, format)}
		if order.Value != "" {
			code.Value = order.Value
		}
		photo.Codes = append(photo.Codes, code)
	}
	photo.Image = shot(dice, layout(dice, photo.Codes), order)
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, photo.Image, &jpeg.Options{Quality: 75}); err != nil {
		panic(err)
	}
	photo.JPEG = buf.Bytes()
	return photo
}

// Run makes n photos of every tier and format, one code on each.
func Run(seed uint64, n int, tiers, formats []string) func(yield func(Photo) bool) {
	return func(yield func(Photo) bool) {
		for _, tier := range tiers {
			for _, format := range formats {
				for i := range n {
					if !yield(Print(seed*1000+uint64(i), Order{Tier: tier, Formats: []string{format}})) {
						return
					}
				}
			}
		}
	}
}

// value invents what a label would say.
func value(dice *rand.Rand, format string) string {
	serial := letters(dice, 4) + fmt.Sprintf("%08X", dice.Uint32())
	switch format {
	case Code128:
		return serial
	case Code39:
		return serial[4:]
	case EAN13:
		return digits13(dice)
	case QR:
		mac := fmt.Sprintf("%012X", dice.Uint64()&0xFFFFFFFFFFFF)
		return fmt.Sprintf("SN:%s;MAC:%s;PN:%s%04d", serial, mac, letters(dice, 1), dice.IntN(10000))
	default:
		return fmt.Sprintf("%s/%s%03d", serial, letters(dice, 2), dice.IntN(1000))
	}
}

func letters(dice *rand.Rand, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte('A' + dice.IntN(26))
	}
	return string(out)
}

// digits13 gives 13 digits, the last of which checks the others.
func digits13(dice *rand.Rand) string {
	digits := fmt.Sprintf("%012d", dice.Int64N(1e12))
	sum := 0
	for i, d := range digits {
		sum += int(d-'0') * (1 + 2*(i%2))
	}
	return digits + fmt.Sprint((10-sum%10)%10)
}
