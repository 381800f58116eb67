// Package fleet knows where every device was last. Fixes come in from wherever
// they are heard, in any order and several times; of each device only the newest
// is kept, and nobody who watches ever sees one go back in time.
//
// Routes: none. Events: none. Systems called: none but the store.
//
// With several replicas each tells the others, on the radio channel
// "tracking:fixes", what it took in: at once, then at most every 20 ms. The radio
// may lose messages, so every message has a number, and every ten seconds a
// replica says what it knows as a sum; whoever misses a number, or knows
// something else, is told everything. A replica that is alone tells nothing.
//
// It remembers the fixes of the last day in hub/keep (values tracking:last:0, 1 …
// for a day), written at most every 15 seconds and when it stops, so that a hub
// that begins knows what is known.
package fleet

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// Store is where the fixes outlive the process, and how the replicas speak.
type Store interface {
	keep.Values
	keep.Radio
}

// Deps is what a fleet works with.
type Deps struct {
	Store   Store
	Most    int                   // devices that are known at most; 20,000 when 0
	Log     *slog.Logger          // none when nil
	Metrics prometheus.Registerer // none when nil
	Now     func() time.Time      // time.Now when nil
}

// Fleet is the newest fix of every device. It is safe for concurrent use.
type Fleet struct {
	deps     Deps
	id       string // of this replica
	watchers []func([]fix.Fix)
	crowded  prometheus.Counter

	order sync.Mutex // held while fixes are taken in and told, so that both happen in one order

	mu      sync.RWMutex
	last    map[int64]fix.Fix
	carried map[string]int64  // which device says where a technician is
	pending map[int64]fix.Fix // taken in here, not yet told to the other replicas
	unsaved bool              // something was taken in here since the last writing
	dirty   chan struct{}     // holds one while something is pending

	replicas replicas
}

// New makes a fleet that knows nothing yet. Watchers are added, then Run.
func New(deps Deps) *Fleet {
	deps.Most = cmp.Or(deps.Most, 20_000)
	deps.Log = cmp.Or(deps.Log, slog.New(slog.DiscardHandler))
	if deps.Now == nil {
		deps.Now = time.Now
	}
	f := &Fleet{
		deps: deps, id: uuid.NewString(),
		last: map[int64]fix.Fix{}, carried: map[string]int64{}, pending: map[int64]fix.Fix{}, dirty: make(chan struct{}, 1),
		replicas: replicas{heard: map[string]voice{}},
	}
	f.measure(deps.Metrics)
	return f
}

func (f *Fleet) measure(reg prometheus.Registerer) {
	f.crowded = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "targo_tracking_crowded_total", Help: "Fixes of new devices that came when as many as allowed were known.",
	})
	devices := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "targo_tracking_devices", Help: "Devices whose last position is known.",
	}, func() float64 {
		f.mu.RLock()
		defer f.mu.RUnlock()
		return float64(len(f.last))
	})
	if reg != nil {
		reg.MustRegister(f.crowded, devices)
	}
}

// Watch has a function called with what has changed, each device once, in the
// order in which it changed and by one caller at a time. It must neither block nor
// call Take, and may not keep the slice. Watchers are added before anything is
// taken in. After a start, and when another replica says what it knows, the fixes
// may be old ones.
func (f *Fleet) Watch(watcher func(changed []fix.Fix)) { f.watchers = append(f.watchers, watcher) }

// Take takes fixes in that were heard here, and returns those that changed
// something: they overtake what was known of their device.
func (f *Fleet) Take(fixes ...fix.Fix) (changed []fix.Fix) { return f.take(fixes, true) }

// take merges and tells. What was heard here is told to the other replicas.
func (f *Fleet) take(fixes []fix.Fix, here bool) []fix.Fix {
	f.order.Lock()
	defer f.order.Unlock()
	changed := f.merge(fixes, here)
	if len(changed) == 0 {
		return nil
	}
	for _, tell := range f.watchers {
		tell(changed)
	}
	if here {
		select {
		case f.dirty <- struct{}{}:
		default:
		}
	}
	return changed
}

// All gives the newest fix of every device, by its number.
func (f *Fleet) All() []fix.Fix {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return slices.SortedFunc(maps.Values(f.last), func(a, b fix.Fix) int { return cmp.Compare(a.Device, b.Device) })
}

// Of gives the newest fix of those that a technician's devices sent.
func (f *Fleet) Of(technician string) (fix.Fix, bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	device, carries := f.carried[technician]
	return f.last[device], carries
}

// Run loads what was known, speaks with the other replicas and writes down what
// is new, until ctx ends; then it writes a last time and returns nil. A store that
// is away stops nothing but that.
func (f *Fleet) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { f.remember(ctx) })
	parts.Go(func() { f.talk(ctx) })
	parts.Wait()
	return nil
}
