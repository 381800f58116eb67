package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// patience is how long an answer is waited for without watching the context: a
// fast answer should not pay for a watch that it does not need. A caller that
// leaves is noticed that much later.
const patience = 50 * time.Millisecond

// link is one connection.
type link struct {
	transport *Transport
	conn      net.Conn
	host      string
	raw       syscall.RawConn       // nil when the connection is none of the system's
	turn      func(fd uintptr) bool // l.about
	since     time.Time             // at work, or idle, since about then
	uses      int
	deadline  time.Time // what the connection was told last

	// Of the call at work:
	*space
	r, w   int    // what is read and not used of in
	rest   []byte // what is not written yet of out
	ctx    context.Context
	call   Call
	short  bool // the deadline is that of patience
	inBody bool
	sent   bool // a byte was written
	silent bool // no byte was read
	stop   func() bool
	found  error // what about came to
}

// begin prepares the connection for a call.
func (l *link) begin(a *turn) {
	l.uses++
	l.since = time.Now()
	l.space, l.r, l.w, l.rest = a.space, 0, 0, a.space.out
	l.ctx, l.call = a.ctx, a.call
	l.short, l.inBody, l.sent, l.silent, l.stop = true, false, false, true, nil
	if len(l.out) > small {
		l.watch(l.since)
		return
	}
	now := l.since
	if left := l.deadline.Sub(now); left >= patience/2 && left <= patience && (l.call.Until.IsZero() || !l.call.Until.Before(l.deadline)) {
		return // the last call's will do: setting one is not free
	}
	until := now.Add(patience)
	if !l.call.Until.IsZero() && l.call.Until.Before(until) {
		until, l.short = l.call.Until, false
	}
	l.arm(until)
}

func (l *link) arm(until time.Time) {
	l.deadline = until
	_ = l.conn.SetDeadline(until) // a closed connection says so when it is used
}

// watch ends the time of patience: from now on the context can end the call, and
// its own time counts.
func (l *link) watch(now time.Time) {
	l.short = false
	until := l.call.Until
	if l.inBody && l.call.Quiet > 0 {
		until = now.Add(l.call.Quiet)
	}
	l.arm(until)
	if l.stop == nil && l.ctx.Done() != nil {
		conn := l.conn
		l.stop = context.AfterFunc(l.ctx, func() { _ = conn.Close() })
	}
}

// exchange sends the request and reads the head of the answer.
func (l *link) exchange(r *http.Request) (*http.Response, error) {
	send := l.write
	if l.raw != nil {
		send = l.writeAndWait
	}
	if err := send(); err != nil {
		return nil, l.why(err)
	}
	resp, err := l.answer(r)
	if err != nil {
		return nil, l.why(err)
	}
	return resp, nil
}

// write writes what is left of the request.
func (l *link) write() error {
	for len(l.rest) > 0 {
		n, err := l.conn.Write(l.rest)
		l.rest = l.rest[n:]
		l.sent = l.sent || n > 0
		if err != nil && (!l.short || !isTimeout(err)) {
			return err
		}
		if err != nil {
			l.watch(time.Now())
		}
	}
	return nil
}

// writeAndWait writes the request and reads the beginning of the answer. It
// begins to wait before it writes, so that it need not ask in vain first whether
// the answer is there already.
func (l *link) writeAndWait() error {
	l.found = nil
	err := l.raw.Read(l.turn)
	if err == nil {
		err = l.found
	}
	if err == nil || !l.short || !isTimeout(err) {
		return err
	}
	l.watch(time.Now())
	if len(l.rest) == len(l.out) {
		return l.writeAndWait() // the time was over before it began
	}
	return l.write()
}

// about is called at once, and then whenever there may be something to read. It
// returns whether that is all.
func (l *link) about(fd uintptr) bool {
	if !l.sent {
		if l.uses > 1 && !isQuiet(fd) {
			l.found = errStale
			return true
		}
		n, err := l.conn.Write(l.rest)
		l.rest, l.sent, l.found = l.rest[n:], n > 0, err
		return err != nil
	}
	for {
		n, err := syscall.Read(int(fd), l.in)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EAGAIN):
			return false
		case err != nil:
			l.found = err
		case n == 0:
			l.found = io.EOF
		default:
			l.w, l.silent = n, false
		}
		return true
	}
}

// isQuiet tells whether an idle connection is open and has nothing to say: bytes
// that nobody asked for would be taken for the next answer.
func isQuiet(fd uintptr) bool {
	var one [1]byte
	_, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return errors.Is(err, syscall.EAGAIN)
}

// why prefers the end of the context to what it did to the connection.
func (l *link) why(err error) error {
	if cause := context.Cause(l.ctx); cause != nil {
		return cause
	}
	return err
}

// fill reads more. The connection's end is io.EOF.
func (l *link) fill() error {
	if l.r == l.w {
		l.r, l.w = 0, 0
	}
	if l.w == len(l.in) {
		if l.r == 0 {
			return errTooLong
		}
		l.w = copy(l.in, l.in[l.r:l.w])
		l.r = 0
	}
	n, err := l.read(l.in[l.w:])
	l.w += n
	return err
}

// read waits for bytes and reads them.
func (l *link) read(p []byte) (int, error) {
	if l.inBody && l.call.Quiet > 0 && !l.short {
		if now := time.Now(); l.deadline.Sub(now) < l.call.Quiet/2 {
			l.arm(now.Add(l.call.Quiet))
		}
	}
	for {
		n, err := l.conn.Read(p)
		if n > 0 {
			l.silent = false
			return n, nil
		}
		if err == nil {
			err = io.ErrNoProgress
		}
		if !l.short || !isTimeout(err) {
			return 0, l.why(err)
		}
		now := time.Now()
		if !l.call.Until.IsZero() && !l.inBody && !now.Before(l.call.Until) {
			return 0, os.ErrDeadlineExceeded
		}
		l.watch(now)
	}
}

// end gives the connection back, or closes it.
func (l *link) end(again bool) {
	if l.stop != nil && !l.stop() {
		again = false // it is being closed
	}
	again = again && l.r == l.w
	if s := l.space; s != nil {
		l.transport.release(s)
	}
	if !l.short { // it took longer than patience
		l.since = time.Now()
	}
	l.space, l.rest, l.ctx, l.stop, l.call = nil, nil, nil, nil, Call{}
	if !again || !l.transport.keep(l) {
		_ = l.conn.Close()
	}
}
