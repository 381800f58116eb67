package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBytesAndHeaders shows what crosses and what does not, both ways.
func TestBytesAndHeaders(t *testing.T) {
	t.Parallel()
	body := `{"data": [ {"name":"É", "n":1.50, "x":null} ]}`
	var seen http.Request
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = *r
		for name, value := range map[string]string{
			"Content-Type": "application/json", "Set-Cookie": "sid=Guest", "Server": "erp-host", "X-Frappe-Request-Id": "1", "Location": "http://erp",
			"Access-Control-Allow-Origin": "*", "Etag": `"x"`, "Cache-Control": "public, max-age=9",
		} {
			w.Header().Set(name, value)
		}
		_, _ = io.WriteString(w, body)
	})})
	const target = `/api/resource/Sales%20Invoice?fields=%5b%22name%22%5d&limit=5&x=a;b+c`
	got := h.ask("GET", target, "", "Cookie: sid=stolen", "Authorization: Bearer staff", "X-Frappe-Site-Name: other", "X-Frappe-CSRF-Token: t",
		"X-Forwarded-Host: evil", "Forwarded: for=evil", "X-Hub-Actor: root", "Connection: X-Custom", "X-Custom: 1", "X-HTTP-Method-Override: DELETE",
		"Accept: text/html,application/json", "Accept-Language: en-CA", "X-Request-Id: abc-1", "Te: trailers", "Upgrade: h2c", "If-None-Match: *", "Range: bytes=0-1")
	if got.status != 200 || got.body != body || got.header.Get("X-Hub-Cache") != "bypass" || got.header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %d %v %s", got.status, got.header, got.body)
	}
	for _, name := range []string{"Set-Cookie", "X-Frappe-Request-Id", "Location", "Access-Control-Allow-Origin", "Server", "Etag"} {
		if v := got.header.Get(name); v != "" {
			t.Errorf("the caller got %s: %s", name, v)
		}
	}
	if got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control is %s", got.header.Get("Cache-Control"))
	}
	if seen.RequestURI != target {
		t.Errorf("the site was asked for %s", seen.RequestURI)
	}
	for _, hop := range []string{"User-Agent", "X-Request-Id", "X-Frappe-Request-Id"} {
		seen.Header.Del(hop)
	}
	want := http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"identity"}, "Accept-Language": {"en"},
		"Authorization": {"token key0:secret0"}, "X-Hub-Actor": {"staff"},
	}
	if diff := cmp.Diff(want, seen.Header); diff != "" {
		t.Error(diff)
	}
}

func TestNamesWithAccentsAndSlashes(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"data":{"name":"`+r.URL.Path+`"}}`)
	})})
	for _, target := range []string{
		"/api/resource/Issue/Facture%20%C3%89%2F2026", "/api/resource/Issue/Facture%20%C3%89/2026", "/api/resource/Issue/Facture%20É/2026",
	} {
		for _, method := range []string{"GET", "PUT"} {
			body := map[string]string{"PUT": `{"subject":"x"}`}[method]
			if got := h.ask(method, target, body); got.status != 200 || got.body != `{"data":{"name":"/api/resource/Issue/Facture É/2026"}}` {
				t.Errorf("%s %s: %d %s", method, target, got.status, got.body)
			}
		}
	}
}

func TestHeadAsksLikeGet(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "gone") {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"exc_type":"DoesNotExistError"}`)
			return
		}
		_, _ = io.WriteString(w, `{"data":{}}`)
	})})
	if got := h.ask("HEAD", "/api/resource/Issue/here", ""); got.status != 200 || got.body != "" {
		t.Errorf("got %d %q", got.status, got.body)
	}
	if got := h.ask("HEAD", "/api/resource/Issue/gone", ""); got.status != 404 {
		t.Errorf("got %d", got.status)
	}
}

