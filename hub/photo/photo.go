// Package photo opens the photos that people send us, without trusting them: the
// format by its first bytes, the size before a pixel is decoded, all decoding
// together within one bound of memory. It turns them upright, shrinks them and
// writes them as JPEG without anything that was in the file beside the picture
// (place, camera, thumbnails).
//
// It has no routes, calls no system and remembers nothing.
package photo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"time"

	"golang.org/x/image/webp"
	"golang.org/x/sync/semaphore"

	"gigafibre.ca/targo-hub/hub"
)

// The limits of a photo.
const (
	MaxBytes  = 12 << 20   // of a file
	MaxPixels = 40_000_000 // once decoded

	maxSide   = 20_000    // pixels; what is longer is no photo
	maxMemory = 320 << 20 // bytes that all decoders together may hold
	keep      = 12_500_000
)

// Photo is an opened photo.
type Photo struct {
	Image         image.Image // upright, at most some 12 Mpx: larger ones are halved
	Format        string      // of the file: "jpeg", "png" or "webp"
	Width, Height int         // of the file, upright
	Taken         time.Time   // as the camera says, in UTC; zero when it does not
}

// room is the memory that decoders share. A large photo has it for itself; the
// others wait for their turn.
var room = semaphore.NewWeighted(maxMemory)

// Open decodes a JPEG, PNG or WebP file. ctx bounds the wait for other photos to
// be decoded. Failures: TooLarge picture-too-large; Unsupported picture-format,
// with advice, for whatever is not one still picture of the three formats;
// Invalid picture-broken for a file that ends early or makes no sense.
func Open(ctx context.Context, raw []byte) (Photo, error) {
	if len(raw) > MaxBytes {
		return Photo{}, hub.Fail(hub.TooLarge, "picture-too-large", "The file has more than 12 MiB.", nil)
	}
	format, err := sniff(raw)
	if err != nil {
		return Photo{}, err
	}
	size, cost, err := measure(format, raw)
	if err != nil {
		return Photo{}, err
	}
	if err := room.Acquire(ctx, cost); err != nil {
		return Photo{}, hub.Fail(hub.Unavailable, "unavailable", "Other photos are being opened.", err)
	}
	defer room.Release(cost)
	img, err := decode(format, raw)
	if err != nil {
		return Photo{}, broken(err)
	}
	if img.Bounds().Size() != size {
		return Photo{}, broken(fmt.Errorf("the picture is %v, its header says %v", img.Bounds().Size(), size))
	}
	facts := readFacts(format, raw)
	for b := img.Bounds(); b.Dx()*b.Dy() > keep; b = img.Bounds() {
		img = halve(img)
	}
	if facts.orientation >= 5 {
		size.X, size.Y = size.Y, size.X
	}
	return Photo{
		Image: upright(img, facts.orientation), Format: format,
		Width: size.X, Height: size.Y, Taken: facts.taken,
	}, nil
}

// decode lets no panic of a decoder out.
func decode(format string, raw []byte) (img image.Image, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = hub.Recovered(v)
		}
	}()
	switch format {
	case "jpeg":
		return jpeg.Decode(bytes.NewReader(raw))
	case "png":
		return png.Decode(bytes.NewReader(raw))
	default:
		return webp.Decode(bytes.NewReader(raw))
	}
}

// measure reads the size from the header, and how many bytes decoding will take
// at most; it refuses what is too large.
func measure(format string, raw []byte) (size image.Point, cost int64, err error) {
	var cfg image.Config
	perPixel := int64(4)
	switch format {
	case "jpeg":
		cfg, err = jpeg.DecodeConfig(bytes.NewReader(raw))
		if bytes.Contains(raw, []byte{0xFF, 0xC2, 0x00}) {
			perPixel = 16 // progressive: all coefficients wait for the last scan
		}
	case "png":
		cfg, err = png.DecodeConfig(bytes.NewReader(raw))
		if len(raw) > 24 && raw[24] == 16 {
			perPixel = 8
		}
	default:
		cfg, err = webp.DecodeConfig(bytes.NewReader(raw))
	}
	if err != nil {
		return size, 0, broken(err)
	}
	size = image.Pt(cfg.Width, cfg.Height)
	pixels := int64(size.X) * int64(size.Y)
	cost = min(pixels*perPixel, maxMemory)
	switch {
	case size.X <= 0 || size.Y <= 0:
		return size, 0, broken(nil)
	case size.X > maxSide || size.Y > maxSide || pixels > MaxPixels:
		return size, 0, hub.Fail(hub.TooLarge, "picture-too-large", "The picture has more than 40 million pixels.", nil)
	}
	return size, cost, nil
}

func broken(cause error) error {
	return hub.Fail(hub.Invalid, "picture-broken", "The picture cannot be decoded; the file may be incomplete.", cause)
}
