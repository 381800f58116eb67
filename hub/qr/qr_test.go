package qr_test

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/qr"
)

func TestSameTextSamePicture(t *testing.T) {
	t.Parallel()
	const link = "https://hub.example.ca/accept/abc.def.ghi"
	for name, draw := range map[string]func(string) ([]byte, error){"svg": qr.SVG, "png": qr.PNG} {
		first, err := draw(link)
		if err != nil {
			t.Fatal(err)
		}
		second, _ := draw(link)
		other, _ := draw(link + "x")
		if !bytes.Equal(first, second) || bytes.Equal(first, other) {
			t.Errorf("%s: the picture must follow the text and nothing else", name)
		}
	}
}

func TestPNGHasQuietZone(t *testing.T) {
	t.Parallel()
	raw, err := qr.PNG("hello")
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, _ := img.At(5, 5).RGBA(); r == 0 {
		t.Error("the margin is not white")
	}
	if r, _, _, _ := img.At(4*6+1, 4*6+1).RGBA(); r != 0 {
		t.Error("the finder pattern does not begin after the margin")
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	if _, err := qr.SVG(strings.Repeat("x", 5000)); err == nil {
		t.Error("5000 bytes fit in no code")
	}
}
