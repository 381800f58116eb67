package customer_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/customer"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/web"
)

// habits are where days begin.
type habits struct {
	places []roads.Point
	err    error
}

func (h *habits) Mornings(context.Context, string) ([]roads.Point, error) { return h.places, h.err }

// TestWhoNeverSaidWhereHeLives is shown from the first moment, but for where his days
// begin; and not at all while that cannot be read.
func TestWhoNeverSaidWhereHeLives(t *testing.T) {
	t.Parallel()
	at := roads.Point{Lat: 45.35123, Lon: -73.15123}
	for name, c := range map[string]struct {
		habits *habits
		shown  bool
	}{
		"nobody knows": {&habits{}, true}, "elsewhere": {&habits{places: []roads.Point{home()}}, true},
		"here": {&habits{places: []roads.Point{home(), {Lat: at.Lat + .004, Lon: at.Lon}}}, false}, "unreadable": {&habits{err: errors.New("reading: away")}, false},
	} {
		w := newWorld(t, func(d *customer.Deps) { d.Habits = c.habits })
		w.edit(func() {
			who := w.technicians["TECH-7"]
			who.Home = nil
			w.technicians["TECH-7"] = who
		})
		code := w.mint("DJ-00042").Code
		w.setsOut(at)
		for range 2 {
			if s := w.state(code); s.State != "on_the_way" || (s.Position != nil) != c.shown {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// TestAPhotoThatIsNone is read once, however often its link is opened.
func TestAPhotoThatIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code, file := w.mint("DJ-00042").Code, "/private/files/maude-zorglub.png"
	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	good := w.pictures[file]
	for _, raw := range [][]byte{nil, good[:len(good)/2], good} { // it cannot be read; it is broken; nobody looks any more
		w.edit(func() { w.pictures[file] = raw })
		if got := w.ask(http.MethodGet, "/track/"+code+"/photo"); got.Code != http.StatusNotFound {
			t.Errorf("%d bytes: %d", len(raw), got.Code)
		}
	}
}

// spent is an allowance of which nothing is left, as that of an address which many
// share.
type spent struct{}

func (spent) Allow(context.Context, string, int, time.Duration) (bool, time.Duration, error) {
	return false, time.Minute, nil
}

// TestNeighboursTakeNothing: whatever others do behind the same address, a link opens.
func TestNeighboursTakeNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	code := w.mint("DJ-00042").Code
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}, Limits: spent{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.desk.Mount(server.Router()); err != nil {
		t.Fatal(err)
	}
	w.handler = server.Handler()
	w.setsOut(roads.Point{Lat: 45.35123, Lon: -73.15123})
	for _, path := range []string{"", "/state", "/photo"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if got := w.ask(method, "/track/"+code+path); got.Code != http.StatusOK {
				t.Errorf("%s %s: %d %s", method, path, got.Code, got.Body)
			}
		}
	}
	w.edit(func() { w.fixes = map[string]fix.Fix{} })
	if s := w.state(code); s.State != "on_the_way" || s.Position != nil {
		t.Errorf("%+v", s)
	}
}
