package pixel_test

import (
	"image"
	"image/color"
	"math"
	"testing"

	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// ramp is a picture whose level is 10 x + y.
func ramp(w, h int) *pixel.Grey {
	g := pixel.New(w, h)
	for i := range g.Pix {
		g.Pix[i] = uint8(10*(i%w) + i/w)
	}
	return g
}

func TestSamplesBetweenPixels(t *testing.T) {
	t.Parallel()
	g := ramp(8, 6)
	for _, c := range []struct{ x, y, want float64 }{
		{0, 0, 0}, {2.5, 1, 26}, {2, 1.5, 21.5}, {6.9, 4.9, 73.9}, {-3, 2, 2}, {100, 100, 75}, {7, 2, 72},
	} {
		if got := g.At(c.x, c.y); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("at %v, %v: %v, want %v", c.x, c.y, got, c.want)
		}
	}
}

func TestCutKnowsTheWayBack(t *testing.T) {
	t.Parallel()
	g := ramp(20, 20)
	cut := g.Cut(pixel.Point{X: 6, Y: 5}, math.Pi/6, 12, 9, 1.5)
	if cut.W != 12 || cut.H != 9 {
		t.Fatalf("the cut is %d x %d", cut.W, cut.H)
	}
	for _, p := range []pixel.Point{{X: 0, Y: 0}, {X: 7, Y: 0}, {X: 3, Y: 8}, {X: 11, Y: 4}} {
		at := cut.Back(p)
		want := g.At(at.X, at.Y)
		if got := float64(cut.Pix[int(p.Y)*cut.W+int(p.X)]); math.Abs(got-want) > 0.51 {
			t.Errorf("%v comes from %v: level %v, want %v", p, at, got, want)
		}
	}
}

func TestHalfAndNegative(t *testing.T) {
	t.Parallel()
	half := ramp(7, 5).Half()
	if half.W != 3 || half.H != 2 || half.Pix[0] != 6 || half.Pix[5] != 48 {
		t.Errorf("half is %d x %d: %v", half.W, half.H, half.Pix)
	}
	if negative := ramp(3, 1).Inverted(); negative.Pix[1] != 245 {
		t.Errorf("the negative of 10 is %d", negative.Pix[1])
	}
}

func TestSharper(t *testing.T) {
	t.Parallel()
	g := pixel.New(9, 9)
	for i := range g.Pix {
		g.Pix[i] = 100
	}
	g.Pix[4*9+4] = 150
	sharp := g.Sharper(1)
	if sharp.Pix[4*9+4] != 200 || sharp.Pix[4*9+2] != 88 || sharp.Pix[0] != 100 {
		t.Errorf("a spot became %d, beside it %d, far away %d", sharp.Pix[4*9+4], sharp.Pix[4*9+2], sharp.Pix[0])
	}
}

func TestBrightnessOfEverySort(t *testing.T) {
	t.Parallel()
	inner := image.Rect(3, 2, 7, 5)
	rgba, nrgba, grey := image.NewRGBA(inner), image.NewNRGBA(inner), image.NewGray(inner)
	planes := image.NewYCbCr(inner, image.YCbCrSubsampleRatio420)
	for i := range planes.Cb {
		planes.Cb[i], planes.Cr[i] = 128, 128
	}
	for y := inner.Min.Y; y < inner.Max.Y; y++ {
		for x := inner.Min.X; x < inner.Max.X; x++ {
			v := uint8(20*x + y)
			rgba.SetRGBA(x, y, color.RGBA{v, v, v, 255})
			nrgba.SetNRGBA(x, y, color.NRGBA{v, v, v, 255})
			grey.SetGray(x, y, color.Gray{Y: v})
			planes.Y[planes.YOffset(x, y)] = v
		}
	}
	for _, img := range []image.Image{rgba, nrgba, grey, planes} {
		g := pixel.From(img)
		if g.W != 4 || g.H != 3 {
			t.Fatalf("%T: %d x %d", img, g.W, g.H)
		}
		for i, v := range g.Pix {
			want := 20*(3+i%4) + 2 + i/4
			if off := int(v) - want; off < -1 || off > 1 {
				t.Errorf("%T: pixel %d is %d, want %d", img, i, v, want)
			}
		}
	}
	if clear := pixel.From(image.NewNRGBA(image.Rect(0, 0, 1, 1))); clear.Pix[0] != 255 {
		t.Errorf("what is transparent has level %d, want white", clear.Pix[0])
	}
}
