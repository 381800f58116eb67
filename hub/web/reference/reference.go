// Package reference describes the hub's API: what the OpenAPI document says
// about guards and failures, and the view that the /docs page shows of it. It
// has no routes, calls nothing and remembers nothing.
package reference

import (
	"net/http"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Entry is one route to describe.
type Entry struct {
	Method, Path string // the path names parts as {name}; "/*" at the end takes the rest
	ID           string // operationId; made from method and path when empty
	Summary      string
	Description  string
	Tag          string   // the first segment of the path when empty
	Guards       []string // "Staff", "Service": who may enter
	Body, Answer string   // media types of plain routes; empty for JSON operations
	Status       int      // of a good answer of a plain route
	Calls        bool     // another system is called before the answer
	Stream       bool     // no time budget
	Failures     []int    // every status of a refusal; what the guards and the method make possible when nil

	Shape *huma.Schema // of a plain route's answer in JSON; anything when nil
}

// Describe makes the operation of an entry, with the schema that every failure has.
func Describe(e Entry, problem *huma.Schema) huma.Operation {
	op := huma.Operation{
		Method: e.Method, Path: strings.Replace(e.Path, "/*", "/{rest}", 1),
		OperationID: e.ID, Summary: e.Summary, Description: e.Description, Tags: []string{e.Tag},
		Responses:  failures(e, problem),
		Extensions: map[string]any{"x-guard": strings.Join(e.Guards, "|")},
	}
	if e.Tag == "" {
		op.Tags = []string{firstSegment(e.Path)}
	}
	if op.OperationID == "" {
		op.OperationID = operationID(e.Method, op.Path)
	}
	for _, guard := range e.Guards {
		if guard == "Public" {
			op.Security = append(op.Security, map[string][]string{})
			continue
		}
		op.Security = append(op.Security, map[string][]string{strings.ToLower(guard): {}})
	}
	if e.Answer != "" {
		plain(&op, e)
	}
	return op
}

// plain adds what huma finds out by itself for typed operations.
func plain(op *huma.Operation, e Entry) {
	for _, name := range params(op.Path) {
		op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	if e.Body != "" {
		op.RequestBody = &huma.RequestBody{Required: true, Content: content(e.Body)}
	}
	good := &huma.Response{Description: http.StatusText(e.Status)}
	if e.Status != http.StatusNoContent && (e.Status < 300 || e.Status > 399) {
		good.Content = content(e.Answer)
		if e.Shape != nil {
			good.Content[e.Answer].Schema = e.Shape
		}
	}
	op.Responses[strconv.Itoa(e.Status)] = good
}

func content(media string) map[string]*huma.MediaType {
	schema := &huma.Schema{Type: huma.TypeString}
	if strings.HasSuffix(media, "json") {
		schema = &huma.Schema{}
	}
	return map[string]*huma.MediaType{media: {Schema: schema}}
}

// failures lists the refusals that the guard and the method make possible.
func failures(e Entry, problem *huma.Schema) map[string]*huma.Response {
	statuses := []int{http.StatusInternalServerError, http.StatusServiceUnavailable}
	add := func(when bool, more ...int) {
		if when {
			statuses = append(statuses, more...)
		}
	}
	has := func(guard string) bool { return slices.Contains(e.Guards, guard) }
	public, links := has("Public"), has("Customer") || has("Technician")
	add(public && len(e.Guards) == 1 || strings.Contains(e.Path, "{jwt}"), http.StatusTooManyRequests)
	add(!public || len(e.Guards) > 1, http.StatusUnauthorized, http.StatusForbidden)
	add(strings.ContainsAny(e.Path, "{*"), http.StatusNotFound)
	add(links, http.StatusGone)
	add(e.Method != http.MethodGet, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity)
	add(!e.Stream, http.StatusGatewayTimeout)
	add(e.Calls, http.StatusBadGateway, http.StatusNotFound, http.StatusConflict)
	if e.Failures != nil {
		statuses = e.Failures
	}
	responses := map[string]*huma.Response{}
	for _, status := range statuses {
		responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: problem}},
		}
	}
	return responses
}

// Schemes are the proofs that the guards ask for.
func Schemes() map[string]*huma.SecurityScheme {
	bearer := func(format, text string) *huma.SecurityScheme {
		return &huma.SecurityScheme{Type: "http", Scheme: "bearer", BearerFormat: format, Description: text}
	}
	return map[string]*huma.SecurityScheme{
		"staff":      bearer("JWT", "A staff token, audience staff."),
		"service":    bearer("opaque", "A service token: it has a name and scopes."),
		"customer":   bearer("JWT", "A portal or accept token; also taken from the hub's cookie, the path or the member token of the body."),
		"technician": bearer("JWT", "A technician's link token, audience tech; also taken from the hub's cookie or the path."),
		"signed": {
			Type: "apiKey", In: "header", Name: "X-Signature",
			Description: "The sender's own signature or secret; its name and form are the sender's, see the operation.",
		},
	}
}

// nameIn finds the {names} of a path.
var nameIn = regexp.MustCompile(`\{([^}]+)\}`)

func params(path string) []string {
	var names []string
	for _, m := range nameIn.FindAllStringSubmatch(path, -1) {
		names = append(names, m[1])
	}
	return names
}

func firstSegment(path string) string {
	segment, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if segment == "" || strings.HasPrefix(segment, "{") {
		return "system"
	}
	return segment
}

// operationID joins method and path: "get-problems-by-code".
func operationID(method, path string) string {
	path = nameIn.ReplaceAllString(path, "by-$1")
	words := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '.' || r == '_' })
	return strings.ToLower(strings.Join(append([]string{method}, words...), "-"))
}

// SchemaName names a type in the document by its package and its name, so that
// two features may use the same word: "OutboxEntry", and a generic one by what it
// is of: "OutboxEntryList". Types of the language (hub) and of the edge itself go
// by their name alone.
func SchemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if generic, of, ok := strings.Cut(t.Name(), "["); ok {
		home, own, _ := strings.Cut(path.Base(strings.TrimSuffix(of, "]")), ".")
		return upper(home) + own + upper(generic)
	}
	home := path.Base(t.PkgPath())
	if t.Name() == "" || home == "hub" || home == "web" || home == "." || !strings.Contains(t.PkgPath(), "targo-hub/") {
		return name
	}
	return upper(home) + name
}

func upper(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
