// Package limits is what the ERPNext simulator does against too many requests:
// the site's budget of processing time per window, and the number of calls of one
// procedure. It calls nothing, and remembers what was spent in memory only, like
// the cache of the real server.
package limits

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/settings"
)

// Meter counts processing time and calls.
type Meter struct {
	mu    sync.Mutex
	spent map[int64]int64 // microseconds by window
	calls map[string]window
}

type window struct {
	ends  time.Time
	count int
}

// New makes a meter.
func New() *Meter { return &Meter{spent: map[int64]int64{}, calls: map[string]window{}} }

// Turn is one request's part in the budget.
type Turn struct {
	meter                   *Meter
	number                  int64
	limit, remaining, reset int64
	rejected                bool
	began                   time.Time
	release                 profile.Profile
}

// Begin opens a turn in the window of now; a site without a budget has none, and
// nil is returned. A budget that was overdrawn rejects the request.
func (m *Meter) Begin(budget *settings.RateLimit, now time.Time, release profile.Profile) (*Turn, error) {
	if budget == nil || budget.Window <= 0 {
		return nil, nil
	}
	t := &Turn{meter: m, limit: int64(budget.Limit * 1e6), began: time.Now(), release: release}
	t.number = now.Unix() / budget.Window
	t.reset = budget.Window - now.Unix()%budget.Window
	m.mu.Lock()
	used := m.spent[t.number]
	m.mu.Unlock()
	t.remaining = max(t.limit-used, 0)
	if used > t.limit {
		t.rejected = true
		return t, exception.Raise("TooManyRequestsError", "")
	}
	return t, nil
}

// Tell writes the headers of the answer.
func (t *Turn) Tell(h http.Header) {
	if t == nil {
		return
	}
	remaining := t.remaining
	if t.release == profile.V16 {
		remaining = int64(math.RoundToEven(float64(remaining)/1e6)) * 1e6
	}
	set := func(name string, v int64) { h.Set(name, strconv.FormatInt(v, 10)) }
	set("X-RateLimit-Reset", t.reset)
	set("X-RateLimit-Limit", t.limit)
	set("X-RateLimit-Remaining", remaining)
	switch {
	case t.rejected:
		set("Retry-After", t.reset)
	case t.release == profile.V15:
		set("X-RateLimit-Used", time.Since(t.began).Microseconds())
	}
}

// End charges the time that the request took.
func (t *Turn) End() {
	if t == nil {
		return
	}
	t.meter.mu.Lock()
	defer t.meter.mu.Unlock()
	for n := range t.meter.spent {
		if n < t.number-1 {
			delete(t.meter.spent, n)
		}
	}
	t.meter.spent[t.number] += time.Since(t.began).Microseconds()
}

// Spend charges time to the window of now, to try what an exhausted budget does.
func (m *Meter) Spend(budget settings.RateLimit, now time.Time, d time.Duration) {
	if budget.Window <= 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spent[now.Unix()/budget.Window] += d.Microseconds()
}

// Call counts a call, named by procedure and caller, and refuses what is above
// limit within period.
func (m *Meter) Call(key string, limit int, period time.Duration, now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	w, ok := m.calls[key]
	if !ok || !now.Before(w.ends) {
		w = window{ends: now.Add(period)}
	}
	w.count++
	m.calls[key] = w
	if w.count > limit {
		return exception.Throw("RateLimitExceededError",
			"You hit the rate limit because of too many requests. Please try after sometime.")
	}
	return nil
}
