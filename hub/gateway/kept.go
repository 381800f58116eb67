package gateway

import (
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/reply"
	"gigafibre.ca/targo-hub/hub/gateway/shelf"
)

// More shared values of headers.
var (
	isHit  = []string{"hit"}
	isMiss = []string{"miss"}
)

// patience is how long a reader waits for a new answer when there is an old one
// that could be served.
const patience = 2 * time.Second

// mark says on a new answer whether it was worth keeping.
func (a *ask) mark() []string {
	if a.kept {
		return isMiss
	}
	return isBypass
}

// fromShelf answers with what is kept, as long as its time allows, and has it
// renewed in good time. A caller may ask for a new answer (Cache-Control: no-cache).
func (g *Gateway) fromShelf(c echo.Context, a *ask, key shelf.Key, v int) error {
	if strings.Contains(c.Request().Header.Get("Cache-Control"), "no-cache") {
		g.shelf.Drop(key)
		return g.fetch(c, a, key, v)
	}
	there := g.shelf.Get(key)
	if there == nil {
		return g.fetch(c, a, key, v)
	}
	age := g.now().Sub(there.Born)
	switch {
	case age < a.Keep.Fresh:
		if age > a.Keep.Fresh/5*4 {
			g.refresh(a, key, v)
		}
		g.tally.Hit.Inc()
		return gone(reply.Send(c.Response(), c.Request(), there, isHit))
	case age < a.Keep.Fresh+a.Keep.Stale:
		g.refresh(a, key, v)
		g.tally.Stale.Inc()
		return gone(reply.SendOld(c.Response(), c.Request(), there, age))
	case age < a.Keep.Fresh+a.Keep.Stale+a.Keep.Away:
		return g.orOld(c, a, key, v)
	}
	return g.fetch(c, a, key, v)
}

// refresh fetches a new answer that nobody waits for, unless that is being done.
func (g *Gateway) refresh(a *ask, key shelf.Key, v int) {
	if g.life.Err() != nil {
		return
	}
	flight, lead := g.flights.Join(key, g.stamp(a))
	if !lead {
		flight.Leave()
		return
	}
	g.refreshing.Go(func() {
		ctx, release := flight.Context(g.life, g.cfg.ReadBudget)
		defer func() { release(); flight.Land(nil, nil) }()
		g.renew(reading{ask: a, ctx: ctx, flight: flight, key: key, variant: v})
	})
}

// renew reads an answer onto the shelf.
func (g *Gateway) renew(r reading) {
	resp, body, err := g.call(r)
	if err != nil {
		r.land(nil, err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	buffer := g.buffers.Get().(*[]byte)
	defer g.giveBack(buffer)
	start, whole, err := reply.Fill((*buffer)[:0], body, resp.ContentLength, g.cfg.Share<<10)
	*buffer = start
	if err != nil || !whole {
		r.land(nil, err)
		return
	}
	g.share(r, resp, start)
}

// orOld waits a little for a new answer and serves the old one when ERPNext is
// away.
func (g *Gateway) orOld(c echo.Context, a *ask, key shelf.Key, v int) error {
	g.refresh(a, key, v)
	flight, lead := g.flights.Join(key, g.stamp(a))
	if lead { // it has just landed
		flight.Land(nil, nil)
		flight = nil
	} else if err := await(c, flight); err != nil {
		return err
	}
	there := g.shelf.Get(key)
	if there == nil {
		return g.fetch(c, a, key, v)
	}
	age := g.now().Sub(there.Born)
	if age < a.Keep.Fresh {
		g.tally.Miss.Inc()
		return gone(reply.Send(c.Response(), c.Request(), there, isMiss))
	}
	if err := landed(flight); err != nil && !passing(err) {
		return err // ERPNext is there, and refuses
	}
	g.tally.Stale.Inc()
	return gone(reply.SendOld(c.Response(), c.Request(), there, age))
}

// await waits for a flight with patience. The error is that the caller left.
func await(c echo.Context, flight *shelf.Flight) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-flight.Done():
	case <-late.C:
		flight.Leave()
	case <-c.Request().Context().Done():
		flight.Leave()
		return c.Request().Context().Err()
	}
	return nil
}

// landed returns why a flight failed, nil when it did not or has not ended.
func landed(flight *shelf.Flight) error {
	if flight == nil {
		return nil
	}
	select {
	case <-flight.Done():
		return flight.Err
	default:
		return nil
	}
}

// passing tells of failures that say nothing about the question.
func passing(err error) bool {
	return hub.ProblemOf(err).Kind.Status() >= http.StatusInternalServerError
}

// stamp notes the state of the world that an answer to the question depends on.
func (g *Gateway) stamp(a *ask) shelf.Stamp {
	if a.kept && a.Doctype != nil {
		return shelf.StampOf(&a.Doctype.Changes, &g.world)
	}
	return shelf.StampOf(&g.any, &g.world)
}
