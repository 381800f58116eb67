package erpnextsim_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/simkit"
)

func authorization(b *bench) {
	t := b.T
	basic := func(text string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(text)) }
	for _, c := range []struct {
		header, want string
		status       int
	}{
		{"token " + hub, "hub@example.com", 200},
		{"TOKEN " + hub, "hub@example.com", 200},
		{basic(hub), "hub@example.com", 200},
		{"Basic abc", "InvalidAuthorizationToken", 400}, // a wrong length
		{"Basic !!!", "AuthenticationError", 401},       // signs beyond base64 are skipped
		{"token " + wrong, "AuthenticationError", 401},
		{basic("hubkey:hub:secret"), "AuthenticationError", 401},
		{"Bearer abc", "AuthenticationError", 401},
		{"Weird x", "AuthenticationError", 401},
		{"token  " + hub, "PermissionError", 403}, // three parts: ignored, so a guest
		{"", "PermissionError", 403},
	} {
		r := httptest.NewRequest("GET", "/api/method/frappe.auth.get_logged_user", nil)
		r.Header.Set("Authorization", c.header)
		a := b.send(r)
		if a.status != c.status || a.body["message"] != c.want && a.body["exc_type"] != c.want {
			t.Errorf("%q: %d %s, want %d %s", c.header, a.status, a.text, c.status, c.want)
		}
	}
	if a := b.as(nobody, "GET", "/api/method/ping", ""); a.text != `{"message":"pong"}` {
		t.Errorf("a guest may ping: %s", a.text)
	}
	if _, err := b.site.Put("User", map[string]any{"name": "hub@example.com", "enabled": 0}); err != nil {
		t.Fatal(err)
	}
	if a := b.as(hub, "GET", "/api/resource/Lieu", ""); a.status != 401 {
		t.Errorf("the key of a disabled user: %d, want 401", a.status)
	}
}

func passwordSession(b *bench) {
	t := b.T
	if a := b.as(nobody, "POST", "/api/method/login", `{"usr":"hub@example.com","pwd":"x"}`); a.status != 401 || a.body["message"] == nil {
		t.Errorf("a wrong password: %d %s", a.status, a.text)
	}
	login := b.as(nobody, "POST", "/api/method/login", `{"usr":"hub@example.com","pwd":"hubsecret"}`)
	if login.body["message"] != "Logged In" || login.body["full_name"] == nil {
		t.Fatalf("login: %s", login.text)
	}
	r := httptest.NewRequest("GET", "/api/method/frappe.auth.get_logged_user", nil)
	for _, c := range (&http.Response{Header: login.header}).Cookies() {
		if c.Name == "sid" {
			r.AddCookie(c)
		}
	}
	if a := b.send(r); a.body["message"] != "hub@example.com" {
		t.Errorf("with the sid: %s", a.text)
	}
	r = httptest.NewRequest("GET", "/api/method/ping?sid=stale", nil)
	if a := b.send(r); a.body["session_expired"] != 1.0 {
		t.Errorf("an unknown sid says so: %s", a.text)
	}
}

// TestAccess tells stories that share one site, in this order.
func TestAccess(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	for _, story := range []struct {
		name string
		tell func(*bench)
	}{
		{"permissions", permissions},
		{"passwordSession", passwordSession},
		{"faults", faults},
		{"authorization", authorization},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(b.in(t)) })
	}
}

