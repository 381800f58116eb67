package stream

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
	"gigafibre.ca/targo-hub/hub/tracking/stream/wire"
)

// gauge counts subscribers and what they are sent.
type gauge struct {
	subscribers     *prometheus.GaugeVec
	frames, skipped prometheus.Counter
	ended           *prometheus.CounterVec
}

func newGauge(reg prometheus.Registerer) *gauge {
	g := &gauge{
		subscribers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "targo_tracking_subscribers", Help: "Open streams of positions, by kind.",
		}, []string{"kind"}),
		frames: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "targo_tracking_frames_total", Help: "Messages with positions written to subscribers.",
		}),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "targo_tracking_skipped_total", Help: "Subscribers passed over because they had not taken the last message.",
		}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_tracking_ended_total", Help: "Streams of positions that ended, by reason.",
		}, []string{"reason"}),
	}
	for _, form := range []frame.Form{frame.Events, frame.Socket} {
		g.subscribers.WithLabelValues(kind(form))
	}
	for _, reason := range wire.Reasons() {
		g.ended.WithLabelValues(reason)
	}
	if reg != nil {
		reg.MustRegister(g.subscribers, g.frames, g.skipped, g.ended)
	}
	return g
}

// enter counts a subscriber; count is called with the reason at his end.
func (g *gauge) enter(form frame.Form) (count func(reason string)) {
	here := g.subscribers.WithLabelValues(kind(form))
	here.Inc()
	return func(reason string) {
		here.Dec()
		g.ended.WithLabelValues(reason).Inc()
	}
}

func kind(form frame.Form) string {
	if form.IsSocket() {
		return "ws"
	}
	return "sse"
}

// proofs are what all who are here were let in with, by whether it was revoked. A
// stream would outlive a proof that is, if nobody looked.
type proofs struct {
	mu sync.Mutex
	of map[*atomic.Bool]hub.Actor
}

func (p *proofs) add(actor hub.Actor) (revoked *atomic.Bool, drop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	revoked = new(atomic.Bool)
	p.of[revoked] = actor
	return revoked, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.of, revoked)
	}
}

// review asks anew for everybody. Who cannot be asked about stays.
func (p *proofs) review(ctx context.Context, stands func(context.Context, hub.Actor) error) {
	p.mu.Lock()
	all := maps.Clone(p.of)
	p.mu.Unlock()
	for revoked, actor := range all {
		if hub.IsKind(stands(ctx, actor), hub.Unauthenticated) {
			revoked.Store(true)
		}
	}
}

// look reviews the proofs with every beat, until end is called.
func (h *Hose) look(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var looking sync.WaitGroup
	looking.Go(func() {
		beat := time.NewTicker(h.options.Beat)
		defer beat.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-beat.C:
				h.proofs.review(ctx, h.options.Stands)
			}
		}
	})
	return func() {
		cancel()
		looking.Wait()
	}
}
