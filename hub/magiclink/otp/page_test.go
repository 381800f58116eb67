package otp_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/magiclink/otp"
)

// form sends a form of the page.
func (d *door) form(path string, fields map[string]string) reply {
	d.tb.Helper()
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	return d.do(http.MethodPost, path, []byte(values.Encode()), map[string]string{"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": home, "Accept": "text/html"})
}

// action is where a form of the page goes.
var action = regexp.MustCompile(`<form method="post" action="([^"]+)"`)

// TestPage: a technician comes in by the page alone, without JavaScript: number, code,
// cookie, work.
func TestPage(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	page := d.do(http.MethodGet, "/otp?purpose=tech", nil, map[string]string{"Accept": "text/html"})
	path := strings.ReplaceAll(action.FindStringSubmatch(page.body)[1], "&amp;", "&")
	if page.status != http.StatusOK || !strings.Contains(page.body, `<html lang="fr">`) || strings.Contains(page.body, "<script") {
		t.Fatalf("%d %s", page.status, page.body)
	}
	asked := d.form(path, map[string]string{"identifier": "514 555-0101"})
	for _, want := range []string{`autocomplete="one-time-code"`, `inputmode="numeric"`, `value="514 555-0101"`, `role="status"`, `<label for="code">`} {
		if asked.status != http.StatusOK || !strings.Contains(asked.body, want) {
			t.Errorf("%d, without %s", asked.status, want)
		}
	}
	d.idle()
	code := anyCode.FindString(d.messages()[0].Body)
	in := d.form(path, map[string]string{"step": "verify", "identifier": "514 555-0101", "code": " " + code[:3] + " " + code[3:]})
	if in.status != http.StatusSeeOther || in.head.Get("Location") != "/j/" || in.head.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", in.status, in.head)
	}
	cookie := in.head.Get("Set-Cookie")
	for _, want := range []string{"targo_tech=", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie %q without %s", cookie, want)
		}
	}
	token, _, _ := strings.Cut(strings.TrimPrefix(cookie, "targo_tech="), ";")
	if claims := d.claims(token, access.Technician); claims.Subject != "T1" {
		t.Errorf("%+v", claims)
	}
}

// TestPageSaysWhatIsWrong: in words, in both languages, beside the field, and with
// what was typed still there.
func TestPageSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, c := range []struct {
		fields map[string]string
		status int
		fr, en string
	}{
		{map[string]string{"identifier": " "}, 422, "Inscrivez votre numéro", "Write your telephone number"},
		{map[string]string{"identifier": strings.Repeat("5", 300)}, 422, "Inscrivez votre numéro", "Write your telephone number"},
		{map[string]string{"identifier": "bonjour"}, 422, "ni un numéro", "neither a telephone number"},
		{map[string]string{"identifier": "5145550101", "step": "verify", "code": "12345"}, 422, "les six chiffres", "the six digits"},
		{map[string]string{"identifier": "5145550101", "step": "verify", "code": "123456"}, 401, "Ce code est erroné", "This code is wrong"},
		{map[string]string{"identifier": `"><script>alert(1)</script>`, "step": "verify", "code": "123456"}, 401, "Ce code est erroné", "This code is wrong"},
	} {
		for lang, want := range map[string]string{"fr": c.fr, "en": c.en} {
			got := d.form("/otp?lang="+lang, c.fields)
			for _, part := range []string{want, `role="alert"`, `aria-invalid="true"`, `<html lang="` + lang + `">`, "<h1>"} {
				if got.status != c.status || !strings.Contains(got.body, part) {
					t.Errorf("%v in %s: %d, without %q", c.fields, lang, got.status, part)
				}
			}
			if strings.Contains(got.body, "<script") || strings.Count(got.body, "<h1>") != 1 {
				t.Errorf("%v: %s", c.fields, got.body)
			}
		}
	}
	for range 21 {
		if got := d.form("/otp", map[string]string{"identifier": "5145550199"}); got.status == http.StatusTooManyRequests {
			if !strings.Contains(got.body, "Trop de demandes") {
				t.Errorf("%s", got.body)
			}
			return
		}
	}
	t.Error("asked 21 times and never told to wait")
}

// TestScannersOpenThePage: a hundred openings send nothing and store nothing.
func TestScannersOpenThePage(t *testing.T) {
	t.Parallel()
	s := &spy{}
	d := newDoor(t, s.on)
	for i := range 100 {
		got := d.do([]string{http.MethodGet, http.MethodHead}[i%2], "/otp?purpose=tech&identifier=5145550101&code=123456", nil, map[string]string{"Sec-Purpose": "prefetch"})
		if got.status != http.StatusOK || got.head.Get("Set-Cookie") != "" {
			t.Fatalf("%d %v", got.status, got.head)
		}
	}
	if did := s.took(); len(did) > 0 || len(d.idle()) > 0 {
		t.Errorf("it was written: %v", did)
	}
}

// TestWithoutERPNext: what cannot be says so in words.
func TestWithoutERPNext(t *testing.T) {
	t.Parallel()
	d := newDoor(t, func(deps *otp.Deps) { deps.ERPNext = nil })
	if got := d.send("tech", "5145550101"); got.status != http.StatusServiceUnavailable || got.Code != "part-off" {
		t.Errorf("%+v", got)
	}
	if got := d.verify("tech", "5145550101", "123456"); got.status != http.StatusServiceUnavailable || got.Code != "part-off" {
		t.Errorf("%+v", got)
	}
}

// TestWhomToCall: who does not get in finds the number of the office on the page,
// when there is one.
func TestWhomToCall(t *testing.T) {
	t.Parallel()
	for office, want := range map[string]string{"418 555-0100": `href="tel:&#43;14185550100">Appeler le bureau : 418 555-0100</a>`, "": ""} {
		d := newDoor(t, func(deps *otp.Deps) { deps.Office = office })
		for _, page := range []reply{
			d.do(http.MethodGet, "/otp", nil, map[string]string{"Accept": "text/html"}),
			d.form("/otp", map[string]string{"identifier": "5145550101", "step": "verify", "code": "123456"}),
		} {
			if strings.Contains(page.body, "call-office") != (want != "") || !strings.Contains(page.body, want) {
				t.Errorf("with the office %q: %s", office, page.body)
			}
		}
	}
}

// TestFormsOfOthers: another site has nobody's browser ask for codes or come in; a
// browser that says less of where a form is from is believed when it names us.
func TestFormsOfOthers(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for _, c := range []struct {
		header, value string
		ours          bool
	}{
		{"Sec-Fetch-Site", "cross-site", false},
		{"Sec-Fetch-Site", "same-site", false},
		{"Origin", "https://evil.example.com", false},
		{"Origin", "null", false},
		{"Sec-Fetch-Site", "same-origin", true},
		{"Origin", "https://hub.example.com", true},
		{"X-None", "", true},
	} {
		got := d.do(http.MethodPost, "/otp", []byte("identifier=5145550101"), map[string]string{
			"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": home, "Accept": "text/html", c.header: c.value,
		})
		if want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[c.ours]; got.status != want {
			t.Errorf("%s %q: %d, want %d", c.header, c.value, got.status, want)
		}
	}
	if states := d.idle(); len(states) != 3 {
		t.Errorf("stored %v", states)
	}
	if page := d.do(http.MethodGet, "/otp", nil, nil); page.head.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("browsers hide where the form is from: %v", page.head)
	}
}
