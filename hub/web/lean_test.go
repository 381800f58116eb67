package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// mountLean puts lean routes and others on a server.
func mountLean(s *web.Server) {
	lean := web.Doc{Lean: true}
	s.Router().Handle("GET", "/lean/*", web.Staff, func(c echo.Context) error {
		switch c.Param("*") {
		case "panic":
			panic("odd")
		case "gone":
			return hub.Fail(hub.Gone, "link-expired", "The link has expired.", nil)
		case "deadline":
			until, ok := c.Request().Context().Deadline()
			return c.JSON(http.StatusOK, ok && time.Until(until) < time.Minute)
		case "big":
			return c.String(http.StatusOK, strings.Repeat("tall tale ", 9000))
		}
		who := web.CallerOf(c.Request().Context())
		return c.String(http.StatusOK, c.Param("*")+" "+c.QueryParam("q")+" "+who.Address+" "+who.Agent+" "+
			hub.ActorOf(c.Request().Context()).String()+" "+hub.RequestID(c.Request().Context()))
	}, lean)
	s.Router().Handle("POST", "/lean/*", web.Staff, func(c echo.Context) error {
		if c.Param("*") == "panic" {
			panic("odd")
		}
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		return c.String(http.StatusCreated, string(body))
	}, web.Doc{Lean: true, MaxBody: 2000})
	s.Router().Handle("POST", "/signed", web.Signed, func(c echo.Context) error {
		body, err := io.ReadAll(c.Request().Body)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, len(body))
	}, web.Doc{Lean: true, MaxBody: 200 << 10})
	s.Router().Handle("GET", "/exact", web.Public, ok, lean)
}

// Callers, the log and the metrics cannot tell which way a request came in.
func TestLeanWayIsTheSameWay(t *testing.T) {
	t.Parallel()
	type seen struct {
		Status int
		Header http.Header
		Body   string
	}
	var answers [2][]seen
	var counted [2]string
	for i, lean := range []bool{false, true} {
		log, registry := &logBook{}, prometheus.NewRegistry()
		_, base, stop := running(t, web.Config{Lean: lean, MetricsListen: "off", CORSOrigins: []string{"https://ops.example.com"}},
			web.Deps{Verifier: bearerRole{}, Metrics: registry, Log: log.logger()}, mountLean)
		c := client(t)
		for _, line := range []string{
			"GET /lean/x?q=1", "GET /lean/Facture%20%C3%89%2F2026?q=%C3%A9", "GET /lean/gone", "GET /lean/gone Accept=text/html", "GET /lean/panic", "GET /lean/deadline",
			"GET /lean/big", "GET /lean/big Accept-Encoding=gzip", "GET /lean/x Authorization=none", "GET /lean/x Authorization=Bearer_customer:C1", "GET /lean/x Origin=https://ops.example.com",
			"GET /lean/x Cookie=a=b Origin=https://evil.example", "HEAD /lean/x", "POST /lean/x", "POST /lean/x?q=1 Body=2000", "POST /lean/x Body=2001", "POST /lean/x Authorization=none", "POST /lean/panic", "POST /lean/panic Body=1900",
			"POST /lean/x Cookie=a=b Origin=https://evil.example", "POST /lean/x Accept=text/html Authorization=none", "POST /signed Body=60000", "POST /signed Body=150000", "POST /signed Body=250000", "POST /signed Expect=100-continue", "PUT /signed", "DELETE /lean/x", "GET /lean", "GET /exact", "GET /exact/more", "OPTIONS /lean/x", "GET /version",
		} {
			answer := askLine(t, c, base, line)
			answers[i] = append(answers[i], seen{answer.StatusCode, answer.Header, line + ": " + read(t, answer.Body)})
			_ = answer.Body.Close()
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		counted[i] = requestsIn(t, registry)
		if n := strings.Count(log.String(), `"msg":"request answered"`); n != 32 {
			t.Errorf("lean %v: %d lines in the log", lean, n)
		}
	}
	if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
		t.Errorf("(-net/http +lean):\n%s", diff)
	}
	if counted[0] != counted[1] || !strings.Contains(counted[0], "/lean/*") {
		t.Errorf("counted\n%s\n%s", counted[0], counted[1])
	}
}

// askLine sends "METHOD path Header=value …" as a member of the staff; Body is
// how long the body is, and no header that matters.
func askLine(t *testing.T, c *http.Client, base, line string) *http.Response {
	t.Helper()
	words := strings.Fields(line)
	body := map[string]string{"POST": "hello"}[words[0]]
	if _, size, ok := strings.Cut(line, " Body="); ok {
		n, err := strconv.Atoi(size)
		if err != nil {
			t.Fatal(err)
		}
		body = strings.Repeat("x", n)
	}
	r, err := http.NewRequest(words[0], base+words[1], strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Authorization": {"Bearer staff:ann"}, "X-Request-Id": {"r-1"}, "User-Agent": {"test"}, "Accept-Encoding": {"identity"}}
	for _, word := range words[2:] {
		name, value, _ := strings.Cut(word, "=")
		r.Header.Set(name, strings.ReplaceAll(value, "_", " "))
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Header.Del("Date")
	return answer
}

// requestsIn lists how many requests were counted.
func requestsIn(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range families {
		if f.GetName() == "targo_http_requests_total" {
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					text.WriteString(l.GetValue() + " ")
				}
				fmt.Fprintln(&text, m.GetCounter().GetValue())
			}
		}
	}
	return text.String()
}

func TestStopWaitsForTheLeanWay(t *testing.T) {
	t.Parallel()
	begun, free := make(chan struct{}), make(chan struct{})
	var s *web.Server
	s, base, stop := running(t, web.Config{Lean: true, MetricsListen: "off"}, web.Deps{}, func(s *web.Server) {
		s.Router().Handle("GET", "/work", web.Public, func(c echo.Context) error {
			begun <- struct{}{}
			<-free
			return c.String(http.StatusOK, "done")
		}, web.Doc{Lean: true})
	})
	hooked := make(chan struct{})
	s.OnStop("tell", func() { close(hooked) })
	c := client(t)
	answer := make(chan string, 1)
	go func() {
		_, body := get(t, c, base+"/work")
		answer <- body
	}()
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	<-hooked
	select {
	case err := <-stopped:
		t.Fatalf("stopped before the request was answered: %v", err)
	default:
	}
	close(free)
	if body := <-answer; body != "done" {
		t.Errorf("got %q", body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// A caller who leaves ends the work for him, also on the lean way.
func TestCallerLeavesTheLeanWay(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan error, 1)
	_, base, stop := running(t, web.Config{Lean: true, MetricsListen: "off"}, web.Deps{}, func(s *web.Server) {
		s.Router().Handle("GET", "/work", web.Public, func(c echo.Context) error {
			done := c.Request().Context().Done()
			close(begun)
			<-done
			ended <- c.Request().Context().Err()
			return c.NoContent(http.StatusNoContent)
		}, web.Doc{Lean: true})
	})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", base+"/work", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-begun
		cancel()
	}()
	if answer, err := client(t).Do(r); err == nil {
		_ = answer.Body.Close()
		t.Error("answered")
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
