package stream

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub/tracking/stream/talk"
	"gigafibre.ca/targo-hub/hub/tracking/stream/wire"
)

// single is a subscriber who is served by a goroutine of his own.
type single struct {
	hose   *Hose
	client wire.Client
	out    outlet
	heard  chan talk.Answer // nil where nothing can be heard
}

// outlet takes bytes, for a limited time.
type outlet interface {
	Write(p []byte) (int, error)
	SetWriteDeadline(t time.Time) error
}

var (
	errExpired = errors.New("the proof has ended")
	errClosing = errors.New("the hub is stopping")
)

// flushed is an answer of net/http as an outlet.
type flushed struct {
	http.ResponseWriter
	*http.ResponseController
}

// Write implements io.Writer, and waits until it is out.
func (f flushed) Write(p []byte) (int, error) {
	n, err := f.ResponseWriter.Write(p)
	if err != nil {
		return n, err
	}
	return n, f.Flush()
}

// answer serves events where the connection stays net/http's.
func (h *Hose) answer(c echo.Context, client wire.Client) {
	ctx, cancel := until(c.Request().Context(), client.Expires)
	defer cancel()
	c.Response().WriteHeader(http.StatusOK)
	out := flushed{c.Response(), http.NewResponseController(c.Response())}
	s := single{hose: h, client: client, out: out}
	client.Left(reasonOf(s.run(ctx)))
	_ = out.SetWriteDeadline(time.Now().Add(h.options.Write)) // for the end of the answer itself
}

// serve serves a connection that was taken and cannot be given to the loops: one
// with TLS, say.
func (h *Hose) serve(conn net.Conn, client wire.Client) {
	ctx, cancel := until(context.Background(), client.Expires)
	defer cancel()
	curb(conn)
	s := single{hose: h, client: client, out: conn, heard: make(chan talk.Answer, 1)}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if !s.hear(conn) {
			cancel()
		}
	}()
	err := s.run(ctx)
	reason := reasonOf(err)
	if words := goodbye(err); client.Form.IsSocket() && words != nil {
		_ = s.send(words)
	}
	_ = conn.Close()
	<-gone
	client.Left(reason)
}

// curb bounds what waits in the kernel for a client that reads slowly, and would
// be old when it comes.
func curb(conn net.Conn) {
	if inner, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = inner.NetConn()
	}
	if socket, ok := conn.(interface{ SetWriteBuffer(int) error }); ok {
		_ = socket.SetWriteBuffer(64 << 10) // without it the stream is as right, only later
	}
}

// until is a context that ends with the proof.
func until(ctx context.Context, expires time.Time) (context.Context, context.CancelFunc) {
	if expires.IsZero() {
		return context.WithCancel(ctx)
	}
	return context.WithDeadlineCause(ctx, expires, errExpired)
}

// run writes what is new until the subscriber leaves or is left.
func (s *single) run(ctx context.Context) error {
	beat := time.NewTicker(s.hose.options.Beat)
	defer beat.Stop()
	if err := s.send(s.client.Head); err != nil {
		return err
	}
	for {
		changed := s.hose.turn.wait()
		if err := s.feed(); err != nil {
			return err
		}
		var err error
		select {
		case <-s.hose.done:
			return errClosing
		case <-ctx.Done():
			return context.Cause(ctx)
		case a := <-s.heard:
			if a.Close != nil {
				return errors.Join(parting(a.Why), s.send(a.Close))
			}
			err = s.send(a.Pong)
		case <-beat.C:
			if s.client.Ended(time.Now()) {
				return errExpired
			}
			err = s.send(s.hose.beats[s.client.Form])
		case <-changed:
		}
		if err != nil {
			return err
		}
	}
}

// feed writes what the subscriber has not seen.
func (s *single) feed() error {
	for {
		var text []byte
		text, s.client.Seen = s.client.Source.Next(s.client.Seen, s.client.Form)
		if text == nil {
			return nil
		}
		if err := s.send(text); err != nil {
			return err
		}
		s.hose.gauge.frames.Inc()
	}
}

func (s *single) send(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if err := s.out.SetWriteDeadline(time.Now().Add(s.hose.options.Write)); err != nil {
		return err
	}
	_, err := s.out.Write(text)
	return err
}
