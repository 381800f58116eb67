package customer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/photo"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

const (
	photoSide  = 192      // pixels of the longer side: it is shown at 72, on dense screens
	photoBytes = 20 << 10 // a slow network carries it in a second
)

// photo answers GET /track/{code}/photo: of the technician who is on the way or there.
func (d *Desk) photo(c echo.Context) error {
	ctx := c.Request().Context()
	v, s, err := d.look(ctx, c.Param("code"))
	if err != nil {
		return err
	}
	who, known := d.Agenda.Technician(v.Technician)
	if s.Photo == "" || !known {
		return hub.Fail(hub.NotFound, "not-found", "There is no photo.", nil)
	}
	small, err := d.portrait(ctx, photoOf(who))
	if err != nil {
		return hub.Fail(hub.NotFound, "not-found", "There is no photo.", err)
	}
	discreet(c)
	c.Response().Header().Set("Cache-Control", "private, max-age=600")
	return c.Blob(http.StatusOK, "image/jpeg", small)
}

// portrait is a photo made small, without what the camera wrote into it. A new photo
// has a new address, so what is kept stays right.
func (d *Desk) portrait(ctx context.Context, fileURL string) ([]byte, error) {
	switch kept, known := d.photos.GetIfPresent(fileURL); {
	case known && kept == nil:
		return nil, errors.New("opening a photo: it is none")
	case known:
		return kept, nil
	}
	raw, err := d.Pictures.Picture(ctx, fileURL)
	if err != nil {
		return nil, err
	}
	opened, err := photo.Open(ctx, raw)
	if err != nil {
		if ctx.Err() == nil {
			d.photos.Set(fileURL, nil) // nobody tries that again
		}
		return nil, err
	}
	small, err := photo.JPEG(photo.Fit(opened.Image, photoSide), photoBytes)
	if err != nil {
		return nil, err
	}
	d.photos.Set(fileURL, small)
	return small, nil
}

// tagOf names a photo by nothing that its file's name says.
func tagOf(fileURL string) string {
	sum := sha256.Sum256([]byte("photo\x00" + fileURL))
	return hex.EncodeToString(sum[:4])
}

// photoOf is the technician's photo, where it is a file of ERPNext.
func photoOf(t agenda.Technician) string {
	if strings.HasPrefix(t.Photo, "/files/") || strings.HasPrefix(t.Photo, "/private/files/") {
		return t.Photo
	}
	return ""
}

// callName is how a customer calls the technician: by the first name, and by nothing
// that may be a number of ours. "Roy, Marc" is written with the family name first.
func callName(t agenda.Technician) string {
	text := t.FullName
	if _, given, turned := strings.Cut(text, ","); turned {
		text = given
	}
	name, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	if name == t.Name || strings.ContainsAny(name, "0123456789@") {
		return ""
	}
	return name
}

// haunts are where somebody lives, it may be, of whom nobody said it: where his days
// begin.
func (d *Desk) haunts(ctx context.Context, who agenda.Technician, now time.Time) ([]roads.Point, error) {
	if who.Home != nil || d.Habits == nil {
		return nil, nil
	}
	key := who.Name + "/" + string(erpnext.DateOf(now))
	if known, ok := d.habits.GetIfPresent(key); ok {
		return known, nil
	}
	places, err := d.Habits.Mornings(ctx, who.Name)
	if err == nil {
		d.habits.Set(key, places)
	}
	return places, err
}
