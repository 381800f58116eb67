package barcode_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/barcode"
	"gigafibre.ca/targo-hub/hub/barcode/labelpress"
)

// read decodes a photo and counts: right codes, and codes that are not there.
func read(t testing.TB, photo labelpress.Photo) (right, wrong int) {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(photo.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range patient(t, img) {
		known := false
		for _, want := range photo.Codes {
			known = known || code.Value == want.Value && code.Format == want.Format
		}
		if known {
			right++
		} else {
			wrong++
			t.Logf("%s: read %s %q", photo.Name, code.Format, code.Value)
		}
		if !inside(code.Corners, img.Bounds()) {
			t.Errorf("%s: corners %v", photo.Name, code.Corners)
		}
	}
	return right, wrong
}

// patient decodes without hurry: the race detector is slow, and so are machines
// that do other things beside.
func patient(t testing.TB, img image.Image) []barcode.Code {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	codes, err := barcode.Decode(ctx, img)
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

// inside tells whether four corners go around something that is on the photo.
func inside(corners [4]image.Point, bounds image.Rectangle) bool {
	area := 0
	for i, p := range corners {
		q := corners[(i+1)%4]
		area += p.X*q.Y - q.X*p.Y
		if !p.In(bounds.Inset(-60)) {
			return false
		}
	}
	return area != 0
}

// The set that `make bench ONLY=barcodes` reads is larger; this one is small so
// that the race detector gets through it.
func TestReadsLabels(t *testing.T) {
	t.Parallel()
	var right, photos int
	for tier, formats := range map[string][]string{
		labelpress.Rot: {labelpress.DataMatrix, labelpress.EAN13}, labelpress.Mid: {labelpress.QR}, labelpress.Dark: {labelpress.DataMatrix}, labelpress.Skew: {labelpress.QR},
	} {
		for _, format := range formats {
			photo := labelpress.Print(77, labelpress.Order{Tier: tier, Formats: []string{format}, Width: 440, Height: 440})
			good, wrong := read(t, photo)
			if wrong > 0 {
				t.Errorf("%s: a wrong code", photo.Name)
			}
			if good == 0 {
				t.Logf("%s: not read", photo.Name)
			}
			photos++
			right += good
		}
	}
	if right < photos-1 {
		t.Errorf("%d of %d photos read, want all but one at most", right, photos)
	}
}

func TestReadsLongBars(t *testing.T) {
	t.Parallel()
	for _, order := range []labelpress.Order{
		{Tier: labelpress.Mid, Formats: []string{labelpress.Code128}, Width: 640, Height: 640},
		{Tier: labelpress.Rot, Formats: []string{labelpress.Code39}, Width: 560, Height: 560},
	} {
		photo := labelpress.Print(41, order)
		if right, wrong := read(t, photo); right != 1 || wrong != 0 {
			t.Errorf("%s: %d right, %d wrong", photo.Name, right, wrong)
		}
	}
}

func TestReadsBothCodesOfALabel(t *testing.T) {
	t.Parallel()
	for _, formats := range [][]string{{labelpress.QR, labelpress.DataMatrix}, {labelpress.EAN13, labelpress.DataMatrix}} {
		photo := labelpress.Print(5, labelpress.Order{Tier: labelpress.Rot, Formats: formats, Width: 560, Height: 560})
		if right, wrong := read(t, photo); right != 2 || wrong != 0 {
			t.Errorf("%s: %d right, %d wrong", photo.Name, right, wrong)
		}
	}
}

func TestReadsLightOnDark(t *testing.T) {
	t.Parallel()
	photo := labelpress.Print(9, labelpress.Order{Tier: labelpress.Rot, Formats: []string{labelpress.DataMatrix}, Width: 420, Height: 420})
	for i, v := range photo.Image.Pix {
		photo.Image.Pix[i] = 255 - v
	}
	if codes := patient(t, photo.Image); len(codes) != 1 || codes[0].Value != photo.Codes[0].Value {
		t.Errorf("read %v", codes)
	}
}

// TestLargePhotoKeepsSmallCodes: what a phone of many pixels sees is halved first, and
// read in full when that leaves nothing.
func TestLargePhotoKeepsSmallCodes(t *testing.T) {
	t.Parallel()
	photo := labelpress.Print(6, labelpress.Order{Tier: labelpress.Easy, Formats: []string{labelpress.DataMatrix}, Width: 500, Height: 500})
	table := image.NewGray(image.Rect(0, 0, 2300, 1400))
	draw.Draw(table, table.Rect, image.NewUniform(color.Gray{Y: 120}), image.Point{}, draw.Src)
	at := image.Pt(1201, 703)
	draw.Draw(table, photo.Image.Rect.Add(at), photo.Image, image.Point{}, draw.Src)
	codes := patient(t, table)
	if len(codes) != 1 || codes[0].Value != photo.Codes[0].Value {
		t.Fatalf("read %v", codes)
	}
	if !codes[0].Corners[0].In(photo.Image.Rect.Add(at)) {
		t.Errorf("found at %v", codes[0].Corners)
	}
}

// TestCloseUp: a label that fills the photo has bars wider than a tile.
func TestCloseUp(t *testing.T) {
	t.Parallel()
	photo := labelpress.Print(12, labelpress.Order{Tier: labelpress.Easy, Formats: []string{labelpress.EAN13}, Width: 440, Height: 270})
	large := image.NewGray(image.Rect(0, 0, 4*440, 4*270))
	for i := range large.Pix {
		large.Pix[i] = photo.Image.Pix[i/large.Stride/4*photo.Image.Stride+i%large.Stride/4]
	}
	if codes := patient(t, large); len(codes) != 1 || codes[0].Value != photo.Codes[0].Value {
		t.Errorf("read %v, want %v", codes, photo.Codes)
	}
}

func TestNothingIsReadWhereNothingIs(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(1, 1))
	snow := image.NewGray(image.Rect(0, 0, 300, 300))
	blocks := image.NewGray(snow.Rect) // squares like modules, in no order
	stripes := image.NewGray(snow.Rect)
	for i := range snow.Pix {
		snow.Pix[i] = uint8(dice.Uint32())
	}
	for y := 0; y < 300; y += 4 {
		for x := 0; x < 300; x += 4 {
			shade := image.NewUniform(color.Gray{Y: uint8(dice.IntN(2) * 255)})
			draw.Draw(blocks, image.Rect(x, y, x+4, y+4), shade, image.Point{}, draw.Src)
			if y == 0 {
				draw.Draw(stripes, image.Rect(x, 40, x+4, 200), shade, image.Point{}, draw.Src)
			}
		}
	}
	for name, img := range map[string]image.Image{
		"snow": snow, "blocks": blocks, "stripes": stripes, "black": image.NewGray(image.Rect(0, 0, 100, 80)),
		"a dot": image.NewGray(image.Rect(0, 0, 1, 1)), "empty": image.NewRGBA(image.Rectangle{}),
	} {
		if codes := patient(t, img); len(codes) != 0 {
			t.Errorf("%s: %v", name, codes)
		}
	}
}

func TestTimeIsUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	photo := image.NewGray(image.Rect(0, 0, 640, 480))
	if codes, err := barcode.Decode(ctx, photo); len(codes) != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("%v, %v, want the context's error", codes, err)
	}
}

// FuzzDecode gives any pixels to the readers: they end, and do not panic.
func FuzzDecode(f *testing.F) {
	photo := labelpress.Print(2, labelpress.Order{Tier: labelpress.Easy, Formats: []string{labelpress.DataMatrix}, Width: 160, Height: 160})
	f.Add(photo.Image.Pix, uint8(160))
	f.Add([]byte{0, 255, 0, 0, 255, 255, 0}, uint8(90))
	f.Fuzz(func(t *testing.T, pixels []byte, side uint8) {
		img := image.NewGray(image.Rect(0, 0, int(side), int(side)))
		for i := range img.Pix {
			if len(pixels) > 0 {
				img.Pix[i] = pixels[i%len(pixels)]
			}
		}
		codes, err := barcode.Decode(t.Context(), img)
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		for _, code := range codes {
			if code.Value == "" || code.Format == "" {
				t.Fatalf("an empty code: %v", codes)
			}
		}
	})
}
