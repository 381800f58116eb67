package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/connectors/tiles"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the route.
func (d *Desk) Mount(r *web.Router) {
	r.Handle(http.MethodGet, "/tiles/{z}/{x}/{y}", web.Public, d.serve, web.Doc{
		ID: "tile", Tag: "tracking", Summary: "Get a picture of the map", Answer: "image/png", Unmetered: true, Calls: true,
		Failures: []int{http.StatusForbidden, http.StatusNotFound, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
		Description: "By zoom (0 to 19), column and row, as raster maps count them; 256 by 256 pixels, from the source that the settings name, which is not asked twice for what still holds. " +
			"Browsers may keep it (`Cache-Control`, `ETag`). An address has 600 fetches at once and in 10 minutes. 403 in pages of other sites. 503 `part-off` when no source is configured: show words instead.",
	})
}

// serve answers GET /tiles/{z}/{x}/{y}.
func (d *Desk) serve(c echo.Context) error {
	a, err := addressOf(c)
	if err != nil {
		return err
	}
	if c.Request().Header.Get("Sec-Fetch-Site") == "cross-site" {
		return hub.Fail(hub.Forbidden, "forbidden", "The map is for pages of this site.", nil) // the source is paid by the tile
	}
	ctx := c.Request().Context()
	k, err := d.tile(ctx, a, web.CallerOf(ctx).Neighbourhood)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("ETag", k.tag)
	h.Set("Cache-Control", "no-store")
	if left := k.until.Sub(d.Now()); k.Keepable {
		h.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(max(left, again)/time.Second)))
	}
	if matches(c.Request().Header.Get("If-None-Match"), k.tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.Blob(http.StatusOK, k.Type, k.Body)
}

// addressOf reads which tile is meant; the row may end as file names do.
func addressOf(c echo.Context) (tiles.Address, error) {
	z, noZ := strconv.ParseUint(c.Param("z"), 10, 8)
	x, noX := strconv.ParseUint(c.Param("x"), 10, 31)
	y, noY := strconv.ParseUint(strings.TrimSuffix(c.Param("y"), ".png"), 10, 31)
	if noZ != nil || noX != nil || noY != nil {
		return tiles.Address{}, hub.Fail(hub.NotFound, "not-found", "There is no such tile.", nil)
	}
	return tiles.Address{Z: int(z), X: int(x), Y: int(y)}, nil
}

func matches(asked, tag string) bool {
	for one := range strings.SplitSeq(asked, ",") {
		if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
			return true
		}
	}
	return false
}

// meter takes one fetch from the allowances.
func (d *Desk) meter(ctx context.Context, whose string) error {
	ok, wait, err := d.Rates.Allow(ctx, "tiles:"+whose, atOnce, atOnceIn)
	if err == nil && ok {
		ok, wait, err = d.Rates.Allow(ctx, "tiles:all", perHour, time.Hour)
	}
	if err == nil && !ok {
		err = hub.Fail(hub.TooMany, "too-many-requests", "Too many tiles are asked for.", nil, hub.WithRetryAfter(wait))
	}
	return err
}

// fetch asks the source, once for all who wait for the same tile: one who leaves
// takes nothing from the others.
func (d *Desk) fetch(ctx context.Context, a tiles.Address, had *kept) (*kept, error) {
	share := d.flight.DoChan(fmt.Sprint(a.Z, " ", a.X, " ", a.Y), func() (any, error) {
		return d.ask(context.WithoutCancel(ctx), a, had)
	})
	select {
	case got := <-share:
		if got.Err != nil {
			return nil, got.Err
		}
		return got.Val.(*kept), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (d *Desk) ask(ctx context.Context, a tiles.Address, had *kept) (*kept, error) {
	etag := ""
	if had != nil {
		etag = had.ETag
	}
	got, err := d.Source.Get(ctx, a, etag)
	switch {
	case hub.IsKind(err, hub.NotFound):
		return d.hold(a, &kept{until: d.Now().Add(nothing), Tile: tiles.Tile{Keepable: true}}), nil
	case err != nil && had != nil && had.Body != nil: // it is shown, and the source has its rest
		return d.hold(a, &kept{Tile: had.Tile, tag: had.tag, until: d.Now().Add(again)}), nil
	case err != nil:
		return nil, err
	case got.Unchanged:
		got.Type, got.Body = had.Type, had.Body
		return d.hold(a, &kept{Tile: got, tag: had.tag, until: d.Now().Add(got.Fresh)}), nil
	}
	sum := sha256.Sum256(got.Body)
	return d.hold(a, &kept{Tile: got, tag: `"` + hex.EncodeToString(sum[:12]) + `"`, until: d.Now().Add(got.Fresh)}), nil
}

// hold keeps what may be kept.
func (d *Desk) hold(a tiles.Address, k *kept) *kept {
	if k.Keepable {
		d.kept.Set(a, k)
	} else {
		d.kept.Invalidate(a)
	}
	return k
}
