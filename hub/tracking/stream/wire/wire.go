// Package wire writes the same bytes to thousands of sockets, and lets none of
// them wait for another.
//
// A socket that is given to it costs no goroutine and no buffer. A few loops, one
// for each processor, hold all sockets. A loop writes what is new to each of its
// sockets as far as the socket takes it; what is left of a message goes out once
// the kernel says that there is room again, before anything else does. Whoever
// was behind meanwhile is then given one message with all that it missed. The
// same loop hears what clients say and sees when they leave.
//
// That needs the readiness interface of Linux. Elsewhere, and for connections
// that are no plain sockets, New and Add say errors.ErrUnsupported, and the
// caller writes to each by itself.
//
// Routes: none. Events: none. Systems called: none. It remembers its sockets.
package wire

import (
	"errors"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
)

// Source is what clients are fed from. Many loops ask at once, and often.
type Source interface {
	// Next gives what brings a client that has all up to a number to the present,
	// and the number it has all up to then; nil when it is there already. The bytes
	// are shared, and never change.
	Next(seen uint64, form frame.Form) (text []byte, now uint64)
}

// Client is who a socket belongs to.
type Client struct {
	Who    string // for Probe
	Form   frame.Form
	Source Source
	Seen   uint64
	Head   []byte // goes out first; nil for nothing
	Early  []byte // what the client has said already
	Proof
	Left func(reason string)
}

// Proof is what a client was let in with.
type Proof struct {
	Expires time.Time    // when it ends; zero when it does not
	Revoked *atomic.Bool // whether it has ended before that; nil when nobody says so
}

// Ended tells whether it counts no more.
func (p Proof) Ended(now time.Time) bool {
	return !p.Expires.IsZero() && !now.Before(p.Expires) || p.Revoked != nil && p.Revoked.Load()
}

// Counter is of prometheus.
type Counter interface{ Add(float64) }

// Options say how clients are treated.
type Options struct {
	Loops   int           // 0: one for each processor, at most eight
	Beat    time.Duration // between two signs of life
	Write   time.Duration // how long a client may take nothing, and how long the kernel waits for one that does not answer
	Whole   time.Duration // how long one message may take to leave
	Linger  time.Duration // how long a client may take to say goodbye
	Frames  Counter       // messages written
	Skipped Counter       // clients passed over because they had not taken the last message
	Press   *frame.Press
}

// ErrClosed is what Add says after Close.
var ErrClosed = errors.New("taking over a socket: the loops are closed")

// The reasons with which clients leave, beside those of package talk. The set is
// closed: it labels a metric.
const (
	Gone    = "client"  // left, or is unreachable
	Slow    = "slow"    // took nothing for too long
	Silent  = "silent"  // a WebSocket that answers no ping
	Expired = "expired" // the proof has ended
	Closing = "closing" // the hub stops
)

// Reasons are all of them.
func Reasons() []string {
	return []string{Gone, Slow, Silent, Expired, Closing, "protocol", "noise"}
}

func (o *Options) complete(processors int) {
	for value, usual := range map[*time.Duration]time.Duration{
		&o.Beat: 15 * time.Second, &o.Write: 10 * time.Second, &o.Whole: 30 * time.Second, &o.Linger: time.Second,
	} {
		if *value <= 0 {
			*value = usual
		}
	}
	if o.Loops <= 0 {
		o.Loops = min(processors, 8)
	}
	if o.Press == nil {
		o.Press = &frame.Press{}
	}
	if o.Frames == nil {
		o.Frames = nobody{}
	}
	if o.Skipped == nil {
		o.Skipped = nobody{}
	}
}

type nobody struct{}

func (nobody) Add(float64) {}
