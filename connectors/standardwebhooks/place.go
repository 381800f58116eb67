package standardwebhooks

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// place is an entry of the list of hosts: host[:port][=address].
type place struct {
	host   string     // lower case; "example.com" stands for all below it when deep
	deep   bool       // written *.example.com
	port   uint16     // 443 unless the entry names one
	inside netip.Addr // the address inside that the name may stand for; of a literal, itself
	plain  bool       // http will do: this very machine, on a port that was named
}

var errPlace = errors.New("each host is written hooks.example.com, *.example.com, hooks.example.com:8443, hooks.example.com=10.0.0.5 or 127.0.0.1:5678")

// parsePlace reads an entry. An address inside is allowed by writing it out, with
// its port where it stands alone: a name never is, for others answer for names.
func parsePlace(text string) (place, error) {
	text, inside, pinned := strings.Cut(strings.ToLower(text), "=")
	p := place{host: text, port: 443}
	ported := false
	if host, port, err := net.SplitHostPort(text); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return p, errPlace
		}
		p.host, p.port, ported = host, uint16(n), true
	}
	var err error
	if pinned {
		if p.inside, err = netip.ParseAddr(inside); err != nil || p.inside.Zone() != "" {
			return p, errPlace
		}
	}
	if literal, err := netip.ParseAddr(strings.Trim(p.host, "[]")); err == nil {
		if !ported || pinned || literal.Zone() != "" || literal.Is4In6() {
			return p, errPlace
		}
		p.host, p.inside, p.plain = literal.String(), literal, literal.IsLoopback()
		return p, nil
	}
	if p.host == "localhost" {
		if !ported || pinned {
			return p, errPlace
		}
		p.plain = true
		return p, nil
	}
	p.host, p.deep = strings.CutPrefix(p.host, "*.")
	if name, err := hub.ParseDomain(p.host); err != nil || name != p.host || !strings.Contains(name, ".") || p.deep && pinned {
		return p, errPlace
	}
	return p, nil
}

// compare puts a host that is named before those below a name: it may say more.
func (p place) compare(other place) int {
	switch {
	case p.deep == other.deep:
		return 0
	case p.deep:
		return 1
	}
	return -1
}

// take tells whether the entry lets an address be called, and how.
func (p place) take(u *url.URL) (target, bool) {
	host := strings.ToLower(u.Hostname())
	port := uint16(443)
	if u.Scheme == "http" {
		port = 80
	}
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return target{}, false
		}
		port = uint16(n)
	}
	same := host == p.host
	if p.deep {
		same = strings.HasSuffix(host, "."+p.host)
	}
	if !same || port != p.port || u.Scheme == "http" && !p.plain {
		return target{}, false
	}
	origin := u.Scheme + "://" + u.Host
	return target{url: u.String(), origin: origin, place: p}, true
}

// permit judges an address that the host stands for, as the connection is opened.
func (t target) permit(to netip.AddrPort) error {
	ip := to.Addr()
	switch {
	case to.Port() != t.place.port:
		return fmt.Errorf("port %d is not the one on the list", to.Port())
	case t.place.inside.IsValid() && ip == t.place.inside:
		return nil
	case t.place.host == "localhost" && ip.IsLoopback():
		return nil
	case t.place.plain || !public(ip):
		return errors.New("the host stands for an address that is not on the public internet; " +
			"if that is meant, TARGO_HOOKS_HOSTS must say so (name=address)")
	}
	return nil
}
