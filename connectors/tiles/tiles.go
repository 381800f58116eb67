// Package tiles gets pictures of the map from a raster source: any server that has
// them by zoom, column and row, openstreetmap's scheme. Which one is a setting: an
// address with {z}, {x} and {y} in it, and the key that the source asks for. The
// key stays here: browsers ask the hub.
//
// A tile is an image by its first bytes, whatever the answer says of itself: what
// stands between us and the source answers with pages now and then.
//
// System called: the configured source. The package has no routes, publishes
// nothing and remembers nothing.
package tiles

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// MaxZoom is the closest that maps go: a few houses fill a tile.
const MaxZoom = 19

const maxBytes = 1 << 20 // of a tile; usual ones have some 20 KB

// Address names a tile: X counts eastward from the antimeridian, Y southward from
// the top, each from 0 to 2^Z - 1.
type Address struct{ Z, X, Y int }

// Exists tells whether there can be such a tile.
func (a Address) Exists() bool {
	return a.Z >= 0 && a.Z <= MaxZoom && a.X >= 0 && a.Y >= 0 && a.X < 1<<a.Z && a.Y < 1<<a.Z
}

// Tile is a picture.
type Tile struct {
	Type      string        // image/png, image/jpeg or image/webp
	Body      []byte        // nil when Unchanged
	ETag      string        // the source's name for this state of it; "" for none
	Fresh     time.Duration // how long the source says that it holds; usual when it says nothing
	Keepable  bool          // false when the source forbids to keep it
	Unchanged bool          // what the caller has by its ETag still holds
}

// Client gets tiles. Every failure of a call is a *connectors.Error, but for a tile
// that the source does not have, which is hub.NotFound.
type Client struct {
	kit  *connectors.Client
	path string // with the placeholders, query included
}

// New makes a client; metrics may be nil. Call it only when the settings are On.
func New(cfg Config, metrics *connectors.Metrics) *Client {
	base, path := cfg.split()
	if cfg.Timeout <= 0 {
		cfg.Timeout = usualTimeout
	}
	return &Client{path: path, kit: connectors.New(connectors.Options{
		System: "tiles", BaseURL: base, Timeout: cfg.Timeout, Metrics: metrics, MaxBody: maxBytes, Reads: 16, Secrets: cfg.secrets(),
	})}
}

// State returns the state of the breaker.
func (c *Client) State() string { return c.kit.State() }

// Get gets a tile. etag is that of the state which the caller has, "" for none.
func (c *Client) Get(ctx context.Context, a Address, etag string) (Tile, error) {
	const op = "tile.get"
	if !a.Exists() {
		return Tile{}, missing(nil)
	}
	path := strings.NewReplacer("{z}", strconv.Itoa(a.Z), "{x}", strconv.Itoa(a.X), "{y}", strconv.Itoa(a.Y)).Replace(c.path)
	answer, err := c.kit.Do(ctx, op, http.MethodGet, path, func(r *resty.Request) {
		r.SetHeader("Accept", "image/png, image/jpeg, image/webp")
		if etag != "" {
			r.SetHeader("If-None-Match", etag)
		}
	})
	if failed, ok := connectors.AsError(err); ok {
		switch {
		case failed.Status == http.StatusNotModified && etag != "":
			fresh, keepable := holds(answer.Header())
			return Tile{ETag: etag, Fresh: fresh, Keepable: keepable, Unchanged: true}, nil
		case failed.Status == http.StatusNotFound || failed.Status == http.StatusGone:
			return Tile{}, missing(err)
		}
	}
	if err != nil {
		return Tile{}, err
	}
	if answer.StatusCode() == http.StatusNoContent { // how some say that there is nothing to see
		return Tile{}, missing(nil)
	}
	t := Tile{Type: http.DetectContentType(answer.Body()), Body: bytes.Clone(answer.Body()), ETag: answer.Header().Get("ETag")}
	if t.Type != "image/png" && t.Type != "image/jpeg" && t.Type != "image/webp" {
		return Tile{}, c.kit.Unreadable(op, http.MethodGet, answer.StatusCode(), errors.New("not an image"))
	}
	t.Fresh, t.Keepable = holds(answer.Header())
	return t, nil
}

// Check gets the tile of the whole world, which every source has.
func (c *Client) Check(ctx context.Context) error {
	if _, err := c.Get(ctx, Address{}, ""); err != nil {
		return fmt.Errorf("getting a tile: %w", err)
	}
	return nil
}

func missing(cause error) error {
	return hub.Fail(hub.NotFound, "not-found", "There is no such tile.", cause)
}

// split takes the address apart into the origin, which the kit calls, and what
// stands behind it. Letters of a mirror ({s}) and of a double density ({r}) are
// filled in: the hub asks one host, for plain tiles.
func (c Config) split() (origin, path string) {
	text := strings.NewReplacer("{s}", "a", "{r}", "").Replace(c.URL.Reveal())
	scheme, rest, _ := strings.Cut(text, "://")
	host, path, _ := strings.Cut(rest, "/")
	return scheme + "://" + host, "/" + path
}

// secrets are what must never be seen of the address: the values of its query, and
// parts of the path that look like a key.
func (c Config) secrets() (list []string) {
	_, path := c.split()
	u, err := url.Parse(path)
	if err != nil {
		return []string{path}
	}
	for _, values := range u.Query() {
		list = append(list, values...)
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if len(part) >= 20 && !strings.Contains(part, "{") {
			list = append(list, part)
		}
	}
	return list
}
