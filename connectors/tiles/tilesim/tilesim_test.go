package tilesim_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/connectors/tiles/tilesim"
)

// tileAt is the address of the tile on which a place lies, and where on it.
func tileAt(z int, lat, lon float64) (path string, x, y int) {
	world := float64(int(256) << z)
	px := (lon + 180) / 360 * world
	py := (1 - math.Asinh(math.Tan(lat*math.Pi/180))/math.Pi) / 2 * world
	return fmt.Sprintf("/%d/%d/%d.png", z, int(px)/256, int(py)/256), int(px) % 256, int(py) % 256
}

func get(sim http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://tiles.example.com"+path, nil)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	sim.ServeHTTP(w, r)
	return w
}

func newSim(t *testing.T, opts tilesim.Options) *tilesim.Sim {
	t.Helper()
	sim := tilesim.New(opts)
	t.Cleanup(sim.Close)
	return sim
}

func picture(t *testing.T, w *httptest.ResponseRecorder) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(w.Body.Bytes()))
	if err != nil || w.Code != http.StatusOK || img.Bounds() != image.Rect(0, 0, 256, 256) {
		t.Fatalf("%d, %v", w.Code, err)
	}
	return img
}

func TestARoadIsWhereItIs(t *testing.T) {
	t.Parallel()
	line := tilesim.Line{Kind: tilesim.Road, Points: [][2]float64{{45.10, -74.20}, {45.15, -74.10}, {45.151, -74.10}}}
	sim, bare := newSim(t, tilesim.Options{Lines: []tilesim.Line{line}}), newSim(t, tilesim.Options{})
	yellow := func(c color.Color) bool { r, _, b, _ := c.RGBA(); return r>>8 > 0xf0 && b>>8 < 0xb8 }
	for _, z := range []int{10, 14, 17, 19} {
		path, x, y := tileAt(z, 45.125, -74.15) // half way, nearly
		img, without := picture(t, get(sim, path)), picture(t, get(bare, path))
		found := false
		for dx := -12; dx <= 12; dx++ {
			for dy := -12; dy <= 12; dy++ {
				p := image.Pt(x+dx, y+dy)
				found = found || p.In(img.Bounds()) && yellow(img.At(p.X, p.Y))
			}
		}
		if !found || yellow(without.At(x, y)) {
			t.Errorf("level %d: the road is not at %d, %d of %s", z, x, y, path)
		}
	}
	far, _, _ := tileAt(14, 46, -72)
	if !bytes.Equal(get(sim, far).Body.Bytes(), get(bare, far).Body.Bytes()) {
		t.Error("the road is also far away")
	}
}

func TestTilesAreKept(t *testing.T) {
	t.Parallel()
	sim := newSim(t, tilesim.Options{Key: "townkey", Names: []tilesim.Name{{Text: "Érablière", Lat: 45.1, Lon: -74}}})
	path, _, _ := tileAt(12, 45.1, -74)
	first := get(sim, path+"?key=townkey")
	tag := first.Header().Get("ETag")
	picture(t, first)
	if first.Header().Get("Content-Type") != "image/png" || first.Header().Get("Cache-Control") != "public, max-age=86400" || tag == "" {
		t.Errorf("headers: %v", first.Header())
	}
	if w := get(sim, path+"?key=townkey", "If-None-Match: "+tag); w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("a tile that is known: %d, %d bytes", w.Code, w.Body.Len())
	}
	if w := get(sim, path+"?key=townkey", `If-None-Match: "other"`); !bytes.Equal(w.Body.Bytes(), first.Body.Bytes()) {
		t.Error("the same tile differs")
	}
	if n := sim.Asked()[strings.Trim(strings.TrimSuffix(path, ".png"), "/")]; n != 3 {
		t.Errorf("counted %d times", n)
	}
	sim.Control().Reset()
	if len(sim.Asked()) != 0 || !strings.Contains(get(sim, "/_sim/state").Body.String(), `"tiles"`) {
		t.Error("the state is not that of a fresh start")
	}
}

func TestWhatIsNoTile(t *testing.T) {
	t.Parallel()
	sim := newSim(t, tilesim.Options{Key: "townkey"})
	for path, want := range map[string]int{
		"/0/0/0.png": 403, "/0/0/0.png?key=other": 403, "/0/0/0.png?key=townkey": 200, "/0/0/1.png?key=townkey": 404, "/20/0/0.png?key=townkey": 404,
		"/3/-1/0.png?key=townkey": 404, "/3/01/0.png?key=townkey": 404, "/3/1/0.jpg?key=townkey": 404, "/3/1/x.png?key=townkey": 404, "/3/1": 404,
	} {
		if w := get(sim, path); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	for kind, want := range map[string]string{"html": "text/html", "svg": "image/svg+xml", "huge": "image/png"} {
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/_sim/fail", strings.NewReader(`{"kind":"`+kind+`"}`)))
		got := get(sim, "/0/0/0.png?key=townkey")
		if w.Code != http.StatusOK || got.Code != http.StatusOK || !strings.HasPrefix(got.Header().Get("Content-Type"), want) || kind == "huge" && got.Body.Len() < 20<<20 {
			t.Errorf("%s: %d %d %s %d bytes", kind, w.Code, got.Code, got.Header().Get("Content-Type"), got.Body.Len())
		}
	}
}
