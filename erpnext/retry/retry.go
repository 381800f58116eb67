// Package retry says how often a call to ERPNext is made, and waits between the
// tries. It remembers nothing.
package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// The waits between tries. A Retry-After above the cap is for the caller's
// queue, not for a request that somebody waits for.
const (
	firstWait = 200 * time.Millisecond
	waitCap   = 5 * time.Second
)

// Patience says how a call may be tried again.
type Patience int

// The three kinds of calls.
const (
	Creating Patience = iota // only when it is known that nothing was applied
	Reading                  // whenever it may help
	Absolute                 // once more: doing it twice is the same as doing it once
)

// tries is how often a call is made at most.
func (p Patience) tries() int {
	if p == Absolute {
		return 2
	}
	return 3
}

// Verdict is what is to be known of a try that failed.
type Verdict struct {
	Again   bool          // trying again may help
	Undone  bool          // it is known that nothing was applied
	Advised time.Duration // how long the other side wants to be left alone; 0 for no word
}

// Do makes the call until it works (once returns nil) or may not be tried again.
func Do(ctx context.Context, p Patience, once func(try int) *Verdict) {
	for try := 1; ; try++ {
		v := once(try)
		if v == nil || try >= p.tries() || !v.Again || (p == Creating && !v.Undone) || !Pause(ctx, try, v.Advised) {
			return
		}
	}
}

// Pause waits before the next try, longer each time and never in step with
// others. It reports false when waiting makes no sense.
func Pause(ctx context.Context, try int, advice time.Duration) bool {
	wait := firstWait << (try - 1)
	wait = wait/2 + rand.N(wait)
	if advice > waitCap {
		return false
	}
	wait = max(wait, advice)
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= wait {
		return false
	}
	return Sleep(ctx, wait)
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
