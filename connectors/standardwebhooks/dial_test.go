package standardwebhooks_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/standardwebhooks"
)

// names is a name server that may say something else each time it is asked.
type names struct {
	mu     sync.Mutex
	say    []netip.Addr // the last one for ever
	asked  int
	server net.PacketConn
}

func newNames(t *testing.T, say ...string) *names {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	n := &names{server: server}
	for _, ip := range say {
		n.say = append(n.say, netip.MustParseAddr(ip))
	}
	go n.serve()
	return n
}

func (n *names) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", n.server.LocalAddr().String())
	}}
}

func (n *names) serve() {
	buffer := make([]byte, 1500)
	for {
		size, from, err := n.server.ReadFrom(buffer)
		if err != nil {
			return
		}
		var question dnsmessage.Message
		if question.Unpack(buffer[:size]) != nil || len(question.Questions) != 1 {
			continue
		}
		answer := dnsmessage.Message{Questions: question.Questions}
		answer.ID, answer.Response, answer.RecursionAvailable = question.ID, true, true
		q := question.Questions[0]
		head := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}
		ip := n.next(q.Type == dnsmessage.TypeA)
		switch {
		case q.Type == dnsmessage.TypeA && ip.Is4():
			answer.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AResource{A: ip.As4()}}}
		case q.Type == dnsmessage.TypeAAAA && ip.Is6():
			answer.Answers = []dnsmessage.Resource{{Header: head, Body: &dnsmessage.AAAAResource{AAAA: ip.As16()}}}
		}
		packed, err := answer.Pack()
		if err == nil {
			_, _ = n.server.WriteTo(packed, from)
		}
	}
}

// next is what is said now; a question for IPv4 moves it on.
func (n *names) next(counts bool) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	ip := n.say[min(n.asked, len(n.say)-1)]
	if counts {
		n.asked++
	}
	return ip
}

// door counts who connects to a port of this machine.
func door(t *testing.T, address string) (port string, opened *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	opened = &atomic.Int32{}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			opened.Add(1)
			_ = conn.Close()
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port, opened
}

func send(t *testing.T, c *standardwebhooks.Client, address string) *connectors.Error {
	t.Helper()
	err := c.Send(t.Context(), standardwebhooks.Webhook{ID: "m1", URL: address, Body: []byte("{}")})
	e, ok := connectors.AsError(err)
	if !ok {
		t.Fatalf("%s: %v", address, err)
	}
	return e
}

// TestNamesThatLeadInside: whatever a name on the list stands for, nobody inside
// is connected to.
func TestNamesThatLeadInside(t *testing.T) {
	t.Parallel()
	port, opened := door(t, "0.0.0.0:0")
	for _, ip := range []string{"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "169.254.169.254", "100.64.0.1", "192.168.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "fd00::1"} {
		c := standardwebhooks.New(standardwebhooks.Config{
			Secret: secret, Hosts: []string{"hooks.example.com:" + port, "*.example.org:" + port}, Timeout: 3 * time.Second,
		}, standardwebhooks.Deps{Resolver: newNames(t, ip).resolver()})
		for _, host := range []string{"hooks.example.com", "HOOKS.example.com", "a.b.example.org"} {
			e := send(t, c, "https://"+host+":"+port+"/hook")
			if e.Code != connectors.CodeRefused || e.Temporary || e.Outcome != connectors.NotApplied {
				t.Errorf("%s at %s: %v", host, ip, e)
			}
		}
	}
	if n := opened.Load(); n != 0 {
		t.Errorf("%d connections were opened", n)
	}
}

// TestRebinding: a name that stands for an allowed address is judged anew for the
// next connection.
func TestRebinding(t *testing.T) {
	t.Parallel()
	port, opened := door(t, "127.0.0.1:0")
	other, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	c := standardwebhooks.New(standardwebhooks.Config{
		Secret: secret, Hosts: []string{"*.example.com:" + port, "n8n.example.com:" + port + "=127.0.0.1"}, Timeout: 3 * time.Second,
	}, standardwebhooks.Deps{Resolver: newNames(t, "127.0.0.1", "127.0.0.2").resolver()})
	if e := send(t, c, "https://n8n.example.com:"+port+"/"); e.Code != connectors.CodeNetwork || opened.Load() != 1 {
		t.Fatalf("the address on the list: %v, %d connections", e, opened.Load())
	}
	if e := send(t, c, "https://n8n.example.com:"+port+"/"); e.Code != connectors.CodeRefused || e.Temporary {
		t.Errorf("the address put in its place: %v", e)
	}
}

// TestAddressesOffTheList are refused before any name is looked up.
func TestAddressesOffTheList(t *testing.T) {
	t.Parallel()
	look := newNames(t, "127.0.0.1")
	cfg := standardwebhooks.Config{
		Secret: secret, Hosts: []string{"hooks.example.com", "*.example.org", "127.0.0.1:5678", "10.0.0.5:443", "localhost:81"}, Timeout: time.Second,
	}
	c := standardwebhooks.New(cfg, standardwebhooks.Deps{Resolver: look.resolver()})
	for _, address := range []string{
		"", "/hook", "hooks.example.com", "//hooks.example.com/", "http://hooks.example.com/", "ftp://hooks.example.com/", "https:hooks.example.com", "https://",
		"https://hooks.example.com:8443/", "https://evil.example.com/", "https://hooks.example.com.evil.net/", "https://hooks.example.com@evil.net/",
		"https://user:pass@hooks.example.com/", "https://example.org/", "https://notexample.org/", "http://a.example.org/", "https://hooks.example.com./",
		"https://127.0.0.1/", "http://127.0.0.1:5679/", "http://127.1:5678/", "http://2130706433:5678/", "http://0x7f000001:5678/", "http://[::ffff:127.0.0.1]:5678/",
		"http://10.0.0.5:443/", "http://localhost/", "http://localhost:5678/", "https://hooks.example.com:99999/", "https://hooks.example.com\r\n.evil.net/", "javascript:alert(1)",
	} {
		if e := send(t, c, address); e.Code != standardwebhooks.CodeNotAllowed || e.Temporary || strings.Contains(e.Error(), "evil") {
			t.Errorf("%q: %v", address, e)
		}
	}
	if look.asked != 0 {
		t.Error("a name was looked up")
	}
	shut := standardwebhooks.New(cfg, standardwebhooks.Deps{Closed: func(string) error { return errors.New("the gate is shut") }})
	for _, address := range []string{"https://hooks.example.com/x", "https://Hooks.Example.com:443/x", "https://a.example.org/", "http://127.0.0.1:5678/", "https://127.0.0.1:5678/", "https://10.0.0.5/", "http://localhost:81"} {
		if e := send(t, shut, address); e.Code != connectors.CodeClosed { // nothing but the gate kept it
			t.Errorf("%s: %v", address, e)
		}
	}
}
