package front_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub/web/front"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// maxBody is the longest body that the front of a house takes.
const maxBody = 32 << 10

// house is a front with net/http's server behind it.
type house struct {
	addr  string
	front *front.Front
	there atomic.Int32 // connections in the front
	odd   chan any     // panics
}

// open serves paths that begin with /lean/ by the front; both ways answer with
// the same handler, which finds in X-Way which it was.
func open(t *testing.T, cfg front.Config, handler http.HandlerFunc) *house {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{addr: l.Addr().String(), odd: make(chan any, 8)}
	cfg.Takes = func(_, path string) int64 {
		if strings.HasPrefix(path, "/lean/") {
			return maxBody
		}
		return -1
	}
	cfg.Count = func(delta int) { h.there.Add(int32(delta)) }
	cfg.Panic = func(v any) { h.odd <- v }
	cfg.Serve = func(ctx context.Context, w http.ResponseWriter, r *http.Request) { handler(w, r.WithContext(ctx)) }
	for _, d := range []*time.Duration{&cfg.HeadTime, &cfg.BodyTime, &cfg.IdleTime, &cfg.WriteTime} {
		if *d == 0 {
			*d = time.Minute
		}
	}
	h.front = front.New(l, cfg)
	behind := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Way", "net/http")
		handler(w, r)
	})}
	done := make(chan error, 2)
	go func() { done <- behind.Serve(h.front.Rest()) }()
	go func() { done <- h.front.Serve() }()
	t.Cleanup(func() {
		_ = h.front.Close()
		_ = behind.Close()
		<-done
		<-done
	})
	return h
}

// dial returns a connection and what comes from it.
func (h *house) dial(t *testing.T) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, bufio.NewReader(c)
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n" }

// reply is an answer as the caller sees it.
type reply struct {
	Status int
	Header http.Header
	Body   string
	Length int64
	Coding []string
	Close  bool
	Torn   bool
}

func listen(t *testing.T, in *bufio.Reader) reply {
	t.Helper()
	resp, err := http.ReadResponse(in, &http.Request{Method: "GET"})
	if err != nil {
		t.Error(err)
		return reply{}
	}
	body, err := io.ReadAll(resp.Body)
	if resp.Header.Get("Date") == "" && err == nil && resp.StatusCode != http.StatusBadRequest {
		t.Error("no date")
	}
	resp.Header.Del("Date")
	return reply{resp.StatusCode, resp.Header, string(body), resp.ContentLength, resp.TransferEncoding, resp.Close, err != nil}
}

// long is more than a front holds back.
func long() string { return strings.Repeat("0123456789abcdef", 8<<10) }

func write(texts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, text := range texts {
			_, _ = io.WriteString(w, text)
		}
	}
}

func plainHandlers(t *testing.T) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/nothing": func(http.ResponseWriter, *http.Request) {},
		"/short":   write("hello"),
		"/html":    write("<!doctype html><p>hello"),
		"/json": func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{"application/json"}
			w.WriteHeader(http.StatusTeapot)
			_, _ = io.WriteString(w, `{"a":1}`)
		},
		"/pieces": write(strings.Split(long(), "8")...),
		"/long":   write(long()),
		"/known": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(long())+5))
			write("hello", long())(w, nil)
		},
		"/nocontent": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"/unchanged": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Etag", `"x"`)
			w.WriteHeader(http.StatusNotModified)
			if _, err := io.WriteString(w, "x"); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Error(err)
			}
		},
		"/close": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, "bye")
		},
		"/flush": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "one")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, "two")
		},
	}
}

func oddHandlers(t *testing.T) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/less": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
		},
		"/more": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			_, _ = io.WriteString(w, "hi")
			if _, err := io.WriteString(w, "x"); !errors.Is(err, http.ErrContentLength) {
				t.Error(err)
			}
		},
		"/split": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Odd", " a\r\nX-Evil: b")
			w.Header().Add("Vary", "Origin")
			w.Header().Add("Vary", "Accept")
			w.Header()["X Odd"] = []string{"a"}
			_, _ = io.WriteString(w, "x")
		},
		"/twice": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			w.WriteHeader(http.StatusAccepted)
		},
		"/abort": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	}
}

