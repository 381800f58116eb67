package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/visit"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/photo"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Finish makes sure that a whole upload is what the telephone wanted to send, and a
// picture, and keeps the clean picture in its place. What did not arrive as it was
// sent begins again; what is no picture is forgotten.
func (d *Desk) Finish(ctx context.Context, u *Upload) error {
	if u.Extension != "" {
		return nil
	}
	if err := d.seats.Acquire(ctx, 1); err != nil {
		return hub.Fail(hub.Unavailable, "unavailable", "There are too many pictures at once; they are kept.", err, hub.WithRetryAfter(time.Second))
	}
	defer d.seats.Release(1)
	raw, err := d.bytes(ctx, u)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != u.SHA256 {
		return d.restart(ctx, u)
	}
	body, extension, err := d.Clean(ctx, raw)
	if p := hub.ProblemOf(err); err != nil && p.Kind.Status() >= 400 && p.Kind.Status() < 500 {
		return errors.Join(err, d.Drop(ctx, u))
	}
	if err != nil {
		return err
	}
	next := *u
	next.Parts, next.Extension = nil, extension
	for chunk := range slices.Chunk(body, piece) {
		part := key(u.ID) + ":" + uuid.NewString()
		if _, err := d.Store.Swap(ctx, part, 0, chunk, keepFor+time.Hour); err != nil {
			return fmt.Errorf("storing a clean piece of %s: %w", u.ID, err)
		}
		next.Parts = append(next.Parts, part)
	}
	if err := d.save(ctx, &next); err != nil {
		return err
	}
	for _, part := range u.Parts {
		_ = d.Store.Drop(ctx, part) // it ends by itself otherwise
	}
	*u = next
	return nil
}

// bytes are all pieces. When one has ended the upload begins again.
func (d *Desk) bytes(ctx context.Context, u *Upload) ([]byte, error) {
	raw := make([]byte, 0, u.Length)
	for _, part := range u.Parts {
		body, _, err := d.Store.Value(ctx, part)
		if errors.Is(err, keep.ErrNotFound) {
			return nil, d.restart(ctx, u)
		}
		if err != nil {
			return nil, fmt.Errorf("reading a piece of %s: %w", u.ID, err)
		}
		raw = append(raw, body...)
	}
	return raw, nil
}

// restart takes all pieces off an upload.
func (d *Desk) restart(ctx context.Context, u *Upload) error {
	parts := u.Parts
	u.Parts, u.Offset, u.Extension = nil, 0, ""
	if err := d.save(ctx, u); err != nil {
		return err
	}
	for _, part := range parts {
		if err := d.Store.Drop(ctx, part); err != nil {
			return err
		}
	}
	return hub.Fail(hub.Invalid, "invalid", "The picture did not arrive as it was sent; send it again.", nil,
		hub.WithField("header/Upload-Metadata", "sha256 is that of other bytes"))
}

// attached is what stays of an upload when its bytes are not needed any more.
type attached struct {
	Technician string `json:"technician"`
	SHA256     string `json:"sha256"`
	File       string `json:"file"`
}

// Picture gives a whole upload, cleaned. One that is not whole yet is refused, and
// one that was attached before has its file in place of the bytes.
func (d *Desk) Picture(ctx context.Context, technician, id string) (visit.Picture, error) {
	u, err := d.Find(ctx, technician, id)
	if hub.IsKind(err, hub.NotFound) {
		var was attached
		if known, bad := saga.Recall(ctx, d.Store, key(id)+":file", &was); bad != nil || known && was.Technician == technician {
			return visit.Picture{File: was.File, SHA256: was.SHA256}, bad
		}
	}
	if err != nil {
		return visit.Picture{}, err
	}
	if !u.Whole() {
		return visit.Picture{}, hub.Fail(hub.Invalid, "invalid", "The picture has not arrived yet.", nil, hub.WithField("/data/upload", "send the rest of it first"))
	}
	if err := d.Finish(ctx, u); err != nil {
		return visit.Picture{}, err
	}
	body, err := d.bytes(ctx, u)
	if err != nil {
		return visit.Picture{}, err
	}
	return visit.Picture{Body: body, Extension: u.Extension, SHA256: u.SHA256}, nil
}

// Done forgets the bytes of an upload that hangs in ERPNext as the file.
func (d *Desk) Done(ctx context.Context, technician, id, file string) error {
	u, err := d.Find(ctx, technician, id)
	if hub.IsKind(err, hub.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := saga.Remember(ctx, d.Store, key(id)+":file", attached{technician, u.SHA256, file}, keepFor); err != nil {
		return err
	}
	return d.Drop(ctx, u)
}

// sniff refuses at once what is no picture that can be taken, with advice. A few
// bytes tell nothing yet.
func sniff(head []byte) error {
	if len(head) < enough {
		return nil
	}
	_, err := photo.Format(head)
	return err
}

// enough bytes tell one format from another.
const enough = 64
