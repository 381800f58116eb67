package main

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// outpost is a provider at an address that is not this machine for sure: the
// address of a network card, or the machine's name. It counts who connects.
type outpost struct {
	url      string
	port     int
	accepted atomic.Int32
}

// accepting counts connections.
type accepting struct {
	net.Listener
	count *atomic.Int32
}

func (a accepting) Accept() (net.Conn, error) {
	conn, err := a.Listener.Accept()
	if err == nil {
		a.count.Add(1)
	}
	return conn, err
}

func newOutpost(t *testing.T, h http.Handler) *outpost {
	t.Helper()
	host, listen := outerHost(t)
	l, err := net.Listen("tcp", net.JoinHostPort(listen, "0"))
	if err != nil {
		t.Fatal(err)
	}
	o := &outpost{port: l.Addr().(*net.TCPAddr).Port}
	server := httptest.NewUnstartedServer(h)
	_ = server.Listener.Close()
	server.Listener = accepting{l, &o.accepted}
	server.Start()
	t.Cleanup(server.Close)
	o.url = "http://" + net.JoinHostPort(host, strconv.Itoa(o.port))
	return o
}

// outerHost finds a host that reaches this machine and is not loopback by its
// looks, and the address to listen on.
func outerHost(t *testing.T) (host, listen string) {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		n, ok := a.(*net.IPNet)
		if ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() && !n.IP.IsLoopback() {
			return n.IP.String(), n.IP.String()
		}
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	found, err := net.LookupHost(name)
	if err != nil || len(found) == 0 {
		t.Fatalf("this machine has neither a network card nor a name: %v", err)
	}
	return name, found[0]
}

// remotes lists the ports to which a process has connections, as the system
// knows them.
func remotes(pid int) map[int]bool {
	own := map[string]bool{}
	fds, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, fd := range fds {
		if name, err := os.Readlink(fd); err == nil && strings.HasPrefix(name, "socket:[") {
			own[strings.TrimSuffix(strings.TrimPrefix(name, "socket:["), "]")] = true
		}
	}
	ports := map[int]bool{}
	for _, table := range []string{"tcp", "tcp6"} {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 10 || !own[f[9]] {
				continue
			}
			_, port, _ := strings.Cut(f[2], ":")
			if raw, err := hex.DecodeString(port); err == nil && len(raw) == 2 {
				ports[int(raw[0])<<8|int(raw[1])] = true
			}
		}
	}
	return ports
}

// watched looks at the sockets of a process again and again until stop.
func watched(pid int) (stop func() (seen map[int]bool)) {
	seen, end := map[int]bool{}, make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond) // what is shorter, the provider counts
		defer tick.Stop()
		for {
			for port := range remotes(pid) {
				seen[port] = true
			}
			select {
			case <-end:
				return
			case <-tick.C:
			}
		}
	})
	return func() map[int]bool { close(end); watch.Wait(); return seen }
}

// egress is a way to set the gate, and whether anything may leave.
type egress struct {
	env   []string
	opens bool
}

func gates() map[string]egress {
	public := "TARGO_PUBLIC_URL=https://hub.example.com"
	return map[string]egress{
		"as it comes":                        {nil, false},
		"capture, acknowledged":              {[]string{public, "TARGO_OUTBOX_LIVE_ACK=hub.example.com"}, false},
		"redirect":                           {[]string{"TARGO_OUTBOX_MODE=redirect", "TARGO_OUTBOX_REDIRECT_TO=+15145550177,desk@example.com"}, false},
		"redirect, acknowledged for another": {[]string{public, "TARGO_OUTBOX_MODE=redirect", "TARGO_OUTBOX_REDIRECT_TO=+15145550177,desk@example.com", "TARGO_OUTBOX_LIVE_ACK=other.example.com"}, false},
		"allowlist":                          {[]string{public, "TARGO_OUTBOX_MODE=allowlist", "TARGO_OUTBOX_ALLOW=+15145550123,@example.com"}, false},
		"live, acknowledged":                 {openGate(), true},
	}
}

// TestNothingLeavesWhileTheGateIsShut runs the hub as a process of its own and a
// full story with it: a signature becomes work, messages are queued and released.
// While the gate is shut the process opens no connection to a provider, whether
// one looks from the provider's side or at the process's sockets. Open, it does.
func TestNothingLeavesWhileTheGateIsShut(t *testing.T) {
	t.Parallel()
	for name, tc := range gates() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			sms, mail := newOutpost(t, w.sms), newOutpost(t, w.mail)
			w.urls["sms"], w.urls["mail"] = sms.url, mail.url
			hub := &process{}
			t.Cleanup(hub.kill)
			hub.launch(t, overridden(w.environ(), tc.env))
			stop := watched(hub.cmd.Process.Pid)

			form := w.signed(t, &hub.running)
			hub.deliver(t, form.body)
			hub.awaitAccepted(t, form.quotation)
			settled := []string{"captured", "held", "failed", "sent", "maybe-sent", "delivered"}
			for _, to := range [][2]string{{"sms", "+15145550123"}, {"email", "eve@example.com"}} {
				e := hub.awaitMessage(t, hub.say(t, to[0], to[1]).ID, settled...)
				hub.call(t, http.MethodPost, "/messages/"+e.ID+"/release", map[string]any{"reason": "somebody insists"}, nil)
				if e = hub.awaitMessage(t, e.ID, settled...); (e.Status == "sent" || e.Status == "delivered") != tc.opens {
					t.Errorf("the message is %s (%s)", e.Status, e.Reason)
				}
			}

			seen := stop()
			for _, o := range []*outpost{sms, mail} {
				if n := o.accepted.Load(); (n > 0) != tc.opens {
					t.Errorf("%d connections reached the provider", n)
				}
				if seen[o.port] != tc.opens {
					t.Errorf("the process had a connection to the provider: %v", seen[o.port])
				}
			}
		})
	}
}
