package wire

import (
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"

	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
	"gigafibre.ca/targo-hub/hub/tracking/stream/talk"
)

// client is one socket. What every message touches stands together at the
// beginning: thousands of clients do not fit the processor's cache.
type client struct {
	source  Source
	seen    uint64
	rest    []byte        // of the message that is being written
	began   time.Duration // when that began, by the loop's clock as the times below
	moved   time.Duration // when the client took something last
	fd      int32
	place   int32
	form    frame.Form
	gone    bool
	leaving string // why; then only rest and last words go out

	pong   []byte // or a sign of life: goes out behind rest
	words  []byte // the close frame: goes out behind that
	beaten time.Duration
	heard  time.Duration
	ear    talk.Ear
	early  []byte
	proof  Proof
	who    string
	left   func(reason string)
}

// unsent bounds what waits in the kernel for a client that reads slowly: what
// waits there gets old, and cannot be replaced by what is newer.
const unsent = 64 << 10

// admit begins with a client.
func (l *loop) admit(c *client, now time.Duration) {
	if n := len(l.free); n > 0 {
		c.place, l.free = l.free[n-1], l.free[:n-1]
	} else {
		c.place = int32(len(l.clients))
		l.clients = append(l.clients, nil)
	}
	l.clients[c.place] = c
	l.live++
	c.began, c.moved, c.heard = now, now, now
	c.beaten = now - rand.N(l.all.options.Beat) // so that not all beats come at once
	_ = unix.SetNonblock(int(c.fd), true)
	// Both only better what holds without them; other kinds of sockets have neither.
	_ = unix.SetsockoptInt(int(c.fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(l.all.options.Write.Milliseconds()))
	_ = unix.SetsockoptInt(int(c.fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent)
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET&0xffffffff, Fd: c.place}
	if err := unix.EpollCtl(l.fd, unix.EPOLL_CTL_ADD, int(c.fd), &event); err != nil {
		l.drop(c, Gone)
		return
	}
	early := c.early
	c.early = nil
	if l.closing {
		l.farewell(c, Closing)
		return
	}
	l.said(c, early)
	if !c.gone {
		l.push(c, now)
	}
}

// push writes as much as there is and goes.
func (l *loop) push(c *client, now time.Duration) {
	l.all.options.Frames.Add(float64(l.write(c, now)))
}

// write writes until there is nothing left or no room, and counts the messages
// of the source that it began.
func (l *loop) write(c *client, now time.Duration) (begun int) {
	text := c.rest
	for {
		if len(text) == 0 {
			var fed bool
			if text, fed = c.next(); len(text) == 0 {
				c.rest = nil
				l.wrote(c)
				return begun
			}
			if c.began = now; fed {
				begun++
			}
		}
		n, err := unix.Write(int(c.fd), text)
		switch {
		case n > 0:
			text, c.moved = text[n:], now
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			c.rest = text
			return begun
		default:
			l.drop(c, Gone)
			return begun
		}
	}
}

// next picks what goes out next; fed when it comes from the source.
func (c *client) next() (text []byte, fed bool) {
	switch {
	case c.pong != nil && c.leaving == "":
		text, c.pong = c.pong, nil
	case c.words != nil:
		text, c.words = c.words, nil
	case c.leaving == "":
		text, c.seen = c.source.Next(c.seen, c.form)
		fed = true
	}
	return text, fed
}

// hear reads all that the client has said.
func (l *loop) hear(c *client, now time.Duration) {
	c.heard = now
	for range 64 { // half a megabyte at once: nobody has that much to say
		n, err := unix.Read(int(c.fd), l.in[:])
		switch {
		case n > 0:
			if l.said(c, l.in[:n]); c.gone {
				return
			}
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			return
		default: // the end, or broken
			l.drop(c, Gone)
			return
		}
	}
	l.drop(c, string(talk.Noise))
}

// said is what a client said. On a stream of events it has nothing to say: that
// is let by.
func (l *loop) said(c *client, p []byte) {
	if !c.form.IsSocket() || c.leaving != "" || len(p) == 0 {
		return
	}
	a := c.ear.Hear(p)
	switch {
	case a.Close != nil:
		l.part(c, string(a.Why), a.Close)
	case a.Pong != nil:
		if c.pong = a.Pong; len(c.rest) == 0 {
			l.push(c, l.now())
		}
	}
}
