package finder_test

import (
	"context"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"

	"gigafibre.ca/targo-hub/hub/barcode/finder"
	"gigafibre.ca/targo-hub/hub/barcode/labelpress"
	"gigafibre.ca/targo-hub/hub/barcode/pixel"
)

// drawn makes a picture of a symbol, so many pixels a module, turned by degrees.
func drawn(t *testing.T, text string, module, degrees float64) *pixel.Grey {
	t.Helper()
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		t.Fatal(err)
	}
	return pixel.From(labelpress.Still(code, module, degrees))
}

func TestReadsSizesAndTurns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text    string
		module  float64
		degrees float64
	}{
		{"A1", 5, 0}, {"SN:QXTL0A1B2C3D", 3, 3}, {"SN:QXTL0A1B2C3D", 2.6, 91},
		{strings.Repeat("QXTL-77/", 6), 3, 182}, {strings.Repeat("0A1B2C", 25), 3, 267},
	} {
		found, ok := finder.Find(t.Context(), drawn(t, c.text, c.module, c.degrees))
		if !ok || found.Value != c.text {
			t.Errorf("%d letters, %v px, %v degrees: %q", len(c.text), c.module, c.degrees, found.Value)
			continue
		}
		area := 0.0
		for i, p := range found.Corners {
			area += p.Cross(found.Corners[(i+1)%4]) / 2
		}
		if area < 21*21*c.module*c.module*0.9 {
			t.Errorf("%d letters: corners %v", len(c.text), found.Corners)
		}
	}
}

func TestFindsNothing(t *testing.T) {
	t.Parallel()
	flat, specks := pixel.New(120, 120), pixel.New(120, 120)
	for i := range specks.Pix {
		specks.Pix[i] = uint8((i * i * 2654435761) >> 7)
	}
	for name, g := range map[string]*pixel.Grey{"flat": flat, "specks": specks, "nothing": pixel.New(0, 0), "small": pixel.New(9, 9)} {
		if found, ok := finder.Find(t.Context(), g); ok {
			t.Errorf("%s: read %q", name, found.Value)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, ok := finder.Find(ctx, drawn(t, "A1", 5, 0)); ok {
		t.Error("read after the end of its context")
	}
}
