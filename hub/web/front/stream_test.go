package front_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/web/front"
)

// pair is net/http's server twice, once with a front before it. Both tell what
// they were asked.
type pair struct{ plain, fronted string }

// openPair listens on sockets in the file system: a fuzzer would use up ports.
func openPair(t testing.TB) pair {
	t.Helper()
	dir := t.TempDir()
	p := pair{filepath.Join(dir, "plain"), filepath.Join(dir, "fronted")}
	listen := func(path string) net.Listener {
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	plain := listen(p.plain)
	f := front.New(listen(p.fronted), front.Config{
		Serve:    func(ctx context.Context, w http.ResponseWriter, r *http.Request) { tell(w, r.WithContext(ctx)) },
		Takes:    func(string, string) int64 { return 1 << 10 },
		HeadTime: time.Minute, BodyTime: time.Minute, IdleTime: time.Minute, WriteTime: time.Minute,
	})
	servers := []*http.Server{{Handler: http.HandlerFunc(tell)}, {Handler: http.HandlerFunc(tell)}}
	done := make(chan error, 3)
	go func() { done <- servers[0].Serve(plain) }()
	go func() { done <- servers[1].Serve(f.Rest()) }()
	go func() { done <- f.Serve() }()
	t.Cleanup(func() {
		_ = f.Close()
		for _, s := range servers {
			_ = s.Close()
		}
		for range 3 {
			<-done
		}
	})
	return p
}

// tell answers with all that a handler sees of a request. What is asked of the
// path decides how much of the body it reads.
func tell(w http.ResponseWriter, r *http.Request) {
	var body string
	switch {
	case strings.Contains(r.URL.Path, "none"):
	case strings.Contains(r.URL.Path, "part"):
		some := make([]byte, 3)
		n, _ := io.ReadFull(r.Body, some)
		body = string(some[:n])
	default:
		all, err := io.ReadAll(r.Body)
		body = fmt.Sprintf("%s %v", all, err)
	}
	_, _ = fmt.Fprintf(w, "%s %q %q %q %d %v %q %q", r.Method, r.RequestURI, r.URL.Path, r.Host, r.ContentLength, r.TransferEncoding, r.Header, body)
}

// converse sends everything, then nothing more, and returns the statuses and
// bodies that come back.
func converse(t *testing.T, path, said string) (answers []string) {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	go func() {
		_, _ = io.WriteString(c, said)
		_ = c.(*net.UnixConn).CloseWrite()
	}()
	for in := bufio.NewReader(c); ; {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return answers
		}
		body, err := io.ReadAll(resp.Body)
		answers = append(answers, fmt.Sprintf("%d %s %v", resp.StatusCode, body, err))
	}
}

// conversations are what is sent on one connection.
func conversations() []string {
	all := []string{
		get("/a") + post("/b", "hello") + post("/none", "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n") + get("/c"),
		post("/part", "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n") + post("/d", ""),
		post("/long", strings.Repeat("x", 2<<10)) + post("/e", "later"),
		strings.TrimSuffix(post("/torn", "hello"), "lo"),
		strings.TrimSuffix(post("/none", "hello"), "lo"),
		strings.Replace(post("/two", "hello"), "Host", "Content-Length: 6\r\nHost", 1) + get("/c"),
		strings.Replace(post("/both", "0\r\n\r\n"+get("/x")), "Host", "Transfer-Encoding: chunked\r\nHost", 1) + get("/c"),
		strings.Replace(post("/close", "hello"), "Host", "Connection: close\r\nHost", 1) + get("/c"),
		strings.Replace(post("/plus", "hello"), "h: 5", "h: +5", 1) + get("/c"),
		strings.Replace(post("/blank", "hello"), "h: 5", "h : 5", 1) + get("/c"),
		strings.Replace(post("/folded", "hello"), "h: 5", "h:\r\n 5", 1) + get("/c"),
		strings.ReplaceAll(post("/bare", "hello"), "\r\n", "\n") + get("/c"),
		"POST /chunks HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + post("/f", "later"),
		"POST /old HTTP/1.0\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + get("/c"),
		post("/more", "hello") + "x" + get("/c"),
		post("/breaks", "hello") + "\r\n" + post("/breaks", "hello") + "\n" + post("/breaks", "") + "\r\n\r\n" + get("/c"),
		post("/breaks", "hello") + "\r\n\r\n\r\n" + get("/c"),
		post("/breaks", "hello") + "\r\n",
		post("/breaks", "hello") + "\r\nG",
		get("/breaks") + "\r\n" + get("/c"),
	}
	for i := range all {
		all = append(all, get("/first")+all[i]) // a front that has seen a request already
	}
	return all
}

// sameConversation fails when a handler behind a front sees other requests than
// one of net/http's server, or the caller other answers.
func sameConversation(t *testing.T, p pair, said string) {
	t.Helper()
	want := converse(t, p.plain, said)
	if diff := cmp.Diff(want, converse(t, p.fronted, said)); diff != "" {
		t.Errorf("%q (-net/http +front):\n%s", said, diff)
	}
}

func TestConversations(t *testing.T) {
	t.Parallel()
	p := openPair(t)
	for _, said := range conversations() {
		sameConversation(t, p, said)
	}
}

func FuzzConversation(f *testing.F) {
	for _, said := range conversations() {
		f.Add(said)
	}
	p := openPair(f)
	f.Fuzz(func(t *testing.T, said string) { sameConversation(t, p, said) })
}
