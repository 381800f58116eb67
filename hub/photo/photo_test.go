package photo_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/photo"
)

// corner is a picture that is red above on the left and grey elsewhere.
func corner(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{200, 200, 200, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{220, 10, 10, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, img, nil); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// dot is a WebP picture of one pixel.
func dot(t testing.TB) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA")
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// withEXIF puts an orientation and a time into a JPEG, as cameras do.
func withEXIF(raw []byte, orientation uint16, date, offset string) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08")
	put := func(values ...any) {
		for _, v := range values {
			tiff, _ = binary.Append(tiff, binary.BigEndian, v)
		}
	}
	// The first directory at 8: orientation, and where the second is.
	put(uint16(2), uint16(0x0112), uint16(3), uint32(1), orientation, uint16(0))
	put(uint16(0x8769), uint16(4), uint32(1), uint32(38), uint32(0))
	// The second at 38, its texts after it.
	put(uint16(2), uint16(0x9003), uint16(2), uint32(20), uint32(68))
	put(uint16(0x9011), uint16(2), uint32(7), uint32(88), uint32(0))
	tiff = append(tiff, date+"\x00"+offset+"\x00"...)
	body := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, raw[:2]...)
	out = append(out, 0xFF, 0xE1, byte((len(body)+2)>>8), byte(len(body)+2))
	return append(append(out, body...), raw[2:]...)
}

func TestOpensThreeFormats(t *testing.T) {
	t.Parallel()
	for format, raw := range map[string][]byte{
		"jpeg": asJPEG(t, corner(40, 20)), "png": asPNG(t, corner(40, 20)), "webp": dot(t),
	} {
		p, err := photo.Open(t.Context(), raw)
		if err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		if p.Format != format || p.Image.Bounds().Dx() != p.Width || !p.Taken.IsZero() {
			t.Errorf("%s: opened as %s, %d x %d, taken %v", format, p.Format, p.Width, p.Height, p.Taken)
		}
	}
}

func TestTurnedUpright(t *testing.T) {
	t.Parallel()
	// Where the red corner is seen, by orientation.
	seen := map[uint16]image.Point{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}}
	for orientation, want := range seen {
		for _, size := range []image.Point{{64, 32}, {63, 31}} { // odd sides take another way
			raw := withEXIF(asJPEG(t, corner(size.X, size.Y)), orientation, "2026:11:23 10:15:00", "-05:00")
			p, err := photo.Open(t.Context(), raw)
			if err != nil {
				t.Fatal(err)
			}
			if orientation >= 5 && p.Width != size.Y || orientation < 5 && p.Width != size.X || p.Image.Bounds().Dx() != p.Width {
				t.Errorf("orientation %d: %d pixels wide (%v)", orientation, p.Width, p.Image.Bounds())
			}
			for _, at := range []image.Point{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
				r, g, _, _ := p.Image.At(p.Width/4+at.X*p.Width/2, p.Height/4+at.Y*p.Height/2).RGBA()
				if red := r > 2*g; red != (at == want) {
					t.Errorf("orientation %d, %v: red at %v is %v", orientation, size, at, red)
				}
			}
			if want := time.Date(2026, 11, 23, 15, 15, 0, 0, time.UTC); !p.Taken.Equal(want) {
				t.Errorf("taken %v, want %v", p.Taken, want)
			}
		}
	}
}

func TestCameraWithoutOffsetHasOurClock(t *testing.T) {
	t.Parallel()
	p, err := photo.Open(t.Context(), withEXIF(asJPEG(t, corner(16, 16)), 1, "2026:07:01 08:00:00", "      "))
	if err != nil {
		t.Fatal(err)
	}
	if want := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC); !p.Taken.Equal(want) {
		t.Errorf("taken %v, want %v", p.Taken, want)
	}
}

// header is a PNG that says its size and has no picture.
func header(w, h uint32) []byte {
	ihdr, _ := binary.Append([]byte("IHDR"), binary.BigEndian, []uint32{w, h})
	ihdr = append(ihdr, 8, 2, 0, 0, 0)
	raw := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	raw = append(raw, ihdr...)
	raw, _ = binary.Append(raw, binary.BigEndian, crc32.ChecksumIEEE(ihdr))
	return raw
}

