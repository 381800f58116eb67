package photo_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/photo"
)

func TestFit(t *testing.T) {
	t.Parallel()
	small := corner(40, 20)
	if photo.Fit(small, 40) != small {
		t.Error("a picture that fits was changed")
	}
	for _, size := range []image.Point{{400, 200}, {200, 400}, {4000, 3}} {
		img := photo.Fit(corner(size.X, size.Y), 100)
		if b := img.Bounds(); max(b.Dx(), b.Dy()) != 100 || min(b.Dx(), b.Dy()) < 1 {
			t.Errorf("%v became %v", size, b)
		}
	}
	planes, err := jpeg.Decode(bytes.NewReader(asJPEG(t, corner(402, 200))))
	if err != nil {
		t.Fatal(err)
	}
	even, err := jpeg.Decode(bytes.NewReader(asJPEG(t, corner(400, 200))))
	if err != nil {
		t.Fatal(err)
	}
	for _, img := range []image.Image{corner(400, 200), planes, even} {
		img = photo.Fit(img, 100)
		r, g, _, _ := img.At(20, 10).RGBA()
		r2, g2, _, _ := img.At(80, 40).RGBA()
		if r < 2*g || r2 > 2*g2 {
			t.Errorf("%T: the red corner is gone, or everywhere", img)
		}
	}
	if _, ok := photo.Fit(image.NewGray(image.Rect(0, 0, 900, 900)), 100).(*image.Gray); !ok {
		t.Error("a grey picture did not stay grey")
	}
}

func TestJPEGFits(t *testing.T) {
	t.Parallel()
	noise := image.NewRGBA(image.Rect(0, 0, 160, 120))
	dice := rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(dice.Uint32())
	}
	for _, most := range []int{1 << 20, 9_000, 1_500} {
		raw, err := photo.JPEG(noise, most)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := jpeg.DecodeConfig(bytes.NewReader(raw))
		if err != nil || len(raw) > most {
			t.Errorf("%d bytes of at most %d: %v", len(raw), most, err)
		}
		if most == 1<<20 && cfg.Width != 160 {
			t.Errorf("shrunk to %d without need", cfg.Width)
		}
	}
	if _, err := photo.JPEG(noise, 50); !hub.HasCode(err, "picture-too-large") {
		t.Errorf("fifty bytes: %v", err)
	}
}

func TestTransparentIsWhite(t *testing.T) {
	t.Parallel()
	clear := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	raw, err := photo.JPEG(clear, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got := color.GrayModel.Convert(img.At(16, 16)).(color.Gray); got.Y < 250 {
		t.Errorf("transparent became level %d", got.Y)
	}
}

func TestLargePhotoIsHalved(t *testing.T) {
	t.Parallel()
	p, err := photo.Open(t.Context(), asPNG(t, image.NewGray(image.Rect(0, 0, 4400, 3000))))
	if err != nil {
		t.Fatal(err)
	}
	if p.Width != 4400 || p.Image.Bounds().Dx() != 2200 {
		t.Errorf("%d pixels wide, opened with %d", p.Width, p.Image.Bounds().Dx())
	}
}
