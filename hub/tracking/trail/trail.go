// Package trail keeps where technicians drove: while they are on shift, for as long
// as the settings say and not longer, thinned to a point each minute or each 50 m.
// Nothing is kept of who is off shift.
//
// Routes: GET /gps/history; every look at it is written into the audit. Events:
// none. Systems called: none. Remembers in hub/keep, for each technician and day
// (UTC), the points (value tracking:trail:<technician>:<day>), which ends by itself.
// One replica writes, the one that leads, once a minute: when it is killed, a minute
// is missing.
package trail

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// Deps is what the trail works with.
type Deps struct {
	Store     keep.Values
	Audit     keep.Trail
	OnShift   func(technician string, at time.Time) bool
	Known     func(technician string) bool // whether there is such a technician; nil: there is
	Lead      func() bool                  // whether this replica writes; nil: it always does
	Retention time.Duration                // how long points are kept; 0: none are
	Now       func() time.Time
	Log       *slog.Logger
	Metrics   prometheus.Registerer // none when nil
}

// Trail is safe for concurrent use.
type Trail struct {
	Deps
	points  *prometheus.CounterVec
	failing bool // the runner's own

	mu      sync.Mutex
	last    map[carried]point  // that was kept of each device
	pending map[string][]point // of each technician, to be written
}

// carried is a device, and who carries it.
type carried struct {
	technician string
	device     int64
}

// point is where a device was.
type point struct {
	instant
	place roads.Point
	kmh   float64
}

type instant struct {
	device int64
	at     time.Time // UTC, to the second
}

// What is worth keeping.
const (
	apart       = 50.0        // metres
	often       = time.Minute // and often enough to tell a stop from a silence
	mostPending = 5000        // points of a technician while the store is away; then every second one is kept
	mostLast    = 50_000      // devices whose last point is known
	writing     = time.Minute
	farewell    = 5 * time.Second
)

// New makes a trail. Run writes it.
func New(d Deps) *Trail {
	d.Log = cmp.Or(d.Log, slog.New(slog.DiscardHandler))
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Lead == nil {
		d.Lead = func() bool { return true }
	}
	if d.Known == nil {
		d.Known = func(string) bool { return true }
	}
	t := &Trail{Deps: d, last: map[carried]point{}, pending: map[string][]point{}, points: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_tracking_trail_points_total", Help: "Positions that were looked at for the history, by what became of them.",
	}, []string{"outcome"})}
	if d.Metrics != nil {
		d.Metrics.MustRegister(t.points)
	}
	return t
}

// Take takes fixes in. It never blocks; the slice stays the caller's.
func (t *Trail) Take(changed []fix.Fix) {
	if t.Retention <= 0 || !t.Lead() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range changed {
		if f := &changed[i]; f.Technician != "" && !f.None() {
			t.points.WithLabelValues(t.take(f)).Inc()
		}
	}
}

// take says what became of a fix.
func (t *Trail) take(f *fix.Fix) string {
	if !t.OnShift(f.Technician, f.At) {
		return "off-shift"
	}
	p := point{instant{f.Device, f.At.UTC().Truncate(time.Second)}, roads.Point{Lat: f.Lat, Lon: f.Lon}, f.SpeedKmh}
	who := carried{f.Technician, f.Device}
	last, known := t.last[who]
	if known && (!p.at.After(last.at) || p.at.Sub(last.at) < often && roads.Metres(p.place, last.place) < apart) {
		return "thinned"
	}
	if len(t.last) >= mostLast {
		clear(t.last)
	}
	t.last[who] = p
	own := append(t.pending[f.Technician], p)
	if len(own) > mostPending {
		own = halved(own)
	}
	t.pending[f.Technician] = own
	return "kept"
}

// halved leaves every second point out.
func halved(points []point) []point {
	n := 0
	for i := 0; i < len(points); i += 2 {
		points[n] = points[i]
		n++
	}
	return points[:n]
}

// Run writes until ctx ends, and what is left then.
func (t *Trail) Run(ctx context.Context) error {
	tick := time.NewTicker(writing)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			t.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
			defer cancel()
			t.flush(last)
			return nil
		}
	}
}

// flush writes what is pending, also after another replica has taken over: it merges.
// What cannot be written stays.
func (t *Trail) flush(ctx context.Context) {
	t.mu.Lock()
	pending := t.pending
	t.pending = map[string][]point{}
	if !t.Lead() {
		clear(t.last)
	}
	t.mu.Unlock()
	failed := error(nil)
	for technician, points := range pending {
		if err := t.write(ctx, technician, points); err != nil {
			failed = err
			t.back(technician, points)
		}
	}
	if failed != nil && !t.failing {
		t.Log.WarnContext(ctx, "the history of positions cannot be written", "err", failed)
	}
	t.failing = failed != nil
}

// back puts points back that were not written.
func (t *Trail) back(technician string, points []point) {
	t.mu.Lock()
	defer t.mu.Unlock()
	points = append(points, t.pending[technician]...)
	for len(points) > mostPending {
		points = halved(points)
	}
	t.pending[technician] = points
}
