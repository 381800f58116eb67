package web_test

import (
	"net/http"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/web"
)

// assertHarmless fails when an answer shows what only the log may.
func assertHarmless(t *testing.T, body string) {
	t.Helper()
	for _, leak := range []string{".go:", "goroutine", "panic", "dial tcp", "db.internal", "erp.example.net", "hunter2", "secret-cause", "echo.", "huma", "json:", "strconv"} {
		if strings.Contains(body, leak) {
			t.Errorf("answer leaks %q: %s", leak, body)
		}
	}
}

func TestHostileInputs(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{Verifier: bearerRole{}}, mountOrders)
	long := strings.Repeat("A", 9000)
	inputs := []struct{ method, target, body, header string }{
		{"POST", "/orders/1", `{"code":"hunter2","qty":"hunter2"}`, "Content-Type: application/json"},
		{"POST", "/orders/1", `{"code":`, "Content-Type: application/json"},
		{"POST", "/orders/1", `hunter2`, "Content-Type: application/json"},
		{"POST", "/orders/1", "\x00\xff\xfe", "Content-Type: application/json"},
		{"POST", "/orders/1", strings.Repeat("[", 20000), "Content-Type: application/json"},
		{"POST", "/orders/1", `{"mail":"hunter2@@","at":"hunter2","wait":"hunter2"}`, "Content-Type: application/json"},
		{"POST", "/orders/1", `<hunter2/>`, "Content-Type: application/xml"},
		{"POST", "/orders/hunter2", `{"code":"A1"}`, "Content-Type: application/json"},
		{"POST", "/orders/1?limit=hunter2", `{"code":"A1"}`, "Content-Type: application/json"},
		{"POST", "/orders/%2e%2e%2fhunter2%zz", `{}`, "Content-Type: application/json"},
		{"POST", "/orders/1", ``, "Content-Type: application/json"},
		{"GET", "/" + long, ``, "Accept: " + long},
		{"GET", "/%00%0d%0aSet-Cookie:hunter2", ``, "X-Request-Id: a b\tc"},
		{"TRACE", "/orders/1", ``, "Authorization: " + long},
	}
	for _, in := range inputs {
		r, err := http.NewRequest(in.method, "http://hub.example"+strings.ReplaceAll(in.target, "%zz", ""), strings.NewReader(in.body))
		if err != nil {
			t.Fatal(err)
		}
		name, value, _ := strings.Cut(in.header, ": ")
		w := ask(h, r.Method, r.URL.String(), in.body, name+": "+value)
		if w.Code < 400 || w.Code >= 500 {
			t.Errorf("%s %.40s %.40q: %d %s", in.method, in.target, in.body, w.Code, w.Body)
		}
		assertHarmless(t, w.Body.String())
	}
}
