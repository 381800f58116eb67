package tiles_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/tiles"
	"gigafibre.ca/targo-hub/hub"
)

const key = "pk-1b2c3d4e5f60718293"

// picture is a tile.
func picture(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewPaletted(image.Rect(0, 0, 256, 256), color.Palette{color.White})); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// client asks a source that answers like this.
func client(t testing.TB, answer http.HandlerFunc) *tiles.Client {
	t.Helper()
	source := httptest.NewServer(answer)
	t.Cleanup(source.Close)
	return tiles.New(settings(source.URL), nil)
}

func settings(origin string) tiles.Config {
	return tiles.Config{URL: config.Secret(origin + "/styles/plain/{z}/{x}/{y}{r}.png?key=" + key), Timeout: 300 * time.Millisecond}
}

func TestTileConforms(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Secrets: []string{key}, Read: true,
		Kinds: map[int]hub.Kind{http.StatusNotFound: hub.NotFound, http.StatusGone: hub.NotFound},
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			return tiles.New(settings(baseURL), nil).Check
		},
	})
}

// TestSourceIsAsked for the tile by its place, with the key and the state that is
// known.
func TestSourceIsAsked(t *testing.T) {
	t.Parallel()
	var asked string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		asked = fmt.Sprint(r.URL, " ", r.Header.Get("If-None-Match"), " ", r.Header.Get("Accept"))
		w.Header().Set("ETag", `"2"`)
		w.Header().Set("Cache-Control", "public, max-age=3600")
		_, _ = w.Write(picture(t))
	})
	got, err := c.Get(t.Context(), tiles.Address{Z: 14, X: 4821, Y: 5863}, `"1"`)
	if err != nil {
		t.Fatal(err)
	}
	if want := "/styles/plain/14/4821/5863.png?key=" + key + ` "1" image/png, image/jpeg, image/webp`; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
	if diff := cmp.Diff(tiles.Tile{Type: "image/png", Body: picture(t), ETag: `"2"`, Fresh: time.Hour, Keepable: true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestHowLongTilesHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		control, expires string
		fresh            time.Duration
		keepable         bool
	}{
		{"", "", 24 * time.Hour, true},
		{"max-age=0", "", 5 * time.Minute, true},
		{"max-age=600, s-maxage=1200", "", 20 * time.Minute, true},
		{`S-Maxage="900", Max-Age=1`, "", 15 * time.Minute, true},
		{"max-age=99999999999999", "", 24 * time.Hour, true}, // no number that we know
		{"max-age=9999999999", "", 30 * 24 * time.Hour, true},
		{"max-age=-5", "", 5 * time.Minute, true},
		{"no-cache", "", 5 * time.Minute, true},
		{"no-store", "", 0, false},
		{"private, max-age=60", "", 0, false},
		{"", "Mon, 23 Nov 2026 16:00:00 GMT", 2 * time.Hour, true},
		{"", "0", 24 * time.Hour, true},
		{"max-age=420", "Mon, 23 Nov 2026 16:00:00 GMT", 7 * time.Minute, true},
	} {
		source := client(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", "Mon, 23 Nov 2026 14:00:00 GMT")
			for name, value := range map[string]string{"Cache-Control": c.control, "Expires": c.expires} {
				if value != "" {
					w.Header().Set(name, value)
				}
			}
			_, _ = w.Write(picture(t))
		})
		got, err := source.Get(t.Context(), tiles.Address{}, "")
		if err != nil || got.Keepable != c.keepable || c.control != "max-age=99999999999999" && got.Fresh != c.fresh {
			t.Errorf("%q %q: %v, kept %v, %v", c.control, c.expires, got.Fresh, got.Keepable, err)
		}
	}
}

func TestUnchangedTile(t *testing.T) {
	t.Parallel()
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=1800")
		w.WriteHeader(http.StatusNotModified)
	})
	got, err := c.Get(t.Context(), tiles.Address{}, `"1"`)
	if diff := cmp.Diff(tiles.Tile{ETag: `"1"`, Fresh: 30 * time.Minute, Keepable: true, Unchanged: true}, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := c.Get(t.Context(), tiles.Address{}, ""); err == nil {
		t.Error("an answer about a state that nobody has is taken")
	}
}

// TestWhatIsNoTile: pages, drawings that could carry scripts, things too large and
// places that are not on the map.
func TestWhatIsNoTile(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"page": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<!doctype html><p>sign in")) },
		"drawing": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`))
		},
		"said so": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte("<script>alert(1)</script>"))
		},
		"huge": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append(picture(t), bytes.Repeat([]byte{0}, 2<<20)...))
		},
		"nothing": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) },
	} {
		_, err := client(t, answer).Get(t.Context(), tiles.Address{}, "")
		if failed, ok := connectors.AsError(err); !ok || strings.Contains(err.Error(), "script") {
			t.Errorf("%s: %v (%+v)", name, err, failed)
		}
	}
	asked := 0
	c := client(t, func(w http.ResponseWriter, _ *http.Request) { asked++; w.WriteHeader(http.StatusNoContent) })
	for _, a := range []tiles.Address{{Z: -1}, {Z: 20}, {Z: 1, X: 2}, {Z: 1, Y: 2}, {Z: 3, X: -1}, {Z: 3, Y: -1}, {Z: 0, X: 0, Y: 1}} {
		if _, err := c.Get(t.Context(), a, ""); !hub.IsKind(err, hub.NotFound) || asked > 0 {
			t.Errorf("%+v: %v", a, err)
		}
	}
	if _, err := c.Get(t.Context(), tiles.Address{}, ""); !hub.IsKind(err, hub.NotFound) {
		t.Errorf("nothing to see: %v", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"": "", "https://tiles.example.com/{z}/{x}/{y}.png": "", "https://{s}.tiles.example.com/v/{z}/{x}/{y}{r}?key=k": "",
		"https://tiles.example.com/{z}/{x}.png": "{y}", "tiles.example.com/{z}/{x}/{y}": "not an address", "ftp://a.example/{z}/{x}/{y}": "not an address",
		"https://me:pw@a.example/{z}/{x}/{y}": "not an address", "https://{z}.example.com/{x}/{y}": "{z}", "https://a.example/{z}/{z}/{x}/{y}": "{z}",
	} {
		cfg := tiles.Config{URL: config.Secret(url), Timeout: time.Second}
		err := cfg.Validate()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) || cfg.On() != (url != "") {
			t.Errorf("%s: %v", url, err)
		}
	}
	for _, cfg := range []tiles.Config{{Timeout: -1}, {Timeout: time.Hour}, {CacheMB: -1}, {CacheMB: 5000}} {
		if cfg.Validate() == nil {
			t.Errorf("%+v is taken", cfg)
		}
	}
}
