// Package tilesim imitates a server of map tiles. It draws them: fields, the
// roads and names that it is given, and nothing of the real world. Tests and the
// demo use it; the hub never links it.
//
// Routes: GET /{z}/{x}/{y}.png?key=… answers a picture of 256 by 256 points with
// Cache-Control and ETag, 304 to who has it, 403 without the key, 404 where there
// is no such tile.
//
// POST /_sim/fail knows these kinds beside those of simkit: html (a page that
// says 200), svg (a drawing that could hold a script), huge (as many bytes as a
// tile never has). GET /_sim/state tells how often each tile was asked for.
//
// tilesim.go answers, paint.go draws, globe.go knows where a place is on a tile.
// It calls no system and remembers in memory what was asked.
package tilesim

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

// Options say what the simulated map looks like. The zero value is a map of
// fields that asks for no key.
type Options struct {
	Key    string        // that ?key= must carry; "" asks for none
	Lines  []Line        // drawn in their order
	Names  []Name        // of places
	MaxAge time.Duration // in Cache-Control; default a day
	Log    *slog.Logger
}

// What a line is.
const (
	River  = "river"
	Street = "street"
	Road   = "road"
)

// Line is a road, a street or a river; a point is latitude and longitude.
type Line struct {
	Kind   string
	Points [][2]float64
}

// Name is what a place is called.
type Name struct {
	Text     string
	Lat, Lon float64
}

// deepest is the last level that there is.
const deepest = 19

// Sim is a running server of tiles. It is an http.Handler, safe for concurrent
// use.
type Sim struct {
	opts    Options
	control *simkit.Control
	handler http.Handler
	painter *painter

	mu    sync.Mutex
	asked map[string]int // tiles by "z/x/y"
	spare int            // questions whose answer was 304
}

// New makes a server that was asked nothing yet.
func New(opts Options) *Sim {
	if opts.MaxAge == 0 {
		opts.MaxAge = 24 * time.Hour
	}
	s := &Sim{opts: opts, control: simkit.New("tiles", opts.Log), painter: newPainter(opts), asked: map[string]int{}}
	s.control.State(s.state)
	s.control.OnReset(s.forget)
	s.control.Kind("html", says("text/html; charset=utf-8", "<!doctype html><title>Maps</title><p>Quota exceeded, see your account.</p>"))
	s.control.Kind("svg", says("image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`))
	s.control.Kind("huge", says("image/png", "\x89PNG\r\n\x1a\n"+strings.Repeat("\x00", 20<<20)))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{z}/{x}/{y}", s.serve)
	s.handler = s.control.Wrap(mux, func(w http.ResponseWriter, _ *http.Request, status int) { refuse(w, status) })
	return s
}

// ServeHTTP answers as a server of tiles does, and serves the control API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control gives the faults and the state of this simulator.
func (s *Sim) Control() *simkit.Control { return s.control }

// Close ends what runs in the background.
func (s *Sim) Close() { s.control.Close() }

// Asked tells how often each tile was asked for since the last reset, by
// "z/x/y".
func (s *Sim) Asked() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]int, len(s.asked))
	for tile, n := range s.asked {
		all[tile] = n
	}
	return all
}

func (s *Sim) serve(w http.ResponseWriter, r *http.Request) {
	t, ok := tileOf(r)
	s.mu.Lock()
	if ok {
		s.asked[t.String()]++
	}
	s.mu.Unlock()
	switch {
	case s.opts.Key != "" && r.URL.Query().Get("key") != s.opts.Key:
		refuse(w, http.StatusForbidden)
		return
	case !ok:
		refuse(w, http.StatusNotFound)
		return
	}
	picture := s.painter.paint(t)
	sum := sha256.Sum256(picture)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "public, max-age="+strconv.Itoa(int(s.opts.MaxAge.Seconds())))
	if r.Header.Get("If-None-Match") == tag {
		s.mu.Lock()
		s.spare++
		s.mu.Unlock()
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = w.Write(picture)
}

func (s *Sim) state() any {
	asked := s.Asked()
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{"tiles": asked, "not_modified": s.spare, "lines": len(s.opts.Lines), "key": s.opts.Key != ""}
}

func (s *Sim) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.asked)
	s.spare = 0
}

// refuse says no as such servers do: in plain text.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, http.StatusText(status))
}

// says is a fault that answers 200 with something else than a tile.
func says(contentType, body string) simkit.KindFunc {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(body))
	}
}
