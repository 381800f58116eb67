package wire_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer answers on raw connections.
type peer struct {
	url   string
	conns atomic.Int32 // accepted so far
}

// serve lets answer handle each connection; n counts them from 1.
func serve(t *testing.T, answer func(n int, conn net.Conn, in *bufio.Reader)) *peer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &peer{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n := int(p.conns.Add(1))
			go func() {
				defer func() { _ = conn.Close() }()
				answer(n, conn, bufio.NewReader(conn))
			}()
		}
	}()
	return p
}

// say answers every request with the same bytes.
func say(text string) func(int, net.Conn, *bufio.Reader) {
	return func(_ int, conn net.Conn, in *bufio.Reader) {
		for readRequest(in) == nil {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
		}
	}
}

func readRequest(in *bufio.Reader) error {
	r, err := http.ReadRequest(in)
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
	}
	return err
}

func newTransport(t *testing.T, o wire.Options) *wire.Transport {
	t.Helper()
	tr := wire.New(o)
	t.Cleanup(tr.Close)
	return tr
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	var from io.Reader
	if body != "" {
		from = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, url, from)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// get makes one call and reads the whole answer.
func get(t *testing.T, tr *wire.Transport, r *http.Request) (status int, body string, err error) {
	t.Helper()
	resp, err := tr.Do(t.Context(), r, wire.Call{Until: time.Now().Add(5 * time.Second)})
	if err != nil {
		return 0, "", err
	}
	whole, err := io.ReadAll(resp.Body)
	if closed := resp.Body.Close(); closed != nil {
		t.Error(closed)
	}
	return resp.StatusCode, string(whole), err
}

// scripted is an answer byte for byte, and what is to become of it.
type scripted struct {
	method, raw string
	status      int // 0: refused
	body        string
	torn        bool // the body ends with an error
	again       bool // the connection is used again
}

const ok = "HTTP/1.1 200 OK\r\n"

func goodAnswers() map[string]scripted {
	return map[string]scripted{
		"length":               {raw: ok + "Content-Length: 5\r\n\r\nhello", status: 200, body: "hello", again: true},
		"nothing":              {raw: ok + "Content-Length: 0\r\n\r\n", status: 200, again: true},
		"same length twice":    {raw: ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi", again: true},
		"chunks":               {raw: ok + "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", status: 200, body: "abcde", again: true},
		"chunks and a trailer": {raw: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", status: 200, body: "abc", again: true},
		"no chunk":             {raw: ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", status: 200, again: true},
		"no reason":            {raw: "HTTP/1.1 404 \r\nContent-Length: 1\r\n\r\nx", status: 404, body: "x", again: true},
		"204":                  {raw: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, again: true},
		"304 with a length":    {raw: "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", status: 304, again: true},
		"head":                 {method: "HEAD", raw: ok + "Content-Length: 9\r\n\r\n", status: 200, again: true},
		"head of chunks":       {method: "HEAD", raw: ok + "Transfer-Encoding: chunked\r\n\r\n", status: 200, again: true},
		"after early hints":    {raw: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok + "Content-Length: 1\r\n\r\nx", status: 200, body: "x", again: true},
		"close":                {raw: ok + "Connection: keep-alive, Close\r\nContent-Length: 1\r\n\r\nx", status: 200, body: "x"},
		"1.0":                  {raw: "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", status: 200, body: "x"},
		"more than the length": {raw: ok + "Content-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n", status: 200, body: "x"},
		"a body that must not": {raw: "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\nx", status: 204},
	}
}

func badAnswers() map[string]scripted {
	return map[string]scripted{
		"length and chunks":     {raw: ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		"two lengths":           {raw: ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"},
		"a list of lengths":     {raw: ok + "Content-Length: 5, 5\r\n\r\nhello"},
		"signed length":         {raw: ok + "Content-Length: +5\r\n\r\nhello"},
		"huge length":           {raw: ok + "Content-Length: 99999999999999999999\r\n\r\nhello"},
		"unknown coding":        {raw: ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
		"chunks in 1.0":         {raw: "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		"folded":                {raw: ok + "X-Long: a\r\n b\r\nContent-Length: 0\r\n\r\n"},
		"blank before colon":    {raw: ok + "Content-Length : 0\r\n\r\n"},
		"no colon":              {raw: ok + "nonsense\r\nContent-Length: 0\r\n\r\n"},
		"control in a value":    {raw: ok + "X-A: a\x00b\r\nContent-Length: 0\r\n\r\n"},
		"bare return in value":  {raw: ok + "X-A: a\rb\r\nContent-Length: 0\r\n\r\n"},
		"bare newlines":         {raw: "HTTP/1.1 200 OK\nContent-Length: 0\n\n"},
		"another protocol":      {raw: "SSH-2.0-OpenSSH\r\n\r\n"},
		"2.0":                   {raw: "HTTP/2.0 200 OK\r\n\r\n"},
		"status of two digits":  {raw: "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"},
		"switching":             {raw: "HTTP/1.1 101 Switching Protocols\r\n\r\n"},
		"heralds without end":   {raw: strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 9) + ok + "\r\n"},
		"head too long":         {raw: ok + "X-Long: " + strings.Repeat("a", 300<<10) + "\r\n\r\n"},
		"long head":             {raw: ok + "X-Long: " + strings.Repeat("a", 100<<10) + "\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi", again: true},
		"bad size of a chunk":   {raw: ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", status: 200, torn: true},
		"negative chunk":        {raw: ok + "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", status: 200, torn: true},
		"chunk without its end": {raw: ok + "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", status: 200, body: "abc", torn: true},
		"bare newline in chunk": {raw: ok + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", status: 200, torn: true},
	}
}

// How much of a head comes at once does not change how long it may be.
func TestHeadIsBoundedHoweverItComes(t *testing.T) {
	t.Parallel()
	head := func(length int) string {
		const end = "Content-Length: 0\r\n\r\n"
		return ok + "X-Long: " + strings.Repeat("a", length-len(ok+"X-Long: \r\n"+end)) + "\r\n" + end
	}
	for length, status := range map[int]int{1 << 10: 200, 1<<10 + 1: 0, 5 << 10: 0} {
		tr := newTransport(t, wire.Options{MaxHead: 1 << 10})
		if got, _, err := get(t, tr, request(t, "GET", serve(t, say(head(length))).url, "")); got != status || (err != nil) != (status == 0) {
			t.Errorf("%d bytes: %d %v", length, got, err)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	all := goodAnswers()
	maps.Copy(all, badAnswers())
	for name, c := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serve(t, say(c.raw))
			tr := newTransport(t, wire.Options{})
			method := c.method
			if method == "" {
				method = "GET"
			}
			for range 2 {
				status, body, err := get(t, tr, request(t, method, p.url, ""))
				if status != c.status || body != c.body || (err != nil) != (c.torn || c.status == 0) {
					t.Errorf("%d %q %v", status, body, err)
				}
			}
			if again := p.conns.Load() == 1; again != c.again {
				t.Errorf("%d connections", p.conns.Load())
			}
		})
	}
}

func TestBodyUntilTheConnectionEnds(t *testing.T) {
	t.Parallel()
	p := serve(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		_ = readRequest(in)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\nall of it")
	})
	tr := newTransport(t, wire.Options{})
	for range 2 {
		if status, body, err := get(t, tr, request(t, "GET", p.url, "")); status != 200 || body != "all of it" || err != nil {
			t.Errorf("%d %q %v", status, body, err)
		}
	}
	if p.conns.Load() != 2 {
		t.Errorf("%d connections", p.conns.Load())
	}
}

// A body that ends early is an error, whichever way it is read.
func TestShortBody(t *testing.T) {
	t.Parallel()
	for _, head := range []string{"Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\na\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n4\r\nhalf"} {
		p := serve(t, func(_ int, conn net.Conn, in *bufio.Reader) {
			_ = readRequest(in)
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n"+head)
		})
		tr := newTransport(t, wire.Options{})
		if _, body, err := get(t, tr, request(t, "GET", p.url, "")); body != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q %v", body, err)
		}
		resp, err := tr.Do(t.Context(), request(t, "GET", p.url, ""), wire.Call{})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); n != 4 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("copied %d, %v", n, err)
		}
		_ = resp.Body.Close()
	}
}

func TestBigBodiesBothWays(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("0123456789abcdef", 20<<10)
	p := serve(t, func(_ int, conn net.Conn, in *bufio.Reader) {
		server := bufio.NewWriter(conn)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			sent, _ := io.ReadAll(r.Body)
			resp := &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, ContentLength: int64(len(big) + len(sent))}
			if len(sent) == 0 {
				resp.ContentLength, resp.TransferEncoding = -1, []string{"chunked"}
			}
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(big), strings.NewReader(string(sent))))
			_ = resp.Write(server)
			_ = server.Flush()
		}
	})
	tr := newTransport(t, wire.Options{})
	for _, body := range []string{strings.Repeat("x", wire.MaxBody), "", "small"} {
		if status, got, err := get(t, tr, request(t, "POST", p.url, body)); status != 200 || got != big+body || err != nil {
			t.Errorf("%d, %d bytes, %v", status, len(got), err)
		}
		resp, err := tr.Do(context.Background(), request(t, "GET", p.url, body), wire.Call{})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if n, err := io.Copy(&out, resp.Body); n != int64(len(big)+len(body)) || err != nil || out.String() != big+body {
			t.Errorf("copied %d, %v", n, err)
		}
		_ = resp.Body.Close()
	}
	if p.conns.Load() != 1 {
		t.Errorf("%d connections", p.conns.Load())
	}
}
