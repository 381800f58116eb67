// Package stream shows staff where the technicians are, as it changes, on any
// number of screens.
//
// Routes: GET /gps/stream (server-sent events) and GET /gps/ws (WebSocket), both
// Staff; ?group= and ?technician= narrow them down. Events: none. Systems called:
// none. It remembers the last position of each device, and for each subscriber a
// number: up to where it has seen what there is.
//
// What changes is gathered for a tick, then encoded once for each choice of
// technicians that somebody follows, and the bytes are shared by all who do. A
// subscriber who cannot take a message is passed over, and later given one with
// the newest position of every device that moved since the number it stands at:
// nothing waits for it in a queue, and nobody else for it. The first message is
// a snapshot, and so is the one after a device has changed hands or left the
// choice: a snapshot replaces all that was shown.
//
// On Linux the connection of a subscriber is taken from net/http and belongs to
// one of a few loops (the room wire), where it costs neither a goroutine nor a
// buffer. Elsewhere, and where a connection cannot be taken, a goroutine writes to
// each subscriber with a time limit.
//
// The WebSocket protocol is that of github.com/gobwas/ws, which makes and checks
// frames as bytes and leaves the sockets to us. Other libraries hold a goroutine
// and buffers for each socket to read what a client says; here clients have
// nothing to say, and all together are read by the loops.
package stream

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/seats"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
	"gigafibre.ca/targo-hub/hub/tracking/stream/wire"
)

// Options say from what streams are made, and their limits. What is left out has
// the value in brackets.
type Options struct {
	All     func() []fix.Fix                       // what is known when Run begins; nil for nothing
	Stands  func(context.Context, hub.Actor) error // hub.Unauthenticated when what somebody was let in with was revoked since; nil asks nobody
	Off     func() error                           // says why there is nothing to follow; nil, or no error, when there is
	Tick    time.Duration                          // between two messages (250 ms)
	Beat    time.Duration                          // between two signs of life (15 s)
	Write   time.Duration                          // how long a subscriber may take nothing (10 s)
	Each    int                                    // streams of one actor (20)
	Total   int                                    // streams of all (10,000)
	Origins []string                               // from which browsers may open a WebSocket, beside the hub's own host
	Metrics prometheus.Registerer
	Log     *slog.Logger
	Now     func() time.Time
}

// Hose gives positions to subscribers. Run must run for anybody to get in.
type Hose struct {
	options Options
	board   *board
	seats   *seats.Seats
	press   *frame.Press
	loops   atomic.Pointer[wire.Loops] // nil before Run, and where there are none
	ready   chan struct{}              // closed once Run has begun
	wake    chan struct{}
	done    chan struct{}
	once    sync.Once
	turn    turn
	gauge   *gauge
	proofs  proofs
	opening [4][]byte // by form
	beats   [4][]byte
	single  bool // serves everybody one by one, as where connections cannot be taken
}

// New makes a hose.
func New(o Options) *Hose {
	o.complete()
	h := &Hose{
		options: o, seats: seats.New(o.Each, o.Total, "Too many streams of positions are open."),
		press: &frame.Press{}, ready: make(chan struct{}), wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	h.proofs.of = map[*atomic.Bool]hub.Actor{}
	h.turn.begin()
	h.board = newBoard(h.press, o.Now)
	h.gauge = newGauge(o.Metrics)
	for form := range h.beats {
		h.opening[form], h.beats[form] = h.press.Opening(frame.Form(form)), h.press.Beat(frame.Form(form))
	}
	return h
}

func (o *Options) complete() {
	for value, usual := range map[*time.Duration]time.Duration{
		&o.Tick: 250 * time.Millisecond, &o.Beat: 15 * time.Second, &o.Write: 10 * time.Second,
	} {
		if *value <= 0 {
			*value = usual
		}
	}
	if o.Each <= 0 {
		o.Each = 20
	}
	if o.Total <= 0 {
		o.Total = 10_000
	}
	if o.All == nil {
		o.All = func() []fix.Fix { return nil }
	}
	if o.Off == nil {
		o.Off = func() error { return nil }
	}
	if o.Stands == nil {
		o.Stands = func(context.Context, hub.Actor) error { return nil }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Origins = originsOf(o.Origins)
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Publish tells of positions that have changed. It keeps nothing of the slice and
// waits for nobody.
func (h *Hose) Publish(changed []fix.Fix) {
	if len(changed) == 0 {
		return
	}
	h.board.put(changed)
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Run gives out what is published, until ctx ends or Close is called, then
// returns nil once every stream has ended. It runs once.
func (h *Hose) Run(ctx context.Context) error {
	loops := h.loop(ctx)
	if loops != nil {
		defer loops.Close()
	}
	defer h.Close()
	looked := h.look(ctx)
	defer looked()
	h.board.put(h.options.All())
	h.board.turn()
	close(h.ready)
	for last := (time.Time{}); ; {
		select {
		case <-ctx.Done():
			return nil
		case <-h.done:
			return nil
		case <-h.wake:
		}
		if !h.gather(ctx, last) {
			return nil
		}
		last = time.Now()
		if h.board.turn() {
			if loops != nil {
				loops.Tick()
			}
			h.turn.next()
		}
	}
}

// loop starts the loops, where there are any.
func (h *Hose) loop(ctx context.Context) *wire.Loops {
	if h.single {
		return nil
	}
	loops, err := wire.New(wire.Options{
		Beat: h.options.Beat, Write: h.options.Write, Press: h.press,
		Frames: h.gauge.frames, Skipped: h.gauge.skipped,
	})
	if err == nil {
		h.loops.Store(loops)
		return loops
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		h.options.Log.WarnContext(ctx, "streams are served one by one", "err", err)
	}
	return nil
}

// gather lets changes come together: until a tick after the last message, or a
// moment when that is over. It is false when the hose is to end.
func (h *Hose) gather(ctx context.Context, last time.Time) bool {
	timer := time.NewTimer(max(time.Until(last.Add(h.options.Tick)), h.options.Tick/25))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.done:
	case <-ctx.Done():
	}
	return false
}

// Close ends every stream and lets nobody in any more. Browsers come back by
// themselves, to the next process.
func (h *Hose) Close() { h.once.Do(func() { close(h.done) }) }
