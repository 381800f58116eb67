package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/body"
	"gigafibre.ca/targo-hub/hub/web/reference"
)

// Op describes a JSON operation.
type Op struct {
	Method, Path string // the path names parts as {name}
	Guard        Guard
	ID           string // operationId; made from method and path when empty
	Summary      string // one line, imperative
	Description  string // Markdown
	Tag          string // the package; the first segment of the path when empty
	Status       int    // of a good answer; 200, or 204 without a body
	MaxBody      int64  // bytes; 1 MiB when 0
	Calls        bool   // another system is called before the answer: 502 and 504 are possible
	Unmetered    bool   // a public operation that takes nothing from the allowance: it has its own
}

// Paging is, in the input of an operation, which part of a list is asked for.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"At most so many items"`
	Cursor string `query:"cursor" maxLength:"200" doc:"The next of the page before; empty for the first page"`
}

// Listing is the answer of an operation that lists: some items, and the cursor
// behind them, null at the end.
type Listing[T any] struct{ Body list[T] }

type list[T any] struct {
	Items []T     `json:"items" nullable:"false"`
	Next  *string `json:"next"`
}

// List answers with items and the cursor behind them, "" at the end.
func List[T any](items []T, next string) *Listing[T] {
	out := &Listing[T]{}
	if out.Body.Items = items; items == nil {
		out.Body.Items = []T{}
	}
	if next != "" {
		out.Body.Next = &next
	}
	return out
}

// Operation registers a JSON operation. I and O are structs as huma reads them:
// fields with path, query, header tags and a Body; the input is checked against
// its tags before handle runs, and both stand in /openapi.json. Whatever handle
// returns as error goes through WriteProblem. The actor, the caller and the
// request id are on the context (hub.ActorOf, CallerOf, hub.RequestID).
func Operation[I, O any](r *Router, op Op, handle func(ctx context.Context, in *I) (*O, error)) {
	rt := r.add(op.Method, op.Path, op.Guard, Doc{MaxBody: op.MaxBody, Calls: op.Calls, Unmetered: op.Unmetered})
	rt.json = true
	rt.doc.ID, rt.doc.Summary, rt.doc.Description, rt.doc.Tag = op.ID, op.Summary, op.Description, op.Tag
	described := reference.Describe(rt.entry(), r.problem)
	described.DefaultStatus = op.Status
	described.MaxBodyBytes = -1    // the door has read and bounded the body already
	described.BodyReadTimeout = -1 // and timed it
	described.Middlewares = huma.Middlewares{r.door(rt)}
	huma.Register(r.api, described, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, &refusal{err}
		}
		return out, nil
	})
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} { // huma's own failures, which we never send
		delete(r.api.OpenAPI().Components.Schemas.Map(), unused)
	}
}

// describe adds a plain route to the OpenAPI document, so that it is complete.
func (r *Router) describe(rt *route) {
	if rt.doc.Hidden {
		return
	}
	e := rt.entry()
	e.Body, e.Status = rt.doc.Body, cmp.Or(rt.doc.Status, http.StatusOK)
	fallback := echo.MIMEApplicationJSON
	if rt.Method == http.MethodGet {
		fallback = echo.MIMETextHTML
	}
	e.Answer = cmp.Or(rt.doc.Answer, fallback)
	if rt.doc.Shape != nil {
		e.Shape = r.api.OpenAPI().Components.Schemas.Schema(reflect.TypeOf(rt.doc.Shape), true, "")
	}
	op := reference.Describe(e, r.problem)
	r.api.OpenAPI().AddOperation(&op)
}

func (rt *route) entry() reference.Entry {
	return reference.Entry{
		Method: rt.Method, Path: rt.Path, Guards: strings.Split(rt.Guard, "|"),
		ID: rt.doc.ID, Summary: rt.doc.Summary, Description: rt.doc.Description, Tag: rt.doc.Tag,
		Calls: rt.doc.Calls, Stream: rt.doc.Stream, Failures: rt.doc.Failures,
	}
}

