// Package retry says how often a call to ERPNext is made, and waits between the
// tries. It remembers nothing.
package retry

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"
)

// Pace is how long the waits are. A Retry-After above Cap is for the caller's
// queue, not for a request that somebody waits for.
type Pace struct {
	First time.Duration // before the second try, doubled before each next one
	Cap   time.Duration
	Looks []time.Duration // before each look for the trace of a create whose reply was lost
}

// Usual is the pace of the hub.
func Usual() Pace {
	return Pace{
		First: 200 * time.Millisecond, Cap: 5 * time.Second,
		Looks: []time.Duration{0, 300 * time.Millisecond, time.Second},
	}
}

// Patience says how a call may be tried again.
type Patience int

// The three kinds of calls.
const (
	Creating Patience = iota // only when it is known that nothing was applied
	Reading                  // whenever it may help
	Absolute                 // and once more when the reply was lost: doing it twice is the same as doing it once
)

// tries is how often a call is made at most: fewer than open the breaker. What
// was rolled back, as a database does with one of two writers, is worth more of
// them than a read.
func (p Patience) tries() int {
	if p == Reading {
		return 3
	}
	return 4
}

// lost is how often a reply may be lost before nobody tries again.
func (p Patience) lost() int {
	switch p {
	case Reading:
		return 3
	case Absolute:
		return 2
	default:
		return 1
	}
}

// Verdict is what is to be known of a try that failed.
type Verdict struct {
	Again   bool          // trying again may help
	Undone  bool          // it is known that nothing was applied
	Advised time.Duration // how long the other side wants to be left alone; 0 for no word
}

// Do makes the call until it works (once returns nil) or may not be tried again.
func (p Pace) Do(ctx context.Context, how Patience, once func(try int) *Verdict) {
	lost := 0
	for try := 1; ; try++ {
		v := once(try)
		if v == nil || !v.Again {
			return
		}
		if !v.Undone {
			lost++
		}
		if try >= how.tries() || lost >= how.lost() || !p.Pause(ctx, try, v.Advised) {
			return
		}
	}
}

// Pause waits before the next try, longer each time and never in step with
// others. It reports false when waiting makes no sense.
func (p Pace) Pause(ctx context.Context, try int, advice time.Duration) bool {
	wait := p.First << (try - 1)
	wait = wait/2 + rand.N(wait)
	if advice > p.Cap {
		return false
	}
	wait = max(wait, advice)
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	return Sleep(ctx, wait)
}

// Look comes by once for each look for a trace, after the wait before it, until
// the context ends.
func (p Pace) Look(ctx context.Context) iter.Seq[time.Duration] {
	return func(yield func(time.Duration) bool) {
		for _, wait := range p.Looks {
			if !Sleep(ctx, wait) || !yield(wait) {
				return
			}
		}
	}
}

// Sleep waits; false means that the context ended first.
func Sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
