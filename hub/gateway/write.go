package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/address"
	"gigafibre.ca/targo-hub/hub/gateway/papers"
	"gigafibre.ca/targo-hub/hub/gateway/reply"
	"gigafibre.ca/targo-hub/hub/gateway/rules"
	"gigafibre.ca/targo-hub/hub/gateway/veil"
)

// order is a request with a body, decided and ready to go.
type order struct {
	rules.Verdict
	class  *rules.Class
	method string
	place  address.Place
	target string
	header http.Header
	body   io.Reader
	length int64
	actor  hub.Actor
	ctx    context.Context // of the call, and of what follows from it
}

// write answers everything that is not a GET.
func (g *Gateway) write(c echo.Context) error {
	if g.site == nil {
		return off()
	}
	o, err := g.prepare(c.Request())
	if err != nil {
		return err
	}
	if !o.Mutates {
		ctx, cancel := context.WithTimeoutCause(c.Request().Context(), g.cfg.ReadBudget, errBudget)
		defer cancel()
		o.ctx = ctx
		resp, err := g.site.Forward(ctx, o.pass())
		return g.deliver(c, o, resp, err)
	}
	// Once sent it is carried through, whether the caller stays or not: how it
	// ended is part of the evidence.
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(c.Request().Context()), g.cfg.WriteBudget, errBudget)
	defer cancel()
	o.ctx = ctx
	if err := g.asks(o); err != nil {
		return err
	}
	resp, err := g.site.Forward(ctx, o.pass())
	g.touched(o)
	return g.deliver(c, o, resp, err)
}

// prepare reads and decides a request.
func (g *Gateway) prepare(r *http.Request) (*order, error) {
	actor := hub.ActorOf(r.Context())
	o := &order{class: g.policy.ClassOf(actor), method: r.Method, actor: actor}
	place, target, args, err := parts(uriOf(r), r.Method)
	if err != nil {
		return nil, err
	}
	if place.Method == "upload_file" { // spelled so that it came here: only the form says what it would do
		return nil, hub.Fail(hub.Unsupported, "media-type", "Send uploads as multipart/form-data to /api/method/upload_file.", nil)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	said, sendAs, err := papers.Body(r.Header.Get("Content-Type"), body, place.Kind != address.Call)
	if err != nil {
		return nil, wrongBody(err)
	}
	o.Verdict, err = o.class.Check(rules.Request{Method: r.Method, Place: place, Query: args, Body: said})
	if err != nil {
		return nil, err
	}
	o.place, o.target = place, target
	o.body, o.length = bytes.NewReader(body), int64(len(body))
	o.header = headerFor(actor, sendAs)
	return o, nil
}

func wrongBody(err error) error {
	if errors.Is(err, papers.ErrType) {
		return hub.Fail(hub.Unsupported, "media-type", "Send application/json in UTF-8, or a form.", err)
	}
	return hub.Fail(hub.Malformed, "malformed", "The body is not readable as what it says it is.", err)
}

func headerFor(actor hub.Actor, sendAs string) http.Header {
	h := http.Header{
		"Accept": {echo.MIMEApplicationJSON}, "Accept-Language": {string(actor.Lang)}, "Accept-Encoding": {"identity"},
		"X-Hub-Actor": {printable(actor.String())},
	}
	if sendAs != "" {
		h["Content-Type"] = []string{sendAs}
	}
	return h
}

func (o *order) pass() erpnext.Pass {
	return erpnext.Pass{Method: o.method, Target: o.target, Header: o.header, Body: o.body, Length: o.length}
}

// deliver passes the answer of an order on, and writes down how a change ended
// before the caller hears of it.
func (g *Gateway) deliver(c echo.Context, o *order, resp *http.Response, err error) error {
	if err != nil {
		g.ended(o, "no answer: "+whyNot(err), nil)
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if err := g.judge(resp, o.Hide != nil); err != nil {
		g.ended(o, answered(resp, hub.ProblemOf(err).ExcType), nil)
		return g.withCurrent(o, err)
	}
	var from io.Reader = resp.Body
	if o.Hide != nil {
		from = veil.NewReader(resp.Body, o.Hide, resp.ContentLength)
	}
	buffer := g.buffers.Get().(*[]byte)
	defer g.giveBack(buffer)
	start, whole, err := reply.Fill((*buffer)[:0], from, resp.ContentLength, g.cfg.Share<<10)
	*buffer = start
	g.ended(o, answered(resp, ""), start)
	switch {
	case err != nil:
		return unreadable(err)
	case whole:
		return g.flush(c, resp, start)
	}
	return g.stream(c, resp, start, from)
}

// withCurrent shows the document as it stands to a caller whose version of it is
// out of date.
func (g *Gateway) withCurrent(o *order, refusal error) error {
	problem := hub.ProblemOf(refusal)
	if problem.Code != "document-changed" || o.place.Kind != address.Document {
		return refusal
	}
	headers := g.headersFor(o.class)
	resp, err := g.site.Forward(o.ctx, erpnext.Pass{Method: http.MethodGet, Target: o.place.Path, Header: headers[0]})
	if err != nil {
		return refusal
	}
	defer func() { _ = resp.Body.Close() }()
	if g.judge(resp, true) != nil {
		return refusal
	}
	body, whole, err := reply.Fill(nil, resp.Body, resp.ContentLength, hoarded)
	if err != nil || !whole {
		return refusal
	}
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if body, err = veil.Bytes(body, o.Hide); err == nil && json.Unmarshal(body, &envelope) == nil {
		hub.WithCurrent(envelope.Data)(problem)
	}
	return problem
}