// The caller cannot tell who answered.
func TestAnswersAreThoseOfNetHTTP(t *testing.T) {
	t.Parallel()
	handlers := plainHandlers(t)
	maps.Copy(handlers, oddHandlers(t))
	h := open(t, front.Config{}, func(w http.ResponseWriter, r *http.Request) {
		handlers[strings.TrimPrefix(r.URL.Path[1:], strings.Split(r.URL.Path, "/")[1])](w, r)
	})
	for path := range handlers {
		var seen [2]reply
		for i, way := range []string{"/lean", "/full"} {
			c, in := h.dial(t)
			say(t, c, get(way+path))
			if seen[i] = listen(t, in); (seen[i].Header.Get("X-Way") == "") != (i == 0) {
				t.Errorf("%s%s went the wrong way", way, path)
			}
			seen[i].Header.Del("X-Way")
			if seen[i].Close || seen[i].Torn || path == "/more" {
				if _, err := in.ReadByte(); err == nil {
					t.Errorf("%s%s stays open", way, path)
				}
			} else if say(t, c, get("/lean/short")); listen(t, in).Body != "hello" {
				t.Errorf("%s%s leaves the connection spoiled", way, path)
			}
		}
		if diff := cmp.Diff(seen[1], seen[0]); diff != "" {
			t.Errorf("%s (-net/http +front):\n%s", path, diff)
		}
	}
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("X-A"), body)
}

func TestRequestsInARow(t *testing.T) {
	t.Parallel()
	h := open(t, front.Config{}, echo)
	c, in := h.dial(t)
	var all strings.Builder
	for i := range 200 {
		fmt.Fprintf(&all, "GET /lean/%d HTTP/1.1\r\nHost: h\r\nX-A: %s\r\n\r\n", i, strings.Repeat("a", i*10))
	}
	go func() { _, _ = io.WriteString(c, all.String()) }()
	for i := range 200 {
		want := fmt.Sprintf("GET /lean/%d %s ", i, strings.Repeat("a", i*10))
		if got := listen(t, in); got.Body != want || got.Header.Get("X-Way") != "" {
			t.Fatalf("%d: %.60q", i, got.Body)
		}
	}
	for _, piece := range []string{"G", "ET /lean/x HT", "TP/1.1\r", "\nHost: h\r\n\r", "\n"} { // as slow networks deliver
		say(t, c, piece)
		<-time.After(5 * time.Millisecond)
	}
	if got := listen(t, in); got.Body != "GET /lean/x  " {
		t.Errorf("%q", got.Body)
	}
}

// What is not for the front reaches net/http whole, and the connection stays
// there.
func TestHandingOver(t *testing.T) {
	t.Parallel()
	h := open(t, front.Config{}, echo)
	for name, odd := range map[string]string{
		"another path": get("/full/x"),
		"put":          "PUT /lean/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
		"no length":    "POST /lean/x HTTP/1.1\r\nHost: h\r\n\r\n",
		"long body":    fmt.Sprintf("POST /lean/x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", maxBody+1, strings.Repeat("x", maxBody+1)),
		"expecting":    "POST /lean/x HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n",
		"chunks":       "POST /lean/x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"body of get":  "GET /lean/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
		"bare lines":   "GET /lean/x HTTP/1.1\nHost: h\n\n",
		"absolute":     "GET http://h/lean/x HTTP/1.1\r\nHost: h\r\n\r\n",
		"long head":    "GET /lean/x HTTP/1.1\r\nHost: h\r\nX-B: " + strings.Repeat("a", 40<<10) + "\r\n\r\n",
		"no host":      "GET /lean/x HTTP/1.1\r\n\r\n",
		"two lengths":  "POST /lean/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"+5":           "POST /lean/x HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello",
		"smuggled too": "POST /lean/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"smuggled":     "GET /lean/x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		c, in := h.dial(t)
		say(t, c, get("/lean/first"))
		if got := listen(t, in); got.Header.Get("X-Way") != "" {
			t.Errorf("%s: the first request went to net/http", name)
		}
		say(t, c, odd)
		got := listen(t, in)
		if got.Header.Get("X-Way") != "net/http" && got.Status != 400 {
			t.Errorf("%s: %+v", name, got)
		}
		if got.Close || got.Status == 400 {
			continue
		}
		if say(t, c, get("/lean/later")); listen(t, in).Header.Get("X-Way") != "net/http" {
			t.Errorf("%s: came back", name)
		}
	}
	for h.there.Load() > 0 {
		<-time.After(time.Millisecond)
	}
}
