package vision

import (
	"context"
	"errors"
	"fmt"
	"image"
	"time"

	"gigafibre.ca/targo-hub/hub/barcode"
	"gigafibre.ca/targo-hub/hub/photo"
	"gigafibre.ca/targo-hub/hub/vision/reading"
)

// How long codes are looked for: what the hub has not found by then, Gemini finds
// sooner.
const (
	wholeSearch = 2 * time.Second
	shortSearch = time.Second
)

// The picture as it is sent to Gemini, and as it is kept.
const (
	sentSide  = 1600
	sentBytes = 1 << 20
	keptSide  = 2400
	keptBytes = 2 << 20
)

// wish is what the hub itself shall make of a picture.
type wish struct {
	search time.Duration // for codes; 0 for none
	send   bool          // it goes to Gemini whatever codes it shows
	keep   bool
}

// sight is what it made of it.
type sight struct {
	codes []reading.Code
	sent  []byte // JPEG for Gemini; nil where it is not needed
	kept  []byte // JPEG; nil unless wished for
}

// look does all that takes memory and a core, at a seat: who comes when all are
// taken waits in line, for many pictures at once would be many pictures too slow.
func (d *Desk) look(ctx context.Context, raw []byte, w wish) (s sight, err error) {
	d.queue.Add(1)
	err = d.seats.Acquire(ctx, 1)
	d.queue.Add(-1)
	if err != nil {
		return s, tooLate(err)
	}
	defer d.seats.Release(1)
	shot, err := photo.Open(ctx, raw)
	if err != nil {
		return s, err
	}
	if w.search > 0 {
		if s.codes, err = d.decode(ctx, shot.Image, w.search); err != nil {
			return s, err
		}
	}
	if w.send || len(s.codes) == 0 && d.deps.Reader != nil {
		if s.sent, err = photo.JPEG(photo.Fit(shot.Image, sentSide), sentBytes); err != nil {
			return s, err
		}
	}
	if w.keep {
		s.kept, err = photo.JPEG(photo.Fit(shot.Image, keptSide), keptBytes)
	}
	return s, err
}

// decode finds codes without anybody's help. That its time is over is no failure.
func (d *Desk) decode(ctx context.Context, img image.Image, search time.Duration) ([]reading.Code, error) {
	if d.queue.Load() > 0 {
		search = min(search, d.times.busy)
	}
	ctx, cancel := context.WithTimeout(ctx, search)
	defer cancel()
	codes, err := barcode.Decode(ctx, img)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("decoding a picture: %w", err)
	}
	return reading.Decoded(codes), nil
}
