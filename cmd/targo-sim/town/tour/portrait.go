package tour

import (
	"bytes"
	"encoding/base64"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"math"
)

// portraitSize is how many points a portrait has on each side.
const portraitSize = 160

// Portrait attaches a drawn portrait to a technician and returns the values that
// name it. Nobody looks like that.
func Portrait(put func(doctype string, values Doc) string, technician string) Doc {
	name := technician + ".png"
	put("File", Doc{
		"file_name": name, "content": base64.StdEncoding.EncodeToString(draw(technician)), "decode": 1, "is_private": 1,
		"attached_to_doctype": "Dispatch Technician", "attached_to_name": technician, "attached_to_field": "photo",
	})
	return Doc{"name": technician, "photo": "/private/files/" + name}
}

// draw paints a head with a cap and shoulders in colours of its own.
func draw(technician string) []byte {
	seed := fnv.New32a()
	_, _ = seed.Write([]byte(technician))
	n := seed.Sum32()
	pick := func(list []color.RGBA) color.RGBA {
		c := list[n%uint32(len(list))]
		n /= uint32(len(list))
		return c
	}
	sky := pick([]color.RGBA{{0xd7, 0xe8, 0xf5, 0xff}, {0xe5, 0xef, 0xd9, 0xff}, {0xf6, 0xe7, 0xd3, 0xff}, {0xe7, 0xe1, 0xf3, 0xff}})
	skin := pick([]color.RGBA{{0xf0, 0xc8, 0xa4, 0xff}, {0xc9, 0x93, 0x68, 0xff}, {0x8a, 0x5a, 0x3b, 0xff}, {0xe2, 0xb0, 0x85, 0xff}})
	coat := pick([]color.RGBA{{0x1f, 0x6f, 0x8b, 0xff}, {0x2e, 0x7d, 0x4f, 0xff}, {0xb2, 0x4a, 0x2f, 0xff}})
	shapes := []struct {
		ink          color.RGBA
		x, y, rx, ry float64
	}{
		{coat, 80, 166, 66, 58}, {skin, 80, 100, 14, 24}, {skin, 80, 72, 31, 37}, {coat, 80, 48, 33, 20}, {coat, 96, 56, 32, 6},
		{color.RGBA{0x30, 0x28, 0x24, 0xff}, 68, 74, 3, 4}, {color.RGBA{0x30, 0x28, 0x24, 0xff}, 92, 74, 3, 4}, {color.RGBA{0xa0, 0x4c, 0x42, 0xff}, 80, 93, 9, 3},
	}
	img := image.NewRGBA(image.Rect(0, 0, portraitSize, portraitSize))
	for y := range portraitSize {
		for x := range portraitSize {
			c := sky
			for _, s := range shapes {
				// Points near an edge are mixed, so that it looks smooth.
				d := (math.Hypot((float64(x)-s.x)/s.rx, (float64(y)-s.y)/s.ry) - 1) * min(s.rx, s.ry)
				c = mix(c, s.ink, min(1, max(0, 0.5-d)))
			}
			img.SetRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	_ = png.Encode(&out, img) // a picture of this size into memory cannot fail
	return out.Bytes()
}

func mix(under, over color.RGBA, share float64) color.RGBA {
	blend := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-share) + float64(b)*share)) }
	return color.RGBA{blend(under.R, over.R), blend(under.G, over.G), blend(under.B, over.B), 0xff}
}
