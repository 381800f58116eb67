package connectors

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/connectors/wire"
)

// try is one call on its way, and the body of its answer: a call ends when that
// has been read or closed.
type try struct {
	gate     *gate
	op       string
	method   string
	caller   context.Context // a body outlives the function that made it
	streamed bool            // no limit on the answer; the time-out is for its head, then for each silence
	started  time.Time
	status   int
	over     atomic.Bool

	answer io.ReadCloser
	left   int64  // bytes that may still come, where MaxBody is a limit and the call not streamed
	head   []byte // of the body of a failure, for the judge
	err    error
	sink   sink

	// Of a call by net/http's transport:
	wire   *watch
	ctx    context.Context // the caller's, with the time-out of the try
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// judged is how much of a failure's body Options.Judge sees.
const judged = 4 << 10

// Read implements io.Reader.
func (t *try) Read(p []byte) (int, error) {
	if t.err != nil {
		return 0, t.err
	}
	if t.streamed && t.timer != nil {
		t.timer.Reset(t.gate.options.Timeout)
	}
	n, err := t.answer.Read(p)
	if limit := t.gate.options.MaxBody; limit > 0 && !t.streamed {
		if t.left -= int64(n); t.left < 0 {
			n, err = 0, errTooLarge
		}
	}
	if t.status >= 500 && len(t.head) < judged {
		t.head = append(t.head, p[:min(n, judged-len(t.head))]...)
	}
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		t.err = io.EOF
		t.finish(classOf(t.status))
	default:
		t.err = t.lost(err)
	}
	return n, t.err
}

// WriteTo lets the answer of a streamed call go on without being copied.
func (t *try) WriteTo(w io.Writer) (int64, error) {
	direct, ok := t.answer.(io.WriterTo)
	if !ok || !t.streamed || t.status >= 500 || t.timer != nil || t.err != nil {
		return io.Copy(w, struct{ io.Reader }{t})
	}
	t.sink.to = w
	n, err := direct.WriteTo(&t.sink)
	switch {
	case t.sink.err != nil:
		return n, t.sink.err // who reads has gone: Close ends the call
	case err != nil:
		t.err = t.lost(err)
		return n, t.err
	}
	t.err = io.EOF
	t.finish(classOf(t.status))
	return n, nil
}

// sink remembers that it was the writer who failed.
type sink struct {
	to  io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	s.err = err
	return n, err
}

// Close ends the call.
func (t *try) Close() error {
	err := t.answer.Close()
	t.finish(classOf(t.status))
	return err
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

// slow is the failure of a system that took too long.
func (t *try) slow() error {
	return fmt.Errorf("no answer within %s: %w", t.gate.options.Timeout, context.DeadlineExceeded)
}

// lost ends a try whose answer did not arrive, or not completely.
func (t *try) lost(err error) error {
	code, reason := CodeNetwork, explain(err)
	outcome := t.outcome(err)
	var refused *shut
	switch cause := t.caller.Err(); {
	case errors.As(err, &refused):
		code, reason, err = refused.code, refused.Error(), refused
	case errors.Is(cause, context.Canceled):
		code, reason, err = CodeCancelled, "the caller gave up", cause
	case cause != nil:
		code, reason, err = CodeTimeout, "the caller's time budget is spent", cause
	case t.ctx != nil && t.ctx.Err() != nil:
		code, err = CodeTimeout, context.Cause(t.ctx)
		reason = err.Error()
	case isTimeout(err) && time.Since(t.started) >= t.gate.options.Timeout:
		code, err = CodeTimeout, t.slow()
		reason = err.Error()
	case isTimeout(err):
		code = CodeTimeout
	case errors.Is(err, errTooLarge):
		code = CodeTooLarge
	}
	e := t.failure(code, reason, err)
	e.Outcome = outcome
	e.Temporary = code != CodeTooLarge && refused == nil
	t.finish(code)
	return e
}

// outcome of a request that got no answer, or half of one.
func (t *try) outcome(err error) Outcome {
	switch {
	case isRead(t.method) || errors.Is(err, wire.ErrUnsent):
		return NotApplied
	case t.wire != nil:
		return t.wire.outcome()
	}
	return Unknown
}

// finish gives the permits back and counts the call, once.
func (t *try) finish(class string) {
	if t.over.Swap(true) {
		return
	}
	if t.timer != nil {
		t.timer.Stop()
		t.cancel(nil)
	}
	t.bulkhead().ReleasePermit()
	t.record(class)
	t.gate.options.Metrics.called(t.gate.options.System, t.op, class, time.Since(t.started))
}

// record tells the breaker. A call that its caller gave up says nothing about
// the system, nor does a failure that the judge lays to the call's own charge;
// only a probe of a half-open breaker must still be accounted for, or it would
// stay half-open for ever.
func (t *try) record(class string) {
	breaker, judge := t.gate.breaker, t.gate.options.Judge
	switch class {
	case CodeCancelled:
		if breaker.IsHalfOpen() {
			breaker.RecordFailure()
		}
	case "server-error":
		if judge == nil || judge(t.op, t.status, t.head) {
			breaker.RecordFailure()
		} else if breaker.IsHalfOpen() {
			breaker.RecordSuccess()
		}
	case CodeTimeout, CodeNetwork, "rate-limited":
		breaker.RecordFailure()
	default:
		breaker.RecordSuccess()
	}
}

// unpack opens an answer that came packed though nobody had asked for it, so
// that the limit on its length counts what is unpacked.
func unpack(resp *http.Response, t *try) {
	t.answer = &unpacked{from: t.answer}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength, resp.Uncompressed = -1, true
}

type unpacked struct {
	from io.ReadCloser
	zip  *gzip.Reader
	err  error
}

// Read implements io.Reader.
func (u *unpacked) Read(p []byte) (int, error) {
	if u.zip == nil && u.err == nil {
		u.zip, u.err = gzip.NewReader(u.from)
	}
	if u.err != nil {
		return 0, u.err
	}
	return u.zip.Read(p)
}

// Close closes what is unpacked.
func (u *unpacked) Close() error { return u.from.Close() }
