package access_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestWhereAProofMayStand(t *testing.T) {
	t.Parallel()
	g := guard(t, settings(hs("k1", 'a')), nil)
	tech, claims := mint(t, g, access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
	accept, _ := mint(t, g, access.Grant{Audience: access.Accept, Subject: "SAL-QTN-1"})
	staff, _ := mint(t, g, access.Grant{Audience: access.Staff, Subject: "ann"})
	cookie := func(audience access.Audience, token string) *http.Cookie {
		return access.Cookie(audience, token, claims.Expires, true)
	}
	for _, test := range []struct {
		name   string
		role   hub.Role
		build  func(*http.Request)
		enters bool
	}{
		{"cookie of a technician", hub.RoleTechnician, func(r *http.Request) { r.AddCookie(cookie(access.Technician, tech)) }, true},
		{"second cookie of that name", hub.RoleTechnician, func(r *http.Request) {
			r.AddCookie(cookie(access.Technician, "planted"))
			r.AddCookie(cookie(access.Technician, tech))
		}, true},
		{"third cookie of that name", hub.RoleTechnician, func(r *http.Request) {
			r.AddCookie(cookie(access.Technician, "planted"))
			r.AddCookie(cookie(access.Technician, "planted"))
			r.AddCookie(cookie(access.Technician, tech))
		}, false},
		{"cookie of a customer", hub.RoleCustomer, func(r *http.Request) { r.AddCookie(cookie(access.Accept, accept)) }, true},
		{"path", hub.RoleTechnician, func(r *http.Request) { r.SetPathValue("jwt", tech) }, true},
		{"path beats cookie", hub.RoleTechnician, func(r *http.Request) {
			r.SetPathValue("jwt", "x")
			r.AddCookie(cookie(access.Technician, tech))
		}, false},
		{"header beats cookie", hub.RoleTechnician, func(r *http.Request) {
			r.Header.Set("Authorization", "Basic eDp5")
			r.AddCookie(cookie(access.Technician, tech))
		}, false},
		{"cookie of another audience", hub.RoleTechnician, func(r *http.Request) { r.AddCookie(cookie(access.Accept, tech)) }, false},
		{"staff by cookie", hub.RoleStaff, func(r *http.Request) { r.AddCookie(cookie(access.Staff, staff)) }, false},
		{"staff by path", hub.RoleStaff, func(r *http.Request) { r.SetPathValue("jwt", staff) }, false},
		{"service by path", hub.RoleService, func(r *http.Request) { r.SetPathValue("jwt", "invented-cron-token") }, false},
		{"signed", hub.RoleSigned, func(*http.Request) {}, false},
		{"public", hub.RolePublic, func(*http.Request) {}, true},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		test.build(r)
		if _, err := g.Verify(r.Context(), r, test.role); test.enters != (err == nil) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if c := cookie(access.Technician, tech); !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Valid() != nil {
		t.Errorf("cookie: %+v", c)
	}
}

func TestMeThroughTheEdge(t *testing.T) {
	t.Parallel()
	g := guard(t, settings(hs("k1", 'a')), nil)
	s, err := web.NewServer(web.Config{}, web.Deps{Verifier: g})
	if err != nil {
		t.Fatal(err)
	}
	g.Mount(s.Router())
	staff, claims := mint(t, g, access.Grant{Audience: access.Staff, Subject: "ann@example.com", Expires: time.Now().Add(time.Hour)})
	for _, test := range []struct {
		token  string
		status int
		want   access.Me
	}{
		{staff, 200, access.Me{Role: hub.RoleStaff, ID: "ann@example.com", Scopes: []string{}, Expires: &claims.Expires}},
		{"invented-cron-token", 200, access.Me{Role: hub.RoleService, ID: "cron", Scopes: []string{"schedule.run", "links.mint"}}},
		{"nonsense", 401, access.Me{}},
		{"", 401, access.Me{}},
	} {
		r := httptest.NewRequest("GET", "/auth/me", nil)
		r.Header.Set("Authorization", "Bearer "+test.token)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		want, err := json.Marshal(test.want)
		if err != nil {
			t.Fatal(err)
		}
		if w.Code != test.status || test.status == 200 && strings.TrimSpace(w.Body.String()) != string(want) {
			t.Errorf("%q: %d %s, want %s", test.token, w.Code, w.Body, want)
		}
		if test.token != "" && test.status != 200 && strings.Contains(w.Body.String(), test.token) {
			t.Errorf("the answer repeats the token: %s", w.Body)
		}
	}
}
