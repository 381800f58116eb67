package connectors

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"gigafibre.ca/targo-hub/hub"
)

// gate is the RoundTripper that every call goes through: bulkhead, breaker,
// time-out, metrics. The policies are asked for permits one by one instead of
// being run as a chain, because a call ends with its body, not with its headers.
type gate struct {
	options Options
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
	return &gate{
		options: o,
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
}

// RoundTrip implements http.RoundTripper; every error is an *Error.
func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	t := &try{gate: g, op: opOf(req.Context()), method: req.Method, caller: req.Context(), started: time.Now()}
	if err := t.enter(); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		g.options.Metrics.refused(g.options.System, t.op, err.Code)
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(req.Context(), g.options.Timeout,
		fmt.Errorf("no answer within %s: %w", g.options.Timeout, context.DeadlineExceeded))
	t.ctx, t.cancel = ctx, cancel
	out := req.Clone(t.wire.watch(ctx))
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", userAgent)
	}
	if id := hub.RequestID(ctx); id != "" {
		out.Header.Set("X-Request-Id", id)
	}
	resp, err := g.options.Transport.RoundTrip(out)
	if err != nil {
		return nil, t.lost(err)
	}
	t.status = resp.StatusCode
	resp.Body = &body{ReadCloser: resp.Body, try: t, left: g.options.MaxBody}
	return resp, nil
}

// try is one call on its way.
type try struct {
	gate    *gate
	op      string
	method  string
	caller  context.Context // a body outlives the function that made it
	ctx     context.Context // the same, with the time-out of the try
	cancel  context.CancelFunc
	wire    wire
	started time.Time
	status  int
	once    sync.Once
}

func (t *try) bulkhead() bulkhead.Bulkhead[any] {
	if isRead(t.method) {
		return t.gate.reads
	}
	return t.gate.writes
}

// enter waits for a place, then asks the breaker: who waited while the system
// went down learns it at once.
func (t *try) enter() *Error {
	if err := t.caller.Err(); err != nil {
		return t.ended(err)
	}
	if err := t.bulkhead().AcquirePermitWithMaxWait(t.caller, t.gate.options.Timeout); err != nil {
		if errors.Is(err, bulkhead.ErrFull) {
			return t.failure(CodeBusy, "too many calls at once", err)
		}
		return t.ended(err)
	}
	if !t.gate.breaker.TryAcquirePermit() {
		t.bulkhead().ReleasePermit()
		e := t.failure(CodeBreakerOpen, "not tried, it failed too often just now", circuitbreaker.ErrOpen)
		e.RetryAfter = max(t.gate.breaker.RemainingDelay(), time.Second)
		return e
	}
	return nil
}

// ended is the failure of a call whose caller's time was over before it began.
func (t *try) ended(err error) *Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return t.failure(CodeTimeout, "the time budget was spent before the call", err)
	}
	return t.failure(CodeCancelled, "cancelled before the call", err)
}

func (t *try) failure(code, reason string, err error) *Error {
	o := t.gate.options
	return &Error{
		System: o.System, Op: t.op, Status: t.status, Code: code, Reason: Redact(reason, o.Secrets...),
		Temporary: true, Err: &redacted{text: Redact(err.Error(), o.Secrets...), err: err},
	}
}

// lost ends a try whose answer did not arrive, or not completely.
func (t *try) lost(err error) error {
	code, reason := CodeNetwork, explain(err)
	switch cause := t.caller.Err(); {
	case errors.Is(cause, context.Canceled):
		code, reason, err = CodeCancelled, "the caller gave up", cause
	case cause != nil:
		code, reason, err = CodeTimeout, "the caller's time budget is spent", cause
	case t.ctx.Err() != nil:
		code, err = CodeTimeout, context.Cause(t.ctx)
		reason = err.Error()
	case isTimeout(err):
		code = CodeTimeout
	case errors.Is(err, errTooLarge):
		code = CodeTooLarge
	}
	e := t.failure(code, reason, err)
	e.Outcome = t.wire.outcome(t.method)
	e.Temporary = code != CodeTooLarge
	t.finish(code)
	return e
}

// finish gives the permits back and counts the call, once. A call that its
// caller gave up says nothing about the system; only a probe of a half-open
// breaker must still be accounted for, or it would stay half-open for ever.
func (t *try) finish(class string) {
	t.once.Do(func() {
		t.cancel()
		t.bulkhead().ReleasePermit()
		breaker := t.gate.breaker
		switch class {
		case CodeCancelled:
			if breaker.IsHalfOpen() {
				breaker.RecordFailure()
			}
		case CodeTimeout, CodeNetwork, "server-error", "rate-limited":
			breaker.RecordFailure()
		default:
			breaker.RecordSuccess()
		}
		t.gate.options.Metrics.called(t.gate.options.System, t.op, class, time.Since(t.started))
	})
}
