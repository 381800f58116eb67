package connectors

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"gigafibre.ca/targo-hub/connectors/wire"
	"gigafibre.ca/targo-hub/hub"
)

// gate is the RoundTripper that every call goes through: bulkhead, breaker,
// time-out, metrics. The policies are asked for permits one by one instead of
// being run as a chain, because a call ends with its body, not with its headers.
type gate struct {
	options Options
	lean    *wire.Transport   // nil when the Options bring a transport
	heavy   http.RoundTripper // what does not fit the lean one
	breaker circuitbreaker.CircuitBreaker[any]
	reads   bulkhead.Bulkhead[any]
	writes  bulkhead.Bulkhead[any]
}

// The breaker opens after this many failures in a row, then lets probes through
// after the pause.
const (
	breakerFailures  = 5
	breakerSuccesses = 2
	breakerPause     = 10 * time.Second
)

func newGate(o Options) *gate {
	o.Metrics.state(o.System, 0)
	g := &gate{
		options: o,
		heavy:   o.Transport,
		reads:   bulkhead.New[any](uint(o.Reads)),
		writes:  bulkhead.New[any](uint(o.Writes)),
		breaker: circuitbreaker.NewBuilder[any]().
			WithFailureThreshold(breakerFailures).
			WithSuccessThreshold(breakerSuccesses).
			WithDelay(breakerPause).
			WithJitterFactor(.1).
			OnStateChanged(func(e circuitbreaker.StateChangedEvent) {
				o.Metrics.state(o.System, map[circuitbreaker.State]float64{
					circuitbreaker.HalfOpenState: 1, circuitbreaker.OpenState: 2,
				}[e.NewState])
			}).
			Build(),
	}
	if dial := newDialer(o); g.heavy == nil || o.Closed != nil {
		g.heavy = newTransport(o.Reads+o.Writes, dial)
		g.lean = wire.New(wire.Options{Dial: dial, Idle: o.Reads + o.Writes})
	}
	return g
}

// RoundTrip implements http.RoundTripper; every error is an *Error.
func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	return g.send(ctx, req, &try{op: opOf(ctx)})
}

// send makes the one try of a call. The request stays as it is.
func (g *gate) send(ctx context.Context, req *http.Request, t *try) (*http.Response, error) {
	t.gate, t.caller, t.method, t.started = g, ctx, req.Method, time.Now()
	if err := t.enter(); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		g.options.Metrics.refused(g.options.System, t.op, err.Code)
		return nil, err
	}
	var resp *http.Response
	var err error
	if g.lean != nil && wire.Fits(req) {
		resp, err = t.sendLean(req)
	} else {
		resp, err = t.sendHeavy(req)
	}
	if err != nil {
		return nil, t.lost(err)
	}
	t.status, t.answer, t.left = resp.StatusCode, resp.Body, g.options.MaxBody
	if !t.streamed && t.wire == nil && resp.Header.Get("Content-Encoding") == "gzip" && req.Header["Accept-Encoding"] == nil {
		unpack(resp, t)
	}
	resp.Body = t
	return resp, nil
}

// sendLean lets the answer arrive on this goroutine.
func (t *try) sendLean(req *http.Request) (*http.Response, error) {
	timeout := t.gate.options.Timeout
	call := wire.Call{Until: t.started.Add(timeout), Agent: userAgent, ID: hub.RequestID(t.caller)}
	if t.streamed {
		call.Quiet = timeout
	}
	return t.gate.lean.Do(t.caller, req, call)
}

// sendHeavy uses net/http's transport, or the one of the Options.
func (t *try) sendHeavy(req *http.Request) (*http.Response, error) {
	t.wire = &watch{}
	t.ctx, t.cancel = context.WithCancelCause(t.caller)
	t.timer = time.AfterFunc(t.gate.options.Timeout, func() { t.cancel(t.slow()) })
	out := req.Clone(t.wire.on(t.ctx))
	if out.Header == nil {
		out.Header = http.Header{}
	}
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", userAgent)
	}
	if id := hub.RequestID(t.ctx); id != "" {
		out.Header.Set("X-Request-Id", id)
	}
	return t.gate.heavy.RoundTrip(out)
}

// enter waits for a place, then asks the breaker: who waited while the system
// went down learns it at once.
func (t *try) enter() *Error {
	if err := t.caller.Err(); err != nil {
		return t.ended(err)
	}
	if !t.bulkhead().TryAcquirePermit() { // waiting makes a timer
		if err := t.bulkhead().AcquirePermitWithMaxWait(t.caller, t.gate.options.Timeout); err != nil {
			if errors.Is(err, bulkhead.ErrFull) {
				return t.failure(CodeBusy, "too many calls at once", err)
			}
			return t.ended(err)
		}
	}
	if !t.gate.breaker.TryAcquirePermit() {
		t.bulkhead().ReleasePermit()
		e := t.failure(CodeBreakerOpen, "not tried, it failed too often just now", circuitbreaker.ErrOpen)
		e.RetryAfter = max(t.gate.breaker.RemainingDelay(), time.Second)
		return e
	}
	return nil
}

func (t *try) bulkhead() bulkhead.Bulkhead[any] {
	if isRead(t.method) {
		return t.gate.reads
	}
	return t.gate.writes
}

// CloseIdleConnections is what http.Client asks its transport.
func (g *gate) CloseIdleConnections() {
	if g.lean != nil {
		g.lean.CloseIdle()
	}
	if heavy, ok := g.heavy.(interface{ CloseIdleConnections() }); ok {
		heavy.CloseIdleConnections()
	}
}
