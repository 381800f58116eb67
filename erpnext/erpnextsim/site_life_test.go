package erpnextsim_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// ask is a request with headers of its own, and what must come of it.
type ask struct {
	name, method, path, body string
	headers                  map[string]string
	status                   int
	want                     string // part of the answer
	header                   map[string]string
}

// try sends each and compares.
func (b *bench) try(asks []ask) {
	b.Helper()
	for _, q := range asks {
		r := httptest.NewRequest(q.method, strings.ReplaceAll(q.path, " ", "%20"), strings.NewReader(q.body))
		for k, v := range q.headers {
			r.Header.Set(k, v)
			if k == "Host" {
				r.Host = v
			}
		}
		a := b.send(r)
		if a.status != q.status || !strings.Contains(a.text, q.want) {
			b.Errorf("%s: %d %s, want %d with %s", q.name, a.status, a.text, q.status, q.want)
		}
		for k, v := range q.header {
			if got := a.header.Get(k); got != v {
				b.Errorf("%s: %s is %q, want %q", q.name, k, got, v)
			}
		}
	}
}

const jsonKind = "application/json"

// askOfBoth is what the releases answer alike.
func askOfBoth(kind, key map[string]string, with func(a, b map[string]string) map[string]string) []ask {
	return []ask{
		{"JSON replaces the query", "GET", "/api/method/frappe.client.get_count?doctype=Nothing", `{"doctype":"Lieu"}`, with(kind, key), 200, `{"message":0}`, nil},
		{"kinds that end in +json count", "GET", "/api/method/frappe.client.get_count", `{"doctype":"Lieu"}`,
			with(key, map[string]string{"Content-Type": "application/problem+json"}), 200, `{"message":0}`, nil},
		{"a form wins over the query", "POST", "/api/method/frappe.client.get_count?doctype=Nothing", "doctype=Lieu",
			with(key, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}), 200, `{"message":0}`, nil},
		{"forms of every verb are read", "DELETE", "/api/method/frappe.client.delete", "doctype=Lieu&name=none",
			with(key, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}), 404, "DoesNotExistError", nil},
		{"a JSON scalar", "POST", "/api/method/ping", `5`, kind, 417, "Invalid request arguments", map[string]string{"Set-Cookie": ""}},
		{"a JSON list", "POST", "/api/resource/Lieu", `[1]`, with(kind, key), 500, "pop expected at most 1 argument, got 2", nil},
		{"JSON that calls itself text", "POST", "/api/resource/Lieu", `{"label":"as text"}`, with(key, map[string]string{"Content-Type": "text/plain"}), 200, `"label":"as text"`, nil},
		{"bytes that are no UTF-8", "POST", "/api/resource/Lieu", "{\"label\":\"\xe9\"}", with(kind, key), 500, "'bytes' object has no attribute 'pop'", nil},
		{"slashes at the beginning", "GET", "//api/method/ping", "", nil, 200, "pong", nil},
		{"a module that is not there", "GET", "/api/method/frappe.nope.nothing", "", key, 417, "with No module named 'frappe.nope'", nil},
		{"a function that is not there", "GET", "/api/method/frappe.client.nothing", "", key, 417, "module 'frappe.client' has no attribute 'nothing'", nil},
		{"an app that is not there", "GET", "/api/v2/method/ghost.api.x", "", key, 417, "App ghost is not installed", nil},
		{"a function for the house", "GET", "/api/method/frappe.utils.now", "", key, 403, "Function <strong>frappe.utils.data.now</strong> is not whitelisted.", nil},
		{"a message without an exception of its own is folded in", "POST", "/api/v2/document/Lieu", `{}`, with(kind, key), 417, `"message":"Error: Value missing for Lieu: Label"`, nil},
		{"a page", "GET", "/nope", "", nil, 404, "<h5>Page not found</h5>", map[string]string{"X-Page-Name": "404"}},
		{"a parameter cmd on any path", "GET", "/any/where?cmd=ping", "", nil, 200, `{"message":"pong"}`, nil},
		{"slashes at the end", "GET", "/api/resource/Lieu/", "", key, 200, `{"data":[`, nil},
		{"two slashes", "GET", "/api//resource/Lieu", "", key, 404, `{"exc_type":"DoesNotExistError"}`, nil},
		{"no route of the second version", "GET", "/api/v2", "", nil, 404, `{"errors":[{"type":"DoesNotExistError"}]}`, nil},
		{"a tail behind a procedure", "GET", "/api/method/ping/more", "", nil, 200, "pong", nil},
		{"a tail in the second version is a doctype", "GET", "/api/v2/method/ping/more", "", key, 404, "DocType ping not found", nil},
		{"a procedure without a module", "GET", "/api/method/nothing", "", key, 417, "Failed to get method for command nothing with 'nothing'", nil},
		{"a wrong verb", "PUT", "/api/resource/Lieu", "", key, 405, "<p>The method is not allowed for the requested URL.</p>", map[string]string{"Allow": "GET, HEAD, POST"}},
		{"a wrong verb without the slash", "PATCH", "/api/resource/Lieu/x", "", key, 404, `{"exc_type":"DoesNotExistError"}`, nil},
		{"a method that is not there", "POST", "/api/resource/User/Guest?run_method=nothing", "", key, 404, "<p>Method nothing not found</p>", nil},
		{"a method that is nobody's business", "POST", "/api/resource/User/Guest?run_method=save", "", key, 403, "is not whitelisted", nil},
		{"a method of a document that comes along", "POST", "/api/method/run_doc_method", `{"dt":"Role","dn":"Guest","method":"nothing"}`, with(kind, key), 500,
			"'Role' object has no attribute 'nothing'", nil},
		{"pages for who reads text", "GET", "/api/resource/Lieu/none", "", with(key, map[string]string{"Accept": "text/html"}), 404, "<h5>Not Found</h5>", nil},
		{"scripts read JSON anywhere", "GET", "/nope?cmd=frappe.auth.get_logged_user", "",
			map[string]string{"Accept": "*/*", "X-Requested-With": "XMLHttpRequest"}, 403, `"exc_type":"PermissionError"`, nil},
		{"no verb of pages", "PUT", "/nope", "", nil, 404, "please check your spelling and try again", nil},
		{"backups are not for everybody", "GET", "/backups/x", "", nil, 403, "<h1>Forbidden</h1>", nil},
		{"nobody logs in by the second version", "POST", "/api/v2/method/login", `{"usr":"hub@example.com","pwd":"hubsecret"}`, kind, 200, "{}", nil},
	}
}

