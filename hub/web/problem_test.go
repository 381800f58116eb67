package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// failing mounts GET /fail that returns the error.
func failing(err error) func(*web.Router) {
	return func(r *web.Router) {
		r.Handle(http.MethodGet, "/fail", web.Public, func(echo.Context) error { return err })
	}
}

func TestProblemAnswersGolden(t *testing.T) {
	t.Parallel()
	hidden := errors.New("dial tcp erp.example.net:443: secret-cause")
	failures := []error{
		hub.Fail(hub.Invalid, "phone-invalid", "This is not a telephone number.", hidden, hub.WithField("/to", "is not a telephone number")),
		hub.Fail(hub.Conflict, "quotation-not-open", "The quotation is lost.", nil, hub.WithState(map[string]any{"status": "Lost"})),
		hub.Fail(hub.TooMany, "too-many-requests", "Too many requests.", nil, hub.WithRetryAfter(1500*time.Millisecond)),
		hub.Fail(hub.Unavailable, "unavailable", "", hidden),
		hub.Fail(hub.Unauthenticated, "link-invalid", "The link is not valid.", nil),
		fmt.Errorf("reading quotation: %w", hub.Fail(hub.NotFound, "quotation-not-found", "There is no such quotation.", hidden)),
		fmt.Errorf("calling: %w", context.DeadlineExceeded),
		&http.MaxBytesError{Limit: 10},
		echo.NewHTTPError(http.StatusTeapot, "kettle at 10.0.0.7"),
		hidden,
	}
	var out strings.Builder
	for _, failure := range failures {
		for _, lang := range []string{"fr-CA", "en"} {
			w := ask(edge(t, web.Config{}, web.Deps{}, failing(failure)), "GET", "/fail", "", "X-Request-Id: req-1", "Accept-Language: "+lang)
			fmt.Fprintf(&out, "%d %s retry=%q auth=%q\n%s\n", w.Code, w.Header().Get("Content-Type"),
				w.Header().Get("Retry-After"), w.Header().Get("WWW-Authenticate"), w.Body)
		}
	}
	golden(t, "problems.golden", out.String())
}

func TestEveryCodeOfTheCatalogueAnswers(t *testing.T) {
	t.Parallel()
	for _, row := range hub.Problems() {
		w := ask(edge(t, web.Config{}, web.Deps{}, failing(hub.Fail(row.Kind, row.Code, "", nil))), "GET", "/fail", "")
		var p web.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if w.Code != row.Kind.Status() || p.Status != w.Code || p.Code != row.Code || p.Title != row.TitleFR || p.Detail == "" || p.Error != p.Detail || p.Message != p.Detail {
			t.Errorf("%s: %d %+v", row.Code, w.Code, p)
		}
	}
}

func TestProblemIsAPageForBrowsers(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, failing(hub.Fail(hub.Gone, "link-expired", `<b>"late"</b>`, nil)))
	for lang, want := range map[string]string{"fr": "Lien expiré", "en": "The link has expired"} {
		w := ask(h, "GET", "/fail?lang="+lang, "", "Accept: text/html,application/xhtml+xml,*/*;q=0.8")
		body := w.Body.String()
		if w.Code != 410 || !strings.Contains(body, want) || !strings.Contains(body, `<html lang="`+lang+`">`) || strings.Contains(body, "<b>") {
			t.Errorf("%s: %d %s", lang, w.Code, body)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control = %q", got)
		}
	}
	if w := ask(h, "GET", "/fail", "", "Accept: application/json, text/html"); w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("JSON first answered %s", w.Header().Get("Content-Type"))
	}
}

func TestUnknownRouteAndMethod(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, failing(nil))
	if w := ask(h, "GET", "/nowhere/secret-token", ""); w.Code != 404 || !strings.Contains(w.Body.String(), `"code":"not-found"`) || strings.Contains(w.Body.String(), "secret-token") {
		t.Errorf("404: %d %s", w.Code, w.Body)
	}
	w := ask(h, "DELETE", "/fail", "")
	if w.Code != 405 || !strings.Contains(w.Body.String(), `"code":"method-not-allowed"`) || !strings.Contains(w.Header().Get("Allow"), "GET") {
		t.Errorf("405: %d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestPanicsAndCausesStayInTheLog(t *testing.T) {
	t.Parallel()
	book := &logBook{}
	h := edge(t, web.Config{}, web.Deps{Log: book.logger()}, func(r *web.Router) {
		r.Handle("GET", "/panic/{jwt}", web.Public, func(echo.Context) error { panic("dial tcp db.internal: hunter2") })
		web.Operation(r, web.Op{Method: "GET", Path: "/op-panic", Guard: web.Public}, func(context.Context, *struct{}) (*struct{}, error) {
			panic(errors.New("op blew up"))
		})
	})
	for _, path := range []string{"/panic/tok-en", "/op-panic"} {
		w := ask(h, "GET", path, "")
		if w.Code != 500 || !strings.Contains(w.Body.String(), `"code":"internal"`) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		assertHarmless(t, w.Body.String())
	}
	for _, want := range []string{"hunter2", "op blew up", "goroutine", `"route":"/panic/{jwt}"`} {
		if !strings.Contains(book.String(), want) {
			t.Errorf("log lacks %q: %s", want, book)
		}
	}
	if strings.Contains(book.String(), "tok-en") {
		t.Errorf("log shows a path: %s", book)
	}
}

func TestOnlyOurFailuresAreErrorsInTheLog(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err   error
		level string
	}{
		{hub.Fail(hub.Invalid, "invalid", "", errors.New("cause")), `"level":"DEBUG"`},
		{hub.Fail(hub.Upstream, "upstream-failed", "", errors.New("cause")), `"level":"ERROR"`},
	} {
		book := &logBook{}
		ask(edge(t, web.Config{}, web.Deps{Log: book.logger()}, failing(test.err)), "GET", "/fail", "")
		line, _, _ := strings.Cut(book.String(), "\n")
		if !strings.Contains(line, test.level) || strings.Contains(line, "cause") != (test.level == `"level":"ERROR"`) {
			t.Errorf("%v logged %s", test.err, line)
		}
	}
}

func TestCallersWhoLeaveAreNoFailuresOfOurs(t *testing.T) {
	t.Parallel()
	book := &logBook{}
	ctx, leave := context.WithCancel(context.Background())
	h := edge(t, web.Config{}, web.Deps{Log: book.logger()}, func(r *web.Router) {
		r.Handle("GET", "/fail", web.Public, func(c echo.Context) error {
			leave()
			return c.Request().Context().Err()
		})
	})
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/fail", nil).WithContext(ctx))
	if strings.Contains(book.String(), `"level":"ERROR"`) || !strings.Contains(book.String(), `"status":499`) {
		t.Errorf("log: %s", book)
	}
}

func TestNothingIsAddedToABegunAnswer(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, func(r *web.Router) {
		r.Handle("GET", "/stream", web.Public, func(c echo.Context) error {
			if err := c.String(http.StatusOK, "data: 1\n\n"); err != nil {
				return err
			}
			return errors.New("broke in the middle")
		}, web.Doc{Stream: true, Answer: "text/event-stream"})
	})
	if w := ask(h, "GET", "/stream", ""); w.Code != 200 || w.Body.String() != "data: 1\n\n" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}
