package visit

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// ETA is when a technician who is on his way will be there, as far as anybody knows.
type ETA struct {
	At      time.Time // UTC
	Minutes int       // from now, at least 1
	Metres  int       // still to drive
	Source  string    // who says so: straight, osrm, mapbox
}

// estimator asks whoever knows the ways, once for all who ask.
type estimator struct {
	desk   *Desk
	asked  *prometheus.CounterVec
	flight singleflight.Group
	mu     sync.Mutex
	known  map[string]estimate // by job
	warned time.Time           // when it was last said that nobody who knows answers
}

// estimate is the rest of a way as it was at an instant.
type estimate struct {
	technician string
	place      roads.Point
	from       time.Time // of the position
	made       time.Time
	leg        roads.Leg
	source     string
	// How the streets compare with the crow's guess on this trip, as far as anybody
	// said; so that who does not answer once makes nobody early.
	slower, longer float64
}

const (
	estimateFor   = 20 * time.Second
	standingFor   = 2 * time.Minute // and from the same position
	askBudget     = 5 * time.Second
	mostEstimates = 5000
	warnEvery     = 15 * time.Minute
)

func newEstimator(d *Desk) estimator {
	return estimator{desk: d, known: map[string]estimate{}, asked: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_tracking_estimates_total", Help: "Times of arrival that were worked out, by who knew the way.",
	}, []string{"source"})}
}

// ETA says when the technician will be at a visit that he is on his way to; false
// when nobody can say: he is not, the place is not known, he was not seen for ten
// minutes, or should be there and says nothing. It is worked out anew every 20 s at
// most, whoever asks; when whoever knows the streets does not answer, or nothing that
// can be, as the crow flies.
func (d *Desk) ETA(ctx context.Context, v agenda.Visit) (ETA, bool) {
	if v.Status != erpnext.JobEnRoute || !v.Placed || v.Technician == "" || d.Of == nil {
		return ETA{}, false
	}
	last, known := d.Of(v.Technician)
	now := d.Now()
	if !known || last.None() || last.Age(now) > fix.StaleFor {
		return ETA{}, false
	}
	e, ok := d.eta.of(ctx, v, last)
	if !ok || e.leg.None {
		return ETA{}, false
	}
	at := e.from.Add(e.leg.Took)
	if now.Sub(at) > fix.FreshFor {
		return ETA{}, false
	}
	if at.Before(now) {
		at = now
	}
	return ETA{At: at.UTC().Truncate(time.Second), Minutes: max(1, int(math.Ceil(at.Sub(now).Minutes()))), Metres: int(math.Round(e.leg.Metres)), Source: e.source}, true
}

func (e *estimator) of(ctx context.Context, v agenda.Visit, last fix.Fix) (estimate, bool) {
	if known, fresh := e.fresh(v, last); fresh {
		return known, true
	}
	answer := e.flight.DoChan(v.Job+"/"+v.Technician, func() (any, error) {
		if known, fresh := e.fresh(v, last); fresh {
			return known, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askBudget)
		defer cancel()
		return e.ask(ctx, v, last), nil
	})
	select {
	case said := <-answer:
		made, ok := said.Val.(estimate)
		return made, ok
	case <-ctx.Done():
		return estimate{}, false
	}
}

// before is what is known of the trip.
func (e *estimator) before(v agenda.Visit) (estimate, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	known, ok := e.known[v.Job]
	return known, ok && known.technician == v.Technician && known.place == v.Place
}

func (e *estimator) fresh(v agenda.Visit, last fix.Fix) (estimate, bool) {
	known, ok := e.before(v)
	age := e.desk.Now().Sub(known.made)
	same := known.from.Equal(last.At) && known.source == e.desk.Matrix.Name()
	return known, ok && (age < estimateFor || same && age < standingFor)
}

func (e *estimator) ask(ctx context.Context, v agenda.Visit, last fix.Fix) estimate {
	from, to := roads.Point{Lat: last.Lat, Lon: last.Lon}, v.Place
	crow, _ := legBetween(ctx, roads.Straight{}, from, to) // it never fails
	made := estimate{technician: v.Technician, place: v.Place, from: last.At, source: e.desk.Matrix.Name()}
	before, some := e.before(v)
	if some {
		made.slower, made.longer = before.slower, before.longer
	}
	said, err := legBetween(ctx, e.desk.Matrix, from, to)
	switch {
	case err == nil && made.source == roads.Straight{}.Name():
		made.leg = said
	case err == nil && believable(said, roads.Metres(from, to)):
		made.leg = said
		if crow.Took > time.Minute {
			made.slower, made.longer = float64(said.Took)/float64(crow.Took), said.Metres/crow.Metres
		}
	default:
		e.warn(ctx, err)
		made.leg, made.source = crow, roads.Straight{}.Name()
		if made.slower > 0 {
			made.leg.Took, made.leg.Metres = time.Duration(float64(crow.Took)*made.slower), crow.Metres*made.longer
		}
	}
	e.asked.WithLabelValues(made.source).Inc()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.known) >= mostEstimates {
		clear(e.known)
	}
	made.made = e.desk.Now()
	e.known[v.Job] = made
	return made
}

var errTable = errors.New("reading a table of ways: it has another size")

func legBetween(ctx context.Context, m roads.Matrix, from, to roads.Point) (roads.Leg, error) {
	table, err := m.Table(ctx, []roads.Point{from}, []roads.Point{to})
	if err == nil && (len(table) != 1 || len(table[0]) != 1) {
		err = errTable
	}
	if err != nil {
		return roads.Leg{}, err
	}
	return table[0][0], nil
}

// believable tells whether a way between places so many metres apart can be as
// somebody says. Routers move both places to the nearest street first.
func believable(leg roads.Leg, apart float64) bool {
	const fastest, slowest = 50, 3 // m/s
	least, most := time.Duration(apart/fastest*float64(time.Second)), time.Duration(apart/slowest*float64(time.Second))
	return !leg.None && leg.Metres >= apart*0.8-500 && leg.Took >= least-time.Minute && leg.Took <= most+2*time.Hour
}

// warn says now and then that who should know the ways does not answer. That there is
// no way to one place is no such thing.
func (e *estimator) warn(ctx context.Context, err error) {
	e.mu.Lock()
	now := e.desk.Now()
	due := err != nil && (e.warned.IsZero() || now.Sub(e.warned) >= warnEvery)
	if due {
		e.warned = now
	}
	e.mu.Unlock()
	if due {
		e.desk.Log.WarnContext(ctx, "the ways to visits are guessed", "source", e.desk.Matrix.Name(), "err", err)
	}
}
