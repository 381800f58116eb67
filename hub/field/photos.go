package field

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/photo"
)

// What a phone gets of a photo: enough to see which one it is, on a rural network.
const (
	thumbnail = 320      // pixels, the longer side
	weight    = 40 << 10 // bytes
)

// photo answers GET /field/photos/{job}/{row}: a photo of a work order, small. A
// row has the same photo for ever, so the phone keeps it.
func (d *Desk) photo(c echo.Context) error {
	ctx := c.Request().Context()
	raw, err := d.day.Picture(ctx, hub.ActorOf(ctx), c.Param("job"), c.Param("row"))
	if err != nil {
		return err
	}
	opened, err := photo.Open(ctx, raw)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return hub.Fail(hub.NotFound, "not-found", "The file of the photo is no picture.", err)
	}
	small, err := photo.JPEG(photo.Fit(opened.Image, thumbnail), weight)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "private, max-age=2592000, immutable")
	return c.Blob(http.StatusOK, "image/jpeg", small)
}
