// Package tiles hands the map's pictures on to browsers: the key of the source
// stays here, readers of the same place share one question, and what was fetched
// is kept as long as the source allows. A tile that is old is shown when the
// source is away: streets do not move.
//
// It is a room of package tracking.
// Route: GET /tiles/{z}/{x}/{y}, Public; 503 part-off without a source. What is kept
// is given to anybody; each fetch from the source is taken from an allowance of the
// caller's address, and from one of all together.
// Events: none. Systems called: the source (connectors/tiles).
// Remembers: tiles in memory, up to a number of bytes; the allowances.
package tiles

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"gigafibre.ca/targo-hub/connectors/tiles"
	"gigafibre.ca/targo-hub/hub"
)

// Source gets tiles; hub.NotFound for one that it does not have.
type Source interface {
	Get(ctx context.Context, a tiles.Address, etag string) (tiles.Tile, error)
}

// Rates meters.
type Rates interface {
	Allow(ctx context.Context, key string, burst int, period time.Duration) (ok bool, wait time.Duration, err error)
}

// Deps is what the desk works with.
type Deps struct {
	Source  Source // nil: there is none
	Rates   Rates
	CacheMB int // megabytes of tiles kept; 0 keeps none
	Now     func() time.Time
	Metrics prometheus.Registerer // none when nil
}

// The limits. A map of a telephone begins with some twenty tiles, and whoever pans
// and zooms asks for as many again each time. Many telephones of one carrier share
// an address.
const (
	atOnce   = 600              // tiles fetched for one address, and as many again
	atOnceIn = 10 * time.Minute // in this time: no address alone spends what is there for all
	perHour  = 20_000           // tiles fetched for all together: sources are paid by the tile
	again    = 30 * time.Second // how long an old tile is shown before a source that is away is asked again
	nothing  = time.Hour        // how long it is believed that there is no such tile
)

// kept is a tile, or that there is none (no Body). It is never changed.
type kept struct {
	tiles.Tile
	tag   string    // our own name for its bytes
	until time.Time // how long it holds
}

// Desk hands tiles out.
type Desk struct {
	Deps
	kept   *otter.Cache[tiles.Address, *kept]
	flight singleflight.Group
	count  *prometheus.CounterVec
}

// NewDesk makes a desk.
func NewDesk(d Deps) *Desk {
	if d.Now == nil {
		d.Now = time.Now
	}
	desk := &Desk{Deps: d, count: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_tracking_tiles_total", Help: "Tiles of the map that were asked for, by outcome.",
	}, []string{"outcome"})}
	desk.kept = otter.Must(&otter.Options[tiles.Address, *kept]{
		MaximumWeight: uint64(max(d.CacheMB, 0))<<20 + 1,
		Weigher:       func(_ tiles.Address, k *kept) uint32 { return uint32(len(k.Body) + 512) },
	})
	if d.Metrics != nil {
		d.Metrics.MustRegister(desk.count)
	}
	return desk
}

// tile gives a tile. whose is by what the fetch is metered, "" for nobody's. Failures:
// hub.NotFound, too-many-requests, part-off, or those of the source.
func (d *Desk) tile(ctx context.Context, a tiles.Address, whose string) (*kept, error) {
	if d.Source == nil {
		return nil, hub.PartOff("a source of map tiles")
	}
	if !a.Exists() {
		return nil, d.missing()
	}
	had, known := d.kept.GetIfPresent(a)
	if known && d.Now().Before(had.until) {
		return d.give("hit", had)
	}
	if err := d.meter(ctx, whose); err != nil {
		if known && had.Body != nil {
			return d.give("stale", had)
		}
		d.count.WithLabelValues("refused").Inc()
		return nil, err
	}
	got, err := d.fetch(ctx, a, had)
	if err != nil {
		d.count.WithLabelValues("failed").Inc()
		return nil, err
	}
	return d.give("fetched", got)
}

// give counts, and hands out.
func (d *Desk) give(outcome string, k *kept) (*kept, error) {
	if k.Body == nil {
		return nil, d.missing()
	}
	d.count.WithLabelValues(outcome).Inc()
	return k, nil
}

func (d *Desk) missing() error {
	d.count.WithLabelValues("missing").Inc()
	return hub.Fail(hub.NotFound, "not-found", "There is no such tile.", nil)
}
