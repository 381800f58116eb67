// Package front is the lean way in for the requests that come most often, to
// routes that say so: reads, and deliveries of webhooks. It accepts the
// connections, reads a request and answers it on one goroutine, where net/http's
// server adds a second one for each request and copies, sorts and checks all
// headers anew. That is more than half of what a read costs.
//
// It takes a request only when there can be no doubt about it: HTTP/1.1, one
// host, plain headers, a route that is marked, GET without a body or POST with a
// short one whose length is said once. With anything else the connection goes to
// net/http's server, together with the bytes that were read, and stays there.
//
// Answers of handlers are sent as net/http would. A caller who leaves is noticed
// once somebody waits for the end of the request's context. It calls nothing and
// remembers nothing but its connections.
package front

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Config says how connections are served.
type Config struct {
	// Serve answers a request; ctx is the context of the caller's being there. r is
	// for the time of the call, a copy of it for longer; its headers are only read.
	Serve func(ctx context.Context, w http.ResponseWriter, r *http.Request)
	// Takes tells how long the body of a request of an escaped path may be to be
	// served here: 0 for one without, -1 for none at all.
	Takes func(method, path string) int64
	Count func(delta int) // connections that begin and end here; nil for none
	Panic func(v any)     // a panic that ended a connection; nil drops it

	// Always are the headers of every answer whose handler gives them no value of
	// its own.
	Always []Line

	HeadTime  time.Duration // for the head of a request, and for what of a body nobody wants
	BodyTime  time.Duration // for the body, unless the handler sets a limit
	IdleTime  time.Duration // between two requests, at most; a half of it at least
	WriteTime time.Duration // for a caller to take what is written at once
}

// Line is a header as it is written.
type Line struct {
	Name string // canonical
	Text []byte // "Name: value\r\n"
}

// maxHead is the longest head of a request here, in bytes.
const maxHead = 16 << 10

// Front serves one listener.
type Front struct {
	cfg      Config
	listener net.Listener
	rest     chan net.Conn
	stopped  chan struct{}
	date     atomic.Pointer[stamp]

	mu    sync.Mutex
	conns map[*conn]struct{}
	empty chan struct{} // closed once stopped and without connections
	once  sync.Once
}

// stamp is the Date header of one second.
type stamp struct {
	second int64
	line   string
}

// New makes a front. Serve accepts; Rest gives what is not for it.
func New(listener net.Listener, cfg Config) *Front {
	if cfg.Count == nil {
		cfg.Count = func(int) {}
	}
	if cfg.Panic == nil {
		cfg.Panic = func(any) {}
	}
	return &Front{
		cfg: cfg, listener: listener, rest: make(chan net.Conn), stopped: make(chan struct{}),
		conns: map[*conn]struct{}{}, empty: make(chan struct{}),
	}
}

// Serve accepts connections until the listener is closed or fails.
func (f *Front) Serve() error {
	pause := 5 * time.Millisecond
	for {
		c, err := f.listener.Accept()
		if err == nil {
			pause = 5 * time.Millisecond
			f.take(c)
			continue
		}
		var passing interface{ Temporary() bool }
		if f.isStopped() || !errors.As(err, &passing) || !passing.Temporary() {
			f.stop()
			return err
		}
		select { // too many open files, say
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		case <-f.stopped:
		}
	}
}

func (f *Front) take(nc net.Conn) {
	c := &conn{Conn: nc, front: f, remote: nc.RemoteAddr().String()}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isStopped() {
		_ = nc.Close()
		return
	}
	f.conns[c] = struct{}{}
	f.cfg.Count(1)
	go c.serve()
}

func (f *Front) isStopped() bool {
	select {
	case <-f.stopped:
		return true
	default:
		return false
	}
}

// forget is the end of a connection here.
func (f *Front) forget(c *conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
	f.cfg.Count(-1)
	f.tellEmpty()
}

func (f *Front) tellEmpty() {
	if len(f.conns) == 0 && f.isStopped() {
		f.once.Do(func() { close(f.empty) })
	}
}

// stop accepts nothing more and closes what is idle.
func (f *Front) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.isStopped() {
		close(f.stopped)
		_ = f.listener.Close()
	}
	for c := range f.conns {
		if c.state.CompareAndSwap(idle, closing) {
			_ = c.Close()
		}
	}
	f.tellEmpty()
}

// Shutdown accepts nothing more, closes idle connections and waits for the
// answers on the others. What is not done when ctx ends is cut.
func (f *Front) Shutdown(ctx context.Context) error {
	f.stop()
	select {
	case <-f.empty:
		return nil
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), f.Close())
	}
}

// Rest is the listener of the connections that are not for the front. To close
// it closes the front's listener.
func (f *Front) Rest() net.Listener { return (*rest)(f) }

// rest is the front as a listener.
type rest Front

// Accept implements net.Listener.
func (l *rest) Accept() (net.Conn, error) {
	select {
	case c := <-l.rest:
		return c, nil
	case <-l.stopped:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *rest) Close() error {
	(*Front)(l).stop()
	return nil
}

// Addr implements net.Listener.
func (l *rest) Addr() net.Addr { return l.listener.Addr() }

// handed is a connection whose first bytes were read already.
type handed struct {
	net.Conn
	first []byte
}

// Read implements net.Conn.
func (h *handed) Read(p []byte) (int, error) {
	if len(h.first) == 0 {
		return h.Conn.Read(p)
	}
	n := copy(p, h.first)
	if h.first = h.first[n:]; len(h.first) == 0 {
		h.first = nil
	}
	return n, nil
}

// SyscallConn implements syscall.Conn, for who takes the connection away from
// net/http and wants the socket itself: that is possible once the first bytes
// have been read.
func (h *handed) SyscallConn() (syscall.RawConn, error) {
	socket, ok := h.Conn.(syscall.Conn)
	if !ok || len(h.first) > 0 {
		return nil, errors.ErrUnsupported
	}
	return socket.SyscallConn()
}

// dateLine is the Date header, made once a second.
func (f *Front) dateLine(now time.Time) string {
	if s := f.date.Load(); s != nil && s.second == now.Unix() {
		return s.line
	}
	s := &stamp{now.Unix(), "Date: " + now.UTC().Format(http.TimeFormat) + "\r\n"}
	f.date.Store(s)
	return s.line
}

// Close cuts all connections.
func (f *Front) Close() error {
	f.stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		_ = c.Close()
	}
	return nil
}
