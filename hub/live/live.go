// Package live tells browsers what has just happened.
//
// Routes: GET /events (server-sent events). Events: it publishes those of others
// and has none of its own. Systems called: none. It remembers nothing itself:
// events live in the ring of hub/keep, and a listener that comes back is given
// everything after the id it saw last.
//
// Every listener is only a position in the ring. It takes what lies after its
// position from a window of encoded frames that all listeners share, or, when it
// is further behind, from the ring. There is no queue per listener that could
// overflow and no seam between replay and live, so that nothing is missed and
// nothing comes twice. The ring is common to all replicas of the hub, so a
// listener hears everything at any of them, and may go on at another.
package live

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/seats"
)

// Store is what the broker needs of hub/keep.
type Store interface {
	keep.Ring
	keep.Radio
}

// Broker appends events and shows them to listeners.
type Broker struct {
	store  Store
	log    *slog.Logger
	limits limits
	window *window
	seats  *seats.Seats
	done   chan struct{}
	once   sync.Once

	listeners prometheus.Gauge
	frames    prometheus.Counter
	ended     *prometheus.CounterVec
}

type limits struct {
	beat    time.Duration // between two signs of life
	write   time.Duration // for one batch of frames to leave
	poll    time.Duration // how long a lost wake-up call can delay an event
	streams int           // at once per actor
	window  int           // frames shared by the listeners
	metrics prometheus.Registerer
	stands  func(ctx context.Context, actor hub.Actor) error
}

// Option changes a limit of the broker.
type Option func(*limits)

// WithBeat sets the pause between two heartbeats (15 s).
func WithBeat(d time.Duration) Option { return func(l *limits) { l.beat = d } }

// WithWriteTimeout sets how long a client may take to accept what is sent to it (10 s).
func WithWriteTimeout(d time.Duration) Option { return func(l *limits) { l.write = d } }

// WithPoll sets how often the ring is read without having been called (1 s).
func WithPoll(d time.Duration) Option { return func(l *limits) { l.poll = d } }

// WithStreams sets how many streams one actor may hold open (20).
func WithStreams(n int) Option { return func(l *limits) { l.streams = n } }

// WithWindow sets how many encoded frames are shared (1024).
func WithWindow(n int) Option { return func(l *limits) { l.window = n } }

// WithProofs has every listener's proof asked about again at each heartbeat: one
// that fails with hub.Unauthenticated was revoked, and ends his stream.
func WithProofs(stands func(ctx context.Context, actor hub.Actor) error) Option {
	return func(l *limits) { l.stands = stands }
}

// WithMetrics registers the gauges and counters.
func WithMetrics(reg prometheus.Registerer) Option { return func(l *limits) { l.metrics = reg } }

// NewBroker makes a broker. Run must be running for listeners to hear anything.
func NewBroker(store Store, log *slog.Logger, options ...Option) *Broker {
	l := limits{
		beat: 15 * time.Second, write: 10 * time.Second, poll: time.Second,
		streams: 20, window: 1024, stands: func(context.Context, hub.Actor) error { return nil },
	}
	for _, set := range options {
		set(&l)
	}
	b := &Broker{
		store: store, log: log, limits: l,
		window: newWindow(l.window), seats: seats.New(l.streams, 0, "Too many event streams are open."), done: make(chan struct{}),
	}
	b.measure(l.metrics)
	return b
}

// Publish appends the events durably; an event whose key was published before
// is not published again. The error matters only to callers that must not lose
// news: what must happen is never left to an event.
func (b *Broker) Publish(ctx context.Context, events ...hub.Event) error {
	if len(events) == 0 {
		return nil
	}
	if _, err := b.store.Append(ctx, events...); err != nil {
		return fmt.Errorf("publishing %s: %w", events[0].Name, err)
	}
	return nil
}

// Close ends every stream at once and refuses new ones. Clients come back to
// the next process with the id they saw last.
func (b *Broker) Close() { b.once.Do(func() { close(b.done) }) }

func (b *Broker) measure(reg prometheus.Registerer) {
	b.listeners = prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "targo_live_listeners", Help: "Open streams of events.",
	})
	b.frames = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "targo_live_frames_total", Help: "Events written to listeners.",
	})
	b.ended = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_live_ended_total", Help: "Streams that ended, by reason.",
	}, []string{"reason"})
	if reg != nil {
		reg.MustRegister(b.listeners, b.frames, b.ended)
	}
}
