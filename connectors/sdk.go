package connectors

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
)

// Reply is what came over the wire for a call made by a vendor's SDK. SDKs lose
// parts of it: the body of an error they cannot decode, the status of a page.
type Reply struct {
	Status int // 0 when there was no answer
	Header http.Header
	Body   []byte // all of it, within MaxBody
}

// Call runs one call of a vendor's SDK. send gets an HTTP client that is bound
// to ctx and op, for SDKs that take no context; the context of the SDK's own
// request is replaced. The error is an *Error: what the transport met, an
// answer outside 200–299 (with its body), a refusal by the SDK before anything
// was sent, or an answer with a good status that the SDK could not read.
func (c *Client) Call(ctx context.Context, op string, send func(*http.Client) error) (Reply, error) {
	if err := c.check(op, ""); err != nil {
		return Reply{}, err
	}
	w := &wiretap{client: c, ctx: WithOp(ctx, op)}
	err := send(&http.Client{Transport: w, CheckRedirect: sameHostReads})
	if e, ok := AsError(w.err); ok {
		return w.reply, e
	}
	switch status := w.reply.Status; {
	case status == 0:
		if err == nil {
			err = errors.New("no request was made")
		}
		return w.reply, c.Local(op, err)
	case status < 200 || status > 299:
		e := c.refusal(op, w.method, status, w.reply.Header, w.reply.Body)
		if err != nil {
			e.Err = &redacted{text: "the SDK passed the refusal on", err: err} // its text repeats the other side's
		}
		return w.reply, e
	case err != nil:
		return w.reply, c.Unreadable(op, w.method, status, err)
	}
	return w.reply, nil
}

// wiretap sends an SDK's request through the gate and keeps the answer.
type wiretap struct {
	client *Client
	ctx    context.Context // the SDK would lose it
	method string
	reply  Reply
	err    error
}

// RoundTrip reads the answer to its end, so that a connection that breaks in the
// middle is seen here and not as a mistake of the SDK's decoder.
func (w *wiretap) RoundTrip(req *http.Request) (*http.Response, error) {
	w.method, w.reply, w.err = req.Method, Reply{}, nil
	resp, err := w.client.gate.RoundTrip(req.WithContext(w.ctx))
	if err != nil {
		w.err = err
		return nil, err
	}
	answer := resp.Body
	defer func() { _ = answer.Close() }()
	w.reply.Status, w.reply.Header = resp.StatusCode, resp.Header
	if w.reply.Body, w.err = io.ReadAll(answer); w.err != nil {
		return nil, w.err
	}
	resp.Body = io.NopCloser(bytes.NewReader(w.reply.Body))
	return resp, nil
}
