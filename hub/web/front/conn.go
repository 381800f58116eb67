package front

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// The states of a connection, for who stops the front.
const (
	idle    = iota // waits for a request, or for its rest
	active         // a request is at work
	closing        // to be closed by who said so
)

// conn is one connection, served by one goroutine.
type conn struct {
	net.Conn
	front  *Front
	remote string
	state  atomic.Int32

	in         []byte
	r, w       int // what is read and not used of in
	readUntil  time.Time
	writeUntil time.Time
	parser     parser
	reply      reply
}

// step is what reading a head came to.
type step int

const (
	quit step = iota // the connection is over
	give             // it is for net/http
	take             // a head is there
)

// serve answers requests one after the other, in their order.
func (c *conn) serve() {
	kept := true
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			c.front.cfg.Panic(v)
		}
		if kept {
			_ = c.Close()
		}
		c.front.forget(c)
	}()
	for first := true; ; first = false {
		n, what := c.head(first)
		if what == quit {
			return
		}
		var r *http.Request
		if what == take {
			r = c.parse(n)
		}
		if r == nil {
			kept = false
			c.handOver()
			return
		}
		c.r += n
		if !c.answer(r) {
			return
		}
		if !c.state.CompareAndSwap(active, idle) || c.front.isStopped() {
			return
		}
	}
}

func (c *conn) parse(n int) *http.Request {
	r, ok := c.parser.parse(c.in[c.r : c.r+n])
	if !ok {
		return nil
	}
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if r.ContentLength > c.front.cfg.Takes(r.Method, path) {
		return nil
	}
	r.RemoteAddr = c.remote
	return r
}

// answer serves a request and tells whether another one may follow.
func (c *conn) answer(r *http.Request) bool {
	v := &visit{conn: c}
	defer v.end()
	c.reply.begin(c, r.Close || c.front.isStopped())
	if r.ContentLength > 0 {
		v.unread = true
		b := &body{conn: c, visit: v, left: r.ContentLength}
		defer func() { b.closed = true }()
		r.Body, c.reply.asked = b, b
	}
	c.front.cfg.Serve(v, &c.reply, r)
	return c.reply.end()
}

// handOver gives the connection to net/http, with the bytes that were read.
func (c *conn) handOver() {
	c.stampRead(time.Time{})
	if !c.writeUntil.IsZero() {
		_ = c.SetWriteDeadline(time.Time{})
	}
	h := &handed{Conn: c.Conn, first: bytes.Clone(c.in[c.r:c.w])}
	select {
	case c.front.rest <- h:
	case <-c.front.stopped:
		_ = c.Close()
	}
}

// head waits for the head of a request and returns its length.
func (c *conn) head(first bool) (int, step) {
	timed, seen := false, 0
	begun := first // as in net/http: what is less than four bytes is no next request yet
	for {
		if !begun && c.w-c.r >= 4 {
			begun = true
			c.skipBreaks()
		}
		have := c.in[c.r:c.w]
		if i := bytes.Index(have[max(seen-3, 0):], []byte("\r\n\r\n")); i >= 0 {
			if c.state.Load() != active && !c.state.CompareAndSwap(idle, active) {
				return 0, quit
			}
			return max(seen-3, 0) + i + 4, take
		}
		if begun && !promising(have) {
			return 0, give
		}
		seen = len(have)
		if seen == 0 && !first {
			c.idleSince(c.reply.now)
		} else if !timed {
			timed = true
			c.stampRead(time.Now().Add(c.front.cfg.HeadTime))
		}
		c.makeRoom()
		n, err := c.Conn.Read(c.in[c.w:])
		c.w += n
		if n == 0 && err != nil {
			if err == io.EOF && c.r < c.w && begun {
				return 0, give // it has words for that
			}
			return 0, quit
		}
	}
}

// skipBreaks passes over the line breaks that some callers send behind the body
// of a POST, as many as are among the next four bytes.
func (c *conn) skipBreaks() {
	for i := 0; i < 4 && c.parser.request.Method == http.MethodPost && (c.in[c.r] == '\r' || c.in[c.r] == '\n'); i++ {
		c.r++
	}
}

// promising tells whether the beginning of a head may become one for here.
func promising(have []byte) bool {
	if !begins(have, "GET /") && !begins(have, "POST /") || len(have) >= maxHead {
		return false
	}
	for rest := have; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return true
		}
		if i == 0 || rest[i-1] != '\r' {
			return false
		}
		rest = rest[i+1:]
	}
}

// begins tells whether the text, as far as it has come, is as the beginning.
func begins(have []byte, beginning string) bool {
	n := min(len(have), len(beginning))
	return string(have[:n]) == beginning[:n]
}
