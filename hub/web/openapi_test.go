package web_test

import (
	"context"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub/web"
)

func TestOpenAPIDocument(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{PublicURL: "https://hub.example.com"}, web.Deps{Build: web.Build{Version: "1.2.3"}}, mountOrders)
	body := ask(h, "GET", "/openapi.json", "").Body.Bytes()
	doc, err := openapi3.NewLoader().LoadFromData(body)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatalf("the document is not valid: %v", err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1.2.3" || strings.Contains(string(body), "ErrorModel") || strings.Contains(string(body), "$schema") {
		t.Errorf("document: %s", body)
	}
	for route, want := range map[string]string{
		"POST /orders/{id}": "", "DELETE /orders/{id}": "staff service", "GET /letters/{jwt}": "customer",
		"POST /hooks/any": "signed", "GET /files/{rest}": "staff", "GET /healthz": "", "GET /problems/{code}": "",
	} {
		method, path, _ := strings.Cut(route, " ")
		op := doc.Paths.Value(path).GetOperation(method)
		var schemes []string
		for _, requirement := range *op.Security {
			for name := range requirement {
				schemes = append(schemes, name)
			}
		}
		if got := strings.Join(schemes, " "); got != want {
			t.Errorf("%s asks for %q, want %q", route, got, want)
		}
		refused := op.Responses.Value("500").Value.Content["application/problem+json"]
		if refused == nil || refused.Schema.Ref != "#/components/schemas/Problem" {
			t.Errorf("%s does not describe its failures", route)
		}
	}
	post := doc.Paths.Value("/orders/{id}").Post
	if post.OperationID != "put-order" || post.Responses.Value("201") == nil || post.Responses.Value("422") == nil || post.Tags[0] != "orders" {
		t.Errorf("operation: %+v", post)
	}
}

func TestRoutesCannotBeRegisteredWrongly(t *testing.T) {
	t.Parallel()
	for name, register := range map[string]func(*web.Router){
		"without a guard": func(r *web.Router) { r.Handle("GET", "/x", web.Guard(0), ok) },
		"twice": func(r *web.Router) {
			r.Handle("GET", "/x/{a}", web.Public, ok)
			r.Handle("GET", "/x/:a", web.Public, ok)
		},
		"operation without a guard": func(r *web.Router) {
			web.Operation(r, web.Op{Method: "GET", Path: "/x"}, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			edge(t, web.Config{}, web.Deps{}, register)
		}()
	}
}

func TestRouteTable(t *testing.T) {
	t.Parallel()
	s, err := web.NewServer(web.Config{}, web.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	mountOrders(s.Router())
	s.Router().Handle("GET", "/live", web.Staff.Or(web.Technician), func(echo.Context) error { return nil }, web.Doc{Stream: true})
	var out strings.Builder
	for _, r := range s.Routes() {
		out.WriteString(r.Method + " " + r.Path + " " + r.Guard + "\n")
	}
	golden(t, "routes.golden", out.String())
}
