// Package traccarsim imitates a Traccar server: its REST API, sessions and tokens,
// the live connection with its gap and its silences, the phone app's protocol, and
// the forwarding of positions and events. Trackers move where they are put, or along
// lines of streets. Tests and the demo use it; the hub never links it.
//
// Routes: /api/server, /api/health, /api/session, /api/session/token, /api/devices
// (which can be registered, changed and deleted), /api/permissions, /api/positions,
// /api/geofences, /api/reports/route and the live connection /api/socket. GET and POST / take positions in the OsmAnd form (?id=&lat=&lon=…) and
// in the JSON of the Traccar Client app.
//
// Controls beside those of simkit, with JSON bodies:
//
//	POST /_sim/move    {device, lat, lon, speed_kmh | speed (knots), course, accuracy, at, valid, battery}, or a list of
//	                   them; Traccar's own names do as well. A trip goes on two minutes later.
//	POST /_sim/drive   {device, line: [[lat, lon]…], kmh, stops: [{point, seconds}], loop, delay_s}
//	POST /_sim/cut     closes the live connections: at once, or with {"restart": true} as a restart does
//	POST /_sim/hush    lets them die without a word
//	POST /_sim/expire  ends every session and token
//	POST /_sim/say     {text}: sends it on every live connection as it is
//	POST /_sim/event   {device, type}
//
// A device is called by its number, its uniqueId, its name or its contact.
//
// POST /_sim/fail knows these kinds: html (a page with 200), trace (a stack trace
// with 400), silent (a live connection that never says anything), cut (one that ends
// behind its first message).
//
// It calls one system, the address that positions are forwarded to, and remembers
// everything in memory.
package traccarsim

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/forward"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/line"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/wire"
	"gigafibre.ca/targo-hub/simkit"
)

// Options say what the simulated Traccar looks like. The zero value works.
type Options struct {
	Email     string // of its user; default "dispatch@trucks.example"
	Password  string // default "traccar-sim-password"
	Token     string // of the same user; default "traccar-sim-token"
	Admin     bool   // he may ask for all devices
	Code      string // one-time code that his login needs besides; "" for none
	Devices   []Device
	Geofences []wire.Geofence
	Keepalive time.Duration // between two empty messages; default 55 s, as in Traccar
	Gap       time.Duration // between the first message of a live connection and its registration: what moves then is not told
	Forward   Forward
	Tick      time.Duration // between two positions of a tracker that Run moves; default 1 s
	Now       func() time.Time
	Log       *slog.Logger
}

// Forward is that of package forward.
type Forward = forward.Settings

// Sim is a running Traccar. It is an http.Handler, safe for concurrent use.
type Sim struct {
	opts    Options
	control *simkit.Control
	handler http.Handler
	door    door
	post    *forward.Poster

	mu         sync.Mutex
	units      map[int64]*unit
	byName     map[string]*unit
	lastID     int64 // of a position or event
	lastDevice int64
	sockets    map[*line.Line]bool // true once it is told of what moves
	ever, peak int
	closed     bool
	trips      map[int64]*trip
}

// New makes a Traccar with its devices, none of which has reported yet.
func New(opts Options) *Sim {
	opts.Email = cmp.Or(opts.Email, "dispatch@trucks.example")
	opts.Password = cmp.Or(opts.Password, "traccar-sim-password")
	opts.Token = cmp.Or(opts.Token, "traccar-sim-token")
	opts.Keepalive = cmp.Or(opts.Keepalive, 55*time.Second)
	opts.Tick = cmp.Or(opts.Tick, time.Second)
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Sim{opts: opts, control: simkit.New("traccar", opts.Log), sockets: map[*line.Line]bool{}}
	s.post = forward.New(opts.Forward, s.control)
	s.begin()
	s.control.State(s.state)
	s.control.OnReset(func() {
		s.Cut()
		s.begin()
	})
	s.controls()
	s.kinds()
	s.handler = s.control.Wrap(s.routes(), refuseStatus)
	return s
}

// begin puts everything back to the start.
func (s *Sim) begin() {
	s.door.open(s.opts)
	s.mu.Lock()
	s.units, s.byName, s.trips = map[int64]*unit{}, map[string]*unit{}, map[int64]*trip{}
	s.lastID, s.lastDevice, s.ever, s.peak = 0, 0, 0, 0
	s.mu.Unlock()
	s.Add(s.opts.Devices...)
}

// ServeHTTP answers as Traccar does, and serves the control API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Control gives the faults and the state of this simulator.
func (s *Sim) Control() *simkit.Control { return s.control }

// SetForward forwards from now on to another place.
func (s *Sim) SetForward(f Forward) { s.post.Set(f) }

// Expire ends every session and token; live connections stay.
func (s *Sim) Expire() { s.door.expire() }

// Renew makes a token valid.
func (s *Sim) Renew(token string) { s.door.renew(token) }

// Close ends the live connections and the forwarding.
func (s *Sim) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Cut()
	s.control.Close()
	s.post.Close()
}

func (s *Sim) now() time.Time { return s.opts.Now().UTC() }

func (s *Sim) routes() http.Handler {
	api := http.NewServeMux()
	api.HandleFunc("GET /api/devices", s.listDevices)
	api.HandleFunc("POST /api/devices", s.saveDevice)
	api.HandleFunc("PUT /api/devices/{id}", s.saveDevice)
	api.HandleFunc("DELETE /api/devices/{id}", s.dropDevice)
	api.HandleFunc("POST /api/permissions", s.link)
	api.HandleFunc("DELETE /api/permissions", s.link)
	api.HandleFunc("GET /api/positions", s.listPositions)
	api.HandleFunc("GET /api/geofences", s.listGeofences)
	api.HandleFunc("GET /api/reports/route", s.reportRoute)
	api.HandleFunc("POST /api/session/token", s.makeToken)
	api.HandleFunc("POST /api/session/token/revoke", s.revokeToken)

	mux := http.NewServeMux()
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		if _, known := api.Handler(r); known == "" { // that is found out first
			refuse(w, http.StatusNotFound, notFound)
			return
		}
		s.entered(api).ServeHTTP(w, r)
	})
	mux.HandleFunc("GET /api/server", s.showServer)
	mux.HandleFunc("GET /api/health", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("OK")) })
	mux.HandleFunc("GET /api/session", s.showSession)
	mux.HandleFunc("POST /api/session", s.login)
	mux.HandleFunc("DELETE /api/session", s.logout)
	mux.HandleFunc("GET /api/socket", s.upgrade)
	mux.HandleFunc("GET /{$}", s.osmand)
	mux.HandleFunc("POST /{$}", s.osmand)
	return mux
}
