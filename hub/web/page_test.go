package web_test

import (
	"encoding/json"
	"html"
	"html/template"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

const browser = "Accept: text/html"

func TestOwnPagesInBothLanguages(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{PublicURL: "https://hub.example.com"}, web.Deps{}, mountOrders)
	for _, test := range []struct{ path, fr, en string }{
		{"/docs", "Référence", "Reference"},
		{"/problems", "Toutes les erreurs", "All failures"},
		{"/problems/link-expired", "Lien expiré", "The link has expired"},
		{"/nowhere", "Introuvable", "Not found"},
	} {
		for lang, want := range map[string]string{"fr": test.fr, "en": test.en} {
			w := ask(h, "GET", test.path, "", browser, "Accept-Language: "+lang)
			body := w.Body.String()
			if !strings.Contains(body, want) || !strings.Contains(body, `<html lang="`+lang+`">`) || w.Header().Get("Content-Language") != lang {
				t.Errorf("%s in %s lacks %q: %s", test.path, lang, want, body)
			}
			if regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son[a-z]+=`).MatchString(body) {
				t.Errorf("%s holds inline code", test.path)
			}
		}
	}
}

func TestDocsShowWhatACallerNeeds(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{PublicURL: "https://hub.example.com"}, web.Deps{}, mountOrders)
	body := ask(h, "GET", "/docs", "", browser).Body.String()
	for _, want := range []string{
		"/orders/{id}", "Staff|Service", "Order something", "lines[].item", "What is ordered", "residential | commercial",
		`curl -X POST &#39;https://hub.example.com/orders/ID&#39;`, `-H &#34;Authorization: Bearer $TOKEN&#34;`, "/files/{rest}", "Take news",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the reference lacks %q", want)
		}
	}
}

func TestProblemsForPrograms(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, nil)
	var list struct {
		Items []struct{ Type, Code, Title string }
		Next  *string
	}
	if err := json.Unmarshal(ask(h, "GET", "/problems", "").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != len(hub.Problems()) || list.Next != nil || list.Items[0].Type != "/problems/internal" {
		t.Errorf("catalogue: %+v", list)
	}
	for _, item := range list.Items {
		if w := ask(h, "GET", item.Type, ""); w.Code != 200 || !strings.Contains(w.Body.String(), item.Code) {
			t.Errorf("%s: %d %s", item.Type, w.Code, w.Body)
		}
	}
	if w := ask(h, "GET", "/problems/unheard-of", ""); w.Code != 404 {
		t.Errorf("unknown code: %d", w.Code)
	}
	if w := ask(h, "GET", "/version", ""); strings.TrimSpace(w.Body.String()) != `{"version":"unknown","commit":"unknown","built":"unknown"}` {
		t.Errorf("version: %s", w.Body)
	}
}

func TestFeaturePages(t *testing.T) {
	t.Parallel()
	pages := template.Must(template.New("").Option("missingkey=error").Parse(`
{{define "letter.title"}}Lettre {{.Name}}{{end}}
{{define "letter.head"}}<script type="module" src="{{.Script}}"></script>{{end}}
{{define "letter"}}<h1>{{.Name}}</h1>{{end}}
{{define "bad"}}{{.Missing}}{{end}}`))
	h := edge(t, web.Config{}, web.Deps{Verifier: bearerRole{}}, func(r *web.Router) {
		assets, err := r.Assets("/letter/assets", fstest.MapFS{"js/sign.js": {Data: []byte("export {};")}})
		if err != nil {
			t.Fatal(err)
		}
		data := map[string]string{"Name": `<i>Ann & Bob</i>`, "Script": assets.URL("js/sign.js")}
		r.Handle("GET", "/letter/{jwt}", web.Customer, func(c echo.Context) error { return web.Page(c, http.StatusOK, pages, "letter", data) })
		r.Handle("GET", "/bad", web.Public, func(c echo.Context) error { return web.Page(c, http.StatusOK, pages, "bad", data) })
	})
	w := ask(h, "GET", "/letter/customer:C1", "", browser)
	body := w.Body.String()
	if w.Code != 200 || !strings.Contains(body, "<h1>&lt;i&gt;Ann &amp; Bob&lt;/i&gt;</h1>") || !strings.Contains(body, "<title>Lettre &lt;i&gt;") {
		t.Errorf("page: %d %s", w.Code, body)
	}
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("a page with a token in its path: %v", w.Header())
	}
	for _, link := range regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(body, -1) {
		asset := ask(h, "GET", link[1], "")
		if asset.Code != 200 || !strings.Contains(asset.Header().Get("Cache-Control"), "max-age=31536000") || asset.Body.Len() == 0 {
			t.Errorf("%s: %d %v", link[1], asset.Code, asset.Header())
		}
	}
	if !strings.Contains(body, "/letter/assets/js-sign.") || !strings.Contains(body, "/assets/hub.") {
		t.Errorf("links: %s", body)
	}
	if w := ask(h, "GET", "/bad", "", browser); w.Code != 500 || strings.Contains(w.Body.String(), "Missing") {
		t.Errorf("a broken template: %d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/assets/hub.000000000000.css", ""); w.Code != 404 {
		t.Errorf("an old asset: %d", w.Code)
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, func(r *web.Router) {
		r.Handle("GET", "/lang", web.Public, func(c echo.Context) error { return c.String(http.StatusOK, string(web.LangOf(c))) })
	})
	for _, test := range []struct{ query, accept, want string }{
		{"", "", "fr"},
		{"", "en-CA,en;q=0.9", "en"},
		{"", "fr-CA,en;q=0.9", "fr"},
		{"", "de", "fr"},
		{"?lang=en", "fr", "en"},
		{"?lang=fr", "en", "fr"},
		{"?lang=%00", "en", "fr"},
	} {
		if w := ask(h, "GET", "/lang"+test.query, "", "Accept-Language: "+test.accept); w.Body.String() != test.want {
			t.Errorf("%+v: %s", test, w.Body)
		}
	}
}

// People read what to do in their own language; details are for developers.
func TestProblemPagesSayWhatToDo(t *testing.T) {
	t.Parallel()
	for _, row := range hub.Problems() {
		h := edge(t, web.Config{}, web.Deps{}, failing(hub.Fail(row.Kind, row.Code, "An English detail.", nil)))
		for lang, help := range map[string]string{"fr": row.HelpFR, "en": row.HelpEN} {
			w := ask(h, "GET", "/fail?lang="+lang, "", browser)
			body := html.UnescapeString(w.Body.String())
			detailed := lang == "en" && row.Kind != hub.Internal // what broke on our side is told to nobody
			if !strings.Contains(body, help) || strings.Contains(body, "An English detail.") != detailed {
				t.Errorf("%s in %s: %s", row.Code, lang, body)
			}
		}
		if w := ask(h, "GET", "/fail", ""); row.Kind != hub.Internal && !strings.Contains(w.Body.String(), `"detail":"An English detail."`) {
			t.Errorf("%s for programs: %s", row.Code, w.Body)
		}
	}
}

func TestWhatBrowsersAskForUnbidden(t *testing.T) {
	t.Parallel()
	h := edge(t, web.Config{}, web.Deps{}, nil)
	if w := ask(h, "GET", "/", "", browser); w.Code != http.StatusFound || w.Header().Get("Location") != "/docs" {
		t.Errorf("/: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := ask(h, "GET", "/favicon.ico", ""); w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/svg+xml" || !strings.Contains(w.Body.String(), "<svg") {
		t.Errorf("/favicon.ico: %d %s", w.Code, w.Header().Get("Content-Type"))
	}
}
