package access_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/simkit"
)

var faulty = simkit.Fault{Status: http.StatusServiceUnavailable, Next: 100}

type issued struct {
	Token   string    `json:"token"`
	Expires time.Time `json:"expires_at"`
	Scopes  []string  `json:"scopes"`
}

func (h *house) token(headers http.Header) issued {
	h.Helper()
	w := h.ask(http.MethodPost, "/auth/token", "", headers)
	var got issued
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
		h.Fatalf("token: %d %s %v", w.Code, w.Body, w.Header())
	}
	return got
}

// audited compares what was written down, newest first: "actor action name".
func (h *house) audited(want ...string) {
	h.Helper()
	records, _, err := h.trail.Audits(h.Context(), keep.AuditFilter{Limit: 50})
	if err != nil {
		h.Fatal(err)
	}
	var got []string
	for _, r := range records {
		got = append(got, strings.TrimSpace(r.Actor+" "+r.Action+" "+r.Name))
	}
	if !slices.Equal(got, want) {
		h.Errorf("written down: %q, want %q", got, want)
	}
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func TestSessionBecomesAToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, settings(hs("k1", 'a')))
	got := h.token(h.session(h.staff, "ann"))
	if life := time.Until(got.Expires); life > 12*time.Hour || life < 12*time.Hour-time.Minute || got.Scopes == nil || len(got.Scopes) != 0 {
		t.Errorf("%+v", got)
	}
	h.wants("/office", bearer(got.Token), 200, "staff:ann@example.com") // also without the proxy
	again := h.token(bearer(got.Token))
	if again.Token == got.Token {
		t.Error("the same token came back")
	}
	h.wants("/office", bearer(again.Token), 200, "staff:ann@example.com")
	tech, _ := mint(t, h.guard, access.Grant{Audience: access.Technician, Subject: "TECH-1"})
	for name, headers := range map[string]http.Header{
		"nobody": nil, "technician": bearer(tech), "machine": bearer("invented-cron-token"), "customer": h.session(h.clients, "carl"),
	} {
		if w := h.ask(http.MethodPost, "/auth/token", "", headers); w.Code != 401 && w.Code != 403 {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	foreign := h.session(h.staff, "ann")
	foreign.Set("Origin", "https://evil.example")
	foreign.Set("Sec-Fetch-Site", "cross-site")
	if w := h.ask(http.MethodPost, "/auth/token", "", foreign); w.Code != 403 {
		t.Errorf("another site had a token made: %d", w.Code)
	}
	h.audited("staff:ann@example.com access.token ann@example.com", "staff:ann@example.com access.token ann@example.com")
}

func TestRenewedTokensEndWithTheSignIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, settings(hs("k1", 'a')))
	now := time.Now()
	for name, test := range map[string]struct {
		grant access.Grant
		ends  time.Time
	}{
		"fresh":    {access.Grant{TTL: time.Hour, Since: now}, now.Add(12 * time.Hour)},
		"six days": {access.Grant{TTL: time.Hour, Since: now.Add(-6*24*time.Hour - 18*time.Hour)}, now.Add(6 * time.Hour)},
		"too old":  {access.Grant{TTL: time.Hour, Since: now.Add(-8 * 24 * time.Hour)}, now.Add(time.Hour)},
		"long one": {access.Grant{TTL: 30 * 24 * time.Hour, Since: now.Add(-8 * 24 * time.Hour)}, now.Add(12 * time.Hour)},
		"scoped":   {access.Grant{TTL: time.Hour, Scopes: []string{"read"}}, now.Add(12 * time.Hour)},
	} {
		test.grant.Audience, test.grant.Subject = access.Staff, "ann"
		old, _ := mint(t, h.guard, test.grant)
		got := h.token(bearer(old))
		if d := got.Expires.Sub(test.ends); d > 2*time.Second || d < -2*time.Second {
			t.Errorf("%s ends %v, want %v", name, got.Expires, test.ends)
		}
		if !slices.Equal(got.Scopes, test.grant.Scopes) && len(got.Scopes)+len(test.grant.Scopes) > 0 {
			t.Errorf("%s may %v", name, got.Scopes)
		}
	}
}