// TestRefusals tells what each answer of the site becomes.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const page = "<html><h1>502 Bad Gateway</h1>nginx on erp-host</html>"
	for _, test := range []struct {
		name         string
		status       int
		kind, body   string
		want         int
		code, class  string
		detail, wait string
	}{
		{"missing", 404, "application/json", `{"exc_type":"DoesNotExistError","_server_messages":"[\"{\\\"message\\\": \\\"Issue X not found\\\", \\\"raise_exception\\\": 1}\"]"}`, 404, "not-found", "DoesNotExistError", "Issue X not found", ""},
		{"invalid", 417, "application/json", `{"exc_type":"LinkValidationError","exception":"frappe.exceptions.LinkValidationError: Could not find Customer: Z","exc":"[\"Traceback at erp-host\"]"}`, 422, "erpnext-invalid", "LinkValidationError", "Could not find Customer: Z", ""},
		{"duplicate", 409, "application/json", `{"exc_type":"DuplicateEntryError","exception":"frappe.exceptions.DuplicateEntryError: Item X already exists"}`, 409, "erpnext-conflict", "DuplicateEntryError", "Item X already exists", ""},
		{"unique", 417, "application/json", `{"exc_type":"UniqueValidationError"}`, 409, "erpnext-conflict", "UniqueValidationError", "", ""},
		{"no right", 403, "application/json", `{"exc_type":"PermissionError","_error_message":"No permission for Issue"}`, 403, "erpnext-forbidden", "PermissionError", "No permission for Issue", ""},
		{"the hub's token", 401, "application/json", `{"exc_type":"AuthenticationError"}`, 502, "upstream-failed", "AuthenticationError", "", ""},
		{"too many", 429, "application/json", `{"exc_type":"TooManyRequestsError"}`, 503, "upstream-unavailable", "TooManyRequestsError", "", "7"},
		{"deadlock", 500, "application/json", `{"exc_type":"QueryDeadlockError"}`, 503, "upstream-unavailable", "QueryDeadlockError", "", "7"},
		{"broken inside", 500, "application/json", `{"exc_type":"TypeError","exception":"TypeError: secret_function() missing"}`, 502, "upstream-failed", "TypeError", "", ""},
		{"a gateway's page", 502, "text/html", page, 503, "upstream-unavailable", "", "", "7"},
		{"a time-out's page", 504, "text/html", page, 503, "upstream-unavailable", "", "", "7"},
		{"maintenance", 503, "application/json", `{"exc_type":"SessionStopped"}`, 503, "upstream-unavailable", "SessionStopped", "", "7"},
		{"too large", 413, "text/html", page, 413, "body-too-large", "", "", ""},
		{"a page with 200", 200, "text/html; charset=utf-8", page, 502, "upstream-failed", "", "", ""},
		{"a script with 200", 200, "application/javascript", "alert(1)", 502, "upstream-failed", "", "", ""},
		{"no type at all", 200, "", "", 502, "upstream-failed", "", "", ""},
		{"a redirect", 302, "text/html", page, 502, "upstream-failed", "", "", ""},
		{"a page with 404", 404, "text/html", page, 502, "upstream-failed", "", "", ""},
		{"v2", 417, "application/json", `{"errors":[{"type":"ValidationError","message":"Bad <b>value</b>","exception":"Traceback"}]}`, 422, "erpnext-invalid", "ValidationError", "Bad value", ""},
	} {
		h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{test.kind}
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Location", "http://erp-host/login")
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
		})})
		got := h.ask("GET", "/api/resource/Issue/X", "")
		p := got.problem()
		if got.status != test.want || p.Code != test.code || p.ExcType != test.class || !strings.Contains(p.Detail, test.detail) {
			t.Errorf("%s: %d %s", test.name, got.status, got.body)
		}
		if wait := got.header.Get("Retry-After"); test.wait != "" && wait != test.wait {
			t.Errorf("%s: Retry-After is %q", test.name, wait)
		}
		for _, secret := range []string{"erp-host", "<h1>", "Traceback", "secret_function"} {
			if strings.Contains(got.body, secret) {
				t.Errorf("%s: the answer shows %s: %s", test.name, secret, got.body)
			}
		}
		if got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: it is %s", test.name, got.header.Get("Content-Type"))
		}
	}
}
