package hooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// outcome is what came of one try.
type outcome struct {
	delivered bool
	slow      bool   // the receiver did not answer in time
	response  string // its body
	failure   string // last line of the traceback, "" when delivered
}

// try makes the request once.
func (b *Board) try(d delivery) outcome {
	ctx, cancel := context.WithTimeout(b.ctx, d.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, d.method, d.url, strings.NewReader(string(d.body)))
	if err != nil {
		return outcome{failure: "requests.exceptions.InvalidURL: " + err.Error()}
	}
	for name, value := range map[string]string{"User-Agent": "python-requests/2.32.5", "Accept": "*/*"} {
		r.Header.Set(name, value)
	}
	for _, p := range d.headers {
		r.Header.Set(p.Key, meta.Text(p.Value))
	}
	res, err := b.client.Do(r)
	if err != nil {
		return failed(d, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return failed(d, err)
	}
	o := outcome{response: string(text)}
	if res.StatusCode >= 400 {
		side := "Client"
		if res.StatusCode >= 500 {
			side = "Server"
		}
		o.failure = fmt.Sprintf("requests.exceptions.HTTPError: %d %s Error: %s for url: %s", res.StatusCode, side, http.StatusText(res.StatusCode), d.url)
		return o
	}
	o.delivered = true
	return o
}

// failed is a request without an answer. One that was sent, but not answered in
// time, is a slow receiver.
func failed(d delivery, err error) outcome {
	var network *net.OpError
	dialing := errors.As(err, &network) && network.Op == "dial"
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, context.DeadlineExceeded) && !dialing {
		host := d.url
		if u, parsed := url.Parse(d.url); parsed == nil {
			host = u.Host
		}
		return outcome{slow: true, failure: fmt.Sprintf("requests.exceptions.ReadTimeout: HTTPConnectionPool(host='%s'): Read timed out. (read timeout=%d)",
			host, int(d.timeout.Seconds()))}
	}
	return outcome{failure: "requests.exceptions.ConnectionError: " + err.Error()}
}

// newClient connects to this machine only, unless anywhere is allowed, however an
// address spells it and wherever a redirection leads.
func (b *Board) newClient() *http.Client {
	dialer := &net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); b.opts.Anywhere || ip != nil && ip.IsLoopback() {
			return nil
		}
		return errors.New("the simulator delivers to this machine only")
	}}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 2, IdleConnTimeout: 10 * time.Second}}
}
