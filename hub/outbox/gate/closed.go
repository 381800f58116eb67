package gate

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// ErrClosed is in the chain of what Closed returns, and so of the failure of a
// call that was stopped by it: nothing has left.
var ErrClosed = errors.New("the connection to the provider is closed")

// Closed says why no connection to a provider may be opened at all; nil means
// that it may. A shut gate closes them all. A gate that lets some messages
// through opens the way only once somebody has acknowledged for which host that
// was meant, or to a provider on this very machine: a simulator harms nobody.
// The text says what to set.
func (g *Gate) Closed(providerURL string) error {
	switch {
	case g.mode == Capture:
		return fmt.Errorf("%w: the gate is shut (mode capture); set TARGO_OUTBOX_MODE to redirect, allowlist or live to open it", ErrClosed)
	case g.acked || loopback(providerURL):
		return nil
	case g.host == "":
		return fmt.Errorf("%w: mode %s reaches no real provider until TARGO_PUBLIC_URL is set and TARGO_OUTBOX_LIVE_ACK repeats its host", ErrClosed, g.mode)
	}
	return fmt.Errorf("%w: mode %s reaches no real provider until TARGO_OUTBOX_LIVE_ACK repeats the host of the public URL (%s)", ErrClosed, g.mode, g.host)
}

// ClosedHook says why no webhook may go to an address; nil means that it may. What
// a gate turns aside or picks out are messages to people. A webhook sets off work in
// another system, which has no other recipient: it leaves in mode live only, or to
// this very machine.
func (g *Gate) ClosedHook(address string) error {
	if err := g.Closed(address); err != nil || g.mode == Live || loopback(address) {
		return err
	}
	return fmt.Errorf("%w: webhooks leave in mode live only, the gate is in mode %s", ErrClosed, g.mode)
}

// loopback tells whether an address is on this machine for sure: a name that
// some resolver could answer otherwise is not, localhost excepted.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}