// frame is a JPEG that says its size and no more: three components, of which the
// first is sampled so often.
func frame(kind byte, w, h uint16, samples byte) []byte {
	raw := append([]byte{0xFF, 0xD8, 0xFF, 0xE0, 0, 16}, "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...)
	raw = append(raw, 0xFF, kind, 0, 17, 8)
	raw, _ = binary.Append(raw, binary.BigEndian, []uint16{h, w})
	return append(raw, 3, 1, samples, 0, 2, 0x11, 0, 3, 0x11, 0)
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	whole := asJPEG(t, corner(200, 200))
	flat := asPNG(t, corner(200, 200))
	moving := append(header(8, 8), "\x00\x00\x00\x08acTL\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00"...)
	film := append([]byte("RIFF\x20\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00"), make([]byte, 20)...)
	for name, c := range map[string]struct {
		raw  []byte
		kind hub.Kind
		code string
	}{
		"nothing":        {nil, hub.Unsupported, "picture-format"},
		"words":          {[]byte("not a picture at all"), hub.Unsupported, "picture-format"},
		"PDF":            {[]byte("%PDF-1.7\n%âãÏÓ\n1 0 obj"), hub.Unsupported, "picture-format"},
		"HEIC":           {[]byte("\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic"), hub.Unsupported, "picture-format"},
		"AVIF":           {[]byte("\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1"), hub.Unsupported, "picture-format"},
		"film":           {[]byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2"), hub.Unsupported, "picture-format"},
		"GIF":            {[]byte("GIF89a\x01\x00\x01\x00\x80"), hub.Unsupported, "picture-format"},
		"animated PNG":   {moving, hub.Unsupported, "picture-format"},
		"animated WebP":  {film, hub.Unsupported, "picture-format"},
		"50 MB":          {append(bytes.Clone(whole), make([]byte, 50<<20)...), hub.TooLarge, "picture-too-large"},
		"zip bomb":       {header(50_000, 50_000), hub.TooLarge, "picture-too-large"},
		"long strip":     {header(30_000, 2), hub.TooLarge, "picture-too-large"},
		"no size":        {header(0, 7), hub.Invalid, "picture-broken"},
		"only a header":  {header(7, 7), hub.Invalid, "picture-broken"},
		"truncated JPEG": {whole[:len(whole)/2], hub.Invalid, "picture-broken"},
		"truncated PNG":  {flat[:len(flat)/2], hub.Invalid, "picture-broken"},
		"truncated WebP": {dot(t)[:30], hub.Invalid, "picture-broken"},
		"progressive":    {frame(0xC2, 6000, 6000, 0x11), hub.TooLarge, "picture-too-large"}, // 540 MB of coefficients
		"usual sampling": {frame(0xC2, 6000, 6000, 0x22), hub.Invalid, "picture-broken"},     // 290 MB, but no picture
		"baseline":       {frame(0xC0, 6000, 6000, 0x11), hub.Invalid, "picture-broken"},
		"AVIF too":       {[]byte("\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf"), hub.Unsupported, "picture-format"},
		"three bytes":    {whole[:3], hub.Invalid, "picture-broken"},
	} {
		_, err := photo.Open(t.Context(), c.raw)
		if !hub.IsKind(err, c.kind) || !hub.HasCode(err, c.code) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
		if err != nil && hub.ProblemOf(err).Detail == "" {
			t.Errorf("%s: no advice", name)
		}
	}
}

// Sixteen bits, a palette, transparency: every kind ends as one that is quickly read.
func TestUsualKinds(t *testing.T) {
	t.Parallel()
	size := image.Rect(0, 0, 40, 20)
	for _, img := range []draw.Image{
		image.NewNRGBA64(size), image.NewGray16(size), image.NewRGBA64(size), image.NewNRGBA(size),
		image.NewPaletted(size, color.Palette{color.Gray{Y: 200}, color.RGBA{R: 200, A: 255}}),
	} {
		draw.Draw(img, size, corner(40, 20), image.Point{}, draw.Src)
		p, err := photo.Open(t.Context(), asPNG(t, img))
		if err != nil {
			t.Errorf("%T: %v", img, err)
			continue
		}
		switch p.Image.(type) {
		case *image.Gray, *image.YCbCr, *image.RGBA, *image.NRGBA:
		default:
			t.Errorf("%T became %T", img, p.Image)
		}
		if r, _, _, _ := p.Image.At(3, 3).RGBA(); r < 0x4000 {
			t.Errorf("%T: the corner has %x", img, r)
		}
	}
}

func TestNobodyWaitsForAnAnswerAnyMore(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	raw := asPNG(t, corner(9, 9))
	if _, err := photo.Open(ctx, raw); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("%v, want unavailable", err)
	}
}

// FuzzOpen opens whatever bytes there are: a photo or words for a person, never a
// panic, never more pixels than allowed.
func FuzzOpen(f *testing.F) {
	whole := asJPEG(f, corner(24, 16))
	f.Add(whole)
	f.Add(withEXIF(whole, 6, "2026:11:23 10:15:00", "-05:00"))
	f.Add(asPNG(f, corner(24, 16)))
	f.Add(dot(f))
	f.Add(header(60, 60))
	f.Add([]byte("\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1heic"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := photo.Open(t.Context(), raw)
		if err != nil {
			if kind := hub.ProblemOf(err).Kind; kind == hub.Internal {
				t.Fatalf("%v is no answer for a person", err)
			}
			return
		}
		if b := p.Image.Bounds(); b.Dx()*b.Dy() > photo.MaxPixels || b.Empty() {
			t.Fatalf("opened with bounds %v", b)
		}
	})
}
