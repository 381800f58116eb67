package front_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/web/front"
)

func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan error)
	h := open(t, front.Config{}, func(_ http.ResponseWriter, r *http.Request) {
		if r.Context().Err() != nil {
			t.Error("left before he left")
		}
		child, cancel := context.WithCancel(r.Context())
		defer cancel()
		begun <- struct{}{}
		<-child.Done()
		ended <- r.Context().Err()
	})
	c, _ := h.dial(t)
	say(t, c, get("/lean/x"))
	<-begun
	_ = c.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Watching whether the caller leaves loses nothing of what he sends ahead, and
// ends with the request.
func TestWatchKeepsWhatIsSentAhead(t *testing.T) {
	t.Parallel()
	begun, sent := make(chan struct{}), make(chan struct{})
	var last context.Context
	h := open(t, front.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/lean/slow" {
			last = r.Context()
			done := r.Context().Done()
			begun <- struct{}{}
			<-sent
			select {
			case <-done:
				t.Error("the caller is taken for gone")
			default:
			}
		}
		echo(w, r)
	})
	c, in := h.dial(t)
	for range 3 {
		say(t, c, get("/lean/slow"))
		<-begun
		say(t, c, get("/lean/ahead")+"GET /lean/rest HT")
		<-time.After(20 * time.Millisecond) // for the watch to read it; the outcome is the same if it does not
		sent <- struct{}{}
		say(t, c, "TP/1.1\r\nHost: h\r\n\r\n")
		for _, want := range []string{"GET /lean/slow  ", "GET /lean/ahead  ", "GET /lean/rest  "} {
			if got := listen(t, in); got.Body != want {
				t.Fatalf("got %q, want %q", got.Body, want)
			}
		}
		if <-last.Done(); last.Err() == nil {
			t.Error("the context of an answered request lives")
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	short := 60 * time.Millisecond
	for name, c := range map[string]struct {
		cfg  front.Config
		said string
	}{
		"nothing comes":  {front.Config{HeadTime: short}, ""},
		"half a head":    {front.Config{HeadTime: short}, "GET /lean/x HTTP/1.1\r\nHost:"},
		"idle":           {front.Config{IdleTime: short}, get("/lean/x")},
		"half the next":  {front.Config{HeadTime: short}, get("/lean/x") + "GET /le"},
		"idle, by watch": {front.Config{IdleTime: short}, get("/lean/wait")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, c.cfg, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/lean/wait" {
					select { // longer than idle connections may be
					case <-r.Context().Done():
						t.Error("cut at work")
					case <-time.After(2 * short):
					}
				}
				echo(w, r)
			})
			conn, in := h.dial(t)
			say(t, conn, c.said)
			if strings.Contains(c.said, "\r\n\r\n") && listen(t, in).Status != 200 {
				t.Error("not answered")
			}
			if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
				t.Error(err)
			}
		})
	}
}

func TestSlowReaderIsCut(t *testing.T) {
	t.Parallel()
	failed := make(chan error, 1)
	h := open(t, front.Config{WriteTime: 100 * time.Millisecond}, func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil {
				failed <- err
				return
			}
		}
	})
	c, _ := h.dial(t)
	say(t, c, get("/lean/x"))
	if err := <-failed; err == nil {
		t.Error("no error")
	}
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	begun, free := make(chan struct{}), make(chan struct{})
	h := open(t, front.Config{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/lean/work" {
			begun <- struct{}{}
			<-free
		}
		echo(w, r)
	})
	idle, idleIn := h.dial(t)
	say(t, idle, get("/lean/x"))
	_ = listen(t, idleIn)
	busy, busyIn := h.dial(t)
	say(t, busy, get("/lean/work"))
	<-begun
	down := make(chan error)
	go func() { down <- h.front.Shutdown(t.Context()) }()
	if _, err := idleIn.ReadByte(); err == nil {
		t.Error("an idle connection stays")
	}
	for {
		c, err := (&http.Client{}).Get("http://" + h.addr + "/lean/x")
		if err != nil {
			break
		}
		_ = c.Body.Close()
	}
	close(free)
	if got := listen(t, busyIn); got.Body != "GET /lean/work  " {
		t.Errorf("%+v", got)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func TestShutdownCutsWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	begun, gone := make(chan struct{}), make(chan struct{})
	h := open(t, front.Config{}, func(_ http.ResponseWriter, r *http.Request) {
		done := r.Context().Done()
		begun <- struct{}{}
		<-done
		close(gone)
	})
	c, _ := h.dial(t)
	say(t, c, get("/lean/x"))
	<-begun
	out := errors.New("out of time")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Millisecond, out)
	defer cancel()
	if err := h.front.Shutdown(ctx); !errors.Is(err, out) {
		t.Error(err)
	}
	<-gone
}

func TestPanicIsToldAndEndsTheConnection(t *testing.T) {
	t.Parallel()
	h := open(t, front.Config{}, func(http.ResponseWriter, *http.Request) { panic("odd") })
	c, in := h.dial(t)
	say(t, c, get("/lean/x"))
	if _, err := in.ReadByte(); err == nil {
		t.Error("answered")
	}
	if v := <-h.odd; v != "odd" {
		t.Error(v)
	}
}

// A handler's own value goes before the one that every answer has.
func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	always := []front.Line{{Name: "X-A", Text: []byte("X-A: always\r\n")}, {Name: "Cache-Control", Text: []byte("Cache-Control: no-store\r\n")}}
	h := open(t, front.Config{Always: always}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/lean/own" {
			w.Header().Set("Cache-Control", "private")
		}
		echo(w, r)
	})
	c, in := h.dial(t)
	for path, want := range map[string]string{"/lean/own": "private", "/lean/x": "no-store"} {
		say(t, c, get(path))
		got := listen(t, in).Header
		if values := got["Cache-Control"]; len(values) != 1 || values[0] != want || got.Get("X-A") != "always" {
			t.Errorf("%s: %v", path, got)
		}
	}
}
