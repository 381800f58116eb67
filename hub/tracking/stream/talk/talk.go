// Package talk listens to what a client says over a WebSocket that only the hub
// has something to say on: pings are answered, a close is echoed, other messages
// are let by unread, and whoever breaks the rules or talks too much is told so
// and left.
//
// It is given bytes as they come and keeps at most the head of a frame and the
// payload of a control frame, so that thousands of clients cost next to nothing.
//
// Routes: none. Events: none. Systems called: none. It remembers nothing.
package talk

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/gobwas/ws"
)

// What a client may say. It has nothing to say but pongs.
const (
	longest = 4 << 10 // bytes of a message
	often   = 100     // frames between two calls of Forgive
)

// Ear listens to one client. The zero Ear is ready.
type Ear struct {
	// Compressed: permessage-deflate was agreed upon, a message may be marked so.
	Compressed bool

	part    []byte // of the head of a frame, or of one with the payload of a control frame
	skip    int64  // bytes of a message still to let by
	message int64  // length of the message so far
	begun   bool   // the message goes on in the next data frame
	frames  int    // since Forgive
}

// Answer is what is to be sent back. A new Pong replaces one that was not sent
// yet. With a Close nothing else is sent any more, and Why says what happened.
type Answer struct {
	Pong, Close []byte
	Why         Reason
}

// Reason says why a client is left.
type Reason string

// The reasons. The set is closed: it labels a metric.
const (
	Left    Reason = "client"   // it closed
	Breach  Reason = "protocol" // it broke the rules of WebSocket
	Noise   Reason = "noise"    // it said too much
	nothing Reason = ""
)

// Forgive forgets how much the client has said.
func (e *Ear) Forgive() { e.frames = 0 }

// Hear takes what came, in pieces of any length.
func (e *Ear) Hear(p []byte) (a Answer) {
	for len(p) > 0 || len(e.part) > 0 {
		if e.skip > 0 {
			n := min(e.skip, int64(len(p)))
			p, e.skip = p[n:], e.skip-n
			if len(p) == 0 {
				return a
			}
		}
		if len(e.part) > 0 { // at most the head and payload of a control frame, and what came since
			p = append(e.part, p...)
			e.part = nil
		}
		rest, more := e.frame(p, &a)
		if a.Close != nil {
			return a
		}
		if more {
			e.part = slices.Clone(rest)
			return a
		}
		p = rest
	}
	return a
}

// frame reads one frame from the beginning of p. more is true when its head, or
// the payload of a control frame, is not all there.
func (e *Ear) frame(p []byte, a *Answer) (rest []byte, more bool) {
	in := bytes.NewReader(p)
	h, err := ws.ReadHeader(in)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return p, true
	}
	if err == nil {
		err = e.check(h)
	}
	if err != nil {
		a.end(Breach, ws.StatusProtocolError, err.Error())
		return nil, false
	}
	rest = p[len(p)-in.Len():]
	if !h.OpCode.IsControl() {
		return e.data(h, rest, a)
	}
	if int64(len(rest)) < h.Length {
		return p, true
	}
	if e.heard(a); a.Close != nil {
		return nil, false
	}
	payload := slices.Clone(rest[:h.Length])
	ws.Cipher(payload, h.Mask, 0)
	switch h.OpCode {
	case ws.OpPing:
		a.Pong = whole(ws.NewPongFrame(payload))
	case ws.OpClose:
		a.goodbye(payload)
		return nil, false
	}
	return rest[h.Length:], false
}

// check adds to the rules of the protocol what compression allows.
func (e *Ear) check(h ws.Header) error {
	state := ws.StateServerSide
	if e.begun {
		state = state.Set(ws.StateFragmented)
	}
	if e.Compressed && h.Rsv1() && !h.Rsv2() && !h.Rsv3() && (h.OpCode == ws.OpText || h.OpCode == ws.OpBinary) {
		h.Rsv = 0
	}
	return ws.CheckHeader(h, state)
}

// data lets a message by.
func (e *Ear) data(h ws.Header, rest []byte, a *Answer) ([]byte, bool) {
	if h.Length > longest-e.message {
		a.end(Noise, ws.StatusMessageTooBig, "there is nothing to say here")
		return nil, false
	}
	if e.heard(a); a.Close != nil {
		return nil, false
	}
	if e.begun = !h.Fin; e.begun {
		e.message += h.Length
	} else {
		e.message = 0
	}
	n := min(h.Length, int64(len(rest)))
	e.skip = h.Length - n
	return rest[n:], false
}

// heard counts a frame.
func (e *Ear) heard(a *Answer) {
	if e.frames++; e.frames > often {
		a.end(Noise, ws.StatusPolicyViolation, "there is nothing to say here")
	}
}

// end leaves the client.
func (a *Answer) end(why Reason, code ws.StatusCode, words string) {
	a.Close, a.Why = Farewell(code, words), why
}

// goodbye answers a close with the same code, if it is one.
func (a *Answer) goodbye(payload []byte) {
	if len(payload) == 0 {
		a.Close, a.Why = whole(ws.NewCloseFrame(nil)), Left
		return
	}
	code, words := ws.ParseCloseFrameData(payload)
	if err := ws.CheckCloseFrameData(code, words); err != nil || len(payload) == 1 {
		a.end(Breach, ws.StatusProtocolError, "the close is not valid")
		return
	}
	a.end(Left, code, "")
}

// The codes of a farewell that the hub has reason for.
const (
	GoingAway = ws.StatusGoingAway  // the hub stops; come again
	Expired   = ws.StatusCode(3000) // the proof has ended: "unauthorized" of the registry
	TooSlow   = ws.StatusCode(3008) // "timeout" of the registry
)

// Farewell is a close frame.
func Farewell(code ws.StatusCode, words string) []byte {
	return whole(ws.NewCloseFrame(ws.NewCloseFrameBody(code, words)))
}

// whole writes a frame to memory, where that does not fail.
func whole(f ws.Frame) []byte {
	var out bytes.Buffer
	if err := ws.WriteFrame(&out, f); err != nil {
		return nil
	}
	return out.Bytes()
}
