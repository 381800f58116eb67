package erpnextsim_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// browser keeps the sid like a browser does.
type browser struct {
	*bench
	sid string
}

func (u *browser) do(method, path, body string, headers ...string) answer {
	u.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", jsonKind)
	r.Header.Set("Accept", jsonKind)
	if u.sid != "" {
		r.AddCookie(&http.Cookie{Name: "sid", Value: u.sid})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return u.send(r)
}

func (u *browser) login(user, password string) answer {
	u.Helper()
	a := u.do("POST", "/api/method/login", `{"usr":"`+user+`","pwd":"`+password+`"}`)
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == "sid" {
			u.sid = c.Value
		}
	}
	return a
}

func TestSession(t *testing.T) {
	t.Parallel()
	for profile, home := range map[erpnextsim.Profile]string{erpnextsim.V15: "/app", erpnextsim.V16: "/desk"} {
		b := open(t, erpnextsim.Options{Profile: profile})
		u := &browser{bench: b}
		a := u.login("hub@example.com", "hubsecret")
		if want := `{"message":"Logged In","home_page":"` + home + `","full_name":"hub"}`; a.text != want || len(u.sid) != 56 {
			t.Fatalf("%s: %s %q, want %s", profile, a.text, u.sid, want)
		}
		whoami := "/api/method/frappe.auth.get_logged_user"
		if a := u.do("GET", whoami, ""); a.text != `{"message":"hub@example.com"}` {
			t.Errorf("the cookie: %s", a.text)
		}
		if a := b.as(nobody, "GET", whoami+"?sid="+u.sid, ""); a.text != `{"message":"hub@example.com"}` {
			t.Errorf("the parameter: %s", a.text)
		}
		if a := u.do("GET", whoami, "", "Authorization", "token "+seller); a.text != `{"message":"hub@example.com"}` {
			t.Errorf("a session comes before a key: %s", a.text)
		}
		if a := u.do("GET", whoami, "", "Authorization", "token "+wrong); a.status != 401 {
			t.Errorf("a wrong key fails with a session too: %d", a.status)
		}
		b.month()
		a = u.do("GET", whoami, "")
		if a.status != 403 || !strings.HasPrefix(a.text, `{"session_expired":1,`) || a.header.Values("Set-Cookie")[len(a.header.Values("Set-Cookie"))-1] == "" {
			t.Errorf("after a month: %d %s", a.status, a.text)
		}
		u.login("hub@example.com", "hubsecret")
		if a := u.do("POST", "/api/method/logout", ""); a.text != `{"message":"No App","home_page":"/login","full_name":"Guest"}` {
			t.Errorf("logout: %s", a.text)
		}
		if a := u.do("GET", whoami, ""); a.status != 403 || a.body["session_expired"] != 1.0 {
			t.Errorf("after the logout: %d %s", a.status, a.text)
		}
	}
}

func TestSessionsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "site.db")
	open := func() *bench {
		site, err := erpnextsim.New(erpnextsim.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		return &bench{T: t, site: site}
	}
	b := open()
	b.must(b.site.AddUser("hub@example.com", "hubkey", "hubsecret", "System Manager"))
	u := &browser{bench: b}
	u.login("hub@example.com", "hubsecret")
	b.must(b.site.Close())
	u.bench = open()
	if a := u.do("GET", "/api/method/frappe.auth.get_logged_user", ""); a.text != `{"message":"hub@example.com"}` {
		t.Errorf("after a restart: %s", a.text)
	}
	u.must(u.site.Close())
}

func TestCSRF(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	u := &browser{bench: b}
	u.login("hub@example.com", "hubsecret")
	create := func(headers ...string) answer { return u.do("POST", "/api/resource/Lieu", `{"label":"x"}`, headers...) }
	if a := create(); a.status != 200 {
		t.Fatalf("before a page was seen nothing is asked for: %d %s", a.status, a.text)
	}
	page := u.do("GET", "/app", "").text
	_, token, _ := strings.Cut(page, `csrf_token = "`)
	token, _, _ = strings.Cut(token, `"`)
	if len(token) != 56 {
		t.Fatalf("no token in %s", page)
	}
	if a := create(); a.status != 400 || !strings.HasPrefix(a.text, `{"exc_type":"CSRFTokenError","_server_messages"`) {
		t.Errorf("without the token: %d %s", a.status, a.text)
	}
	if a := create("X-Frappe-CSRF-Token", token); a.status != 200 {
		t.Errorf("with it: %d %s", a.status, a.text)
	}
	if a := u.do("POST", "/api/resource/Lieu", `{"label":"y","csrf_token":"`+token+`"}`); a.status != 200 {
		t.Errorf("as a parameter: %d %s", a.status, a.text)
	}
	if a := u.do("GET", "/api/resource/Lieu", ""); a.status != 200 {
		t.Errorf("reading: %d", a.status)
	}
	b.site.Configure(func(c *erpnextsim.Settings) { c.AllowedReferrers = []string{"https://ops.example.com"} })
	if a := create("Origin", "https://ops.example.com"); a.status != 200 {
		t.Errorf("from a trusted page: %d", a.status)
	}
	b.site.Configure(func(c *erpnextsim.Settings) { c.IgnoreCSRF = true })
	if a := create(); a.status != 200 {
		t.Errorf("switched off: %d", a.status)
	}
}

