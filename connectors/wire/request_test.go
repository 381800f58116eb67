package wire_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/wire"
)

func TestRequestAsItIsSent(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	p := serve(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		var text strings.Builder
		for line, err := in.ReadString('\n'); err == nil && line != "\r\n"; line, err = in.ReadString('\n') {
			text.WriteString(line)
		}
		got <- text.String()
		_, _ = io.WriteString(conn, hi)
	})
	r := request(t, "POST", p.url+"/a%2Fb?q=%20", "")
	r.Host = "erp.example"
	r.Header = http.Header{"X-Request-Id": {"mine"}, "Connection": {"close"}, "Content-Length": {"7"}}
	resp, err := newTransport(t, wire.Options{}).Do(t.Context(), r, wire.Call{Agent: "hub", ID: "r-1"})
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	want := "POST /a%2Fb?q=%20 HTTP/1.1\r\nHost: erp.example\r\nUser-Agent: hub\r\nX-Request-Id: r-1\r\nContent-Length: 0\r\n"
	if diff := cmp.Diff(want, <-got); diff != "" {
		t.Error(diff)
	}
}

func TestRequestsThatAreNotSent(t *testing.T) {
	t.Parallel()
	p := serve(t, say(hi))
	tr := newTransport(t, wire.Options{})
	for name, spoil := range map[string]func(*http.Request){
		"header value":  func(r *http.Request) { r.Header.Set("X-A", "a\r\nX-B: b") },
		"header name":   func(r *http.Request) { r.Header["X A"] = []string{"a"} },
		"method":        func(r *http.Request) { r.Method = "GET /x HTTP/1.1\r\n" },
		"target":        func(r *http.Request) { r.URL.Opaque = "/a b" },
		"host":          func(r *http.Request) { r.Host = "a\r\nb" },
		"short body":    func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("ab")), 3 },
		"long body":     func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("ab")), 1 },
		"nobody's host": func(r *http.Request) { r.URL.Host = "127.0.0.1:1" },
	} {
		r := request(t, "POST", p.url, "")
		spoil(r)
		if _, _, err := get(t, tr, r); !errors.Is(err, wire.ErrUnsent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if p.conns.Load() != 0 {
		t.Error("something was sent")
	}
	for name, c := range map[string]struct {
		spoil func(*http.Request)
		fits  bool
	}{
		"plain":   {func(*http.Request) {}, true},
		"tls":     {func(r *http.Request) { r.URL.Scheme = "https" }, false},
		"upgrade": {func(r *http.Request) { r.Header.Set("Upgrade", "websocket") }, false},
		"upload":  {func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(r.Body), wire.MaxBody+1 }, false},
		"stream":  {func(r *http.Request) { r.Body, r.ContentLength = io.NopCloser(strings.NewReader("x")), -1 }, false},
		"connect": {func(r *http.Request) { r.Method = "CONNECT" }, false},
	} {
		r := request(t, "POST", p.url, "x")
		c.spoil(r)
		if got := wire.Fits(r); got != c.fits {
			t.Errorf("%s: %v", name, got)
		}
	}
}
