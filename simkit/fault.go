package simkit

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong with the next requests. With only a Delay
// the request is answered as usual, but late.
//
// Go's own HTTP client silently repeats a GET whose connection is cut when the
// connection had been used before; arm Next 2 to be sure that it sees the cut.
type Fault struct {
	Next            int           // how many requests it hits; 0 means one
	After           int           // how many fitting requests pass first
	Status          int           // answer with this status instead of doing anything
	DropBefore      bool          // cut the connection before anything is done
	DropAfterCommit bool          // do everything, then cut the connection without an answer
	Delay           time.Duration // wait first
	Match           string        // only these: "POST", "/api/submissions" or "POST /api/submissions" (method, part of the path)
	Kind            string        // a fault of the simulator's own, see Control.Kind

	// Of what the real handler answers, only a part arrives:
	CutBody  int           // so many bytes of the body, then the connection is cut; negative cuts in the middle
	HangBody int           // so many bytes of the body, then nothing for ever; negative hangs in the middle
	Drip     time.Duration // in twenty pieces, with this pause after each
	Bomb     int64         // instead of it, so many bytes of blanks in gzip, which is a thousandth of that on the wire
}

// KindFunc is a fault of a simulator's own; next does what the simulator would.
type KindFunc func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Kind gives a fault of the simulator's own a name, for Fault.Kind.
func (c *Control) Kind(name string, f KindFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kinds == nil {
		c.kinds = map[string]KindFunc{}
	}
	c.kinds[name] = f
}

// take finds the first armed fault that fits the request and uses it up by one.
func (c *Control) take(r *http.Request) (Fault, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.faults {
		if !c.faults[i].matches(r) {
			continue
		}
		if c.faults[i].After > 0 {
			c.faults[i].After--
			continue
		}
		f := c.faults[i]
		c.faults[i].Next--
		if c.faults[i].Next == 0 {
			c.faults = slices.Delete(c.faults, i, i+1)
		}
		return f, true
	}
	return Fault{}, false
}

// matches compares the method and looks for the rest in the path, which may hold
// blanks ("POST /api/resource/Dispatch Job").
func (f Fault) matches(r *http.Request) bool {
	method, path, _ := strings.Cut(f.Match, " ")
	if strings.HasPrefix(f.Match, "/") {
		method, path = "", f.Match
	}
	return (method == "" || strings.EqualFold(method, r.Method)) && strings.Contains(r.URL.Path, strings.TrimSpace(path))
}

// check refuses what cannot be applied.
func (c *Control) check(f Fault) error {
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf("status must be between 200 and 599")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.Kind != "" && c.kinds[f.Kind] == nil {
		return fmt.Errorf("this simulator has no fault of kind %q", f.Kind)
	}
	return nil
}

// apply lets a request fail. answer writes a status in the simulator's own shape.
func (c *Control) apply(f Fault, s scene) {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.r.Context().Done(): // the caller gave up, so nothing is done
			panic(http.ErrAbortHandler)
		}
	}
	c.mu.Lock()
	kind := c.kinds[f.Kind]
	c.mu.Unlock()
	switch {
	case f.DropBefore:
		panic(http.ErrAbortHandler)
	case f.DropAfterCommit:
		s.next.ServeHTTP(Nowhere(), s.r)
		panic(http.ErrAbortHandler)
	case kind != nil:
		kind(s.w, s.r, s.next)
	case f.Status != 0:
		_, _ = io.Copy(io.Discard, io.LimitReader(s.r.Body, 1<<20))
		s.answer(s.w, s.r, f.Status)
	case f.Bomb > 0:
		bomb(s.w, f.Bomb)
	case f.CutBody != 0 || f.HangBody != 0 || f.Drip > 0:
		c.spoil(f, s)
	default:
		s.next.ServeHTTP(s.w, s.r)
	}
}

// scene is one request and those who could answer it.
type scene struct {
	w      http.ResponseWriter
	r      *http.Request
	next   http.Handler
	answer func(w http.ResponseWriter, r *http.Request, status int)
}

func (f Fault) wire() faultWire {
	return faultWire{
		Next: f.Next, After: f.After, Status: f.Status, DropBefore: f.DropBefore, DropAfterCommit: f.DropAfterCommit,
		DelayMS: f.Delay.Milliseconds(), Match: f.Match, Kind: f.Kind,
		CutBody: f.CutBody, HangBody: f.HangBody, DripMS: f.Drip.Milliseconds(), Bomb: f.Bomb,
	}
}

// faultWire is a fault on the control API.
type faultWire struct {
	Next            int    `json:"next"`
	After           int    `json:"after,omitempty"`
	Status          int    `json:"status,omitempty"`
	DropBefore      bool   `json:"drop_before,omitempty"`
	DropAfterCommit bool   `json:"drop_after_commit,omitempty"`
	DelayMS         int64  `json:"delay_ms,omitempty"`
	Match           string `json:"match,omitempty"`
	Kind            string `json:"kind,omitempty"`
	CutBody         int    `json:"cut_body,omitempty"`
	HangBody        int    `json:"hang_body,omitempty"`
	DripMS          int64  `json:"drip_ms,omitempty"`
	Bomb            int64  `json:"bomb_bytes,omitempty"`
}

func (f faultWire) fault() Fault {
	return Fault{
		Next: f.Next, After: f.After, Status: f.Status, DropBefore: f.DropBefore, DropAfterCommit: f.DropAfterCommit,
		Delay: time.Duration(f.DelayMS) * time.Millisecond, Match: f.Match, Kind: f.Kind,
		CutBody: f.CutBody, HangBody: f.HangBody, Drip: time.Duration(f.DripMS) * time.Millisecond, Bomb: f.Bomb,
	}
}
