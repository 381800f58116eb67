package connectors_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// listener counts who connects.
func listener(t *testing.T) (address string, accepted *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	accepted = &atomic.Int32{}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			accepted.Add(1)
			_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
			_ = conn.Close()
		}
	}()
	return l.Addr().String(), accepted
}

// ways are all the ways in which a connector calls.
func ways(base string) map[string]func(context.Context, *connectors.Client) error {
	large := strings.Repeat("x", 200<<10)
	do := func(method, path, body string) func(context.Context, *connectors.Client) error {
		return func(ctx context.Context, c *connectors.Client) error {
			_, err := c.Do(ctx, "thing", method, path, func(r *resty.Request) { r.SetBody(body) })
			return err
		}
	}
	return map[string]func(context.Context, *connectors.Client) error{
		"a small write": do(http.MethodPost, "/things", "x"),
		"a large write": do(http.MethodPost, "/things", large),
		"a read": func(ctx context.Context, c *connectors.Client) error {
			_, err := c.Do(ctx, "thing", "GET", "/", nil)
			return err
		},
		"an SDK": func(ctx context.Context, c *connectors.Client) error {
			_, err := c.Call(ctx, "thing", func(hc *http.Client) error {
				resp, err := hc.Post(base+"/things", "text/plain", strings.NewReader("x"))
				if err == nil {
					_ = resp.Body.Close()
				}
				return err
			})
			return err
		},
		"net/http": func(ctx context.Context, c *connectors.Client) error {
			r, _ := http.NewRequestWithContext(ctx, http.MethodPut, base+"/things", strings.NewReader(large))
			resp, err := c.HTTP().Do(r)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		},
		"a stream": func(ctx context.Context, c *connectors.Client) error {
			r, _ := http.NewRequest(http.MethodPost, base+"/things", strings.NewReader("x"))
			resp, err := c.Stream(ctx, "thing", r)
			if err == nil {
				_ = resp.Body.Close()
			}
			return err
		},
	}
}

// TestClosed: a closed client opens no connection and looks up no name, whichever
// way it is asked, and says why; an open one does.
func TestClosed(t *testing.T) {
	t.Parallel()
	why := errors.New("the outbox is in mode capture")
	address, accepted := listener(t)
	for _, base := range []string{"http://" + address, "https://" + address, "http://nowhere.invalid", "https://nowhere.invalid"} {
		for name, call := range ways(base) {
			client := connectors.New(connectors.Options{
				System: "peer", BaseURL: base, Closed: why,
				Transport: wire(func(*http.Request) (*http.Response, error) {
					t.Error("the given transport is used")
					return answer(200), nil
				}),
			})
			for range 12 { // more often than the breaker lets a broken system fail
				err := call(t.Context(), client)
				e, ok := connectors.AsError(err)
				if !ok || !errors.Is(err, why) || e.Code != connectors.CodeClosed || e.Outcome != connectors.NotApplied || e.Temporary {
					t.Fatalf("%s to %s: %v", name, base, err)
				}
				if p := hub.ProblemOf(err); p.Kind != hub.Unavailable || p.Code != "part-off" {
					t.Fatalf("%s to %s is the problem %s", name, base, p.Code)
				}
			}
			if state := client.State(); state != "closed" { // the breaker: nothing is broken
				t.Errorf("%s to %s leaves the breaker %s", name, base, state)
			}
		}
	}
	if n := accepted.Load(); n != 0 {
		t.Fatalf("%d connections were opened", n)
	}
	for name, call := range ways("http://" + address) {
		before := accepted.Load()
		client := connectors.New(connectors.Options{System: "peer", BaseURL: "http://" + address})
		_ = call(t.Context(), client) // how it ends is the business of others
		client.Close()
		if accepted.Load() == before {
			t.Errorf("%s of an open client connects to nobody", name)
		}
	}
}

// TestPermit: each address that a host stands for is judged before anybody is
// connected to, whichever way the client is asked.
func TestPermit(t *testing.T) {
	t.Parallel()
	why := errors.New("this machine is nobody's business")
	address, accepted := listener(t)
	judged := make(chan netip.AddrPort, 100)
	for _, base := range []string{"http://" + address, "https://" + address} {
		for name, call := range ways(base) {
			client := connectors.New(connectors.Options{System: "peer", BaseURL: base, Permit: func(to netip.AddrPort) error {
				judged <- to
				return why
			}})
			err := call(t.Context(), client)
			e, ok := connectors.AsError(err)
			if !ok || !errors.Is(err, why) || e.Code != connectors.CodeRefused || e.Outcome != connectors.NotApplied || e.Temporary {
				t.Errorf("%s to %s: %v", name, base, err)
			}
			if to := <-judged; to.String() != address {
				t.Errorf("%s to %s: judged %s", name, base, to)
			}
		}
	}
	if n := accepted.Load(); n != 0 {
		t.Errorf("%d connections were opened", n)
	}
}
