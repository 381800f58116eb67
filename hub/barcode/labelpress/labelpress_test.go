package labelpress_test

import (
	"bytes"
	"image/jpeg"
	"testing"

	"gigafibre.ca/targo-hub/hub/barcode/labelpress"
)

func TestSameSeedSamePhoto(t *testing.T) {
	t.Parallel()
	order := labelpress.Order{Tier: labelpress.Rot, Formats: []string{labelpress.QR, labelpress.Code39}, Width: 640, Height: 480}
	first, second, other := labelpress.Print(7, order), labelpress.Print(7, order), labelpress.Print(8, order)
	if !bytes.Equal(first.JPEG, second.JPEG) || first.Codes[0] != second.Codes[0] {
		t.Error("the same seed made two photos")
	}
	if bytes.Equal(first.JPEG, other.JPEG) || first.Codes[0] == other.Codes[0] {
		t.Error("two seeds made the same photo")
	}
}

func TestPhotoIsWhatWasOrdered(t *testing.T) {
	t.Parallel()
	photo := labelpress.Print(3, labelpress.Order{Tier: labelpress.Dark, Formats: []string{labelpress.EAN13}, Width: 640, Height: 480})
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(photo.JPEG))
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Width != 640 || cfg.Height != 480 {
		t.Errorf("the photo is %d x %d", cfg.Width, cfg.Height)
	}
	if len(photo.Codes) != 1 || len(photo.Codes[0].Value) != 13 {
		t.Errorf("codes %v, want one of 13 digits", photo.Codes)
	}
	var sum int
	for _, level := range photo.Image.Pix {
		sum += int(level)
	}
	if mean := sum / len(photo.Image.Pix); mean > 64 {
		t.Errorf("a photo in the dark has mean level %d", mean)
	}
}

func TestRunGoesThroughTiersAndFormats(t *testing.T) {
	t.Parallel()
	for photo := range labelpress.Run(1, 1, []string{labelpress.Skew, labelpress.Easy}, []string{labelpress.DataMatrix}) {
		if photo.Name != "skew-datamatrix-1000" || photo.Codes[0].Format != labelpress.DataMatrix {
			t.Errorf("the first photo is %s of %v", photo.Name, photo.Codes)
		}
		return
	}
	t.Error("no photo came out")
}