func permissions(b *bench) {
	t := b.T
	b.put("Lieu", map[string]any{"label": "A", "secret_note": "s"})
	for _, c := range []struct {
		keys, method, path, body string
		want                     int
	}{
		{seller, "GET", "/api/resource/Lieu/LOC-00001", "", 200},
		{seller, "PUT", "/api/resource/Lieu/LOC-00001", `{"secret_note":"mine"}`, 200},
		{seller, "GET", "/api/resource/Payment Entry", "", 403},
		{seller, "POST", "/api/resource/Payment Entry", `{}`, 403},
		{visitor, "POST", "/api/resource/Lieu", `{"label":"x"}`, 403},
		{visitor, "POST", "/api/resource/Lieu", `{"label":"x","customer":"Nul"}`, 403}, // rights come before links
		{nobody, "GET", "/api/resource/Lieu", "", 403},
		{admin, "GET", "/api/resource/Payment Entry", "", 200},
	} {
		if a := b.as(c.keys, c.method, c.path, c.body); a.status != c.want {
			t.Errorf("%s %s by %q: %d, want %d: %s", c.method, c.path, c.keys, a.status, c.want, a.text)
		}
	}
	doc, err := b.site.Doc("Lieu", "LOC-00001")
	b.must(err)
	if doc["secret_note"] != "s" {
		t.Errorf("a field of a higher level is put back: %v", doc["secret_note"])
	}
	if _, shown := b.as(seller, "GET", "/api/resource/Lieu/LOC-00001", "").data()["secret_note"]; shown {
		t.Error("a field of a higher level is not shown")
	}
	b.site.Deny("Lieu")
	if a := b.as(admin, "GET", "/api/resource/Lieu", ""); a.status != 403 {
		t.Errorf("a denied doctype: %d, want 403", a.status)
	}
	b.put("Lieu", map[string]any{"label": "seeding goes on"})
	b.site.Allow("Lieu")
	b.call(200, "GET", "/api/resource/Lieu", "")
}

func faults(b *bench) {
	t := b.T
	for status, want := range map[int]string{
		500: `"exc_type":"QueryDeadlockError"`, 503: `"exc_type":"SessionStopped"`, 429: `"exc_type":"TooManyRequestsError"`,
		417: `"exc_type":"ValidationError"`, 502: "<h1>502 Bad Gateway</h1>", 504: "<h1>504 Gateway Time-out</h1>",
	} {
		b.site.Fault().Fail(simkit.Fault{Status: status})
		a := b.as(hub, "POST", "/api/resource/Lieu", `{"label":"fault"}`)
		if a.status != status || !strings.Contains(a.text, want) {
			t.Errorf("fault %d: %d %s", status, a.status, a.text)
		}
		if status == 429 && a.header.Get("Retry-After") == "" {
			t.Error("429 comes with Retry-After")
		}
	}
	if all, err := b.site.All("Lieu", map[string]any{"label": "fault"}); err != nil || len(all) != 0 {
		t.Errorf("faults do nothing: %v %v", all, err)
	}
	server := httptest.NewServer(b.site)
	defer server.Close()
	post := func() error {
		r, err := http.NewRequest("POST", server.URL+"/api/resource/Lieu", strings.NewReader(`{"label":"fault"}`))
		b.must(err)
		r.Header.Set("Authorization", "token "+hub)
		r.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(r)
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			err = errors.Join(err, res.Body.Close())
		}
		return err
	}
	for _, c := range []struct {
		fault simkit.Fault
		docs  int
	}{{simkit.Fault{DropBefore: true}, 0}, {simkit.Fault{DropAfterCommit: true}, 1}} {
		b.site.Fault().Fail(c.fault)
		if err := post(); err == nil {
			t.Errorf("%+v: the connection was not cut", c.fault)
		}
		if all, err := b.site.All("Lieu", map[string]any{"label": "fault"}); err != nil || len(all) != c.docs {
			t.Errorf("%+v: %d documents (%v), want %d", c.fault, len(all), err, c.docs)
		}
	}
	if state := b.as(hub, "GET", "/_sim/state", ""); !strings.Contains(state.text, `"Lieu":3`) {
		t.Errorf("state: %s", state.text)
	}
}

func TestPostgresTraits(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{Database: erpnextsim.Postgres})
	b.put("Lieu", map[string]any{"label": "A", "serial": "s1"})
	a := b.as(hub, "POST", "/api/resource/Lieu", `{"label":"B","serial":"s1"}`)
	if a.status != 417 || a.messages(t) != nil {
		t.Errorf("a unique violation has no message: %s", a.text)
	}
	b.call(200, "POST", "/api/resource/Lieu", `{"label":"B","serial":"S1"}`) // case matters
	b.call(404, "GET", "/api/resource/Lieu/loc-00001", "")
	b.site.Fault().Fail(simkit.Fault{Status: 500})
	if a := b.as(hub, "GET", "/api/resource/Lieu", ""); a.body["exc_type"] != "SerializationFailure" {
		t.Errorf("concurrent writers: %s", a.text)
	}
}
