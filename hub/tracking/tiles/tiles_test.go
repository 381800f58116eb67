package tiles_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	source "gigafibre.ca/targo-hub/connectors/tiles"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/tiles"
	"gigafibre.ca/targo-hub/hub/web"
)

// maps is a source that answers as it is told, and counts.
type maps struct {
	sync.Mutex
	asked  []string
	answer func(a source.Address, etag string) (source.Tile, error)
}

func (m *maps) Get(_ context.Context, a source.Address, etag string) (source.Tile, error) {
	m.Lock()
	m.asked = append(m.asked, fmt.Sprintf("%d/%d/%d %s", a.Z, a.X, a.Y, etag))
	answer := m.answer
	m.Unlock()
	return answer(a, etag)
}

func (m *maps) say(answer func(source.Address, string) (source.Tile, error)) {
	m.Lock()
	defer m.Unlock()
	m.answer = answer
}

func (m *maps) count() int {
	m.Lock()
	defer m.Unlock()
	return len(m.asked)
}

// town is a tile that holds for so long.
func town(body string, fresh time.Duration) func(source.Address, string) (source.Tile, error) {
	return func(source.Address, string) (source.Tile, error) {
		return source.Tile{Type: "image/png", Body: []byte(body), ETag: `"` + body + `"`, Fresh: fresh, Keepable: true}, nil
	}
}

// plenty is an allowance of so many fetches; the tests' own.
type plenty struct{ left atomic.Int64 }

func (p *plenty) Allow(context.Context, string, int, time.Duration) (bool, time.Duration, error) {
	return p.left.Add(-1) >= 0, 20 * time.Second, nil
}

// world is a hub with the route; the clock is the test's.
type world struct {
	*maps
	rates   *plenty
	handler http.Handler
	ahead   atomic.Int64
}

func newWorld(t *testing.T, cacheMB int) *world {
	t.Helper()
	w := &world{maps: &maps{}, rates: &plenty{}}
	w.rates.left.Store(1 << 40)
	w.say(town("one", time.Hour))
	server, err := web.NewServer(web.Config{}, web.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	tiles.NewDesk(tiles.Deps{
		Source: w.maps, Rates: w.rates, CacheMB: cacheMB, Metrics: prometheus.NewRegistry(),
		Now: func() time.Time { return begun.Add(time.Duration(w.ahead.Load())) },
	}).Mount(server.Router())
	w.handler = server.Handler()
	return w
}

func (w *world) get(path, etag string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if etag != "" {
		r.Header.Set("If-None-Match", etag)
	}
	out := httptest.NewRecorder()
	w.handler.ServeHTTP(out, r)
	return out
}

func (w *world) pass(d time.Duration) { w.ahead.Add(int64(d)) }

// TestTileIsKept as long as it holds, and asked about by its name then.
func TestTileIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8)
	first := w.get("/tiles/14/4821/5863", "")
	if first.Code != 200 || first.Body.String() != "one" || first.Header().Get("Content-Type") != "image/png" || first.Header().Get("Cache-Control") != "public, max-age=3600" {
		t.Fatalf("%d %s %v", first.Code, first.Body, first.Header())
	}
	tag := first.Header().Get("ETag")
	w.pass(20 * time.Minute)
	again := w.get("/tiles/14/4821/5863.png", "")
	if again.Code != 200 || again.Header().Get("Cache-Control") != "public, max-age=2400" || w.count() != 1 {
		t.Errorf("%d %v, asked %v", again.Code, again.Header(), w.asked)
	}
	if got := w.get("/tiles/14/4821/5863", `W/"x", `+tag); got.Code != 304 || got.Body.Len() > 0 {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	w.pass(time.Hour)
	w.say(func(_ source.Address, etag string) (source.Tile, error) {
		return source.Tile{ETag: etag, Fresh: time.Hour, Keepable: true, Unchanged: true}, nil
	})
	if got := w.get("/tiles/14/4821/5863", ""); got.Code != 200 || got.Body.String() != "one" || got.Header().Get("ETag") != tag || w.asked[1] != `14/4821/5863 "one"` {
		t.Errorf("%d %s, asked %v", got.Code, got.Body, w.asked)
	}
	if w.get("/tiles/14/4821/5863", ""); w.count() != 2 {
		t.Errorf("asked %v", w.asked)
	}
}

// TestOtherSites have no map here, whose readers the hub would pay for.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8)
	for from, want := range map[string]int{"cross-site": 403, "same-site": 200, "same-origin": 200, "none": 200, "": 200} {
		r, out := httptest.NewRequest(http.MethodGet, "/tiles/14/4821/5863", nil), httptest.NewRecorder()
		r.Header.Set("Sec-Fetch-Site", from)
		if w.handler.ServeHTTP(out, r); out.Code != want {
			t.Errorf("%q: %d %s", from, out.Code, out.Body)
		}
	}
}