func TestRevokeRoute(t *testing.T) {
	t.Parallel()
	h := newHouse(t, settings(hs("k1", 'a')))
	admin, _ := mint(t, h.guard, access.Grant{Audience: access.Staff, Subject: "boss"})
	victim := func() (string, access.Claims) {
		return mint(t, h.guard, access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
	}
	token, claims := victim()
	other, _ := victim()
	body := func(v map[string]string) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	post := func(status int, part string, headers http.Header, v map[string]string) {
		t.Helper()
		if w := h.ask(http.MethodPost, "/auth/revoke", body(v), headers); w.Code != status || !strings.Contains(w.Body.String(), part) || strings.Contains(w.Body.String(), token) {
			t.Errorf("%v: %d %s, want %d %s", v, w.Code, w.Body, status, part)
		}
	}
	h.wants("/field", bearer(token), 200, "technician:TECH-1")
	post(200, claims.ID, bearer(admin), map[string]string{"token": token})
	post(200, claims.ID, bearer(admin), map[string]string{"token": token}) // once more is the same
	h.wants("/field", bearer(token), 410, "link-expired")
	h.wants("/field", bearer(other), 200, "technician:TECH-1")

	code, err := h.guard.Keyring().Short(t.Context(), other, claims)
	if err != nil {
		t.Fatal(err)
	}
	h.wants("/link/"+code, nil, 200, "technician:TECH-1")
	post(200, "TECH-1", bearer(admin), map[string]string{"token": code})
	h.wants("/link/"+code, nil, 410, "link-expired")
	h.wants("/link/AAAAAAAAAAAAAAAA", nil, 401, "link-invalid")

	third, claims := victim()
	post(200, claims.ID, bearer(admin), map[string]string{"jti": claims.ID})
	h.wants("/field", bearer(third), 410, "link-expired")
	fourth, _ := victim()
	nextMillisecond()
	post(200, `"before":`, bearer(admin), map[string]string{"subject": "TECH-1", "audience": "tech"})
	h.wants("/field", bearer(fourth), 410, "link-expired")
	nextMillisecond()
	fifth, _ := victim()
	h.wants("/field", bearer(fifth), 200, "technician:TECH-1")

	for _, wrong := range []map[string]string{
		{}, {"subject": "TECH-1"}, {"audience": "tech"}, {"token": fifth, "jti": "x"}, {"token": fifth, "subject": "x", "audience": "tech"},
		{"subject": "TECH-1", "audience": "moon"}, {"token": "nonsense"}, {"jti": strings.Repeat("x", 200)},
	} {
		post(422, "invalid", bearer(admin), wrong)
	}
	post(403, "forbidden", bearer("invented-cron-token"), map[string]string{"jti": "x"}) // its scopes are others
	post(401, "unauthenticated", bearer("nonsense-nonsense"), map[string]string{"jti": "x"})
	post(401, "unauthenticated", bearer(fifth), map[string]string{"jti": "x"})
}

func TestSessionsAreRevokedToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, settings(hs("k1", 'a')))
	admin, _ := mint(t, h.guard, access.Grant{Audience: access.Staff, Subject: "boss"})
	ann := h.session(h.staff, "ann")
	token := h.token(ann)
	w := h.ask(http.MethodPost, "/auth/revoke", `{"subject":"ann@example.com","audience":"staff"}`, bearer(admin))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	h.wants("/office", ann, 401, "unauthenticated")
	h.wants("/both", ann, 401, "unauthenticated") // and not that the account is for something else
	h.wants("/office", bearer(token.Token), 401, "unauthenticated")
	h.wants("/both", bearer(token.Token), 401, "unauthenticated") // and no word of a link
	h.wants("/office", h.session(h.staff, "bob"), 200, "staff:bob@example.com")
	h.audited("staff:boss access.revoke ann@example.com", "staff:ann@example.com access.token ann@example.com")
}

