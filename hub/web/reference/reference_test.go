package reference_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web/reference"
)

func TestDescribeMakesWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	problem := &huma.Schema{Ref: "#/components/schemas/Problem"}
	for _, test := range []struct {
		entry     reference.Entry
		id, tag   string
		responses string
	}{
		{reference.Entry{Method: "GET", Path: "/readyz", Guards: []string{"Public"}, Answer: "application/json", Status: 200}, "get-readyz", "readyz", "200 429 500 503 504"},
		{reference.Entry{Method: "POST", Path: "/x/{a}/y_z", Guards: []string{"Staff"}, ID: "make", Tag: "t", Answer: "text/html", Status: 303, Calls: true}, "make", "t", "303 400 401 403 404 409 413 422 500 502 503 504"},
		{reference.Entry{Method: "GET", Path: "/{jwt}", Guards: []string{"Customer", "Staff"}}, "get-by-jwt", "system", "401 403 404 410 429 500 503 504"},
		{reference.Entry{Method: "GET", Path: "/events", Guards: []string{"Staff"}, Stream: true}, "get-events", "events", "401 403 500 503"},
	} {
		op := reference.Describe(test.entry, problem)
		var statuses []string
		for _, status := range []string{"200", "303", "400", "401", "403", "404", "409", "410", "413", "422", "429", "500", "502", "503", "504"} {
			if op.Responses[status] != nil {
				statuses = append(statuses, status)
			}
		}
		if op.OperationID != test.id || op.Tags[0] != test.tag || strings.Join(statuses, " ") != test.responses {
			t.Errorf("%s: %s %v %v", test.entry.Path, op.OperationID, op.Tags, statuses)
		}
		if len(op.Security) != len(test.entry.Guards) {
			t.Errorf("%s asks for %v", test.entry.Path, op.Security)
		}
	}
}

// tree refers to itself: the reader must not run in circles.
type tree struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind" enum:"leaf,branch"`
	Children []tree   `json:"children,omitempty"`
	Weights  []int    `json:"weights"`
	Owner    *string  `json:"owner"`
	Tags     []string `json:"tags,omitempty" doc:"it's free text"`
}

func TestManual(t *testing.T) {
	t.Parallel()
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	op := reference.Describe(reference.Entry{Method: "PUT", Path: "/trees/{id}", Guards: []string{"Service"}, Summary: "Plant", Answer: "application/json", Status: 200}, &huma.Schema{})
	schema := huma.SchemaFromType(registry, typeOfTree())
	op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
	doc := &huma.OpenAPI{Info: &huma.Info{Title: "T", Version: "1"}, Components: &huma.Components{Schemas: registry}}
	doc.AddOperation(&op)
	m := reference.NewManual(doc, "http://h")
	got := m.Chapters[0].Operations[0]
	want := "curl -X PUT 'http://h/trees/ID' \\\n  -H \"Authorization: Bearer $TOKEN\" \\\n  -H 'Content-Type: application/json' \\\n" +
		`  --data '{"kind":"leaf","name":"…","owner":"…","weights":[1]}'`
	if diff := cmp.Diff(want, got.Curl); diff != "" {
		t.Errorf("command (-want +got):\n%s", diff)
	}
	names := map[string]string{}
	for _, f := range got.Body {
		names[f.Name] = f.Type
	}
	for name, kind := range map[string]string{"name": "string", "kind": "leaf | branch", "children": "object[]", "children[].name": "string", "weights": "integer (int64)[]"} {
		if names[name] != kind {
			t.Errorf("%s is %q, want %q", name, names[name], kind)
		}
	}
	if len(got.Body) > 60 {
		t.Errorf("%d fields of a tree", len(got.Body))
	}
	if diff := cmp.Diff([]string{"400", "401", "403", "404", "409", "413", "422", "500", "503", "504"}, got.Failures); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

func typeOfTree() reflect.Type { return reflect.TypeFor[tree]() }

type box[T any] struct{ Inside T }

// TestSchemaName: two features may have a box of their own Entry.
func TestSchemaName(t *testing.T) {
	t.Parallel()
	for want, of := range map[string]reflect.Type{
		"ReferenceEntryBox": reflect.TypeFor[box[reference.Entry]](), "StringBox": reflect.TypeFor[*box[string]](),
		"ReferenceEntry": reflect.TypeFor[reference.Entry](), "Money": reflect.TypeFor[hub.Money](), "HintBody": reflect.TypeFor[struct{ A int }](),
	} {
		if got := reference.SchemaName(of, "HintBody"); got != want {
			t.Errorf("%s is named %s, want %s", of, got, want)
		}
	}
}
