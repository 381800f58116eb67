package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/shell"
)

const (
	problemJSON = "application/problem+json"
	challenge   = `Bearer realm="targo-hub"` // what a 401 asks for
)

// LangOf returns the language for the caller: ?lang=, else Accept-Language, else
// French.
func LangOf(c echo.Context) hub.Lang { return langOf(c.Request()) }

func langOf(r *http.Request) hub.Lang {
	if strings.Contains(r.URL.RawQuery, "lang=") { // reading a query costs more than to look
		if tag := r.URL.Query().Get("lang"); tag != "" {
			return hub.LangOf(tag)
		}
	}
	return hub.LangOf(strings.TrimSpace(r.Header.Get("Accept-Language")))
}

// Page answers with a feature's template inside the shell: brand, language
// switch, style sheet. name is a template of t; a template called name + ".title"
// gives the title. Nothing is sent when the template fails: the failure is
// returned for the error writer.
func Page(c echo.Context, status int, t *template.Template, name string, data any) error {
	q := requestOf(c.Request().Context())
	if q == nil {
		return hub.Fail(hub.Internal, "internal", "", errors.New("page outside of the server"))
	}
	lang := LangOf(c)
	h := c.Response().Header()
	h.Set("Content-Language", string(lang))
	h.Add("Vary", "Accept-Language")
	body, err := q.server.shell.Render(shell.Frame{Lang: string(lang), Brand: q.server.cfg.Brand}, t, name, data)
	if err != nil {
		return fmt.Errorf("rendering page %s: %w", name, err)
	}
	return c.HTMLBlob(status, body)
}

// Problem is the body of every failure: RFC 9457, the members of ours (code,
// errors, state) and those that old clients read (error, message,
// retry_after_sec).
type Problem struct {
	Type          string          `json:"type" doc:"Address of the page that explains the code" example:"/problems/not-found"`
	Title         string          `json:"title" doc:"What the code means, in the caller's language"`
	Status        int             `json:"status"`
	Detail        string          `json:"detail" doc:"One sentence on this failure, in English; the title when there is none"`
	Instance      string          `json:"instance" doc:"Request id, for support"`
	Code          string          `json:"code" doc:"Stable name of the failure" example:"not-found"`
	Errors        []hub.Field     `json:"errors,omitempty" doc:"Which values are wrong; the values themselves are never repeated"`
	State         map[string]any  `json:"state,omitempty" doc:"Current state of the thing, on a conflict"`
	ExcType       string          `json:"exc_type,omitempty" doc:"ERPNext's class of the refusal, where it refused"`
	Current       json.RawMessage `json:"current,omitempty" doc:"The document as it stands, when it was changed meanwhile"`
	Error         string          `json:"error" doc:"Same as detail, for old clients"`
	Message       string          `json:"message" doc:"Same as detail, for old clients"`
	RetryAfterSec int             `json:"retry_after_sec,omitempty" doc:"Seconds to wait, also in Retry-After"`
	Retryable     bool            `json:"retryable,omitempty" doc:"Nothing was done: the same request may be sent again"`
}

// WriteProblem answers with the failure that err explains: a problem document,
// or a page for callers that read HTML. It does nothing when the answer has
// begun. The cause of failures on our side goes to the log, never to the answer.
func WriteProblem(c echo.Context, err error) error {
	e := explain(c, err)
	status := e.Kind.Status()
	q := requestOf(c.Request().Context())
	if q != nil {
		q.server.logProblem(q, e, err)
	}
	if c.Response().Committed {
		return nil
	}
	p := newProblem(c, e)
	h := c.Response().Header()
	if p.RetryAfterSec > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfterSec))
	}
	if status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", challenge)
	}
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "Accept, Accept-Language")
	if q != nil && readsHTML(c.Request()) {
		if Page(c, status, q.server.router.pages, "problem", pageOf(p, LangOf(c))) == nil {
			return nil
		}
	}
	h.Set("Content-Language", string(LangOf(c)))
	h.Set(echo.HeaderContentType, problemJSON)
	c.Response().WriteHeader(status)
	return c.Echo().JSONSerializer.Serialize(c, p, "")
}

// answerError is echo's error handler.
func (s *Server) answerError(err error, c echo.Context) {
	if err := WriteProblem(c, err); err != nil {
		s.log.DebugContext(c.Request().Context(), "problem not delivered", "err", err)
	}
}

func newProblem(c echo.Context, e *hub.Error) Problem {
	row, known := hub.Problem(e.Code)
	p := Problem{
		Type: "/problems/" + e.Code, Title: row.Title(LangOf(c)), Status: e.Kind.Status(), Detail: e.Detail,
		Instance: hub.RequestID(c.Request().Context()), Code: e.Code, Errors: e.Fields, State: e.State,
		ExcType: e.ExcType, Current: e.Current, Retryable: e.Retryable,
	}
	if !known {
		p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	}
	if p.Detail == "" {
		p.Detail = p.Title
	}
	p.Error, p.Message = p.Detail, p.Detail
	if e.RetryAfter > 0 {
		p.RetryAfterSec = int(math.Ceil(e.RetryAfter.Seconds()))
	} else if p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable {
		p.RetryAfterSec = int(retryDefault / time.Second)
	}
	return p
}

// retryDefault is advised when a failure that will pass does not say when.
const retryDefault = 30 * time.Second

// explain finds what an error means for the caller.
func explain(c echo.Context, err error) *hub.Error {
	if refused, ok := errors.AsType[*echo.HTTPError](err); ok {
		if refused.Internal != nil && hub.ProblemOf(refused.Internal).Kind != hub.Internal {
			return hub.ProblemOf(refused.Internal)
		}
		kind := hub.KindOfStatus(refused.Code)
		return &hub.Error{Kind: kind, Code: plainCode(kind), Err: err}
	}
	e := hub.ProblemOf(err)
	if e.Kind != hub.Internal {
		return e
	}
	if errors.Is(err, context.DeadlineExceeded) || context.Cause(c.Request().Context()) == errBudget {
		return &hub.Error{Kind: hub.Timeout, Code: "timeout", Err: err}
	}
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return &hub.Error{Kind: hub.TooLarge, Code: "body-too-large", Err: err}
	}
	return &hub.Error{Kind: hub.Internal, Code: e.Code, Err: err}
}

// plainCode is the code of failures that say nothing but their status.
func plainCode(kind hub.Kind) string {
	for _, row := range hub.Problems() {
		if row.Kind == kind {
			return row.Code // the first of a kind is the general one
		}
	}
	return "internal"
}

// readsHTML tells whether a person's browser asks: HTML is accepted, and not
// only after JSON.
func readsHTML(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	html := strings.Index(accept, "text/html")
	json := strings.Index(accept, "application/json")
	return html >= 0 && (json < 0 || html < json)
}

// readsJSON tells whether a program asks: JSON is accepted, and HTML is not, or
// only after it.
func readsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !readsHTML(r)
}

// problemPage is a failure for people. Text is what happened, in the reader's
// language or not at all: details are written in English, for developers.
type problemPage struct {
	Problem
	Lang hub.Lang
	Text string
	Help string // what to do
}

func pageOf(p Problem, lang hub.Lang) problemPage {
	row, known := hub.Problem(p.Code)
	page := problemPage{Problem: p, Lang: lang, Help: row.Help(lang)}
	if (lang == hub.English || !known) && p.Detail != p.Title {
		page.Text = p.Detail
	}
	return page
}
