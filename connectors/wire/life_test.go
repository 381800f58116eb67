package wire_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/wire"
)

const hi = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

// A server that closes its idle connection is noticed before anything is sent.
func TestClosedIdleConnectionIsNotUsed(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 4)
	p := serve(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		_ = readRequest(in)
		_, _ = io.WriteString(conn, hi)
		_ = conn.Close()
		closed <- struct{}{}
	})
	tr := newTransport(t, wire.Options{})
	for _, method := range []string{"GET", "POST", "PUT"} {
		if status, _, err := get(t, tr, request(t, method, p.url, "")); status != 200 || err != nil {
			t.Errorf("%s: %d %v", method, status, err)
		}
		<-closed
	}
}

// A connection that dies under a request is tried again once, on a fresh one,
// when that cannot do anything twice.
func TestStaleConnection(t *testing.T) {
	t.Parallel()
	for method, retried := range map[string]bool{"GET": true, "HEAD": true, "OPTIONS": true, "POST": false, "PUT": false, "DELETE": false} {
		p := serve(t, func(n int, conn net.Conn, in *bufio.Reader) {
			for range 2 {
				if readRequest(in) != nil {
					return
				}
				if n == 1 && method != "" {
					if _, err := io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n"); err != nil {
						return
					}
					_ = readRequest(in) // and then the line goes dead
					return
				}
				_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n")
			}
		})
		tr := newTransport(t, wire.Options{})
		for i := range 2 {
			status, _, err := get(t, tr, request(t, method, p.url, ""))
			if good := status == 204 && err == nil; good != (i == 0 || retried) {
				t.Errorf("%s %d: %d %v", method, i, status, err)
			}
			if err != nil && errors.Is(err, wire.ErrUnsent) {
				t.Errorf("%s was sent", method)
			}
		}
	}
}

// A fresh connection that dies is no reason to try again.
func TestFreshConnectionIsNotRetried(t *testing.T) {
	t.Parallel()
	p := serve(t, func(_ int, _ net.Conn, in *bufio.Reader) { _ = readRequest(in) })
	if _, _, err := get(t, newTransport(t, wire.Options{}), request(t, "GET", p.url, "")); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if p.conns.Load() != 1 {
		t.Errorf("%d connections", p.conns.Load())
	}
}

// What a server says without being asked is never taken for an answer.
func TestUnaskedBytes(t *testing.T) {
	t.Parallel()
	said := make(chan struct{}, 8)
	p := serve(t, func(n int, conn net.Conn, in *bufio.Reader) {
		for readRequest(in) == nil {
			_, _ = io.WriteString(conn, strings.Replace(hi, "hi", string(rune('a'+n))+"!", 1))
			if n == 1 {
				_, _ = io.WriteString(conn, hi)
			}
			said <- struct{}{}
		}
	})
	tr := newTransport(t, wire.Options{})
	for _, want := range []string{"b!", "c!", "c!"} {
		if _, body, err := get(t, tr, request(t, "GET", p.url, "")); body != want || err != nil {
			t.Errorf("got %q, want %q: %v", body, want, err)
		}
		<-said
	}
}

func TestUnreadRemainderIsNotReused(t *testing.T) {
	t.Parallel()
	p := serve(t, say("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n"+strings.Repeat("x", 200000)))
	tr := newTransport(t, wire.Options{})
	for range 2 {
		resp, err := tr.Do(t.Context(), request(t, "GET", p.url, ""), wire.Call{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 10)); err != nil {
			t.Error(err)
		}
		_ = resp.Body.Close()
		if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
			t.Error("a closed body was read")
		}
	}
	if p.conns.Load() != 2 {
		t.Errorf("%d connections", p.conns.Load())
	}
}

// hang answers with text and then says nothing more.
func hang(text string, reached chan<- struct{}) func(int, net.Conn, *bufio.Reader) {
	return func(_ int, conn net.Conn, in *bufio.Reader) {
		_ = readRequest(in)
		_, _ = io.WriteString(conn, text)
		reached <- struct{}{}
		_, _ = in.ReadByte() // until the caller hangs up
		reached <- struct{}{}
	}
}

