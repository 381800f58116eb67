package simkit

import (
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
	Status          int           // answer with this status instead of doing anything
	DropBefore      bool          // cut the connection before anything is done
	DropAfterCommit bool          // do everything, then cut the connection without an answer
	Delay           time.Duration // wait first
	Match           string        // only these: "POST", "/api/submissions" or "POST /api/submissions" (method, part of the path)
}

// take finds the first armed fault that fits the request and uses it up by one.
func (c *Control) take(r *http.Request) (Fault, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.faults {
		if !c.faults[i].matches(r) {
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

func (f Fault) apply(w http.ResponseWriter, r *http.Request, h http.Handler, answer func(http.ResponseWriter, *http.Request, int)) {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done(): // the caller gave up, so nothing is done
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case f.DropBefore:
		panic(http.ErrAbortHandler)
	case f.DropAfterCommit:
		h.ServeHTTP(&discard{header: http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case f.Status != 0:
		_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20))
		answer(w, r, f.Status)
	default:
		h.ServeHTTP(w, r)
	}
}

func (f Fault) wire() faultWire {
	return faultWire{
		Next: f.Next, Status: f.Status, DropBefore: f.DropBefore, DropAfterCommit: f.DropAfterCommit,
		DelayMS: f.Delay.Milliseconds(), Match: f.Match,
	}
}

// faultWire is a fault on the control API.
type faultWire struct {
	Next            int    `json:"next"`
	Status          int    `json:"status,omitempty"`
	DropBefore      bool   `json:"drop_before,omitempty"`
	DropAfterCommit bool   `json:"drop_after_commit,omitempty"`
	DelayMS         int64  `json:"delay_ms,omitempty"`
	Match           string `json:"match,omitempty"`
}

func (f faultWire) fault() Fault {
	return Fault{
		Next: f.Next, Status: f.Status, DropBefore: f.DropBefore, DropAfterCommit: f.DropAfterCommit,
		Delay: time.Duration(f.DelayMS) * time.Millisecond, Match: f.Match,
	}
}

// discard takes an answer that nobody will see.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

// statusWriter remembers the status that was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (s *statusWriter) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

func (s *statusWriter) Write(p []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the real writer, to flush.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
