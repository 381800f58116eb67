package matrix_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/boombuler/barcode/datamatrix"

	"gigafibre.ca/targo-hub/hub/barcode/labelpress"
	"gigafibre.ca/targo-hub/hub/barcode/matrix"
	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// drawn makes a picture of a symbol, so many pixels a module, turned by degrees.
func drawn(t *testing.T, text string, module, degrees float64) *pixel.Grey {
	t.Helper()
	code, err := datamatrix.Encode(text)
	if err != nil {
		t.Fatal(err)
	}
	return pixel.From(labelpress.Still(code, module, degrees))
}

func TestReadsSizesAndQuarterTurns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		module  float64
		degrees float64
	}{
		{"A1", 6, 0}, {"QXTL0A1B2C3D", 3, 4}, {"QXTL0A1B2C3D", 3.3, 90}, {"QXTL0A1B2C3D", 4, 183}, {"QXTL0A1B2C3D", 5, 268},
		{strings.Repeat("QXTL-77/", 6), 3, 2}, {strings.Repeat("0A1B2C", 18), 3, 181}, // the last is of four parts
	} {
		found := matrix.Find(t.Context(), drawn(t, c.text, c.module, c.degrees))
		if len(found) != 1 || found[0].Value != c.text {
			t.Errorf("%d letters, %v px, %v degrees: %v", len(c.text), c.module, c.degrees, found)
		}
	}
}

func TestCornersGoAroundTheSymbol(t *testing.T) {
	t.Parallel()
	found := matrix.Find(t.Context(), drawn(t, "QXTL0A1B2C3D", 4, 0))
	if len(found) != 1 {
		t.Fatal("not read")
	}
	c := found[0].Corners
	for i, p := range c {
		if side := c[(i+1)%4].Sub(p).Len(); math.Abs(side-64) > 3 { // 16 modules
			t.Errorf("side %d has %.1f pixels, want 64", i, side)
		}
	}
	if c[0].X > c[3].X || c[0].Y < c[1].Y {
		t.Errorf("the solid corner is not below on the left: %v", c)
	}
}

func TestDamage(t *testing.T) {
	t.Parallel()
	light := drawn(t, "QXTL0A1B2C3D", 4, 3)
	heavy := drawn(t, "QXTL0A1B2C3D", 4, 3)
	for y := range light.H {
		for x := range light.W {
			dx, dy := x-light.W/2, y-light.H/2
			if dx*dx+dy*dy < 5*5 {
				light.Pix[y*light.W+x] = 220 // a scratch: error correction knows
			}
			if dx*dx+dy*dy < 22*22 {
				heavy.Pix[y*heavy.W+x] = 220
			}
		}
	}
	if found := matrix.Find(t.Context(), light); len(found) != 1 || found[0].Value != "QXTL0A1B2C3D" {
		t.Errorf("a scratch: %v", found)
	}
	if found := matrix.Find(t.Context(), heavy); len(found) != 0 {
		t.Errorf("the middle is gone: %v", found)
	}
}

func TestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found := matrix.Find(ctx, drawn(t, "A1", 6, 0)); len(found) != 0 {
		t.Errorf("read %v after the end", found)
	}
	if found := matrix.Find(t.Context(), pixel.New(3, 3)); len(found) != 0 {
		t.Errorf("read %v from nothing", found)
	}
}
