package wire

import (
	"time"

	"golang.org/x/sys/unix"

	"gigafibre.ca/targo-hub/hub/tracking/stream/talk"
)

// keep looks after the clients' times.
func (l *loop) keep(now time.Duration) {
	o, today := &l.all.options, time.Now()
	l.each(func(c *client) {
		switch {
		case c.leaving != "":
			if now-c.began > o.Linger {
				l.drop(c, c.leaving)
			}
		case len(c.rest) > 0 && (now-max(c.moved, c.began) > o.Write || now-c.began > o.Whole):
			l.drop(c, Slow)
		case c.proof.Ended(today):
			l.farewell(c, Expired)
		case c.form.IsSocket() && now-c.heard > 3*o.Beat:
			l.drop(c, Silent)
		case now-c.beaten >= o.Beat:
			c.ear.Forgive()
			if c.form.IsSocket() || now-c.moved >= o.Beat {
				l.beat(c, now)
			} else {
				c.beaten = c.moved
			}
		}
	})
}

// beat sends a sign of life. A message that is on its way is one, but a WebSocket
// is to answer: the ping goes out behind it.
func (l *loop) beat(c *client, now time.Duration) {
	c.beaten = now
	if c.leaving != "" || len(c.rest) > 0 && !c.form.IsSocket() {
		return
	}
	if c.pong == nil {
		c.pong = l.all.beats[c.form]
	}
	if len(c.rest) == 0 {
		l.push(c, now)
	}
}

// wrote is called when everything is out. Who leaves is left then: behind its
// last words a WebSocket is given time to say its own.
func (l *loop) wrote(c *client) {
	switch {
	case c.leaving == "":
	case c.form.IsSocket() && c.leaving != string(talk.Left):
		_ = unix.Shutdown(int(c.fd), unix.SHUT_WR)
	default:
		l.drop(c, c.leaving)
	}
}

// farewell begins to leave a client: with words where there are any for it.
func (l *loop) farewell(c *client, reason string) {
	var words []byte
	if c.form.IsSocket() {
		switch reason {
		case Closing:
			words = talk.Farewell(talk.GoingAway, "the hub is stopping")
		case Expired:
			words = talk.Farewell(talk.Expired, "the proof has ended")
		}
	}
	l.part(c, reason, words)
}

func (l *loop) part(c *client, reason string, words []byte) {
	if c.leaving != "" {
		return
	}
	c.leaving, c.words, c.pong = reason, words, nil
	now := l.now()
	if c.began = now; len(c.rest) == 0 {
		l.write(c, now)
	}
}

// drop ends with a client.
func (l *loop) drop(c *client, reason string) {
	if c.gone {
		return
	}
	c.gone, c.rest, c.pong, c.words = true, nil, nil, nil
	// To close alone ends nothing while the socket has another number, that of
	// net/http: then what happens to it would be told of who has the place next.
	_ = unix.EpollCtl(l.fd, unix.EPOLL_CTL_DEL, int(c.fd), nil)
	_ = unix.Close(int(c.fd))
	l.clients[c.place] = nil
	l.free = append(l.free, c.place)
	l.live--
	if c.leaving != "" {
		reason = c.leaving
	}
	c.left(reason)
}
