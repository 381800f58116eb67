package paper_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"image/png"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const signedIn = "Cookie: targo_tech=good"

func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(body), "&#43;", "+")
}

// TestPages reads every page as a browser without scripts does.
func TestPages(t *testing.T) {
	t.Parallel()
	base := newOffice().open(t).URL
	for _, test := range []struct {
		path, cache string
		want        []string
	}{
		{"/j/", "private, no-cache", []string{"Prochain travail", "08:30–10:30", "&lt;b&gt;sonner&lt;/b&gt;", `href="tel:+14185550134"`, "maps.example.com", "En retard", "Terminé", "/j/job/DJ-3"}},
		{"/j/job/DJ-1", "private, no-cache", []string{"Code 0000", `value="En Route"`, "Puissance mesurée", "Client averti hier", `src="/field/photos/DJ-1/PH-1"`, "Avant\u00a0: Façade", "23 novembre 2026, 08\u00a0h\u00a020", "routeur Nordlys R2", "fibre (FTTH)", "1</strong> × Câble", "NR2000123", "Câble SC/APC", "418 555-0134", `data-modified="2026-11-23`}},
		{"/j/job/DJ-4", "private, no-cache", []string{"Relevé de site", "Terminé"}},
		{"/j/scan", "private, no-cache", []string{"<noscript>", "Ou tapez le code"}},
		{"/j/device/NR2", "no-store", []string{"&lt;essai&gt;", "Mot de passe Wi-Fi", "information ancienne (à 08\u00a0h\u00a000)", "Rien à montrer", "Pas de réponse"}},
		{"/j/offline", "no-store", []string{"Pas de réseau"}},
	} {
		resp := ask(t, "GET", base+test.path, "", signedIn)
		body := text(t, resp)
		if resp.StatusCode != 200 || resp.Header.Get("Cache-Control") != test.cache || resp.Header.Get("Content-Language") != "fr" {
			t.Errorf("%s: %d, %q, in %q", test.path, resp.StatusCode, resp.Header.Get("Cache-Control"), resp.Header.Get("Content-Language"))
		}
		for _, want := range test.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %q", test.path, want)
			}
		}
		if found := regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|<script>|ZgotmplZ|no value`).FindString(body); found != "" {
			t.Errorf("%s holds %q", test.path, found)
		}
	}
	if body := text(t, ask(t, "GET", base+"/j/job/DJ-4", "", signedIn)); strings.Count(body, `method="post"`) != 1 || !strings.Contains(body, `id="note-form"`) {
		t.Error("what is done can be changed, or takes no note")
	}
	for path, want := range map[string]int{"/j/job/DJ-9": 404, "/j/job/DJ-FOREIGN": 403} {
		resp := ask(t, "GET", base+path, "", signedIn)
		if body := text(t, resp); resp.StatusCode != want || resp.Header.Get("Cache-Control") != "no-store" || !strings.Contains(body, `id="missing"`) || !strings.Contains(body, `href="/j/"`) {
			t.Errorf("%s: %d, %q: %s", path, resp.StatusCode, resp.Header.Get("Cache-Control"), body)
		}
	}
}

// TestLink opens a link as scanners do, then as the technician does.
func TestLink(t *testing.T) {
	t.Parallel()
	base := newOffice().open(t).URL
	for _, method := range []string{"GET", "HEAD", "GET"} {
		resp := ask(t, method, base+"/j/good", "")
		if body := text(t, resp); resp.StatusCode != 200 || resp.Header.Get("Set-Cookie") != "" ||
			method == "GET" && (strings.Count(body, "<button") != 1 || strings.Contains(body, "Tremblay") || strings.Contains(body, "<script")) {
			t.Errorf("%s: %d, cookie %q: %s", method, resp.StatusCode, resp.Header.Get("Set-Cookie"), body)
		}
	}
	resp := ask(t, "POST", base+"/j/good", "x=1")
	cookie := strings.Join(resp.Header.Values("Set-Cookie"), "; ")
	if resp.StatusCode != 303 || resp.Header.Get("Location") != "/j/" || !strings.Contains(cookie, "targo_tech=good; Path=/") || !strings.Contains(cookie, "HttpOnly; SameSite=Lax") {
		t.Errorf("exchange: %d to %q with %q", resp.StatusCode, resp.Header.Get("Location"), cookie)
	}
	resp = ask(t, "POST", base+"/j/good", "x=1", "Sec-Fetch-Site: cross-site")
	if body := text(t, resp); resp.StatusCode != 200 || !strings.Contains(body, `id="open-day"`) || strings.Contains(strings.Join(resp.Header.Values("Set-Cookie"), ";"), "targo_tech") {
		t.Errorf("from another site: %d, %v", resp.StatusCode, resp.Header)
	}
	if resp := ask(t, "GET", base+"/t/good", ""); resp.StatusCode != 308 || resp.Header.Get("Location") != "/j/good" {
		t.Errorf("old link: %d to %q", resp.StatusCode, resp.Header.Get("Location"))
	}
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/j/ended": {410, "Ce lien est expiré"}, "/j/wrong": {401, "pas le bon"}, "/j/": {401, "Ouvrez le lien"}, "/j/job/DJ-1": {401, "Ouvrez le lien"},
	} {
		resp := ask(t, "GET", base+path, "")
		if body := text(t, resp); resp.StatusCode != want.status || !strings.Contains(body, want.text) || !strings.Contains(body, `href="/otp?purpose=tech"`) || !strings.Contains(body, `href="tel:+14185550100"`) {
			t.Errorf("%s: %d %s", path, resp.StatusCode, body)
		}
	}
}

// TestLanguages follows a choice of language from page to page.
func TestLanguages(t *testing.T) {
	t.Parallel()
	base := newOffice().open(t).URL
	for _, test := range []struct{ path, cookie, accept, want string }{
		{"/j/", "targo_tech=good", "", "fr"},
		{"/j/", "targo_tech=good", "en-CA", "en"},
		{"/j/", "targo_tech=english", "", "en"},
		{"/j/", "targo_tech=english", "es-MX", "en"},
		{"/j/", "targo_tech=english", "fr-CA", "fr"},
		{"/j/", "targo_tech=english; targo_lang=fr", "en", "fr"},
		{"/j/?lang=en", "targo_tech=good; targo_lang=fr", "fr", "en"},
	} {
		resp := ask(t, "GET", base+test.path, "", "Cookie: "+test.cookie, "Accept-Language: "+test.accept)
		if body := text(t, resp); resp.Header.Get("Content-Language") != test.want || !strings.Contains(body, map[string]string{"fr": "Ma journée", "en": "My day"}[test.want]) {
			t.Errorf("%+v: %q", test, resp.Header.Get("Content-Language"))
		}
	}
	if set := ask(t, "GET", base+"/j/?lang=en", "", signedIn).Header.Get("Set-Cookie"); !strings.HasPrefix(set, "targo_lang=en; Path=/j/; Max-Age=") {
		t.Errorf("the choice is kept as %q", set)
	}
}

// TestFirstView weighs all that a phone fetches to show the first page and to work
// in a dead zone.
func TestFirstView(t *testing.T) {
	t.Parallel()
	base := newOffice().open(t).URL
	fetch := func(path string) string {
		resp := ask(t, "GET", base+path, "", signedIn, "Accept-Encoding: gzip")
		raw := text(t, resp)
		if resp.StatusCode != 200 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
		return raw
	}
	plain := func(raw string) string {
		r, err := gzip.NewReader(strings.NewReader(raw))
		if err != nil {
			return raw
		}
		out, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	seen := map[string]bool{"/j/": true, "/j/sw.js": true, "/j/offline": true}
	page, worker := fetch("/j/"), fetch("/j/sw.js")
	weight := len(page) + len(worker) + len(fetch("/j/offline"))
	for _, link := range regexp.MustCompile(`"(/(?:j/)?assets/[^"]+|/j/manifest[^"]+)"`).FindAllStringSubmatch(plain(page)+plain(worker), -1) {
		if !seen[link[1]] {
			seen[link[1]] = true
			weight += len(fetch(strings.ReplaceAll(link[1], "&amp;", "&")))
		}
	}
	if len(seen) < 25 || weight > 60<<10 {
		t.Errorf("the first view is %d bytes in %d files", weight, len(seen))
	}
	t.Logf("first view: %d bytes in %d files", weight, len(seen))
}

// TestShell asks for the files of the app.
func TestShell(t *testing.T) {
	t.Parallel()
	base := newOffice().open(t).URL
	worker := text(t, ask(t, "GET", base+"/j/sw.js", ""))
	version := regexp.MustCompile(`const SHELL = "([0-9a-f]{12})"`).FindStringSubmatch(worker)
	if version == nil {
		t.Fatalf("no version in %.200s", worker)
	}
	for path, want := range map[string]string{version[1]: "public, max-age=31536000, immutable", "000000000000": "no-store"} {
		resp := ask(t, "GET", base+"/j/assets/"+path+"/app.js", "")
		if resp.StatusCode != 200 || resp.Header.Get("Cache-Control") != want || resp.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
			t.Errorf("version %s: %d %v", path, resp.StatusCode, resp.Header)
		}
	}
	if resp := ask(t, "GET", base+"/j/assets/"+version[1]+"/none.js", ""); resp.StatusCode != 404 {
		t.Errorf("a file that is not there: %d", resp.StatusCode)
	}
	var manifest struct {
		Name, Scope string
		StartURL    string `json:"start_url"`
		Icons       []struct{ Src, Sizes string }
	}
	if err := json.Unmarshal([]byte(text(t, ask(t, "GET", base+"/j/manifest.webmanifest?lang=en", ""))), &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest.Name != "Fibre d'essai · My day" || manifest.Scope != "/j/" || manifest.StartURL != "/j/" || len(manifest.Icons) != 3 {
		t.Errorf("manifest %+v", manifest)
	}
	for _, icon := range manifest.Icons {
		picture, err := png.DecodeConfig(strings.NewReader(text(t, ask(t, "GET", base+icon.Src, ""))))
		if err != nil || !strings.HasPrefix(icon.Sizes, map[int]string{192: "192x192", 512: "512x512"}[picture.Width]) || picture.Width != picture.Height {
			t.Errorf("icon %+v is %dx%d, %v", icon, picture.Width, picture.Height, err)
		}
	}
}

// TestHouseRulesOfScripts: one story a file, and no way for text to become markup.
func TestHouseRulesOfScripts(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("assets/*.js")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(body, []byte("\n")); lines > 200 {
			t.Errorf("%s has %d lines", name, lines)
		}
		if found := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setHTML|\.style\b`).Find(body); found != nil {
			t.Errorf("%s uses %s", name, found)
		}
	}
}

// TestWords compares the languages with each other and with the pages.
func TestWords(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		body, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	var fr, en map[string]string
	if json.Unmarshal([]byte(read("words/fr.json")), &fr) != nil || json.Unmarshal([]byte(read("words/en.json")), &en) != nil {
		t.Fatal("the words cannot be read")
	}
	for key := range fr {
		if en[key] == "" || fr[key] == "" {
			t.Errorf("%q is missing or empty in a language", key)
		}
	}
	if len(fr) != len(en) {
		t.Errorf("%d words in French, %d in English", len(fr), len(en))
	}
	keys := func(name string) string {
		return strings.Join(regexp.MustCompile(`[\w"]+( \w+"?)?:`).FindAllString(regexp.MustCompile(`"[^"]*"[,\]} \n]`).ReplaceAllString(read(name), ""), -1), " ")
	}
	if f, e := keys("assets/words.fr.js"), keys("assets/words.en.js"); f != e {
		t.Errorf("words of the scripts:\n%s\n%s", f, e)
	}
}