// TestOldTileIsBetterThanNone while the source is away, or the allowance is spent;
// the source is not asked at each look then.
func TestOldTileIsBetterThanNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8)
	w.get("/tiles/3/1/2", "")
	w.pass(2 * time.Hour)
	away := hub.Fail(hub.Unavailable, "unavailable", "The source is away.", nil)
	w.say(func(source.Address, string) (source.Tile, error) { return source.Tile{}, away })
	for range 3 {
		if got := w.get("/tiles/3/1/2", ""); got.Code != 200 || got.Body.String() != "one" || got.Header().Get("Cache-Control") != "public, max-age=30" {
			t.Fatalf("%d %s %v", got.Code, got.Body, got.Header())
		}
	}
	if w.count() != 2 {
		t.Errorf("asked %v", w.asked)
	}
	if got := w.get("/tiles/3/1/3", ""); got.Code != 503 {
		t.Errorf("nothing to show: %d", got.Code)
	}
	w.say(town("two", time.Hour))
	w.pass(time.Minute)
	w.rates.left.Store(0)
	if got := w.get("/tiles/3/1/2", ""); got.Body.String() != "one" {
		t.Errorf("allowance spent: %d %s", got.Code, got.Body)
	}
	if got := w.get("/tiles/3/1/3", ""); got.Code != 429 || got.Header().Get("Retry-After") != "20" || w.count() != 3 {
		t.Errorf("allowance spent: %d %v", got.Code, got.Header())
	}
	w.rates.left.Store(10)
	if got := w.get("/tiles/3/1/2", ""); got.Body.String() != "two" {
		t.Errorf("back: %d %s", got.Code, got.Body)
	}
}

// TestPlacesWithoutTile are known for a while, and asked for again then.
func TestPlacesWithoutTile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8)
	w.say(func(source.Address, string) (source.Tile, error) {
		return source.Tile{}, hub.Fail(hub.NotFound, "not-found", "", nil)
	})
	for range 3 {
		if got := w.get("/tiles/3/1/2", ""); got.Code != 404 || w.count() != 1 {
			t.Fatalf("%d, asked %v", got.Code, w.asked)
		}
	}
	for _, path := range []string{"/tiles/20/0/0", "/tiles/3/8/0", "/tiles/3/0/8", "/tiles/-1/0/0", "/tiles/a/b/c", "/tiles/1/0.5/0", "/tiles/3/4294967296/0", "/tiles/3/1/2.jpg", "/tiles/3/1/..%2f..%2fadmin", "/tiles/003/+1/2"} {
		if got := w.get(path, ""); got.Code != 404 || w.count() != 1 {
			t.Errorf("%s: %d, asked %v", path, got.Code, w.asked)
		}
	}
	w.pass(2 * time.Hour)
	w.say(town("new street", time.Hour))
	if got := w.get("/tiles/3/1/2", ""); got.Code != 200 {
		t.Errorf("later: %d", got.Code)
	}
}

// TestWhatMayNotBeKept is asked for each time.
func TestWhatMayNotBeKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8)
	w.say(func(source.Address, string) (source.Tile, error) {
		return source.Tile{Type: "image/webp", Body: []byte("x")}, nil
	})
	for n := 1; n <= 2; n++ {
		if got := w.get("/tiles/3/1/2", ""); got.Code != 200 || got.Header().Get("Cache-Control") != "no-store" || w.count() != n {
			t.Errorf("%d %v, asked %v", got.Code, got.Header(), w.asked)
		}
	}
}

// TestOneQuestionForAll who look at the same place at the same time.
func TestOneQuestionForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, let := newWorld(t, 0), make(chan struct{})
		w.say(func(a source.Address, etag string) (source.Tile, error) {
			<-let
			return town("one", time.Hour)(a, etag)
		})
		codes := make(chan int, 50)
		for range cap(codes) {
			go func() { codes <- w.get("/tiles/14/4821/5863", "").Code }()
		}
		synctest.Wait() // all of them wait for the source
		close(let)
		for range cap(codes) {
			if code := <-codes; code != 200 {
				t.Errorf("%d", code)
			}
		}
		if w.count() != 1 {
			t.Errorf("asked %d times", w.count())
		}
	})
}

func TestWithoutSource(t *testing.T) {
	t.Parallel()
	server, err := web.NewServer(web.Config{}, web.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	tiles.NewDesk(tiles.Deps{}).Mount(server.Router())
	out := httptest.NewRecorder()
	server.Handler().ServeHTTP(out, httptest.NewRequest(http.MethodGet, "/tiles/1/0/0", nil))
	if out.Code != 503 {
		t.Errorf("%d %s", out.Code, out.Body)
	}
}

// TestMemoryIsBounded: however many places are looked at.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1)
	w.say(town(string(make([]byte, 20_000)), time.Hour))
	for n := range 200 {
		w.get(fmt.Sprintf("/tiles/10/%d/1", n), "")
	}
	before := w.count()
	for n := range 200 {
		w.get(fmt.Sprintf("/tiles/10/%d/1", n), "")
	}
	if kept := 200 - (w.count() - before); kept > 60 {
		t.Errorf("%d tiles of 20 KB are kept in 1 MB", kept)
	}
}
