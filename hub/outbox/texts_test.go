package outbox_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox"
)

func TestTextsInBothLanguages(t *testing.T) {
	t.Parallel()
	texts, err := outbox.ParseTexts(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]any{"name": "Ann", "url": "https://x.example/1"}
	for _, c := range []struct {
		channel       outbox.Channel
		lang          hub.Lang
		subject, body string
	}{
		{outbox.SMS, hub.French, "", "Bonjour Ann, votre lien : https://x.example/1"},
		{outbox.SMS, "", "", "Bonjour Ann, votre lien : https://x.example/1"},
		{outbox.SMS, hub.English, "", "Hello Ann, your link: https://x.example/1"},
		{outbox.Email, hub.French, "Votre lien, Ann", "Bonjour Ann,\n\nVoici : https://x.example/1"},
		{outbox.Email, hub.English, "Your link, Ann", "Hello Ann,\n\nHere it is: https://x.example/1"},
	} {
		subject, body, err := texts.Render("link", c.channel, c.lang, vars)
		if err != nil || subject != c.subject || body != c.body {
			t.Errorf("%s %s: %q, %q, %v", c.channel, c.lang, subject, body, err)
		}
	}
	if diff := cmp.Diff([]string{"link"}, texts.Names(outbox.Email)); diff != "" {
		t.Error(diff)
	}
}

func TestValuesOfATextMustBeGiven(t *testing.T) {
	t.Parallel()
	texts, err := outbox.ParseTexts(os.DirFS("testdata"))
	if err != nil {
		t.Fatal(err)
	}
	for name, vars := range map[string]map[string]any{
		"none": nil, "one missing": {"name": "Ann"}, "one null": {"name": nil, "url": "u"},
	} {
		if _, body, err := texts.Render("link", outbox.SMS, hub.French, vars); !hub.IsKind(err, hub.Invalid) {
			t.Errorf("%s: %q, %v", name, body, err)
		}
	}
	subject, body, err := texts.Render("link", outbox.Email, hub.English,
		map[string]any{"name": "Ann\r\nBcc: z@example.com", "url": "u"})
	if err != nil || subject != "Your link, Ann Bcc: z@example.com" || !strings.HasPrefix(body, "Hello Ann") {
		t.Errorf("a line break in a value gave %q, %q, %v", subject, body, err)
	}
}

func TestWrongTextFilesAreAllNamed(t *testing.T) {
	t.Parallel()
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	_, err := outbox.ParseTexts(fstest.MapFS{
		"texts/alone.sms.fr.txt": file("Bonjour"),
		"texts/a.fax.fr.txt":     file("x"),
		"texts/b.sms.de.txt":     file("x"),
		"texts/c.email.fr.txt":   file("Bonjour"),
		"texts/d.sms.fr.txt":     file("{{.x"),
	})
	if err == nil {
		t.Fatal("nothing was found wrong")
	}
	for _, name := range []string{"alone.sms", "a.fax.fr", "b.sms.de", "c.email.fr", "d.sms.fr"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
	if _, err := outbox.ParseTexts(fstest.MapFS{}); err == nil {
		t.Error("no texts at all is no mistake")
	}
}
