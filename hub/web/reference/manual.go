package reference

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Manual is what the /docs page shows: the operations by tag.
type Manual struct {
	Title, Version, Description string
	Chapters                    []Chapter
}

// Chapter holds the operations of one tag, by path and method.
type Chapter struct {
	Tag        string
	Operations []Operation
}

// Operation is one route as a reader wants it.
type Operation struct {
	ID, Method, Path, Guard string
	Summary, Description    string
	Parameters              []Field
	Body, Answer            []Field
	BodyType, AnswerType    string // media types
	Status                  string // of a good answer
	Failures                []string
	Curl                    string // a command to copy
}

// Field is a parameter, or a member of a body by its dotted name.
type Field struct {
	Name, In, Type, About string
	Required              bool
}

// NewManual reads the document. base is the address that the commands call.
func NewManual(doc *huma.OpenAPI, base string) Manual {
	m := Manual{Title: doc.Info.Title, Version: doc.Info.Version, Description: doc.Info.Description}
	byTag := map[string][]Operation{}
	for path, item := range doc.Paths {
		for method, op := range methodsOf(item) {
			if op == nil || op.Hidden {
				continue
			}
			tag := op.Tags[0]
			byTag[tag] = append(byTag[tag], reader{doc.Components.Schemas}.operation(method, path, base, op))
		}
	}
	for _, tag := range slices.Sorted(maps.Keys(byTag)) {
		slices.SortFunc(byTag[tag], func(a, b Operation) int {
			return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Method, b.Method))
		})
		m.Chapters = append(m.Chapters, Chapter{Tag: tag, Operations: byTag[tag]})
	}
	return m
}

func methodsOf(item *huma.PathItem) map[string]*huma.Operation {
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put,
		http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}
}

type reader struct{ schemas huma.Registry }

func (r reader) operation(method, path, base string, op *huma.Operation) Operation {
	guard, _ := op.Extensions["x-guard"].(string)
	o := Operation{
		ID: op.OperationID, Method: method, Path: path, Guard: guard, Summary: op.Summary, Description: op.Description,
	}
	for _, p := range op.Parameters {
		o.Parameters = append(o.Parameters, Field{Name: p.Name, In: p.In, Type: r.typeOf(p.Schema), About: p.Description, Required: p.Required})
	}
	var example any
	if op.RequestBody != nil {
		for media, body := range op.RequestBody.Content {
			o.BodyType = media
			o.Body = r.fields("", body.Schema, 0)
			example = r.example(body.Schema, 0)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status >= "400" {
			o.Failures = append(o.Failures, status)
			continue
		}
		o.Status = status
		for media, body := range op.Responses[status].Content {
			o.AnswerType = media
			o.Answer = r.fields("", body.Schema, 0)
		}
	}
	o.Curl = curl(o, base, example)
	return o
}

// resolve follows a reference.
func (r reader) resolve(s *huma.Schema) *huma.Schema {
	if s != nil && s.Ref != "" {
		return r.schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// fields lists the members of an object, those of nested ones with dots; deeper
// than four levels (or round in a circle) it stops.
func (r reader) fields(prefix string, s *huma.Schema, depth int) []Field {
	s = r.resolve(s)
	if s == nil || depth > 4 {
		return nil
	}
	if s.Type == huma.TypeArray {
		return r.fields(prefix+"[]", s.Items, depth+1)
	}
	var list []Field
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p := s.Properties[name]
		full := strings.TrimPrefix(prefix+"."+name, ".")
		list = append(list, Field{Name: full, Type: r.typeOf(p), About: r.about(p), Required: slices.Contains(s.Required, name)})
		list = append(list, r.fields(full, p, depth+1)...)
	}
	return list
}

func (r reader) about(s *huma.Schema) string {
	if s.Description != "" {
		return s.Description
	}
	if s = r.resolve(s); s != nil {
		return s.Description
	}
	return ""
}

func (r reader) typeOf(s *huma.Schema) string {
	s = r.resolve(s)
	switch {
	case s == nil:
		return "any"
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			text, _ := json.Marshal(v)
			words[i] = strings.Trim(string(text), `"`)
		}
		return strings.Join(words, " | ")
	case s.Type == huma.TypeArray:
		return r.typeOf(s.Items) + "[]"
	case s.Type == "" && len(s.OneOf) > 0:
		return r.typeOf(s.OneOf[0])
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	}
	return cmp.Or(s.Type, "any")
}
