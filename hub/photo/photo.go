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
	"image/draw"
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
	img = usual(img)
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
		perPixel = jpegCost(raw)
	case "png":
		cfg, err = png.DecodeConfig(bytes.NewReader(raw))
		if perPixel = 5; len(raw) > 24 && raw[24] == 16 {
			perPixel = 12 // as decoded, and as it is used
		}
	default:
		cfg, err = webp.DecodeConfig(bytes.NewReader(raw))
	}
	if err != nil {
		return size, 0, broken(err)
	}
	size = image.Pt(cfg.Width, cfg.Height)
	pixels := int64(size.X) * int64(size.Y)
	cost = pixels * perPixel
	switch {
	case size.X <= 0 || size.Y <= 0:
		return size, 0, broken(nil)
	case size.X > maxSide || size.Y > maxSide || pixels > MaxPixels:
		return size, 0, hub.Fail(hub.TooLarge, "picture-too-large", "The picture has more than 40 million pixels.", nil)
	case cost > maxMemory:
		return size, 0, hub.Fail(hub.TooLarge, "picture-too-large", "The picture takes too much memory to open; send it smaller, or as a usual JPEG.", nil)
	}
	return size, cost, nil
}

// jpegCost is how many bytes a pixel takes while a JPEG is decoded: a sample of each
// component, and where the file is progressive four more for each, because all
// coefficients wait for the last scan.
func jpegCost(raw []byte) int64 {
	for at := 2; at+10 < len(raw) && raw[at] == 0xFF; {
		kind, size := raw[at+1], int(raw[at+2])<<8|int(raw[at+3])
		switch {
		case kind == 0xFF: // filling
			at++
			continue
		case kind >= 0xC0 && kind <= 0xC2:
			return max(frameCost(raw[at+4:min(at+2+size, len(raw))], kind == 0xC2), 4)
		case kind == 0xDA, size < 2:
			return 4
		}
		at += 2 + size
	}
	return 4
}

// frameCost reads the header of a frame: depth, height, width, and of every
// component how often it is sampled.
func frameCost(frame []byte, progressive bool) int64 {
	var most, all int64
	for at := 6; at+2 < len(frame); at += 3 {
		samples := int64(frame[at+1]>>4) * int64(frame[at+1]&15)
		most, all = max(most, samples), all+samples
	}
	each := int64(1)
	if progressive {
		each = 5
	}
	if most == 0 {
		return 4
	}
	return (each*all + most - 1) / most
}

// usual makes one of the few kinds of picture that everybody reads quickly.
func usual(img image.Image) image.Image {
	switch img.(type) {
	case *image.Gray, *image.YCbCr, *image.RGBA, *image.NRGBA:
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out
}

func broken(cause error) error {
	return hub.Fail(hub.Invalid, "picture-broken", "The picture cannot be decoded; the file may be incomplete.", cause)
}
