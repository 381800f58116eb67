package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub/web"
)

func TestRequestsHaveABudgetAndStreamsHaveNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wait := func(c echo.Context) error {
			select {
			case <-c.Request().Context().Done():
				return c.Request().Context().Err()
			case <-time.After(time.Hour):
				return c.String(http.StatusOK, "patient")
			}
		}
		h := edge(t, web.Config{}, web.Deps{}, func(r *web.Router) {
			r.Handle("GET", "/wait", web.Public, wait)
			r.Handle("GET", "/live", web.Public, wait, web.Doc{Stream: true})
		})
		start := time.Now()
		if w := ask(h, "GET", "/wait", ""); w.Code != 504 || !strings.Contains(w.Body.String(), `"code":"timeout"`) || time.Since(start) != 30*time.Second {
			t.Errorf("after %v: %d %s", time.Since(start), w.Code, w.Body)
		}
		if w := ask(h, "GET", "/live", ""); w.Code != 200 || w.Body.String() != "patient" {
			t.Errorf("stream: %d %s", w.Code, w.Body)
		}
	})
}

func TestDuplicateGivesUpWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &shop{begun: make(chan struct{}, 1), gate: make(chan struct{})}
		h := edge(t, web.Config{}, web.Deps{Memory: newMemory()}, s.mount)
		first := make(chan int)
		go func() { first <- ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k1").Code }()
		<-s.begun
		start := time.Now()
		w := ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k1")
		if w.Code != 409 || w.Header().Get("Retry-After") != "1" || time.Since(start) > 11*time.Second {
			t.Errorf("after %v: %d %v %s", time.Since(start), w.Code, w.Header(), w.Body)
		}
		close(s.gate)
		if status := <-first; status != 201 {
			t.Errorf("first = %d", status)
		}
	})
}

func TestPartThatNeverAnswersIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := web.NewServer(web.Config{}, web.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		s.AddPart(stuckPart(t))
		start := time.Now()
		if w := ask(s.Handler(), "GET", "/readyz", ""); w.Code != 503 || time.Since(start) > 5*time.Second {
			t.Errorf("after %v: %d %s", time.Since(start), w.Code, w.Body)
		}
	})
}

// stuckPart does not answer and does not look at its context.
func stuckPart(t *testing.T) web.Part {
	free := make(chan struct{})
	t.Cleanup(func() { close(free) })
	return web.Part{Name: "stuck", Required: true, Check: func(context.Context) error {
		<-free
		return nil
	}}
}
