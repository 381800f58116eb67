// Package source is where positions come from: one connection to Traccar for all
// replicas of the hub together, and beside it whatever Traccar forwards to any of
// them. It finds out whose device it is, refuses what cannot be believed or was
// sent off shift, and hands the rest to the fleet, which drops what comes twice.
//
// Routes: none. Events: none. Systems called: Traccar (its live stream, through
// the connector). It remembers in hub/keep who of the replicas leads (value
// tracking:lead, ten seconds at a time): only that one is connected, and a replica
// that cannot renew its turn hangs up before another may take it.
//
// Until it is known whose devices there are (ERPNext has not answered since the
// start), the newest fix of each device waits here, in memory only: a position is
// not kept before it is known that it may be.
package source

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// Upstream is the live stream of Traccar.
type Upstream interface {
	// Run is connected, again and again, until ctx ends or take fails.
	Run(ctx context.Context, take func(traccar.Frame) error) error
	Status() traccar.Status
}

// Crew tells who carries which device, and who is at work.
type Crew interface {
	Technicians() []agenda.Technician
	OnShift(technician string, at time.Time) bool
	AsOf() time.Time // when the technicians were last read; zero: never
}

// Fleet takes what is believed.
type Fleet interface {
	Take(fixes ...fix.Fix) (changed []fix.Fix)
	All() []fix.Fix
}

// Deps is what a source works with.
type Deps struct {
	Upstream Upstream // nil: only what is forwarded comes in
	Crew     Crew     // nil: every device is nobody's
	Fleet    Fleet
	Store    keep.Values
	Turn     time.Duration         // how long a replica leads without renewing it; 10 s when 0
	Most     int                   // devices that are known at most; 20,000 when 0
	Log      *slog.Logger          // none when nil
	Metrics  prometheus.Registerer // none when nil
	Now      func() time.Time      // time.Now when nil
}

// Source hears positions. It is safe for concurrent use.
type Source struct {
	deps  Deps
	lead  *lead
	fixes *prometheus.CounterVec

	mu      sync.Mutex
	devices map[int64]device
	owners  owners
	stale   bool // devices are new since owners was made
	waiting map[int64]fix.Fix
}

// device is what Traccar says of one.
type device struct{ unique, name string }

// New makes a source. Run has it listen.
func New(deps Deps) *Source {
	deps.Turn, deps.Most = cmp.Or(deps.Turn, 10*time.Second), cmp.Or(deps.Most, 20_000)
	deps.Log = cmp.Or(deps.Log, slog.New(slog.DiscardHandler))
	if deps.Now == nil {
		deps.Now = time.Now
	}
	s := &Source{deps: deps, devices: map[int64]device{}, waiting: map[int64]fix.Fix{}, stale: true}
	s.lead = newLead(deps.Store, deps.Turn, deps.Log)
	s.measure(deps.Metrics)
	return s
}

// look is how often the crew is asked whether it has changed.
const look = 2 * time.Second

// Run listens until ctx ends, when it is this replica's turn; then it gives the
// turn back and returns nil.
func (s *Source) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { s.lead.take(ctx, s.report, s.listen) })
	parts.Go(func() { s.watchCrew(ctx) })
	parts.Wait()
	return nil
}

// Lead tells whether this replica is the one that does what only one may.
func (s *Source) Lead() bool { return s.lead.held() }

// The states of the stream beside those of traccar.Status.
const (
	Off      = "off"      // there is no stream: only what is forwarded comes in
	Changing = "changing" // no replica leads just now
)

// State tells how the stream of Traccar is, and since when: that of the replica
// that leads, whichever it is.
func (s *Source) State() (state string, since time.Time) {
	r := s.report()
	if s.deps.Upstream != nil && !s.Lead() {
		r = s.lead.seen()
	}
	return r.State, r.Since
}

func (s *Source) report() report {
	if s.deps.Upstream == nil {
		return report{State: Off}
	}
	now := s.deps.Upstream.Status()
	return report{State: now.State, Since: now.Since}
}

// listen is connected until ctx ends.
func (s *Source) listen(ctx context.Context) {
	if s.deps.Upstream == nil {
		<-ctx.Done()
		return
	}
	for ctx.Err() == nil {
		err := s.deps.Upstream.Run(ctx, func(f traccar.Frame) error { s.frame(f); return nil })
		if ctx.Err() == nil {
			s.deps.Log.ErrorContext(ctx, "stream of positions ended", "err", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// frame takes in what the stream says.
func (s *Source) frame(f traccar.Frame) {
	if f.Dropped > 0 {
		s.count(unreadable, f.Dropped)
	}
	if f.Snapshot && f.Devices != nil {
		s.makeRoom()
	}
	s.learn(f.Devices)
	if f.Snapshot {
		s.settle(true)
	}
	s.hear(f.Positions)
}

// Outcomes of something forwarded.
const (
	Taken   = "taken"   // it is the newest of its device
	Passed  = "passed"  // it says nothing new, or is not about a place
	Refused = "refused" // it is not believed, or was sent off shift
	Waits   = "waits"   // it is not known yet whose it is
)

// Forwarded takes in what Traccar forwarded to this replica: the same positions as
// the stream has, and those that a device had stored while it was out of reach.
func (s *Source) Forwarded(f traccar.Forwarded) (outcome string) {
	if f.Device.UniqueID != "" || f.Device.Name != "" {
		s.learn([]traccar.Device{f.Device})
	}
	if f.Position == nil {
		return Passed
	}
	p := *f.Position
	p.DeviceID = cmp.Or(p.DeviceID, f.Device.ID)
	return s.hear([]traccar.Position{p})
}

// watchCrew looks every now and then whether devices have found other owners.
func (s *Source) watchCrew(ctx context.Context) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.settle(true)
		}
	}
}