func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"} {
		for _, body := range []string{"", strings.Repeat("x", 20<<10)} {
			reached := make(chan struct{}, 2)
			p := serve(t, hang(text, reached))
			ctx, cancel := context.WithCancelCause(t.Context())
			left := errors.New("left")
			go func() {
				<-reached
				cancel(left)
			}()
			resp, err := newTransport(t, wire.Options{}).Do(ctx, request(t, "POST", p.url, body), wire.Call{})
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			if !errors.Is(err, left) || errors.Is(err, wire.ErrUnsent) {
				t.Errorf("%q: %v", text, err)
			}
			<-reached // the server saw the connection end
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newTransport(t, wire.Options{}).Do(ctx, request(t, "GET", "http://127.0.0.1:1", ""), wire.Call{})
	if !errors.Is(err, wire.ErrUnsent) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestDeadlines(t *testing.T) {
	t.Parallel()
	const half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
	for name, c := range map[string]struct {
		text         string
		until, quiet time.Duration
	}{
		"before the head":           {"", 20 * time.Millisecond, 0},
		"before the head, patient":  {"", 120 * time.Millisecond, 0},
		"inside the body":           {half, 120 * time.Millisecond, 0},
		"silence inside the body":   {half, time.Hour, 60 * time.Millisecond},
		"silence, the head in time": {half, 500 * time.Millisecond, 700 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serve(t, hang(c.text, make(chan struct{}, 2)))
			resp, err := newTransport(t, wire.Options{}).Do(t.Context(), request(t, "GET", p.url, ""),
				wire.Call{Until: time.Now().Add(c.until), Quiet: c.quiet})
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				_ = resp.Body.Close()
			}
			var timeout net.Error // of the connection, or of making it on a busy machine
			if !errors.As(err, &timeout) || !timeout.Timeout() {
				t.Error(err)
			}
		})
	}
}

// A download may take longer than the time for its head, as long as it moves.
func TestSlowButMovingBody(t *testing.T) {
	t.Parallel()
	p := serve(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		_ = readRequest(in)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n")
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for range 12 {
			<-tick.C
			_, _ = io.WriteString(conn, "x")
		}
	})
	resp, err := newTransport(t, wire.Options{}).Do(t.Context(), request(t, "GET", p.url, ""),
		wire.Call{Until: time.Now().Add(time.Second), Quiet: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); string(body) != "xxxxxxxxxxxx" || err != nil {
		t.Errorf("%q %v", body, err)
	}
	_ = resp.Body.Close()
}

// Close while another goroutine reads wakes it and spoils nothing.
func TestCloseWakesTheReader(t *testing.T) {
	t.Parallel()
	p := serve(t, hang("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", make(chan struct{}, 2)))
	resp, err := newTransport(t, wire.Options{}).Do(t.Context(), request(t, "GET", p.url, ""), wire.Call{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(resp.Body, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	read := make(chan error)
	go func() {
		_, err := resp.Body.Read(make([]byte, 1))
		read <- err
	}()
	_ = resp.Body.Close()
	if err := <-read; err == nil {
		t.Error("read on")
	}
}

func TestIdleConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	gone := make(chan int, 8)
	hold := make(chan struct{})
	p := serve(t, func(n int, conn net.Conn, in *bufio.Reader) {
		_ = readRequest(in)
		<-hold
		_, _ = io.WriteString(conn, hi)
		_ = readRequest(in)
		gone <- n
	})
	tr := newTransport(t, wire.Options{Idle: 2, IdleFor: 150 * time.Millisecond})
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			if status, _, err := get(t, tr, request(t, "GET", p.url, "")); status != 200 {
				t.Error(err)
			}
		})
	}
	for p.conns.Load() < 4 {
		<-time.After(time.Millisecond)
	}
	close(hold)
	calls.Wait()
	for range 4 { // two at once, two when they have been idle for too long
		<-gone
	}
}

func TestCloseEndsWhatIsIdle(t *testing.T) {
	t.Parallel()
	gone := make(chan struct{})
	p := serve(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		_ = readRequest(in)
		_, _ = io.WriteString(conn, hi)
		_ = readRequest(in)
		close(gone)
	})
	tr := wire.New(wire.Options{})
	if status, _, err := get(t, tr, request(t, "GET", p.url, "")); status != 200 {
		t.Error(err)
	}
	tr.Close()
	<-gone
	if _, _, err := get(t, tr, request(t, "GET", p.url, "")); !errors.Is(err, wire.ErrUnsent) {
		t.Error(err)
	}
}
