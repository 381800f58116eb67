package visit_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/visit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	start = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	place = roads.Point{Lat: 45.4, Lon: -72.73}
)

// metre is a metre of latitude.
const metre = 1 / 111_319.49

// north is a point so many metres from the place.
func north(metres float64) roads.Point {
	return roads.Point{Lat: place.Lat + metres*metre, Lon: place.Lon}
}

// world is a day in which T1 has a visit, DJ-1, to which he set out at the start.
type world struct {
	now    time.Time
	visits []agenda.Visit
	last   map[string]fix.Fix
	store  *store
	news   *news
	desk   *visit.Desk
	leads  bool
}

func newWorld() *world {
	w := &world{now: start, last: map[string]fix.Fix{}, store: &store{values: map[string]value{}}, news: &news{keys: map[string]bool{}}, leads: true}
	w.visits = []agenda.Visit{{Job: "DJ-1", Status: "En Route", Technician: "T1", Place: place, Placed: true, Date: "2026-11-23", EnRouteAt: start}}
	w.desk = w.replica()
	return w
}

// replica is another hub, which knows nothing but what the store has.
func (w *world) replica() *visit.Desk {
	return visit.New(visit.Deps{
		Agenda: w, Store: w.store, News: w.news, Lead: func() bool { return w.leads }, Now: func() time.Time { return w.now },
		Of: func(technician string) (fix.Fix, bool) { f, known := w.last[technician]; return f, known },
	})
}

func (w *world) Jobs() []agenda.Visit { return w.visits }

func (w *world) Of(technician string) (own []agenda.Visit) {
	for _, v := range w.visits {
		if v.Technician == technician {
			own = append(own, v)
		}
	}
	return own
}

func (w *world) Job(_ context.Context, name string) (agenda.Visit, error) {
	for _, v := range w.visits {
		if v.Job == name {
			return v, nil
		}
	}
	return agenda.Visit{}, hub.Fail(hub.NotFound, "not-found", "There is no such work order.", nil)
}

// shown is a fix of device 7 of T1, unless it says otherwise.
type shown struct {
	after, metres, kmh, accuracy float64 // seconds since the start, metres north of the place
	device                       int64
	who                          string
}

func (s shown) fix() fix.Fix {
	p := north(s.metres)
	f := fix.Fix{Device: 7, Technician: "T1", Lat: p.Lat, Lon: p.Lon, SpeedKmh: s.kmh, Accuracy: s.accuracy, At: start.Add(time.Duration(s.after * float64(time.Second)))}
	if s.device != 0 {
		f.Device = s.device
	}
	if s.who != "" {
		f.Technician = s.who
	}
	f.Heard = f.At
	return f
}

// see has fixes come in when they were made, one after the other.
func (w *world) see(ctx context.Context, all ...shown) {
	for _, s := range all {
		f := s.fix()
		if f.At.After(w.now) {
			w.now = f.At
		}
		if !f.At.Before(w.last[f.Technician].At) {
			w.last[f.Technician] = f
		}
		w.desk.Take([]fix.Fix{f})
		w.desk.Round(ctx)
	}
}

// wait lets time go by in silence.
func (w *world) wait(ctx context.Context, d time.Duration) {
	for end := w.now.Add(d); w.now.Before(end); {
		w.now = w.now.Add(min(5*time.Second, end.Sub(w.now)))
		w.desk.Round(ctx)
	}
}

// stay is a fix every some seconds at one place, ends included.
func stay(from, to, every, metres float64) (all []shown) {
	for at := from; at <= to; at += every {
		all = append(all, shown{after: at, metres: metres})
	}
	return all
}

// drive is a fix every five seconds at 50 km/h from one place to another.
func drive(from, metres, to float64) (all []shown) {
	step := 50 / 3.6 * 5
	if to < metres {
		step = -step
	}
	for at := from; (to-metres)*step > 0; at += 5 {
		all = append(all, shown{after: at, metres: metres, kmh: 50})
		metres += step
	}
	return all
}

func (w *world) record(t testing.TB, job string) visit.Record {
	t.Helper()
	r, err := w.desk.Record(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// seconds are those since the start, -1 for never.
func seconds(at time.Time) float64 {
	if at.IsZero() {
		return -1
	}
	return at.Sub(start).Seconds()
}

var errAway = errors.New("away")

// news appends events once for each key, as the ring does.
type news struct {
	mu   sync.Mutex
	keys map[string]bool
	all  []hub.Event
	away bool
}

func (n *news) Publish(_ context.Context, events ...hub.Event) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.away {
		return errAway
	}
	for _, e := range events {
		if e.Key == "" || !n.keys[e.Key] {
			n.all = append(n.all, e)
		}
		n.keys[e.Key] = true
	}
	return nil
}

func (n *news) names() (names []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.all {
		names = append(names, e.Name)
	}
	return names
}

type value struct {
	raw     []byte
	version int64
}

// store is keep.Values in memory.
type store struct {
	mu     sync.Mutex
	values map[string]value
	writes int
	away   bool
}

func (s *store) Value(_ context.Context, key string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, known := s.values[key]
	switch {
	case s.away:
		return nil, 0, errAway
	case !known:
		return nil, 0, keep.ErrNotFound
	}
	return v.raw, v.version, nil
}

func (s *store) Swap(_ context.Context, key string, version int64, raw []byte, _ time.Duration) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.away:
		return 0, errAway
	case version != keep.AnyVersion && version != s.values[key].version:
		return 0, keep.ErrStale
	}
	s.writes++
	s.values[key] = value{raw, s.values[key].version + 1}
	return s.values[key].version, nil
}

func (s *store) Drop(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
	return nil
}

func (s *store) copy() map[string]value {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.values)
}

func fixes(all ...shown) (list []fix.Fix) {
	for _, s := range all {
		list = append(list, s.fix())
	}
	return list
}
