package gateway_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/web"
)

// overheard is a site that writes down what reaches it.
type overheard struct {
	mu    sync.Mutex
	lines []string
}

func (o *overheard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	o.lines = append(o.lines, fmt.Sprint(r.Method, " ", r.RequestURI, " ", r.Header["X-Hub-Actor"], r.Header["Range"], r.Header["Cookie"], r.ContentLength))
	o.mu.Unlock()
	says(`{"data":[]}`)(w, r)
}

func (o *overheard) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.lines
	o.lines = nil
	return lines
}

// listening is a hub on a socket of its own, with the lean way in or without.
func listening(t *testing.T, site string, lean bool) (address string) {
	t.Helper()
	client, err := erpnext.New(erpnext.Config{URL: site, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	g, err := gateway.New(gateway.Config{}, gateway.Deps{Site: client, Trail: &book{}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off", Lean: lean}, web.Deps{Verifier: door{}})
	if err != nil {
		t.Fatal(err)
	}
	g.Mount(s.Router())
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-result; err != nil {
			t.Error(err)
		}
		g.Close()
	})
	<-s.Ready()
	return s.Addr()
}

// oddities are bytes that servers have read in different ways. Each is followed
// by an ordinary request, so that a disagreement about where one ends is heard.
func oddities() []string {
	const staff, good = "X-Test-Role: staff\r\n", "GET /api/resource/Issue HTTP/1.1\r\nHost: hub\r\nX-Test-Role: staff\r\n"
	inner := "GET /api/method/login HTTP/1.1\r\nHost: erp\r\n\r\n"
	return []string{
		good + "\r\n" + good + "\r\n",
		good + "Connection: X-Hub-Actor\r\nX-Hub-Actor: root\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n",
		good + "Connection: keep-alive, X-Test-Role\r\n\r\n",
		good + "Range: bytes=0-3\r\nIf-None-Match: *\r\nIf-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT\r\nCookie: sid=x\r\nAccept-Encoding: *;q=0\r\n\r\n",
		good + fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n%s", len(inner)+5, inner),
		good + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(inner), inner),
		good + "Content-Length: 0\r\n\r\n",
		good + "Content-Length: +3\r\n\r\nabc",
		good + "Transfer-Encoding: chunked\r\n\r\n1;x=\ny\r\nz\r\n0\r\n\r\n",
		good + "X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n",
		good + "X-A : b\r\n\r\n",
		good + "X-A: b\x00c\r\n\r\n",
		good + "X-A: b\rContent-Length: 5\r\n\r\n",
		good + "Expect: 100-continue\r\n\r\n",
		good + "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
		good + "Host: other\r\n\r\n",
		good + "X-Long: " + strings.Repeat("x", 20<<10) + "\r\n\r\n",
		good + strings.Repeat("X-Many: y\r\n", 80) + "\r\n",
		strings.ReplaceAll(good+"\r\n", "\r\n", "\n"),
		"GET /api/resource/Issue HTTP/1.1\r\n" + staff + "\r\n",
		"GET /api/resource/Issue HTTP/1.0\r\n" + staff + "\r\n",
		"GET  /api/resource/Issue HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"GET http://erp/api/resource/Issue HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"GET //api/resource/Issue HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"GET /api/resource/Issue#x HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"GET /api/resource/Issue?a=%23#x HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"GET /%61pi/resource/Issue HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"GET /api/resource/Issue/../../method/ping HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"GET /api/resource/Issue/..;/x HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"GET /api/resource/Issue/\xc3\xa9 HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"HEAD /api/resource/Issue HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"OPTIONS /api/resource/Issue HTTP/1.1\r\nHost: hub\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: DELETE\r\n\r\n",
		"TRACE /api/resource/Issue HTTP/1.1\r\nHost: hub\r\n" + staff + "\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	}
}

var statusLine = regexp.MustCompile(`HTTP/1\.[01] \d{3}`)

// TestBothWaysInReadAlike sends every oddity to both ways in: they answer alike,
// and the same reaches the site, never what was hidden in a request.
func TestBothWaysInReadAlike(t *testing.T) {
	t.Parallel()
	site := &overheard{}
	far := newServer(t, site)
	addresses := [2]string{listening(t, far, false), listening(t, far, true)}
	const last = "GET /api/method/ping HTTP/1.1\r\nHost: hub\r\nX-Test-Role: staff\r\nConnection: close\r\n\r\n"
	for i, raw := range oddities() {
		var heard [2][]string
		for way, address := range addresses {
			answer := say(t, address, raw+last)
			heard[way] = append(statusLine.FindAllString(answer, -1), site.take()...)
			if strings.Contains(answer, "key0") || strings.Contains(answer, far) {
				t.Errorf("%d: %s", i, answer)
			}
		}
		if diff := cmp.Diff(heard[0], heard[1]); diff != "" {
			t.Errorf("%d %.200q (-net/http +lean): %s", i, raw, diff)
		}
		all := strings.Join(heard[1], "\n")
		for _, never := range []string{"login", "root", "bytes=", "sid=", "erp ", "/../"} {
			if strings.Contains(all, never) {
				t.Errorf("%d %.200q reached the site as %s", i, raw, all)
			}
		}
		if len(heard[1]) == 0 {
			t.Errorf("%d %.200q: no answer", i, raw)
		}
	}
}

// say sends bytes and reads until the other side hangs up.
func say(t *testing.T, address, raw string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = io.WriteString(conn, raw) // a server may hang up before it has read all
	answer, _ := io.ReadAll(conn)
	return string(answer)
}
