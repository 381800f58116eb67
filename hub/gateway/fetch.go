package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/reply"
	"gigafibre.ca/targo-hub/hub/gateway/shelf"
	"gigafibre.ca/targo-hub/hub/gateway/veil"
)

const (
	pooled  = 64 << 10 // bytes of a buffer; most answers fit
	hoarded = 1 << 20  // bytes of a buffer that is not given back
)

// Values of headers that are the same on every answer. They are shared: nobody
// may write to them.
var (
	isBypass = []string{"bypass"}
)

var errBudget = errors.New("the gateway's time for ERPNext is spent")

// fetch answers with what ERPNext says now. Whoever asks the same at the same
// time gets the same answer.
func (g *Gateway) fetch(c echo.Context, a *ask, key shelf.Key, v int) error {
	flight, lead := g.flights.Join(key, g.stamp(a))
	if !lead {
		return g.follow(c, a, flight, v)
	}
	ctx, release := flight.Context(c.Request().Context(), g.cfg.ReadBudget)
	defer func() { release(); flight.Land(nil, nil) }() // also when it panics: nobody waits for ever
	return g.pass(c, reading{ask: a, ctx: ctx, flight: flight, key: key, variant: v})
}

// reading is one read of ERPNext under way.
type reading struct {
	*ask
	ctx     context.Context
	flight  *shelf.Flight // nil when it is for one caller alone
	key     shelf.Key     // under which it is kept, if it is
	variant int
}

// follow waits for the answer that somebody else has asked for.
func (g *Gateway) follow(c echo.Context, a *ask, flight *shelf.Flight, v int) error {
	ctx := c.Request().Context()
	select {
	case <-flight.Done():
	case <-ctx.Done():
		flight.Leave()
		return ctx.Err()
	}
	if flight.Err != nil {
		return flight.Err
	}
	if flight.Answer != nil {
		g.tally.Shared.Inc()
		return gone(reply.Send(c.Response(), c.Request(), flight.Answer, a.mark()))
	}
	return g.pass(c, reading{ask: a, ctx: ctx, variant: v})
}

// pass calls ERPNext and passes its answer on. What nobody else waits for and
// nothing has to be done to goes straight through; the rest is read first, up to
// a limit.
func (g *Gateway) pass(c echo.Context, r reading) error {
	resp, body, err := g.call(r)
	if err != nil {
		r.land(nil, err)
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if r.Hide == nil && !r.kept && (r.flight == nil || r.flight.Alone()) {
		return g.stream(c, resp, nil, body)
	}
	buffer := g.buffers.Get().(*[]byte)
	defer g.giveBack(buffer)
	start, whole, err := reply.Fill((*buffer)[:0], body, resp.ContentLength, g.cfg.Share<<10)
	*buffer = start
	if err != nil {
		err = unreadable(err)
		r.land(nil, err)
		return err
	}
	if !whole {
		r.land(nil, nil)
		return g.stream(c, resp, start, body)
	}
	_ = resp.Body.Close()
	if answer := g.share(r, resp, start); answer != nil && answer.ETag != nil {
		g.tally.Miss.Inc()
		return gone(reply.Send(c.Response(), c.Request(), answer, r.mark()))
	}
	return g.flush(c, resp, start)
}

// flush sends an answer that is whole.
func (g *Gateway) flush(c echo.Context, resp *http.Response, body []byte) error {
	g.tally.Bypass.Inc()
	w := c.Response()
	h := w.Header()
	h[reply.Cache] = isBypass
	reply.Headers(h, resp)
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(resp.StatusCode)
	_, err := w.Write(body)
	return gone(err)
}

// call makes the call and judges its answer by status and headers. body is the
// answer without what must not be seen.
func (g *Gateway) call(r reading) (*http.Response, io.Reader, error) {
	resp, err := g.site.Forward(r.ctx, erpnext.Pass{Method: http.MethodGet, Target: r.target, Header: r.headers[r.variant]})
	if err != nil {
		return nil, nil, err
	}
	if err := g.judge(resp, r.Hide != nil); err != nil {
		_ = resp.Body.Close()
		return nil, nil, err
	}
	if r.Hide != nil {
		return resp, veil.NewReader(resp.Body, r.Hide, resp.ContentLength), nil
	}
	return resp, resp.Body, nil
}

// land ends the flight; a read for one caller has none.
func (r reading) land(answer *shelf.Answer, err error) {
	if r.flight != nil {
		r.flight.Land(answer, err)
	}
}

// share gives the answer to those who wait for it, and keeps it if it is to be
// kept. It returns the answer that was made for them, if one was.
func (g *Gateway) share(r reading, resp *http.Response, body []byte) (answer *shelf.Answer) {
	if r.flight == nil {
		return nil
	}
	if resp.StatusCode == http.StatusOK && (r.kept || !r.flight.Alone()) {
		answer = shelf.NewAnswer(resp.Header, body)
	}
	if r.kept && answer != nil && answer.Encoding == nil {
		g.shelf.Put(r.key, answer.Keepable(g.now(), r.flight.Stamp()))
	}
	r.flight.Land(answer, nil)
	return answer
}

// stream passes on the start of an answer and then the rest as it comes. Once
// begun it cannot become a problem: what breaks cuts the connection, so that
// nobody takes a part for the whole.
func (g *Gateway) stream(c echo.Context, resp *http.Response, start []byte, rest io.Reader) error {
	g.tally.Bypass.Inc()
	w := c.Response()
	h := w.Header()
	h[reply.Cache] = isBypass
	reply.Headers(h, resp)
	if _, filtered := rest.(*veil.Reader); !filtered && resp.ContentLength >= 0 {
		h["Content-Length"] = []string{strconv.FormatInt(resp.ContentLength, 10)}
	}
	w.WriteHeader(resp.StatusCode)
	if _, err := w.Write(start); err != nil {
		return gone(err)
	}
	_, err := io.Copy(w, rest)
	return gone(err)
}

// gone ends an answer that broke in the middle, on either side.
func gone(err error) error {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (g *Gateway) giveBack(buffer *[]byte) {
	if cap(*buffer) <= hoarded {
		g.buffers.Put(buffer)
	}
}

// unreadable explains an answer that broke before any of it was passed on.
func unreadable(err error) error {
	if errors.Is(err, veil.ErrJSON) || errors.Is(err, io.ErrUnexpectedEOF) {
		return hub.Fail(hub.Upstream, "upstream-failed", "ERPNext's answer is not whole.", err)
	}
	return err
}
