package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub/web"
)

// A body that is torn, or comes too slowly for its route, is refused in the same
// words on either way in, and nothing of it is taken for the next request.
func TestTornBodiesOnBothWays(t *testing.T) {
	t.Parallel()
	type seen struct {
		Status       int
		Type, Body   string
		StaysOpen    bool
		HandlerHeard string
	}
	for name, shut := range map[string]bool{"torn": true, "trickle": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var answers [2]seen
			for i, lean := range []bool{false, true} {
				heard := make(chan string, 1)
				_, base, stop := running(t, web.Config{Lean: lean, MetricsListen: "off"}, web.Deps{}, func(s *web.Server) {
					s.Router().Handle("POST", "/hook", web.Signed, func(c echo.Context) error {
						got, err := io.ReadAll(c.Request().Body)
						heard <- fmt.Sprintf("%q %v", got, err != nil)
						return err
					}, web.Doc{Lean: true, Budget: 150 * time.Millisecond})
				})
				conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
				if err != nil {
					t.Fatal(err)
				}
				const half = "POST /hook HTTP/1.1\r\nHost: h\r\nX-Request-Id: r-1\r\nContent-Length: 50\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"
				if _, err := io.WriteString(conn, half); err != nil {
					t.Fatal(err)
				}
				if shut {
					_ = conn.(*net.TCPConn).CloseWrite()
				}
				in := bufio.NewReader(conn)
				answer, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				text := read(t, answer.Body)
				_, err = in.ReadByte()
				answers[i] = seen{answer.StatusCode, answer.Header.Get("Content-Type"), text, err == nil, <-heard}
				_ = conn.Close()
				if err := stop(); err != nil {
					t.Error(err)
				}
			}
			if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
				t.Errorf("(-net/http +lean):\n%s", diff)
			}
			if got := answers[1]; got.Status != 400 || !strings.Contains(got.Body, `"code":"body-truncated"`) || got.StaysOpen {
				t.Errorf("%+v", got)
			}
		})
	}
}

// limited notes until when a body may be read.
type limited struct {
	*httptest.ResponseRecorder
	until time.Time
}

// SetReadDeadline is what http.ResponseController looks for.
func (l *limited) SetReadDeadline(until time.Time) error {
	l.until = until
	return nil
}

// Nobody waits for ever for a body that nobody wants: net/http reads on before it
// answers.
func TestUnreadBodiesAreWaitedForAWhile(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, func(r *web.Router) {
		r.Handle("POST", "/hook", web.Staff, func(c echo.Context) error { return c.NoContent(http.StatusOK) })
	})
	for path, status := range map[string]int{"/hook": 401, "/none": 404} {
		w := &limited{ResponseRecorder: httptest.NewRecorder()}
		h.ServeHTTP(w, httptest.NewRequest("POST", path, strings.NewReader("hello")))
		if left := time.Until(w.until); w.Code != status || left <= 0 || left > 30*time.Second {
			t.Errorf("%s: %d, %v left", path, w.Code, left)
		}
	}
}
