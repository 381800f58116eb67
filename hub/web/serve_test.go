package web_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub/web"
)

// running starts a server on a free port; stop ends it and returns Run's error.
func running(t *testing.T, cfg web.Config, deps web.Deps, mount func(*web.Server)) (s *web.Server, base string, stop func() error) {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	s, err := web.NewServer(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	if mount != nil {
		mount(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx) }()
	select {
	case <-s.Ready():
	case err := <-result:
		t.Fatal(err)
	}
	stop = func() error { cancel(); return <-result }
	t.Cleanup(func() { cancel() })
	return s, "http://" + s.Addr(), stop
}

// client has connections of its own, closed with the test.
func client(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(t *testing.T, c *http.Client, url string) (int, string) {
	t.Helper()
	answer, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode, read(t, answer.Body)
}

// stream writes one frame and then waits for its context to end.
func stream(c echo.Context) error {
	c.Response().Header().Set("Content-Type", "text/event-stream")
	c.Response().WriteHeader(http.StatusOK)
	if _, err := c.Response().Write([]byte(": hello\n\n")); err != nil {
		return err
	}
	c.Response().Flush()
	<-c.Request().Context().Done()
	_, err := c.Response().Write([]byte(": bye\n\n"))
	return err
}

func TestStopEndsStreamsAndFinishesRequests(t *testing.T) {
	t.Parallel()
	begun, gate := make(chan struct{}), make(chan struct{})
	var s *web.Server
	hooked := make(chan int, 1)
	s, base, stop := running(t, web.Config{}, web.Deps{}, func(s *web.Server) {
		s.Router().Handle("GET", "/live", web.Public, stream, web.Doc{Stream: true})
		s.Router().Handle("GET", "/slow", web.Public, func(c echo.Context) error {
			close(begun)
			<-gate
			if err := c.Request().Context().Err(); err != nil {
				return err
			}
			return c.String(http.StatusOK, "finished")
		})
		s.OnStop("broker", func() {
			hooked <- ready(s)
			close(gate)
		})
	})
	c := client(t)
	live, err := c.Get(base + "/live")
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	frames := bufio.NewReader(live.Body)
	if line, err := frames.ReadString('\n'); err != nil || line != ": hello\n" {
		t.Fatalf("first frame %q %v", line, err)
	}
	slow := make(chan string, 1)
	go func() {
		status, body := get(t, c, base+"/slow")
		slow <- http.StatusText(status) + " " + body
	}()
	<-begun
	start := time.Now()
	if err := stop(); err != nil {
		t.Errorf("Run = %v", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("stopping took %v", took)
	}
	if got := <-slow; got != "OK finished" {
		t.Errorf("the request in flight got %q", got)
	}
	if rest := read(t, frames); !strings.Contains(rest, ": bye") {
		t.Errorf("the stream ended with %q", rest)
	}
	if status := <-hooked; status != http.StatusServiceUnavailable {
		t.Errorf("/readyz while stopping = %d", status)
	}
	if _, err := net.DialTimeout("tcp", s.Addr(), time.Second); err == nil {
		t.Error("the port is still open")
	}
}

// ready asks /readyz without the listener, which is closed by then.
func ready(s *web.Server) int { return ask(s.Handler(), "GET", "/readyz", "").Code }

func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	begun, gate := make(chan struct{}), make(chan struct{})
	_, base, stop := running(t, web.Config{Drain: 30 * time.Millisecond}, web.Deps{}, func(s *web.Server) {
		s.Router().Handle("GET", "/stuck", web.Public, func(c echo.Context) error {
			close(begun)
			<-gate
			return nil
		})
		s.OnStop("panics", func() { panic("hook") })
	})
	c := client(t)
	cut := make(chan error, 1)
	go func() {
		answer, err := c.Get(base + "/stuck")
		if err == nil {
			err = answer.Body.Close()
		}
		cut <- err
	}()
	<-begun
	err := stop()
	if err == nil || !strings.Contains(err.Error(), "draining") || !strings.Contains(err.Error(), "stopping panics") {
		t.Errorf("Run = %v", err)
	}
	if <-cut == nil {
		t.Error("the stuck request was answered")
	}
	close(gate)
}

func TestPortTakenAndSecondRun(t *testing.T) {
	t.Parallel()
	s, _, stop := running(t, web.Config{}, web.Deps{}, nil)
	other, err := web.NewServer(web.Config{Listen: s.Addr()}, web.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Run(context.Background()); err == nil {
		t.Error("two servers share a port")
	}
	if err := s.Run(context.Background()); err == nil {
		t.Error("a server ran twice")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestStartAndStopManyTimes(t *testing.T) {
	t.Parallel()
	c := client(t)
	for range 25 {
		_, base, stop := running(t, web.Config{}, web.Deps{}, nil)
		if status, body := get(t, c, base+"/healthz"); status != 200 || !strings.Contains(body, "ok") {
			t.Fatalf("%d %s", status, body)
		}
		c.CloseIdleConnections()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
	}
}
