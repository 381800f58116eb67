package front

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// body is what follows the head of a request: first what has come already, then
// what comes. It ends where the head said, and what ends before that is torn.
type body struct {
	conn   *conn
	visit  *visit
	left   int64
	until  time.Time // as long as the handler gives it; zero when it has not said
	err    error
	closed bool // the request has been answered
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	switch {
	case b.closed:
		return 0, http.ErrBodyReadAfterClose
	case b.err != nil:
		return 0, b.err
	case len(p) == 0:
		return 0, nil
	}
	n, err := b.conn.more(p[:min(int64(len(p)), b.left)], b.limit)
	b.left -= int64(n)
	switch {
	case b.left == 0:
		b.err = io.EOF
		b.visit.free()
	case errors.Is(err, io.EOF):
		b.err = io.ErrUnexpectedEOF
	default:
		b.err = err
	}
	return n, b.err
}

// Close implements io.Closer. The rest is read before the answer is sent, as
// net/http does.
func (b *body) Close() error { return nil }

func (b *body) limit() time.Time {
	if b.until.IsZero() {
		b.until = time.Now().Add(b.conn.front.cfg.BodyTime)
	}
	return b.until
}

// finish passes over what the handler did not read. It returns false when what
// follows on the connection may not be another request.
func (b *body) finish() bool {
	if b == nil {
		return true
	}
	if b.err == nil {
		if until := time.Now().Add(b.conn.front.cfg.HeadTime); b.until.IsZero() || until.Before(b.until) {
			b.until = until
		}
		_, _ = io.Copy(io.Discard, b) // b.err says how it ended
	}
	return b.err == io.EOF
}

// SetReadDeadline limits the time for the body, for http.ResponseController. It
// costs nothing when all of the body is there already.
func (w *reply) SetReadDeadline(until time.Time) error {
	if w.asked != nil && !until.IsZero() {
		w.asked.until = until
	}
	return nil
}

// more reads what follows: of what has come already, else from the connection.
func (c *conn) more(p []byte, until func() time.Time) (int, error) {
	if c.r < c.w {
		n := copy(p, c.in[c.r:c.w])
		c.r += n
		return n, nil
	}
	if t := until(); !t.Equal(c.readUntil) {
		c.stampRead(t)
	}
	return c.Conn.Read(p)
}

// makeRoom leaves place to read into.
func (c *conn) makeRoom() {
	switch {
	case c.in == nil:
		c.in = make([]byte, 4<<10)
	case c.r == c.w:
		c.r, c.w = 0, 0
	case c.w < len(c.in):
	case c.r > 0:
		c.w = copy(c.in, c.in[c.r:c.w])
		c.r = 0
	default:
		c.in = append(c.in, make([]byte, min(len(c.in), maxHead))...)
	}
}

// idleSince gives the caller time for his next request. A limit that is far
// enough off stays: to set one is not free.
func (c *conn) idleSince(now time.Time) {
	if left := c.readUntil.Sub(now); left < c.front.cfg.IdleTime/2 || left > c.front.cfg.IdleTime {
		c.stampRead(now.Add(c.front.cfg.IdleTime))
	}
}

func (c *conn) stampRead(until time.Time) {
	c.readUntil = until
	_ = c.SetReadDeadline(until) // a closed connection says so when it is read
}
