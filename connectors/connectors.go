// Package connectors is the kit for calling other systems. A connector is one
// package per system, built on a Client of this one; the Client brings what all
// of them need and none should write twice:
//
//   - a time-out for every try, the caller's context above it;
//   - a circuit breaker: a system that fails again and again is left alone for a
//     while (network errors, 5xx and 429 count, other 4xx do not);
//   - bulkheads: at most so many reads and so many writes at once;
//   - one shape of failure (Error) that says whether trying again may help and
//     whether the other side may have acted, and that never shows a secret;
//   - metrics, and the request id in X-Request-Id.
//
// Nothing is retried here: a job that fails is retried by whoever keeps it.
// Small requests over plain HTTP go through the lean client of the room wire,
// all others through net/http's transport. HTTP goes out as HTTP/1.1 without
// cookies and proxies; a redirect is followed for reads only and never to another
// host.
//
// The package has no routes, publishes no events and remembers nothing but the
// state of the breaker.
package connectors

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
)

// Options say how one system is called.
type Options struct {
	System    string            // its name in errors and metrics: "docuseal"
	BaseURL   string            // absolute; paths given to Do are put behind it
	Timeout   time.Duration     // of one try, body included; 10 s when zero
	Reads     int               // GET and HEAD at once; 8 when zero
	Writes    int               // other methods at once; 4 when zero
	MaxBody   int64             // longest answer in bytes; 8 MiB when zero, none when negative
	Secrets   []string          // removed from every error
	Metrics   *Metrics          // nil for none
	Transport http.RoundTripper // nil for one made for this client

	// Closed shuts the client: when set, no connection is opened and no name looked
	// up, whatever Transport says. Every call fails with this cause and the code
	// CodeClosed, and is not applied.
	Closed error

	// Permit is asked for every address that a connection is about to be opened to,
	// after the name of the host was looked up; nil permits all. What it refuses is
	// not dialled: the call fails with its words and the code CodeRefused, and is not
	// applied. Resolver looks the names up; nil for the system's. Both count for
	// what the kit opens itself, not for a Transport.
	Permit   func(address netip.AddrPort) error
	Resolver *net.Resolver

	// Judge tells whether an answer of 500 or more speaks of the system (true) or
	// only of the call that was made; nil blames the system for all. head is the
	// beginning of the body as far as it was read, at most 4 KiB.
	Judge func(op string, status int, head []byte) bool
}

func (o Options) withDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	if o.Reads <= 0 {
		o.Reads = 8
	}
	if o.Writes <= 0 {
		o.Writes = 4
	}
	if o.MaxBody == 0 {
		o.MaxBody = 8 << 20
	}
	return o
}

// Client calls one system. It is safe for concurrent use.
type Client struct {
	options Options
	base    *url.URL // nil when BaseURL is not usable; every call then fails
	gate    *gate
	http    *http.Client
	resty   *resty.Client
}

// New makes a client. A BaseURL that is not absolute makes every call fail:
// settings are judged where they are read.
func New(o Options) *Client {
	o = o.withDefaults()
	c := &Client{options: o, gate: newGate(o)}
	if base, err := url.Parse(o.BaseURL); err == nil && base.Host != "" {
		c.base = base
	}
	c.http = &http.Client{Transport: c.gate, CheckRedirect: sameHostReads}
	c.resty = resty.NewWithClient(c.http).
		SetBaseURL(strings.TrimRight(o.BaseURL, "/")).
		SetHeader("User-Agent", userAgent).
		SetRetryCount(0).
		SetLogger(quiet{}).
		SetDisableWarn(true)
	return c
}

// HTTP returns a client with the same transport, breaker, bulkheads and metrics,
// for code that wants net/http. Its failures are found with AsError; answers of
// any status come back as they are. WithOp names the call.
func (c *Client) HTTP() *http.Client { return c.http }

// Stream sends a request of the caller's making and streams the answer, of any
// status, in both directions as it comes: there is no MaxBody, and Timeout is for
// the head of the answer, then for each silence inside its body. ctx counts, not
// the context of the request, whose own headers go out as they are. A WriteTo of
// the body (io.Copy uses it) copies nothing. Redirects are answers; the host is
// checked. Errors are *Error.
func (c *Client) Stream(ctx context.Context, op string, r *http.Request) (*http.Response, error) {
	if c.base == nil || r.URL.Host != c.base.Host || r.URL.Scheme != c.base.Scheme {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, &Error{System: c.options.System, Op: op, Reason: "the address is not on the configured host"}
	}
	return c.gate.send(ctx, r, &try{op: op, streamed: true})
}

// Close ends idle connections; the client can still be used.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// State returns the state of the breaker: "closed", "open" or "half-open".
func (c *Client) State() string { return c.gate.breaker.State().String() }

// Do makes one call. op names it in errors and metrics ("quotation.get"); path
// is put behind BaseURL, or is an absolute address on the same host. prepare
// may be nil. An answer outside 200–299 is an *Error with up to 64 KiB of the
// body; then the response is returned too.
func (c *Client) Do(ctx context.Context, op, method, path string, prepare func(*resty.Request)) (*resty.Response, error) {
	if err := c.check(op, path); err != nil {
		return nil, err
	}
	req := c.resty.R().SetContext(WithOp(ctx, op))
	if prepare != nil {
		prepare(req)
	}
	resp, err := req.Execute(method, path)
	if err != nil {
		return resp, c.failure(op, method, resp, err)
	}
	if !resp.IsSuccess() {
		return resp, c.refusal(op, method, resp.StatusCode(), resp.Header(), resp.Body())
	}
	return resp, nil
}

// Decode reads the JSON of an answer that Do returned into out. An answer that
// is no JSON (a proxy's page, nothing at all) is an *Error; after a write its
// outcome is Unknown.
func (c *Client) Decode(op string, resp *resty.Response, out any) error {
	if err := json.Unmarshal(resp.Body(), out); err != nil {
		return c.Unreadable(op, resp.Request.Method, resp.StatusCode(), err)
	}
	return nil
}

// check refuses what must not leave the house: a call without a base, or one
// that would carry the credentials to another host.
func (c *Client) check(op, path string) error {
	if c.base == nil {
		return &Error{System: c.options.System, Op: op, Reason: "the address of the system is not usable"}
	}
	if !strings.Contains(path, "://") && !strings.HasPrefix(path, "//") {
		return nil
	}
	target, err := url.Parse(path)
	if err != nil || target.Host != c.base.Host || target.Scheme != c.base.Scheme {
		return &Error{System: c.options.System, Op: op, Reason: "the address is not on the configured host"}
	}
	return nil
}

// quiet keeps resty from logging: it would log addresses.
type quiet struct{}

func (quiet) Errorf(string, ...any) {}
func (quiet) Warnf(string, ...any)  {}
func (quiet) Debugf(string, ...any) {}