func TestFailedLogins(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{Profile: erpnextsim.V15})
	u := &browser{bench: b}
	if a := u.login("hub@example.com", "wrong"); a.status != 401 || !strings.HasPrefix(a.text,
		`{"message":"Invalid login credentials","exception":"frappe.exceptions.AuthenticationError","exc_type":"AuthenticationError","exc":`) || a.header["Set-Cookie"] != nil {
		t.Errorf("a wrong password: %d %s %v", a.status, a.text, a.header)
	}
	if a := u.login("hub@example.com", ""); a.body["message"] != "Incomplete login details" {
		t.Errorf("no password: %s", a.text)
	}
	b.put("User", map[string]any{"name": "sale@example.com", "enabled": 0})
	if a := u.login("sale@example.com", "salesecret"); a.body["message"] != "User disabled or missing" {
		t.Errorf("a disabled user: %s", a.text)
	}
	if a := b.as(seller, "GET", "/api/method/frappe.auth.get_logged_user", ""); a.status != 200 {
		t.Errorf("the older release takes the key of a disabled user: %d", a.status)
	}
	for range 10 {
		u.login("hub@example.com", "wrong")
	}
	if a := u.login("hub@example.com", "hubsecret"); a.status != 500 || a.body["exc_type"] != "SecurityException" {
		t.Errorf("after too many failures: %d %s", a.status, a.text)
	}
}

func TestOtherKeys(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	whoami := func(headers ...string) answer {
		return (&browser{bench: b}).do("GET", "/api/method/frappe.auth.get_logged_user", "", headers...)
	}
	b.put("OAuth Client", map[string]any{"name": "cli", "app_name": "App", "scopes": "all openid", "default_redirect_uri": "https://a.example.com"})
	for token, status := range map[string]string{"good": "Active", "gone": "Revoked"} {
		b.put("OAuth Bearer Token", map[string]any{"access_token": token, "client": "cli", "user": "hub@example.com", "scopes": "all",
			"status": status, "expiration_time": "2026-03-11 09:00:00"})
	}
	if a := whoami("Authorization", "Bearer good"); a.text != `{"message":"hub@example.com"}` {
		t.Errorf("a token: %s", a.text)
	}
	a := whoami("Authorization", "Bearer gone")
	cookies := a.header.Values("Set-Cookie")
	if a.status != 401 || !strings.HasPrefix(cookies[0], "sid=Guest;") || !strings.HasPrefix(cookies[len(cookies)-1], "user_lang=; Expires=") {
		t.Errorf("a revoked token: %d, cookies %q", a.status, cookies)
	}
	b.month()
	if a := whoami("Authorization", "Bearer good"); a.status != 401 {
		t.Errorf("an old token: %d", a.status)
	}
	b.must(b.site.Import([]byte(`[{"doctype":"DocType","name":"Device Key","module":"FSM","autoname":"field:label","fields":[
		{"fieldname":"label","label":"Label","fieldtype":"Data"},{"fieldname":"enabled","label":"Enabled","fieldtype":"Check","default":"1"},
		{"fieldname":"user","label":"User","fieldtype":"Link","options":"User"},
		{"fieldname":"api_key","label":"Key","fieldtype":"Data"},{"fieldname":"api_secret","label":"Secret","fieldtype":"Password"}]}]`)))
	b.put("Device Key", map[string]any{"label": "d", "user": "sale@example.com", "api_key": "dk", "api_secret": "ds", "enabled": 1})
	if a := whoami("Authorization", "token dk:ds", "Frappe-Authorization-Source", "Device Key"); a.text != `{"message":"sale@example.com"}` {
		t.Errorf("a key of another doctype: %s", a.text)
	}
	if a := whoami("Authorization", "token dk:ds", "Frappe-Authorization-Source", "Nothing"); a.status != 403 {
		t.Errorf("a source that is not there: %d %s", a.status, a.text)
	}
	if a := whoami("Authorization", "token dk:ds", "Frappe-Authorization-Source", "Item"); a.status != 500 || a.body["exc_type"] != "OperationalError" {
		t.Errorf("a source without keys: %d %s", a.status, a.text)
	}
	got := whoami("Authorization", "token "+hub, "Cookie", "full_name=Guest; user_id=Guest; system_user=no; user_lang=en").header.Values("Set-Cookie")
	if len(got) != 1 || !strings.HasPrefix(got[0], "sid=Guest; Expires=") || !strings.Contains(got[0], "Max-Age=612000; HttpOnly; Path=/; SameSite=Lax") {
		t.Errorf("the newer release sends what the browser lacks: %q", got)
	}
}
