// Package agenda knows the day's visits: which work orders technicians have today,
// where, when they are expected, and who the technicians are. The map, the
// customers' page and the detection of arrivals ask it, so that ERPNext is asked
// now and then, however many they are.
//
// Routes: none. Events: none. Systems called: ERPNext (Dispatch Job joined with
// Customer and Service Location, Dispatch Technician, Dispatch Settings): two calls
// a minute for everything, and two each 10 s while somebody looks at single visits;
// one more each quarter of an hour, and one for a work order that is not of today, at
// most each 15 s. Remembers: nothing that outlives the hub; a change of one replica's
// knowledge is told to the others over publish/subscribe (channel tracking:agenda).
package agenda

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Words are the words for the states of work orders: the hub's and the site's.
type Words interface {
	In(word string) string         // the hub's word
	All(states ...string) []string // the site's
}

// Radio carries the news that something changed to the other replicas; it may lose
// it.
type Radio interface {
	Publish(ctx context.Context, channel string, message []byte) error
	Subscribe(ctx context.Context, channel string) (<-chan []byte, error)
}

// Deps is what the agenda works with.
type Deps struct {
	ERPNext *erpnext.Client // nil: the agenda stays empty
	Words   Words           // nil: the site's words are the hub's
	Radio   Radio           // nil: there are no other replicas
	Shift   Shift           // when people work; the zero value: never but while something is under way
	Window  time.Duration   // how long after its hour a visit may begin; 2 h when 0
	Every   time.Duration   // how often ERPNext is read without a reason; a minute when 0
	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer // none when nil
}

// Agenda is safe for concurrent use. What it gives belongs to the caller.
type Agenda struct {
	Deps
	zone  *time.Location
	self  []byte // what it signs its messages with
	sheet atomic.Pointer[sheet]
	wake  chan struct{}
	told  atomic.Bool // a change that the other replicas have not been told of
	reads *prometheus.CounterVec

	days    atomic.Pointer[days] // ERPNext's working days
	daysAt  time.Time            // when they were read; the reader's own
	reading sync.Mutex           // one reading at a time
	failing bool                 // the last one failed

	flight singleflight.Group
	mu     sync.Mutex
	others map[string]other // work orders of other days
	news   int64            // rises with every change: what was read before it is not kept

	tried   time.Time // when a look had the day read last
	changed time.Time // when somebody told of a change
}

// New makes an agenda. It knows nothing before Run, or Refresh.
func New(d Deps) *Agenda {
	d.Every, d.Window = cmp.Or(d.Every, time.Minute), cmp.Or(d.Window, 2*time.Hour)
	d.Log = cmp.Or(d.Log, slog.New(slog.DiscardHandler))
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Words == nil {
		d.Words = same{}
	}
	a := &Agenda{Deps: d, zone: hub.Local(), self: []byte(chance()), wake: make(chan struct{}, 1), others: map[string]other{}}
	a.sheet.Store(&sheet{})
	a.reads = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_tracking_agenda_reads_total", Help: "Readings of the day's visits from ERPNext, by outcome.",
	}, []string{"outcome"})
	if d.Metrics != nil {
		d.Metrics.MustRegister(a.reads)
	}
	return a
}

// AsOf is when ERPNext was read last; zero when it never was.
func (a *Agenda) AsOf() time.Time { return a.sheet.Load().asOf }

// Jobs are today's visits that a technician has and that are published, and those
// that are under way or were, whatever their day; by technician, then by turn.
func (a *Agenda) Jobs() []Visit { return slices.Clone(a.sheet.Load().visits) }

// Of are the visits of a technician, by their turn.
func (a *Agenda) Of(technician string) []Visit {
	return slices.Clone(a.sheet.Load().byTechnician[technician])
}

// Technicians are all of them, by name; those who left too, as not active.
func (a *Agenda) Technicians() []Technician { return slices.Clone(a.sheet.Load().technicians) }

// Technician gives one of them.
func (a *Agenda) Technician(name string) (Technician, bool) {
	t, known := a.sheet.Load().people[name]
	return t, known
}

// Knows tells whether there may be a technician of that name: until ERPNext was read
// once, there may.
func (a *Agenda) Knows(technician string) bool {
	s := a.sheet.Load()
	_, known := s.people[technician]
	return known || s.asOf.IsZero()
}

// OnShift tells whether somebody is at work at an instant: in the hours of work, or
// while he has, or had then, a visit under way that is not paused. Who is set to off in
// ERPNext is not, and neither is anybody whom it does not know: nobody is watched by
// mistake.
func (a *Agenda) OnShift(technician string, at time.Time) bool {
	s := a.sheet.Load()
	who, known := s.people[technician]
	if !known || !who.Active || who.Status == statusOff {
		return false
	}
	for _, work := range s.spells[technician] {
		if work.covers(at) {
			return true
		}
	}
	return a.Shift.covers(at.In(a.zone), a.days.Load())
}

// statusOff is what ERPNext calls somebody who does not work now.
const statusOff = "off"

// Job gives a visit of any day and in any state, whoever has it, if anybody. It is at
// most 15 s old while ERPNext answers. hub.NotFound when there is none.
func (a *Agenda) Job(ctx context.Context, name string) (Visit, error) {
	if v, known := a.lately(ctx).byName[name]; known {
		return v, nil
	}
	return a.other(ctx, name)
}
