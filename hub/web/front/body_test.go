package front_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/web/front"
)

func post(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nX-A: b\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// takers do this and that with a body.
func takers(t *testing.T) map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"/echo": echo,
		"/part": func(w http.ResponseWriter, r *http.Request) {
			first := make([]byte, 3)
			_, err := io.ReadFull(r.Body, first)
			_, _ = fmt.Fprintf(w, "%s %v", first, err)
		},
		"/unread": write("no, thanks"),
		"/early": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			_, _ = io.WriteString(w, "no")
		},
		"/length": func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprint(w, r.ContentLength, r.Header["Content-Length"], r.TransferEncoding)
		},
		"/again": func(w http.ResponseWriter, r *http.Request) {
			first, err := io.ReadAll(r.Body)
			rest, again := io.ReadAll(r.Body)
			_, _ = fmt.Fprint(w, len(first), err, len(rest), again, r.Body.Close())
		},
	}
}

// Whoever sends a body cannot tell who answered, whatever is done with it, and
// the next request is found where the body ends.
func TestBodiesAreThoseOfNetHTTP(t *testing.T) {
	t.Parallel()
	handlers := takers(t)
	h := open(t, front.Config{}, func(w http.ResponseWriter, r *http.Request) {
		handlers[strings.TrimPrefix(r.URL.Path[1:], strings.Split(r.URL.Path, "/")[1])](w, r)
	})
	for path := range handlers {
		for _, body := range []string{"", "hello", get("/lean/echo"), strings.Repeat("0123456789abcdef", 1500)} {
			var seen [2]reply
			for i, way := range []string{"/lean", "/full"} {
				c, in := h.dial(t)
				say(t, c, post(way+path, body)+post(way+"/echo", "later"))
				if seen[i] = listen(t, in); (seen[i].Header.Get("X-Way") == "") != (i == 0) {
					t.Errorf("%s%s went the wrong way", way, path)
				}
				seen[i].Body = strings.Replace(seen[i].Body, way, "", 1)
				seen[i].Header.Del("X-Way")
				seen[i].Header.Del("Content-Length") // the path is in the body
				seen[i].Length = 0
				if got := listen(t, in); got.Body != "POST "+way+"/echo b later" {
					t.Errorf("%s%s: then %+v", way, path, got)
				}
			}
			if diff := cmp.Diff(seen[1], seen[0]); diff != "" {
				t.Errorf("%s %.10q (-net/http +front):\n%s", path, body, diff)
			}
		}
	}
}

func TestBodyInPieces(t *testing.T) {
	t.Parallel()
	h := open(t, front.Config{}, echo)
	c, in := h.dial(t)
	body := strings.Repeat("0123456789abcdef", maxBody/16)
	go func() {
		text := post("/lean/x", body) + get("/lean/y")
		for len(text) > 0 {
			n := min(1777, len(text))
			_, _ = io.WriteString(c, text[:n])
			text = text[n:]
		}
	}()
	if got := listen(t, in); got.Body != "POST /lean/x b "+body || got.Header.Get("X-Way") != "" {
		t.Errorf("%.60q of %d", got.Body, len(got.Body))
	}
	if got := listen(t, in); got.Body != "GET /lean/y  " {
		t.Errorf("%+v", got)
	}
}

// What ends early is told to the handler, answered, and ends the connection; a
// trickle has as much time as the handler gives it, or the front.
func TestTornBodies(t *testing.T) {
	t.Parallel()
	short := 60 * time.Millisecond
	begun := post("/lean/x", "hello, world")
	begun = begun[:len(begun)-3]
	for name, c := range map[string]struct {
		cfg   front.Config
		limit time.Duration
		shut  bool
		want  error
	}{
		"sender closes":       {shut: true, want: io.ErrUnexpectedEOF},
		"front's limit":       {cfg: front.Config{BodyTime: short}},
		"handler's limit":     {limit: short},
		"handler's, not ours": {cfg: front.Config{HeadTime: short / 4}, limit: short},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			torn := make(chan error, 1)
			h := open(t, c.cfg, func(w http.ResponseWriter, r *http.Request) {
				if c.limit > 0 {
					_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(c.limit))
				}
				got, err := io.ReadAll(r.Body)
				if string(got) != "hello, wo" {
					t.Errorf("got %q", got)
				}
				torn <- err
				http.Error(w, "torn", http.StatusBadRequest)
			})
			conn, in := h.dial(t)
			say(t, conn, begun)
			if c.shut {
				_ = conn.(*net.TCPConn).CloseWrite()
			}
			err := <-torn
			var timeout net.Error
			if c.want != nil && !errors.Is(err, c.want) || c.want == nil && (!errors.As(err, &timeout) || !timeout.Timeout()) {
				t.Error(err)
			}
			if got := listen(t, in); got.Status != 400 || !got.Close {
				t.Errorf("%+v", got)
			}
			if _, err := in.ReadByte(); err == nil {
				t.Error("stays open")
			}
		})
	}
}

// A body that nobody wants is waited for a moment only, and never taken for the
// next request.
func TestUnwantedBodyThatDoesNotCome(t *testing.T) {
	t.Parallel()
	h := open(t, front.Config{HeadTime: 60 * time.Millisecond}, write("no, thanks"))
	c, in := h.dial(t)
	say(t, c, strings.TrimSuffix(post("/lean/x", "hello"), "llo"))
	if got := listen(t, in); got.Body != "no, thanks" || !got.Close {
		t.Errorf("%+v", got)
	}
	if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// Waiting for the caller to leave takes nothing of the body, and begins when the
// body is there.
func TestCallerLeavesAfterSending(t *testing.T) {
	t.Parallel()
	begun, got := make(chan struct{}), make(chan string)
	h := open(t, front.Config{}, func(_ http.ResponseWriter, r *http.Request) {
		done := r.Context().Done()
		begun <- struct{}{}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- string(body)
		<-done
		got <- r.Context().Err().Error()
	})
	c, _ := h.dial(t)
	text := post("/lean/x", "hello, world")
	say(t, c, text[:len(text)-5])
	<-begun
	say(t, c, text[len(text)-5:])
	if body := <-got; body != "hello, world" {
		t.Errorf("read %q", body)
	}
	_ = c.Close()
	if err := <-got; err != "context canceled" {
		t.Error(err)
	}
}

// A body that is kept beyond its request reads nothing of the next one.
func TestBodyEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	var kept io.Reader
	h := open(t, front.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if kept == nil {
			kept = r.Body
		} else if n, err := kept.Read(make([]byte, 9)); n != 0 || !errors.Is(err, http.ErrBodyReadAfterClose) {
			t.Errorf("read %d, %v", n, err)
		}
		echo(w, r)
	})
	c, in := h.dial(t)
	for _, body := range []string{"one", "two"} {
		say(t, c, post("/lean/x", body))
		if got := listen(t, in); got.Body != "POST /lean/x b "+body {
			t.Errorf("%+v", got)
		}
	}
}
