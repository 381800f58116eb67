// Package wire is a lean HTTP/1.1 client for small requests over plain TCP: it
// writes the request and reads the answer on the goroutine of the caller, where
// net/http's Transport hands both over to two goroutines of each connection.
// That halves what a call costs. Requests that it does not fit (TLS, uploads,
// upgrades) belong to a Transport: see Fits.
//
// Bytes of an answer are believed only as far as the protocol is kept to the
// letter, and a connection is used again only when its last answer was read to
// the end and nothing came after it. A request is repeated, once and on a fresh
// connection, when an idle connection turned out closed and either nothing was
// written or the method is safe.
//
// It calls whom it is told to and remembers idle connections.
package wire

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options bound a Transport. The zero value has sensible ones.
type Options struct {
	Dial    func(ctx context.Context, network, address string) (net.Conn, error)
	Idle    int           // idle connections kept for a host; 16 when zero
	IdleFor time.Duration // how long they are kept; 90 s when zero
	MaxHead int           // bytes of an answer's head; 256 KiB when zero
}

// MaxBody is the longest body of a request that fits.
const MaxBody = 64 << 10

// Call is what a request is sent with.
type Call struct {
	Until time.Time     // the answer must be complete by then; zero for no limit
	Quiet time.Duration // when set, Until is for the head only and this is the longest silence inside the body
	Agent string        // User-Agent of a request that has none
	ID    string        // X-Request-Id instead of the request's own
}

// ErrUnsent is found in errors of requests of which not one byte was sent.
var ErrUnsent = errors.New("nothing was sent")

var errClosed = errors.New("the client was closed")

// Transport sends requests. It is safe for concurrent use.
type Transport struct {
	options Options
	spaces  sync.Pool // *space, of connections that are at work
	halls   sync.Pool // *[hall]byte, of those with long answers

	mu     sync.Mutex
	idle   map[string][]*link // by host, the latest last
	sweep  *time.Timer        // nil while nothing is idle
	closed bool
}

// New makes a Transport.
func New(o Options) *Transport {
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	if o.Idle <= 0 {
		o.Idle = 16
	}
	if o.IdleFor <= 0 {
		o.IdleFor = 90 * time.Second
	}
	if o.MaxHead <= 0 {
		o.MaxHead = 256 << 10
	}
	t := &Transport{options: o, idle: map[string][]*link{}}
	t.spaces.New = newSpace
	t.halls.New = func() any { return new([hall]byte) }
	return t
}

// Fits tells whether a request can be sent this way: plain HTTP, no upgrade, and
// no body or one of a known length of at most MaxBody.
func Fits(r *http.Request) bool {
	switch {
	case r.URL == nil || r.URL.Scheme != "http" || r.Method == http.MethodConnect:
		return false
	case len(r.Trailer) > 0 || len(r.TransferEncoding) > 0 || r.Header["Upgrade"] != nil || r.Header["Expect"] != nil:
		return false
	case r.Body == nil || r.Body == http.NoBody:
		return true
	}
	return r.ContentLength > 0 && r.ContentLength <= MaxBody
}

// Do sends a request that fits and returns the answer as soon as its head is
// there. Its body must be closed; it holds the connection until then. Redirects
// are answers like others. ctx, and not the context of the request, ends the call, also
// while the body is read.
func (t *Transport) Do(ctx context.Context, r *http.Request, call Call) (*http.Response, error) {
	s := t.spaces.Get().(*space)
	if err := s.encode(r, call); err != nil {
		t.release(s)
		return nil, unsent(err)
	}
	resp, err := t.try(&turn{ctx, r, call, s}, false)
	if errors.Is(err, errStale) {
		t.forget(r.URL.Host)
		resp, err = t.try(&turn{ctx, r, call, s}, true)
	}
	if err != nil {
		t.release(s)
	}
	return resp, err
}

// turn is a request on its way.
type turn struct {
	ctx   context.Context
	r     *http.Request
	call  Call
	space *space
}

// errStale marks the failure of a request that may be sent again.
var errStale = errors.New("the idle connection was closed")

// try sends the request once. The space stays with the connection until the
// answer is done; after an error it is the caller's again.
func (t *Transport) try(a *turn, fresh bool) (*http.Response, error) {
	l, err := t.take(a, fresh)
	if err != nil {
		return nil, unsent(err)
	}
	l.begin(a)
	resp, err := l.exchange(a.r)
	if err == nil {
		return resp, nil
	}
	cut := a.ctx.Err() != nil || isTimeout(err)
	l.space = nil
	l.end(false)
	switch {
	case l.uses > 1 && l.silent && !cut && (isSafe(a.r.Method) || !l.sent):
		return nil, errors.Join(errStale, err)
	case !l.sent:
		return nil, unsent(err)
	}
	return nil, err
}

// Close ends the idle connections; requests are refused from then on, answers
// that are being read are not cut.
func (t *Transport) Close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.CloseIdle()
}

// CloseIdle ends the idle connections.
func (t *Transport) CloseIdle() {
	t.mu.Lock()
	all := t.idle
	t.idle = map[string][]*link{}
	t.mu.Unlock()
	for _, links := range all {
		closeAll(links)
	}
}

func unsent(err error) error { return errors.Join(ErrUnsent, err) }

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func isSafe(method string) bool {
	switch method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}
