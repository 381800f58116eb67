// Package upload takes pictures in from telephones on bad networks: in pieces, each
// of which stays, so that an upload goes on where it broke off. It speaks tus 1.0.0
// (creation, expiration, termination). The id of an upload follows from the bytes
// and the work order: whoever begins the same picture again goes on with it.
//
// Routes: POST /field/uploads, GET (and HEAD), PATCH, DELETE /field/uploads/{id}.
// Events: none. Systems called: none.
// Remembers: the pieces of uploads, until they are attached, and as which file they
// were; 7 days at most.
package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Limits of an upload.
const (
	Largest = 12 << 20           // bytes
	keepFor = 7 * 24 * time.Hour // after its last piece
	piece   = 256 << 10          // bytes of what is stored at once
	perDay  = 200                // new ones of a technician
	opened  = 4                  // are held in memory at once, to be opened
)

// Store is what the desk needs of hub/keep.
type Store interface {
	keep.Values
	keep.Rates
}

// Deps is what the desk works with.
type Deps struct {
	Store Store
	// Clean opens a picture and gives it without what nobody needs to know (where it
	// was taken, by which telephone), upright. Its failures are told to the caller.
	Clean func(ctx context.Context, raw []byte) (body []byte, extension string, err error)
	Now   func() time.Time
	Log   *slog.Logger
}

// Desk takes uploads in.
type Desk struct {
	Deps
	seats *semaphore.Weighted // for those who hold a whole picture
}

// New makes a desk.
func New(d Deps) *Desk { return &Desk{Deps: d, seats: semaphore.NewWeighted(opened)} }

// Upload is one picture on its way.
type Upload struct {
	ID         string    `json:"id"`
	Technician string    `json:"technician"`
	Job        string    `json:"job"`
	SHA256     string    `json:"sha256"`
	Length     int64     `json:"length"`
	Offset     int64     `json:"offset"`
	Expires    time.Time `json:"expires"`
	Parts      []string  `json:"parts,omitempty"`     // keys of the pieces
	Extension  string    `json:"extension,omitempty"` // set once it was checked and cleaned: the pieces are those of the clean picture

	version int64
}

// Whole tells that nothing is missing.
func (u *Upload) Whole() bool { return u.Offset == u.Length }

// idOf names the upload of a technician's picture for a work order.
func idOf(u Upload) string {
	id := sha256.Sum256([]byte(u.Technician + "/" + u.SHA256 + "/" + u.Job))
	return hex.EncodeToString(id[:16])
}

func key(id string) string { return "field:upload:" + id }

// Create begins an upload, or finds it.
func (d *Desk) Create(ctx context.Context, u Upload) (*Upload, bool, error) {
	u.ID = idOf(u)
	known, err := d.Find(ctx, u.Technician, u.ID)
	if err == nil && known.Length == u.Length {
		return known, false, nil
	}
	if err == nil {
		return nil, false, hub.Fail(hub.Conflict, "state-conflict", "This picture was begun with another length.", nil)
	}
	if !hub.IsKind(err, hub.NotFound) {
		return nil, false, err
	}
	ok, wait, err := d.Store.Allow(ctx, "field:uploads:"+u.Technician, perDay, 24*time.Hour)
	if err != nil {
		return nil, false, err
	}
	if !ok {
		return nil, false, hub.Fail(hub.TooMany, "too-many-requests", "These are too many pictures for a day.", nil, hub.WithRetryAfter(wait))
	}
	err = d.save(ctx, &u)
	if errors.Is(err, keep.ErrStale) { // begun twice at once
		found, err := d.Find(ctx, u.Technician, u.ID)
		return found, false, err
	}
	return &u, true, err
}

// Find reads the technician's upload.
func (d *Desk) Find(ctx context.Context, technician, id string) (*Upload, error) {
	gone := hub.Fail(hub.NotFound, "not-found", "There is no such upload; begin it again.", nil)
	raw, version, err := d.Store.Value(ctx, key(id))
	if errors.Is(err, keep.ErrNotFound) {
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	var u Upload
	if err := json.Unmarshal(raw, &u); err != nil {
		return nil, fmt.Errorf("reading upload %s: %w", id, err)
	}
	if u.version = version; u.Technician != technician {
		return nil, gone
	}
	return &u, nil
}

// Append stores a piece behind the others. Of two who send the same piece one is
// first, the other gets a conflict with the offset.
func (d *Desk) Append(ctx context.Context, u *Upload, body []byte) error {
	if u.Offset+int64(len(body)) > u.Length {
		return hub.Fail(hub.TooLarge, "body-too-large", "This is more than the upload was to have.", nil)
	}
	if u.Offset == 0 {
		if err := sniff(body); err != nil {
			return err
		}
	}
	part := key(u.ID) + ":" + uuid.NewString()
	if _, err := d.Store.Swap(ctx, part, 0, body, keepFor+time.Hour); err != nil {
		return fmt.Errorf("storing a piece of %s: %w", u.ID, err)
	}
	next := *u
	next.Parts, next.Offset = append(append([]string(nil), u.Parts...), part), u.Offset+int64(len(body))
	if err := d.save(ctx, &next); err != nil {
		_ = d.Store.Drop(ctx, part)
		if errors.Is(err, keep.ErrStale) {
			return astray(nil)
		}
		return err
	}
	*u = next
	return nil
}

// Drop forgets the upload.
func (d *Desk) Drop(ctx context.Context, u *Upload) error {
	for _, part := range u.Parts {
		if err := d.Store.Drop(ctx, part); err != nil {
			return fmt.Errorf("dropping a piece of %s: %w", u.ID, err)
		}
	}
	return d.Store.Drop(ctx, key(u.ID))
}

// save writes the upload, if nobody else did since it was read.
func (d *Desk) save(ctx context.Context, u *Upload) error {
	u.Expires = d.Now().Add(keepFor).UTC().Truncate(time.Second)
	raw, err := json.Marshal(u)
	if err != nil {
		return fmt.Errorf("writing upload %s: %w", u.ID, err)
	}
	u.version, err = d.Store.Swap(ctx, key(u.ID), u.version, raw, keepFor)
	return err
}

// astray is the conflict of a piece that does not follow the one before.
func astray(u *Upload) error {
	state := map[string]any{}
	if u != nil {
		state["offset"] = u.Offset
	}
	return hub.Fail(hub.Conflict, "state-conflict", "The piece does not follow the one before: ask for the offset.", nil, hub.WithState(state))
}
