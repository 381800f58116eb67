package shell_test

import (
	"html/template"
	"strings"
	"testing"
	"testing/fstest"

	"gigafibre.ca/targo-hub/hub/web/shell"
)

func TestLayoutInBothLanguages(t *testing.T) {
	t.Parallel()
	s, err := shell.New()
	if err != nil {
		t.Fatal(err)
	}
	page := template.Must(template.New("p").Parse(`<p>{{.}}</p>`))
	for lang, want := range map[string][]string{
		"fr": {`<html lang="fr">`, "Aller au contenu", `href="?lang=en"`, "<p>a&lt;b</p>", "<title>Exemple</title>"},
		"en": {`<html lang="en">`, "Skip to content", `href="?lang=fr"`, "<p>a&lt;b</p>"},
	} {
		body, err := s.Render(shell.Frame{Lang: lang, Brand: "Exemple"}, page, "p", "a<b")
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(string(body), part) {
				t.Errorf("%s lacks %s: %s", lang, part, body)
			}
		}
	}
	if _, err := s.Render(shell.Frame{Lang: "fr", Brand: "Exemple"}, page, "absent", nil); err == nil {
		t.Error("an absent template was rendered")
	}
}

func TestAssetsAreAddressedByContent(t *testing.T) {
	t.Parallel()
	address := func(body string) string {
		a, err := shell.NewAssets("/x/", fstest.MapFS{"js/a.js": {Data: []byte(body)}, "b.svg": {Data: []byte("<svg/>")}})
		if err != nil {
			t.Fatal(err)
		}
		return a.URL("js/a.js")
	}
	one, two := address("1"), address("2")
	if one == two || one != address("1") || !strings.HasPrefix(one, "/x/js-a.") || !strings.HasSuffix(one, ".js") {
		t.Errorf("addresses %s and %s", one, two)
	}
	a, err := shell.NewAssets("/x", fstest.MapFS{"a.js": {Data: []byte("1")}})
	if err != nil {
		t.Fatal(err)
	}
	file, found := a.Find(strings.TrimPrefix(a.URL("a.js"), "/x/"))
	if !found || file.Type != "text/javascript; charset=utf-8" || string(file.Body) != "1" {
		t.Errorf("found %v %+v", found, file)
	}
	if _, found := a.Find("a.js"); found {
		t.Error("found without its hash")
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown asset has an address")
		}
	}()
	a.URL("b.js")
}
