package stream

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
	"gigafibre.ca/targo-hub/hub/tracking/stream/talk"
	"gigafibre.ca/targo-hub/hub/tracking/stream/wire"
)

// hear reads what the client says until it leaves, or is told to: then it is
// true. A WebSocket has to answer pings.
func (s *single) hear(conn net.Conn) (told bool) {
	var ear talk.Ear
	ear.Compressed = s.client.Form == frame.Deflate
	said, buffer, forgiven := s.client.Early, make([]byte, 512), time.Now()
	for {
		if time.Since(forgiven) > s.hose.options.Beat {
			forgiven = time.Now()
			ear.Forgive()
		}
		if s.client.Form.IsSocket() {
			if s.tell(ear.Hear(said)) {
				return true
			}
			_ = conn.SetReadDeadline(time.Now().Add(3 * s.hose.options.Beat))
		}
		n, err := conn.Read(buffer)
		if said = buffer[:n]; err != nil {
			return false
		}
	}
}

// tell passes an answer on, in the place of one that was not sent yet; last when
// nothing may follow it.
func (s *single) tell(a talk.Answer) (last bool) {
	if a.Pong == nil && a.Close == nil {
		return false
	}
	select {
	case <-s.heard:
	default:
	}
	s.heard <- a // there is room: nobody else puts in
	return a.Close != nil
}

// parting is the error of a client that is left for what it said.
type parting talk.Reason

// Error implements error.
func (p parting) Error() string { return "leaving a client: " + string(p) }

// goodbye is what a WebSocket is told about the end.
func goodbye(err error) []byte {
	switch {
	case errors.Is(err, errClosing):
		return talk.Farewell(talk.GoingAway, "the hub is stopping")
	case errors.Is(err, errExpired):
		return talk.Farewell(talk.Expired, "the proof has ended")
	}
	return nil
}

func reasonOf(err error) string {
	var p parting
	switch {
	case errors.As(err, &p):
		return string(p)
	case errors.Is(err, errClosing):
		return wire.Closing
	case errors.Is(err, errExpired):
		return wire.Expired
	case errors.Is(err, os.ErrDeadlineExceeded):
		return wire.Slow
	}
	return wire.Gone
}

// turn wakes those who are served one by one.
type turn struct{ changed atomic.Pointer[chan struct{}] }

func (t *turn) begin() {
	c := make(chan struct{})
	t.changed.Store(&c)
}

func (t *turn) next() {
	c := make(chan struct{})
	close(*t.changed.Swap(&c))
}

// wait is closed at the next turn.
func (t *turn) wait() <-chan struct{} { return *t.changed.Load() }
