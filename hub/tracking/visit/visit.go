// Package visit finds out from the positions of technicians when they arrive at
// their visits and when they leave, how far they drove, and when those who are on
// their way will be there.
//
// Somebody has arrived when two fixes 10 s apart show him slower than 10 km/h within
// 80 m of the place (or within their accuracy, when that is worse) and of each other,
// or one, and then 30 s of silence; at a visit that is not under way after two
// minutes of that, and at the nearer of two. Who says that he works there has arrived
// within 250 m. Where he was when he set out, or began, counts too: some say so at
// the door, when their device sleeps with the engine. He has left when two fixes show
// him more than twice as far away, driving or 20 s apart, or one, driving, and a
// minute of silence. Between the two nothing is proved, so that noise at the border
// changes nothing. Nobody arrives where ERPNext knows no coordinates.
//
// Routes: GET /gps/jobs/{job}. Events: job.arrived, job.left, each once for a way of
// a technician to a visit. Systems called: whoever knows the ways (roads.Matrix).
// Remembers in hub/keep, for each visit, the last trip to it (value
// tracking:visit:<job>); where the technician was only until the trip is over, and
// for a day at most. One replica works, the one that leads; another goes on where it
// stopped.
package visit

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// Agenda knows the visits.
type Agenda interface {
	Jobs() []agenda.Visit
	Of(technician string) []agenda.Visit
	Job(ctx context.Context, name string) (agenda.Visit, error)
}

// News tells what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what the desk works with.
type Deps struct {
	Agenda  Agenda
	Of      func(technician string) (fix.Fix, bool) // his last position
	Store   keep.Values
	News    News
	Matrix  roads.Matrix  // nil: as the crow flies
	Lead    func() bool   // whether this replica does the work; nil: it always does
	Keep    time.Duration // how long a trip is remembered, a day at least; 30 days when 0
	Off     func() error  // why there are no positions at all; nil: there may be some
	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer // none when nil
}

// Desk is safe for concurrent use.
type Desk struct {
	Deps
	queue   queue
	eta     estimator
	told    *prometheus.CounterVec
	leads   bool               // and so do these two:
	failing bool               // the store does not take what is new
	blind   bool               // it does not give what is known
	trips   map[string]*open   // by job; the runner's own
	recent  map[string][]sight // by technician, of the last minutes; the runner's own
}

// Record is what is known of the last trip to a visit.
type Record struct {
	Job, Technician              string
	EnRouteAt, ArrivedAt, LeftAt time.Time // zero when not yet
	Metres                       float64   // driven since he set out, until he arrived
}

// New makes a desk. Run does its work.
func New(d Deps) *Desk {
	d.Keep = max(tracked, cmp.Or(d.Keep, 30*24*time.Hour))
	d.Log = cmp.Or(d.Log, slog.New(slog.DiscardHandler))
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Matrix == nil {
		d.Matrix = roads.Straight{}
	}
	if d.Lead == nil {
		d.Lead = func() bool { return true }
	}
	desk := &Desk{
		Deps: d, queue: queue{wake: make(chan struct{}, 1)}, trips: map[string]*open{}, recent: map[string][]sight{},
		told: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_tracking_visits_total", Help: "Arrivals at visits, and departures from them.",
		}, []string{"event"}),
	}
	desk.eta = newEstimator(desk)
	if desk.Off == nil {
		desk.Off = func() error { return nil }
	}
	if d.Metrics != nil {
		d.Metrics.MustRegister(desk.told, desk.eta.asked)
	}
	return desk
}

// Take takes fixes in, in any order. It never blocks; the slice stays the caller's.
func (d *Desk) Take(changed []fix.Fix) {
	if d.Lead() {
		d.queue.put(changed)
	}
}

// Record tells of the last trip to a visit; a zero Record when nothing is known.
func (d *Desk) Record(ctx context.Context, job string) (Record, error) {
	t, _, err := d.load(ctx, job)
	if err != nil || t == nil {
		return Record{}, err
	}
	return t.record(), nil
}

// Trip tells of the trip of a visit as it is now: a zero Record when another
// technician has it meanwhile, or he set out anew and was not seen since.
func (d *Desk) Trip(ctx context.Context, v agenda.Visit) (Record, error) {
	t, _, err := d.load(ctx, v.Job)
	if err != nil || t == nil || !t.fits(v) {
		return Record{}, err
	}
	return t.record(), nil
}

func (t *trip) record() Record {
	return Record{
		Job: t.Job, Technician: t.Technician, EnRouteAt: t.EnRouteAt, ArrivedAt: t.ArrivedAt, LeftAt: t.LeftAt, Metres: t.driven(),
	}
}

// queue holds fixes until they are looked at. A device that sends faster than that
// loses its oldest ones.
type queue struct {
	mu    sync.Mutex
	fixes map[string][]sight // by technician
	wake  chan struct{}
}

const mostQueued = 512 // fixes of one technician

func (q *queue) put(changed []fix.Fix) {
	q.mu.Lock()
	some := false
	for i := range changed {
		f := &changed[i]
		if f.Technician == "" || f.None() {
			continue
		}
		if q.fixes == nil {
			q.fixes = map[string][]sight{}
		}
		own := q.fixes[f.Technician]
		if len(own) >= mostQueued {
			own = own[:copy(own, own[len(own)/2:])]
		}
		q.fixes[f.Technician], some = append(own, sightOf(f)), true
	}
	q.mu.Unlock()
	if some {
		select {
		case q.wake <- struct{}{}:
		default: // it is awake
		}
	}
}

// back puts fixes back that could not be looked at; nobody is called.
func (q *queue) back(technician string, own []sight) {
	q.mu.Lock()
	defer q.mu.Unlock()
	own = append(own, q.fixes[technician]...)
	if q.fixes == nil {
		q.fixes = map[string][]sight{}
	}
	q.fixes[technician] = own[max(0, len(own)-mostQueued):]
}

func (q *queue) take() map[string][]sight {
	q.mu.Lock()
	defer q.mu.Unlock()
	fixes := q.fixes
	q.fixes = nil
	return fixes
}

func sightOf(f *fix.Fix) sight {
	return sight{device: f.Device, at: f.At, place: roads.Point{Lat: f.Lat, Lon: f.Lon}, kmh: f.SpeedKmh, accuracy: f.Accuracy}
}
