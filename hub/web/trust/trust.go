// Package trust decides what the edge believes about a request: the address it
// comes from (only proxies that are named may say so) and the browser origins
// that may call with credentials. It has no routes, calls nothing and remembers
// nothing.
package trust

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// Addresses returns how the caller's address is found. Without proxies it is
// the address of the connection, whatever the headers say; with them
// X-Forwarded-For is read from the right until the first address that is not
// a named proxy.
func Addresses(proxies []string) (echo.IPExtractor, error) {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect(), nil
	}
	list, err := NewProxies(proxies)
	if err != nil {
		return nil, err
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, network := range list {
		options = append(options, echo.TrustIPRange(network))
	}
	return echo.ExtractIPFromXFFHeader(options...), nil
}

// Proxies are the networks of the proxies that are named.
type Proxies []*net.IPNet

// NewProxies reads addresses and networks.
func NewProxies(list []string) (Proxies, error) {
	proxies := make(Proxies, 0, len(list))
	for i, text := range list {
		network, err := network(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("entry %d is not an address or a network", i+1)
		}
		proxies = append(proxies, network)
	}
	return proxies, nil
}

// Hold tells whether a connection's other end ("10.0.0.2:4711") is one of them,
// whatever the headers say.
func (p Proxies) Hold(remote string) bool {
	address, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	ip := net.IP(address.Addr().Unmap().AsSlice())
	return slices.ContainsFunc(p, func(n *net.IPNet) bool { return n.Contains(ip) })
}

// forwarded begins the names of the headers in which a proxy tells of a user's
// session.
const forwarded = "X-Authentik-"

// StripForwarded takes those headers off a request: once the guard has asked for
// the session they are of no use, and must be neither believed, kept nor passed on.
func StripForwarded(h http.Header) {
	for name := range h {
		if len(name) > len(forwarded) && strings.EqualFold(strings.ReplaceAll(name[:len(forwarded)], "_", "-"), forwarded) {
			delete(h, name)
		}
	}
}

func network(text string) (*net.IPNet, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		bits := address.BitLen()
		return &net.IPNet{IP: address.AsSlice(), Mask: net.CIDRMask(bits, bits)}, nil
	}
	_, network, err := net.ParseCIDR(text)
	return network, err
}

// Neighbourhood is what an allowance is counted by: the address, or the /64
// network for IPv6, of which one subscriber usually holds a whole one.
func Neighbourhood(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return prefix.String()
}

// Origins are the browser apps that may call with credentials.
type Origins struct {
	exact      []string
	loopback   bool
	protection *http.CrossOriginProtection
}

// NewOrigins checks the list: exact origins, no wildcard. own is the hub's
// public address, which always counts; loopback also lets in http://localhost
// and http://127.0.0.1 with any port.
func NewOrigins(list []string, own string, loopback bool) (*Origins, error) {
	o := &Origins{loopback: loopback, protection: http.NewCrossOriginProtection()}
	var wrong []error
	for i, text := range list {
		origin := strings.TrimSpace(text)
		if !isOrigin(origin) || o.protection.AddTrustedOrigin(origin) != nil {
			wrong = append(wrong, fmt.Errorf("entry %d must be scheme://host[:port]; * is not allowed", i+1))
			continue
		}
		o.exact = append(o.exact, origin)
	}
	if u, err := url.Parse(own); err == nil && u.Host != "" {
		wrong = append(wrong, o.protection.AddTrustedOrigin(u.Scheme+"://"+u.Host))
	}
	return o, errors.Join(wrong...)
}

func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" &&
		!strings.Contains(u.Host, "*") && text == u.Scheme+"://"+u.Host
}

// Allows tells whether a browser app of the origin may read answers.
func (o *Origins) Allows(origin string) bool {
	return slices.Contains(o.exact, origin) || o.loopback && isLoopback(origin)
}

func isLoopback(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1") &&
		origin == u.Scheme+"://"+u.Host
}

// Check refuses a request that changes something and that a foreign site made a
// browser send along with what the browser adds by itself: cookies, or a session
// of the proxy. A request with an Authorization header was made on purpose.
func (o *Origins) Check(r *http.Request) error {
	ambient := r.Header.Get("Cookie") != "" || r.Header.Get("X-Authentik-Jwt") != ""
	if !ambient || r.Header.Get("Authorization") != "" || o.Allows(r.Header.Get("Origin")) {
		return nil
	}
	return o.protection.Check(r)
}