func TestRequestsAreReadLikeFrappeDoes(t *testing.T) {
	t.Parallel()
	kind := map[string]string{"Content-Type": jsonKind}
	key := map[string]string{"Authorization": "token " + hub}
	with := func(a, b map[string]string) map[string]string {
		out := map[string]string{}
		for _, m := range []map[string]string{a, b} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	v15, v16 := open(t, erpnextsim.Options{Profile: erpnextsim.V15}), open(t, erpnextsim.Options{})
	both := askOfBoth(kind, key, with)
	for _, b := range []*bench{v15, v16} {
		b.try(both)
	}
	v15.try([]ask{
		{"no number", "POST", "/api/resource/Lieu", `{"label":"x","price":NaN}`, with(kind, key), 500, "nan can not be used with MySQL", nil},
		{"broken JSON", "POST", "/api/method/ping", `{"a": }`, kind, 500, "json.decoder.JSONDecodeError: Expecting value: line 1 column 7 (char 6)", map[string]string{"Set-Cookie": ""}},
		{"blanks in what is encoded twice", "GET", "/api/resource/Lieu/none", "", key, 404, `\"message\\\": \\\"Lieu none not found\\\", `, map[string]string{"Cache-Control": ""}},
		{"a page has no cookies", "PUT", "/api/resource/Lieu", "", key, 405, "", map[string]string{"Set-Cookie": ""}},
	})
	v16.try([]ask{
		{"no number", "POST", "/api/resource/Lieu", `{"label":"x","price":NaN}`, with(kind, key), 417, "Invalid request body", nil},
		{"broken JSON", "POST", "/api/method/ping", `{`, kind, 417, `"exc_type":"DataError"`, nil},
		{"compact, and each text is no table", "GET", "/api/resource/Lieu/none", "", key, 404, `\"message\\\":\\\"Lieu none not found\\\",\\\"as_table\\\":false,`, nil},
		{"a logout by GET", "GET", "/api/method/logout", "", key, 403, "Not permitted",
			map[string]string{"WWW-Authenticate": `Bearer resource_metadata="http://example.com/.well-known/oauth-protected-resource"`}},
		{"in the second version it is no route", "GET", "/api/v2/method/logout", "", key, 417, "Failed to get method logout", nil},
		{"nothing is kept on the way", "GET", "/api/method/ping", "", nil, 200, "", map[string]string{"Cache-Control": "no-store,no-cache,must-revalidate,max-age=0"}},
	})
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	b.put("Lieu", map[string]any{"label": "A"})
	key := map[string]string{"Authorization": "token " + hub, "Content-Type": jsonKind}
	set := b.site.Configure
	set(func(c *erpnextsim.Settings) { c.Hosts = []string{"erp.example.com"} })
	b.try([]ask{
		{"another host", "GET", "/api/method/ping", "", map[string]string{"Host": "x.example.com:80"}, 404, "<p>x.example.com does not exist</p>", nil},
		{"the host", "GET", "/api/method/ping", "", map[string]string{"Host": "erp.example.com:8000"}, 200, "pong", nil},
		{"a site header", "GET", "/api/method/ping", "", map[string]string{"X-Frappe-Site-Name": "erp.example.com"}, 200, "pong", nil},
	})
	set(func(c *erpnextsim.Settings) { *c = erpnextsim.Settings{Maintenance: true} })
	b.try([]ask{
		{"maintenance", "GET", "/api/resource/Lieu", "", key, 503, `{"exc_type":"SessionStopped"}`, map[string]string{"Set-Cookie": ""}},
		{"maintenance for people", "GET", "/", "", nil, 503, "<h5>Updating</h5>", nil},
	})
	set(func(c *erpnextsim.Settings) { c.AllowReads = true })
	b.try([]ask{
		{"reads go on", "GET", "/api/resource/Lieu/LOC-00001", "", key, 200, `"label":"A"`, nil},
		{"writes do not", "PUT", "/api/resource/Lieu/LOC-00001", `{"label":"B"}`, key, 503, `"exc_type":"InReadOnlyMode"`, nil},
	})
	set(func(c *erpnextsim.Settings) { *c = erpnextsim.Settings{MaxFileSize: 10} })
	b.try([]ask{{"a long body", "POST", "/api/resource/Lieu", `{"label":"long"}`, key, 413, "<h1>Request Entity Too Large</h1>", nil}})
	set(func(c *erpnextsim.Settings) {
		*c = erpnextsim.Settings{AllowCORS: []string{"https://ops.example.com"}, Monitor: true}
	})
	b.try([]ask{
		{"a preflight", "OPTIONS", "/api/resource/Lieu", "", map[string]string{
			"Origin": "https://ops.example.com", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a",
		}, 200, "", map[string]string{
			"Access-Control-Allow-Origin": "https://ops.example.com", "Access-Control-Allow-Credentials": "true", "Access-Control-Max-Age": "86400",
			"Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "x-a", "Set-Cookie": "",
		}},
		{"another origin", "OPTIONS", "/api/resource/Lieu", "", map[string]string{"Origin": "https://evil.example.com"}, 200, "", map[string]string{"Access-Control-Allow-Origin": ""}},
		{"an adopted request id", "GET", "/api/method/ping", "", map[string]string{"X-Frappe-Request-Id": "mine"}, 200, "", map[string]string{"X-Frappe-Request-Id": "mine"}},
	})
	if id := b.as(hub, "GET", "/api/method/ping", "").header.Get("X-Frappe-Request-Id"); len(id) != 36 {
		t.Errorf("request id %q", id)
	}
	if a := b.as(nobody, "POST", "/_sim/config", `{"maintenance_mode":true}`); a.status != 200 || b.as(hub, "GET", "/api/method/ping", "").status != 503 {
		t.Errorf("the control API configures: %d %s", a.status, a.text)
	}
	b.as(nobody, "POST", "/_sim/reset", "")
	b.call(200, "GET", "/api/method/ping", "")
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	for _, profile := range []erpnextsim.Profile{erpnextsim.V15, erpnextsim.V16} {
		b := open(t, erpnextsim.Options{Profile: profile, Config: erpnextsim.Settings{RateLimit: &erpnextsim.RateLimit{Limit: 5, Window: 1 << 40}}})
		a := b.call(200, "GET", "/api/resource/Lieu", "")
		if a.header.Get("X-RateLimit-Limit") != "5000000" || a.header.Get("X-RateLimit-Reset") == "" || a.header.Get("X-RateLimit-Remaining") == "" {
			t.Errorf("%s: headers on every answer: %v", profile, a.header)
		}
		if used := a.header.Get("X-RateLimit-Used"); (used != "") != (profile == erpnextsim.V15) {
			t.Errorf("%s: X-RateLimit-Used %q", profile, used)
		}
		b.site.SpendRate(6 * time.Second)
		a = b.call(429, "GET", "/api/resource/Lieu", "")
		if a.body["exc_type"] != "TooManyRequestsError" || a.header.Get("Retry-After") != a.header.Get("X-RateLimit-Reset") || a.header.Get("X-RateLimit-Remaining") != "0" {
			t.Errorf("%s: above the budget: %s %v", profile, a.text, a.header)
		}
	}
}

// TestResetUndoesConfigure changes what lies behind a pointer and in a list, which
// the first configuration must not share.
func TestResetUndoesConfigure(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{Config: erpnextsim.Settings{
		RateLimit: &erpnextsim.RateLimit{Limit: 5, Window: 1 << 40}, AllowCORS: []string{"https://ops.example.com"},
	}})
	ask := func() string {
		r := httptest.NewRequest("GET", "/api/method/ping", nil)
		r.Header.Set("Origin", "https://ops.example.com")
		got := b.send(r).header
		return got.Get("X-RateLimit-Limit") + " " + got.Get("Access-Control-Allow-Origin")
	}
	for _, step := range [][3]string{
		{"/_sim/config", `{"rate_limit":{"limit":7},"allow_cors":["https://new.example.com"]}`, "7000000 "},
		{"/_sim/config", `{"rate_limit":{"limit":9},"allow_cors":7}`, "7000000 "}, // refused as a whole
		{"/_sim/reset", "", "5000000 https://ops.example.com"},
	} {
		b.as(nobody, "POST", step[0], step[1])
		if got := ask(); got != step[2] {
			t.Errorf("after %s %s: %q, want %q", step[0], step[1], got, step[2])
		}
	}
}

func TestResetPasswordIsLimited(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	for _, want := range []int{404, 404, 404, 429} {
		a := b.as(nobody, "POST", "/api/method/frappe.core.doctype.user.user.reset_password", `{"user":"nobody"}`)
		if a.status != want {
			t.Errorf("%d %s, want %d", a.status, a.text, want)
		}
	}
}
