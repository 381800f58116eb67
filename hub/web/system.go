package web

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/health"
	"gigafibre.ca/targo-hub/hub/web/reference"
)

//go:embed pages
var pageFiles embed.FS

// mountOwn registers the routes of the edge itself.
func (s *Server) mountOwn() error {
	get := func(path, answer, summary string, h echo.HandlerFunc) {
		s.router.Handle(http.MethodGet, path, Public, h, Doc{Tag: "system", Answer: answer, Summary: summary, Unmetered: true})
	}
	get("/healthz", echo.MIMEApplicationJSON, "Tell that the process lives", s.healthz)
	get("/readyz", echo.MIMEApplicationJSON, "Tell whether the hub can work, part by part", s.readyz)
	get("/version", echo.MIMEApplicationJSON, "Tell which program this is", s.version)
	get("/openapi.json", echo.MIMEApplicationJSON, "Describe every operation (OpenAPI 3.1)", s.openAPI())
	get("/docs", echo.MIMETextHTML, "Show the description to people", s.docs)
	get("/problems", echo.MIMETextHTML, "List the failures that answers may name", s.problems)
	get("/problems/{code}", echo.MIMETextHTML, "Explain one failure", s.problemOf)
	hidden := Doc{Hidden: true, Unmetered: true}
	s.router.Handle(http.MethodGet, "/", Public, func(c echo.Context) error { return c.Redirect(http.StatusFound, "/docs") }, hidden)
	s.router.Handle(http.MethodGet, "/favicon.ico", Public, s.favicon, hidden)
	return s.router.assets(s.shell.Assets)
}

// favicon gives the mark to browsers that ask for it where it used to be, also
// when what they show is no page of ours.
func (s *Server) favicon(c echo.Context) error {
	mark, _ := s.shell.Assets.Find(path.Base(s.shell.Assets.URL("mark.svg")))
	c.Response().Header().Set("Cache-Control", "public, max-age=86400")
	return c.Blob(http.StatusOK, mark.Type, mark.Body)
}

func (s *Server) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

func (s *Server) version(c echo.Context) error {
	b := s.deps.Build
	return c.JSON(http.StatusOK, Build{cmp.Or(b.Version, "unknown"), cmp.Or(b.Commit, "unknown"), cmp.Or(b.Built, "unknown")})
}

// Part is something that must work for the hub to be useful: GET /readyz asks it.
type Part = health.Part

// AddPart adds a part to GET /readyz.
func (s *Server) AddPart(p Part) { s.parts.Add(p) }

func (s *Server) readyz(c echo.Context) error {
	ctx := c.Request().Context()
	answer := s.parts.Ask(ctx, func(name string, err error) {
		s.log.WarnContext(ctx, "part is down", "name", name, "err", clip(err.Error()))
	})
	if s.stopping.Load() {
		answer.Status = "stopping"
	}
	if answer.Status == "ready" || answer.Status == "degraded" {
		return c.JSON(http.StatusOK, answer)
	}
	c.Response().Header().Set("Retry-After", "5")
	return c.JSON(http.StatusServiceUnavailable, answer)
}

// openAPI serves the document. All features have mounted by the first request,
// so it is written once.
func (s *Server) openAPI() echo.HandlerFunc {
	document := sync.OnceValues(func() ([]byte, error) { return json.Marshal(s.router.api.OpenAPI()) })
	return func(c echo.Context) error {
		body, err := document()
		if err != nil {
			return fmt.Errorf("writing the OpenAPI document: %w", err)
		}
		c.Response().Header().Set("Cache-Control", "no-cache")
		return c.JSONBlob(http.StatusOK, body)
	}
}

func (s *Server) docs(c echo.Context) error {
	c.Response().Header().Set("Cache-Control", "no-cache")
	manual := reference.NewManual(s.router.api.OpenAPI(), s.cfg.Public(""))
	return Page(c, http.StatusOK, s.router.pages, "docs", struct {
		reference.Manual
		Lang hub.Lang
	}{manual, LangOf(c)})
}

func (s *Server) problems(c echo.Context) error {
	rows := hub.Problems()
	if !readsHTML(c.Request()) {
		list := make([]problemType, len(rows))
		for i, row := range rows {
			list[i] = typeOf(row, LangOf(c))
		}
		return c.JSON(http.StatusOK, map[string]any{"items": list, "next": nil})
	}
	return s.showProblems(c, rows)
}

func (s *Server) showProblems(c echo.Context, rows []hub.ProblemType) error {
	return Page(c, http.StatusOK, s.router.pages, "problems", struct {
		Rows []hub.ProblemType
		Lang hub.Lang
	}{rows, LangOf(c)})
}

func (s *Server) problemOf(c echo.Context) error {
	row, known := hub.Problem(c.Param("code"))
	if !known {
		return hub.Fail(hub.NotFound, "not-found", "There is no such failure in the catalogue.", nil)
	}
	if !readsHTML(c.Request()) {
		return c.JSON(http.StatusOK, typeOf(row, LangOf(c)))
	}
	return s.showProblems(c, []hub.ProblemType{row})
}

// problemType is a row of the catalogue for programs.
type problemType struct {
	Type   string `json:"type"`
	Code   string `json:"code"`
	Status int    `json:"status"`
	Title  string `json:"title"`
	Help   string `json:"help"`
}

func typeOf(row hub.ProblemType, lang hub.Lang) problemType {
	return problemType{"/problems/" + row.Code, row.Code, row.Kind.Status(), row.Title(lang), row.Help(lang)}
}

// record counts a request that has been answered and writes its line in the log.
func (s *Server) record(c echo.Context, q *request) {
	status, took := c.Response().Status, time.Since(q.begun)
	if status >= 500 && q.hasLeft() {
		status = 499 // as proxies write it: not a failure of ours
	}
	level := slog.LevelInfo
	switch rt := q.route; {
	case rt == nil || q.wasHead():
		s.meter.Line(q.pattern(), q.asked.Method).Done(status, took, rt != nil && rt.doc.Stream)
	default:
		rt.line.Done(status, took, rt.doc.Stream)
	}
	if q.route != nil && q.route.doc.Unmetered {
		level = slog.LevelDebug // probes and assets
	}
	if !s.log.Enabled(q, level) {
		return
	}
	s.log.LogAttrs(q, level, "request answered", slog.String("method", q.asked.Method), slog.String("route", q.pattern()), slog.Int("status", status),
		slog.Int64("took_ms", took.Milliseconds()), slog.Int64("bytes", c.Response().Size),
		slog.String("role", string(hub.ActorOf(q).Role)), slog.String("request_id", q.id[0]))
}

// logProblem writes failures of our side, with their cause, as errors. Mistakes
// of callers are noise, except when somebody looks for them.
func (s *Server) logProblem(q *request, e *hub.Error, err error) {
	if e.Kind.Status() < 500 || q.hasLeft() {
		s.log.DebugContext(q, "request refused", "route", q.pattern(), "code", e.Code, "request_id", q.id[0])
		return
	}
	attrs := []any{"route", q.pattern(), "code", e.Code, "status", e.Kind.Status(), "request_id", q.id[0], "err", clip(err.Error())}
	if p, ok := errors.AsType[*panicError](err); ok {
		attrs = append(attrs, "stack", p.stack)
	}
	s.log.ErrorContext(q, "request failed", attrs...)
}

func clip(text string) string {
	if len(text) > 2048 {
		return text[:2048] + "…"
	}
	return text
}
