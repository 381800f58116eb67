package connectors

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"sync/atomic"
	"syscall"
	"time"
)

const userAgent = "targo-hub"

type contextKey int

const opKey contextKey = iota

// WithOp names the calls that are made with the context, for errors and metrics.
func WithOp(ctx context.Context, op string) context.Context {
	return context.WithValue(ctx, opKey, op)
}

func opOf(ctx context.Context) string {
	if op, ok := ctx.Value(opKey).(string); ok {
		return op
	}
	return "call"
}

// dialer opens connections.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// newDialer opens them unless a reason forbids it. It is the one place where the
// kit reaches the network, so that what is refused here cannot leave: not even
// the name of the host is looked up.
func newDialer(o Options) dialer {
	if o.Closed != nil {
		return func(context.Context, string, string) (net.Conn, error) { return nil, &shut{CodeClosed, o.Closed} }
	}
	d := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second, Resolver: o.Resolver}
	if o.Permit != nil {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err == nil {
				err = o.Permit(to)
			}
			if err != nil {
				return &shut{CodeRefused, err}
			}
			return nil
		}
	}
	return d.DialContext
}

// shut is the refusal of a dialer.
type shut struct {
	code string
	why  error
}

func (s *shut) Error() string { return s.why.Error() }
func (s *shut) Unwrap() error { return s.why }

// newTransport keeps as many connections as calls may run at once, speaks
// HTTP/1.1 (one slow answer holds up no other) and ignores proxy variables:
// whom the hub calls stands in its settings and nowhere else.
func newTransport(conns int, dial dialer) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    5 * time.Second,
		Protocols:              protocols,
		MaxIdleConns:           conns,
		MaxIdleConnsPerHost:    conns,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// sameHostReads follows a few redirects of reads on one host. Go would send
// custom credential headers along to any host, and turn a POST into a GET.
func sameHostReads(req *http.Request, via []*http.Request) error {
	first := via[0]
	if isRead(first.Method) && len(via) <= 3 && req.URL.Host == first.URL.Host && req.URL.Scheme == first.URL.Scheme {
		return nil
	}
	return http.ErrUseLastResponse
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// watch sees how far a request got. The transport may try again by itself on
// a fresh connection when an idle one turned out closed before anything was
// written; looking for a connection therefore starts the watch anew.
type watch struct{ looked, written atomic.Bool }

func (w *watch) on(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:      func(string) { w.looked.Store(true); w.written.Store(false) },
		WroteHeaders: func() { w.written.Store(true) },
	})
}

// outcome of a write that got no answer. A transport that reports nothing (a
// test's) must be assumed to have sent it.
func (w *watch) outcome() Outcome {
	if w.looked.Load() && !w.written.Load() {
		return NotApplied
	}
	return Unknown
}

var errTooLarge = errors.New("the answer is longer than allowed")
