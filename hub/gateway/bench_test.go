package gateway

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// mirror is a site that costs nothing.
type mirror struct {
	body string
	head http.Header
}

// bytesOnce is a body that is handed out without a copy.
type bytesOnce struct{ strings.Reader }

func (*bytesOnce) Close() error { return nil }

func (m *mirror) Forward(context.Context, erpnext.Pass) (*http.Response, error) {
	body := &bytesOnce{}
	body.Reset(m.body)
	return &http.Response{StatusCode: 200, Header: m.head, ContentLength: int64(len(m.body)), Body: body}, nil
}

func (*mirror) Refusal(int, []byte) *erpnext.Error { return &erpnext.Error{} }

// sink is a response writer that costs nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header             { return s.header }
func (*sink) WriteHeader(int)                   {}
func (*sink) Write(p []byte) (int, error)       { return len(p), nil }
func (*sink) WriteString(s string) (int, error) { return len(s), nil }

// run measures the handler alone: what the edge and the transport cost is
// measured with them.
func run(b *testing.B, cfg Config, target, body string) {
	b.Helper()
	g, err := New(cfg, Deps{Site: &mirror{body, http.Header{"Content-Type": {"application/json"}}}})
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close()
	r := httptest.NewRequest("GET", target, http.NoBody)
	r = r.WithContext(hub.WithActor(r.Context(), hub.Actor{Role: hub.RoleStaff, ID: "ann", Lang: hub.French}))
	r.ContentLength = 0
	e := echo.New()
	out := &sink{http.Header{}}
	c := e.NewContext(r, out)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		c.Reset(r, out)
		if err := g.read(c); err != nil {
			b.Fatal(err)
		}
	}
}

func rows(n int) string {
	return `{"data":[` + strings.Repeat(`{"name":"CUST-00001","customer_name":"Boulangerie du Lac","status":"Active","territory":"Québec"},`, n) + `{}]}`
}

const listing = `/api/resource/Customer?fields=["name","customer_name"]&filters=[["disabled","=",0]]&limit_page_length=20`

func BenchmarkPass2K(b *testing.B)  { run(b, Config{}, listing, rows(20)) }
func BenchmarkPass50K(b *testing.B) { run(b, Config{}, listing, rows(500)) }
func BenchmarkHit2K(b *testing.B) {
	run(b, Config{Keep: []string{"Customer:1h"}}, listing, rows(20))
}

func BenchmarkStripped2K(b *testing.B) {
	run(b, Config{}, "/api/resource/Service%20Equipment", rows(20))
}