func TestSigningOut(t *testing.T) {
	t.Parallel()
	cfg := settings(hs("k1", 'a'))
	cfg.LogoutURL, cfg.LogoutPaths = "https://auth.example.com/outpost.goauthentik.io/sign_out", []string{"/logout", "/auth/signout"}
	h := newHouse(t, cfg)
	for _, test := range []struct {
		method, path string
		header       string // that makes it something else than a person's wish
		revokes      bool
		status       int
	}{
		{"POST", "/auth/logout", "", true, 303}, {"GET", "/auth/logout", "", true, 303}, {"GET", "/logout", "", true, 303}, {"POST", "/auth/signout", "", true, 303},
		{"GET", "/auth/logout", "Sec-Purpose: prefetch;prerender", false, 204}, {"GET", "/auth/logout", "Purpose: prefetch", false, 204},
		{"GET", "/auth/logout", "Sec-Fetch-Site: same-site", true, 303}, {"GET", "/auth/logout", "Sec-Fetch-Site: cross-site", false, 200}, {"GET", "/logout", "Sec-Fetch-Site: cross-site", false, 200}, {"POST", "/auth/logout", "Sec-Fetch-Site: cross-site", false, 403},
	} {
		tech, _ := mint(t, h.guard, access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
		accept, _ := mint(t, h.guard, access.Grant{Audience: access.Accept, Subject: "SAL-QTN-1"})
		headers := http.Header{"Cookie": {"targo_tech=" + tech + "; targo_accept=" + accept}}
		if name, value, ok := strings.Cut(test.header, ": "); ok {
			headers.Set(name, value)
		}
		w := h.ask(test.method, test.path+"?next=https://evil.example/", "", headers)
		if w.Code != test.status || test.status == 303 && w.Header().Get("Location") != cfg.LogoutURL {
			t.Errorf("%s %s %s: %d to %q", test.method, test.path, test.header, w.Code, w.Header().Get("Location"))
		}
		if cleared := w.Result().Cookies(); (test.status == 303) != (len(cleared) == 3) || len(cleared) > 0 && (cleared[0].MaxAge >= 0 || cleared[0].Value != "") {
			t.Errorf("%s %s %s: cookies %v", test.method, test.path, test.header, cleared)
		}
		if test.revokes {
			h.wants("/field", bearer(tech), 410, "link-expired")
		} else {
			h.wants("/field", bearer(tech), 200, "technician:TECH-1")
		}
		h.wants("/mine", bearer(accept), 200, "customer") // a link to a document was sent to be opened again
	}
	tech, claims := mint(t, h.guard, access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
	code, err := h.guard.Keyring().Short(t.Context(), tech, claims)
	if err != nil {
		t.Fatal(err)
	}
	portal, _ := mint(t, h.guard, access.Grant{Audience: access.Portal, Subject: "CUST-1"})
	h.ask(http.MethodPost, "/auth/logout", "", http.Header{"Cookie": {"targo_portal=" + portal + "; targo_tech=" + code}})
	h.wants("/link/"+code, nil, 410, "link-expired") // both of them, and not just the one who was asked for first
	h.wants("/mine", bearer(portal), 410, "link-expired")
	ann := h.session(h.staff, "ann")
	h.ask(http.MethodGet, "/auth/logout", "", ann)
	h.wants("/office", ann, 401, "unauthenticated")
	h.wants("/office", h.session(h.staff, "ann"), 200, "staff:ann@example.com") // who signs in anew is in
	if w := h.ask(http.MethodGet, "/auth/logout", "", nil); w.Code != 303 {
		t.Errorf("who is not signed in: %d", w.Code)
	}
}

func TestSigningOutWithoutAnAddress(t *testing.T) {
	t.Parallel()
	bare := newHouse(t, settings(hs("k1", 'a')))
	if w := bare.ask(http.MethodGet, "/auth/logout", "", http.Header{"Sec-Fetch-Site": {"cross-site"}, "Accept-Language": {"en"}}); w.Code != 200 || !strings.Contains(w.Body.String(), `<a href="/auth/logout"`) {
		t.Errorf("sent by another site: %d %s", w.Code, w.Body)
	}
	if w := bare.ask(http.MethodGet, "/auth/logout", "", bare.session(bare.staff, "ann")); w.Code != 303 || w.Header().Get("Location") != "/outpost.goauthentik.io/sign_out" {
		t.Errorf("a session, without an address: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := bare.ask(http.MethodGet, "/auth/logout", "", nil); w.Code != 200 || !strings.Contains(w.Body.String(), "Vous êtes déconnecté") {
		t.Errorf("without an address: %d %s", w.Code, w.Body)
	}
}

// A scanner opens a link a hundred times before the person does: nothing is used
// up, and nothing was written down anywhere.
func TestLookingAtALinkLeavesNoTrace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, settings(hs("k1", 'a')))
	token, claims := mint(t, h.guard, access.Grant{Audience: access.Technician, Subject: "TECH-1", Job: "DJ-1"})
	watched := &watched{Values: h.store}
	g := guard(t, settings(hs("k1", 'a')), watched)
	for i := range 100 {
		r := httptest.NewRequest([]string{http.MethodGet, http.MethodHead}[i%2], "/link/"+token, nil)
		r.Header.Set("Sec-Purpose", "prefetch")
		r.SetPathValue("jwt", token)
		if _, err := g.Verify(r.Context(), r, hub.RoleTechnician); err != nil {
			t.Fatalf("look %d: %v", i, err)
		}
		h.wants("/link/"+token, nil, 200, "technician:TECH-1")
	}
	if watched.writes != 0 {
		t.Errorf("%d writes", watched.writes)
	}
	h.audited()
	if again, err := g.Keyring().Verify(t.Context(), token, access.Technician); err != nil || again.ID != claims.ID {
		t.Errorf("afterwards: %+v %v", again, err)
	}
}
