package live_test

import (
	"crypto/sha1" //nolint:gosec // RFC 6455 asks for it
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/traccar/live"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// raw answers the upgrade and hands over the bare connection.
func raw(t *testing.T, say func(conn net.Conn)) string {
	t.Helper()
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see above
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
			base64.StdEncoding.EncodeToString(sum[:])+"\r\n\r\n")
		say(conn)
		<-over
		_ = conn.Close()
	}))
	t.Cleanup(func() { close(over); server.Close() })
	return server.URL
}

func open(t *testing.T, url string, longest int64) *live.Conn {
	t.Helper()
	conn, status := live.Dialer{Timeout: 5 * time.Second, Longest: longest}.Open(t.Context(), url, http.Header{})
	if conn == nil {
		t.Fatalf("refused with %d", status)
	}
	return conn
}

// TestBrokenFrames ends the connection at what is no frame of a server.
func TestBrokenFrames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		frames string
		want   error
		says   string
	}{
		"reserved bits":    {"\xf1\x02{}", live.ErrUnreadable, "broken frames"},
		"unknown kind":     {"\x83\x02{}", live.ErrUnreadable, "broken frames"},
		"long control":     {"\x89\x7e\x01\x00" + strings.Repeat("x", 256), live.ErrUnreadable, "broken frames"},
		"split control":    {"\x09\x00", live.ErrUnreadable, "broken frames"},
		"negative length":  {"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", live.ErrUnreadable, "broken frames"},
		"rest of nothing":  {"\x80\x02{}", live.ErrUnreadable, "broken frames"},
		"too long":         {"\x81\x7e\x03\x00" + strings.Repeat("x", 0x300), live.ErrUnreadable, "longer than"},
		"HTML":             {"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", live.ErrUnreadable, "broken frames"},
		"its end":          {"\x88\x0f\x03\xe9secret-reason", live.ErrClosed, "code 1001"},
		"end without code": {"\x88\x00", live.ErrClosed, "code 1005"},
	} {
		url := raw(t, func(conn net.Conn) { _, _ = io.WriteString(conn, c.frames) })
		conn := open(t, url, 512)
		m := <-conn.Heard()
		if !errors.Is(m.Err, c.want) || !strings.Contains(m.Err.Error(), c.says) || strings.Contains(m.Err.Error(), "secret") {
			t.Errorf("%s: %q, %v", name, m.Text, m.Err)
		}
		conn.Close()
	}
}

// TestPieces counts a piece of a message as a sign of life, and does not wait for ever
// for the other side to agree to the end.
func TestPieces(t *testing.T) {
	t.Parallel()
	step, heard := make(chan struct{}), make(chan struct{})
	url := raw(t, func(conn net.Conn) {
		for _, piece := range []string{"\x01\x01{", "\x00\x02\"a", "\x89\x00", "\x80\x05\":1}\n"} {
			<-step
			_, _ = io.WriteString(conn, piece)
		}
		close(heard)
	})
	conn := open(t, url, 512)
	for range 4 {
		step <- struct{}{}
	}
	if m := <-conn.Heard(); string(m.Text) != "{\"a\":1}\n" || m.Err != nil {
		t.Errorf("heard %q, %v", m.Text, m.Err)
	}
	<-heard
	if quiet := conn.Quiet(); quiet > 5*time.Second {
		t.Errorf("quiet for %s", quiet)
	}
	began := time.Now()
	conn.Close()
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("the end took %s", took)
	}
}

// TestRefusals gives the status, and none when there was no answer.
func TestRefusals(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was followed") }))
	t.Cleanup(elsewhere.Close)
	dialer := live.Dialer{Timeout: time.Second, Longest: 1}
	for _, status := range []int{200, 204, 302, 401, 404, 500, 503} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(status)
		}))
		if conn, got := dialer.Open(t.Context(), server.URL+"/api/socket?token=x", http.Header{}); conn != nil || got != status {
			t.Errorf("%d instead of %d", got, status)
		}
		server.Close()
		if conn, got := dialer.Open(t.Context(), server.URL, http.Header{}); conn != nil || got != 0 {
			t.Errorf("%d where nobody listens", got)
		}
	}
}
