// Package simkit is what the simulators of the outside world share: faults that
// can be armed, and the control API that arms them. It exists for tests and for
// the demo; the hub itself never links it.
//
// Routes, beside those of the simulated system:
//
//	GET  /_sim/state  what the simulator holds, what it was asked, which faults are armed
//	POST /_sim/fail   {next, after, match, delay_ms} and one of status, kind, drop_before,
//	                  drop_after_commit, cut_body, hang_body, drip_ms, bomb_bytes
//	POST /_sim/reset  forgets the faults and puts the simulator back to its start
//	GET  /_sim/sent   {"items": []}, for those that receive messages
//
// It calls no system and remembers everything in memory.
package simkit

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// recentCalls is how many of the last calls the state shows.
const recentCalls = 100

// Control arms faults in front of a simulator and serves its control API. It is
// safe for concurrent use.
type Control struct {
	name string
	log  *slog.Logger
	mux  *http.ServeMux

	mu     sync.Mutex
	faults []Fault
	kinds  map[string]KindFunc
	total  int
	recent []Call
	resets []func()
	state  func() any
	sent   func() []any

	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup
}

// Call is one request that the simulator got, as the state shows it. Status is
// 0 when the connection was cut.
type Call struct {
	At     time.Time `json:"at"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	Status int       `json:"status"`
}

// New makes the control of the simulator called name ("docuseal").
func New(name string, log *slog.Logger) *Control {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Control{name: name, log: log.With("simulator", name), mux: http.NewServeMux()}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.mux.HandleFunc("GET /_sim/state", c.showState)
	c.mux.HandleFunc("POST /_sim/fail", c.arm)
	c.mux.HandleFunc("POST /_sim/reset", c.reset)
	c.mux.HandleFunc("GET /_sim/sent", c.showSent)
	return c
}

// Wrap puts the control in front of the simulator's own handler. answer writes
// a fault's status in the shape that the real system uses for it; nil answers
// plain JSON {"error"}.
func (c *Control) Wrap(h http.Handler, answer func(w http.ResponseWriter, r *http.Request, status int)) http.Handler {
	if answer == nil {
		answer = plainAnswer
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/_sim/") {
			c.mux.ServeHTTP(w, r)
			return
		}
		seen := &statusWriter{ResponseWriter: w}
		defer func() { c.note(r, seen.status) }()
		fault, armed := c.take(r)
		if !armed {
			h.ServeHTTP(seen, r)
			return
		}
		c.log.Info("fault applied", "method", r.Method, "path", r.URL.Path, "status", fault.Status)
		c.apply(fault, scene{seen, r, h, answer})
	})
}

// Handle adds a control of the simulator's own: "POST /_sim/complete".
func (c *Control) Handle(pattern string, h http.HandlerFunc) { c.mux.HandleFunc(pattern, h) }

// Fail arms a fault; Next 0 means one request. Faults apply in the order in
// which they were armed.
func (c *Control) Fail(f Fault) {
	if f.Next < 1 {
		f.Next = 1
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, f)
}

// OnReset adds what POST /_sim/reset does beside forgetting the faults.
func (c *Control) OnReset(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resets = append(c.resets, f)
}

// State says what the simulator shows of itself under GET /_sim/state.
func (c *Control) State(f func() any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = f
}

// Sent says which messages the simulator received, oldest first.
func (c *Control) Sent(f func() []any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = f
}

// Reset forgets the armed faults and the calls, and runs the OnReset functions.
func (c *Control) Reset() {
	c.mu.Lock()
	c.faults, c.recent, c.total = nil, nil, 0
	resets := slices.Clone(c.resets)
	c.mu.Unlock()
	for _, f := range resets {
		f()
	}
}

// Calls returns how many requests came in since the last reset, the control API
// not counted.
func (c *Control) Calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total
}

// Go runs work in the background (sending a webhook) until Close ends its
// context. It does nothing after Close.
func (c *Control) Go(work func(ctx context.Context)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return
	}
	c.work.Go(func() { work(c.ctx) })
}

// Close ends the background work and waits for it.
func (c *Control) Close() {
	c.mu.Lock()
	c.stop()
	c.mu.Unlock()
	c.work.Wait()
}

func (c *Control) note(r *http.Request, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.total++
	c.recent = append(c.recent, Call{At: time.Now().UTC(), Method: r.Method, Path: r.URL.Path, Status: status})
	if extra := len(c.recent) - recentCalls; extra > 0 {
		c.recent = slices.Delete(c.recent, 0, extra)
	}
}