func newRouter(s *Server) (*Router, error) {
	var servers []*huma.Server
	if s.cfg.PublicURL != "" {
		servers = append(servers, &huma.Server{URL: s.cfg.PublicURL})
	}
	pages, err := template.New("").Option("missingkey=error").ParseFS(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the edge's pages: %w", err)
	}
	r := &Router{server: s, api: newAPI(s.echo, s.deps.Build, servers...), routes: map[routeKey]*route{}, pages: pages}
	r.problem = r.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	return r, nil
}

// newAPI makes the description of all operations. Failures do not use huma's own
// writer, and its one global hook for them (huma.NewError) is left alone: the
// transformer below sees every failure before it is written, hands it to the
// request's held answer, and the door writes it with WriteProblem.
func newAPI(e *echo.Echo, build Build, servers ...*huma.Server) huma.API {
	cfg := huma.DefaultConfig("targo-hub", cmp.Or(build.Version, "unknown"))
	cfg.CreateHooks = nil // no $schema links in answers
	cfg.AllowAdditionalPropertiesByDefault = true
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.Info.Description = "The hub beside ERPNext: what is signed, dispatched, sent and seen."
	cfg.Servers = servers
	cfg.Components.SecuritySchemes = reference.Schemes()
	cfg.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", reference.SchemaName)
	cfg.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[hub.Money](), reflect.TypeFor[reference.Money]())
	cfg.Transformers = []huma.Transformer{func(ctx huma.Context, _ string, v any) (any, error) {
		if held, ok := ctx.(*heldAnswer); ok {
			held.take(v)
		}
		return v, nil
	}}
	return humaecho.NewV4WithGroup(e, e.Group(""), cfg)
}

// door leads a huma request through the same door as a plain one.
func (r *Router) door(rt *route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		c := humaecho.UnwrapV4(ctx)
		err := r.server.through(rt, func(c echo.Context) error {
			if _, err := body.Read(c.Request()); err != nil {
				return err
			}
			held := &heldAnswer{humaContext: ctx}
			next(held)
			return held.err
		})(c)
		if err != nil {
			c.Error(err)
		}
	}
}

// heldAnswer is a huma context whose failures are kept back instead of written.
type heldAnswer struct {
	humaContext
	err error
}

// humaContext has a name of its own because huma.Context has a method Context.
type humaContext interface{ huma.Context }

// Unwrap gives huma's adapter its own context back.
func (h *heldAnswer) Unwrap() huma.Context { return h.humaContext }

// SetStatus sends the status of a good answer only.
func (h *heldAnswer) SetStatus(code int) {
	if h.err == nil {
		h.humaContext.SetStatus(code)
	}
}

// BodyWriter drops the body of a failure.
func (h *heldAnswer) BodyWriter() io.Writer {
	if h.err != nil {
		return io.Discard
	}
	return h.humaContext.BodyWriter()
}

func (h *heldAnswer) take(v any) {
	switch v := v.(type) {
	case *refusal:
		h.err = v.err
	case *huma.ErrorModel:
		h.err = unreadable(v)
	}
}

// refusal carries a handler's error through huma untouched.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }

// GetStatus is asked by huma; WriteProblem decides on the true one.
func (r *refusal) GetStatus() int { return http.StatusInternalServerError }

// unreadable puts huma's complaint about a request into our words. The values,
// and messages that may quote them, are left out.
func unreadable(m *huma.ErrorModel) error {
	switch m.Status {
	case http.StatusUnsupportedMediaType:
		return hub.Fail(hub.Unsupported, "media-type", "Send application/json.", nil)
	case http.StatusBadRequest:
		return hub.Fail(hub.Malformed, "malformed", "The body is not readable JSON.", nil)
	case http.StatusUnprocessableEntity:
		e := &hub.Error{Kind: hub.Invalid, Code: "invalid", Detail: "Some values are not valid."}
		for _, d := range m.Errors {
			if d != nil {
				pointer, detail := reference.Complaint(d)
				e.Fields = append(e.Fields, hub.Field{Pointer: pointer, Detail: detail})
			}
		}
		return e
	}
	return &hub.Error{Kind: hub.Internal, Code: "internal", Err: m}
}
