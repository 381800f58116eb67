// Package scope is the context of one request: all that a request's context
// carries in one piece of memory, with a time limit that costs a timer only when
// somebody waits for it. It calls nothing and remembers nothing.
package scope

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Scope is the context of one request. Make it with its Context, the one of the
// caller's connection; end it with End. It must not be copied once in use.
type Scope struct {
	context.Context
	Facts hub.Facts

	until time.Time // zero without a limit
	cause error
	mu    sync.Mutex
	timed atomic.Pointer[timed] // nil until somebody waits
	over  bool
}

// timed is a context of the library that ends when the scope does.
type timed struct {
	context.Context
	cancel context.CancelFunc
}

// Limit ends the scope at an instant, with a cause for context.Cause. It is
// called before anybody waits.
func (s *Scope) Limit(until time.Time, cause error) { s.until, s.cause = until, cause }

// Cancellable returns what ends the scope early. It is called before anybody
// waits.
func (s *Scope) Cancellable() context.CancelFunc { return s.wait().cancel }

// End ends the scope: the request has been answered.
func (s *Scope) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if t := s.timed.Load(); t != nil {
		t.cancel()
	}
}

// wait makes the context that can be waited for.
func (s *Scope) wait() *timed {
	if t := s.timed.Load(); t != nil {
		return t
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.timed.Load(); t != nil {
		return t
	}
	t := &timed{}
	if s.until.IsZero() {
		t.Context, t.cancel = context.WithCancel(s.Context)
	} else {
		t.Context, t.cancel = context.WithDeadlineCause(s.Context, s.until, s.cause)
	}
	if s.over {
		t.cancel()
	}
	s.timed.Store(t)
	return t
}

// Deadline implements context.Context.
func (s *Scope) Deadline() (time.Time, bool) {
	until, ok := s.Context.Deadline()
	if !s.until.IsZero() && (!ok || s.until.Before(until)) {
		return s.until, true
	}
	return until, ok
}

// Done implements context.Context.
func (s *Scope) Done() <-chan struct{} { return s.wait().Done() }

// Err implements context.Context.
func (s *Scope) Err() error {
	if t := s.timed.Load(); t != nil {
		return t.Err()
	}
	if s.until.IsZero() || time.Now().Before(s.until) {
		if err := s.Context.Err(); err != nil || !s.ended() {
			return err
		}
	}
	return s.wait().Err()
}

func (s *Scope) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// Value implements context.Context.
func (s *Scope) Value(key any) any {
	if v := s.Facts.Value(key); v != nil {
		return v
	}
	if t := s.timed.Load(); t != nil {
		return t.Value(key) // it says by itself that it can be cancelled
	}
	return s.Context.Value(key)
}
