package footer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/footer"
)

func TestSMS(t *testing.T) {
	t.Parallel()
	for lang, want := range map[hub.Lang]string{
		hub.French:  "Nouveau forfait\nGigafibre. ARRET pour ne plus recevoir",
		hub.English: "Nouveau forfait\nGigafibre. Reply STOP to opt out",
	} {
		got := footer.SMS("Nouveau forfait \n", "Gigafibre", lang)
		if got != want || hub.MeasureSMS(got).Encoding != hub.GSM7 {
			t.Errorf("%q", got)
		}
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	const who = "Gigafibre <inc.>, 1 rue Inventée"
	for name, c := range map[string]struct {
		mail        footer.Mail
		unsubscribe string
		lang        hub.Lang
		want        footer.Mail
	}{
		"an address": {
			footer.Mail{Text: "Bonjour"}, "stop@example.com", hub.French,
			footer.Mail{Text: "Bonjour\n\n-- \n" + who + "\nPour ne plus recevoir nos offres : stop@example.com\n"},
		},
		"a link": {
			footer.Mail{Text: "Hello", HTML: "<body>Hello</BODY></html>"}, "https://example.com/u?a=1&b=2", hub.English,
			footer.Mail{
				Text: "Hello\n\n-- \n" + who + "\nTo stop receiving our offers: https://example.com/u?a=1&b=2\n",
				HTML: `<body>Hello<hr><p>Gigafibre &lt;inc.&gt;, 1 rue Inventée<br>To stop receiving our offers: ` +
					`<a href="https://example.com/u?a=1&amp;b=2">unsubscribe</a></p></BODY></html>`,
			},
		},
		"no body tag": {
			footer.Mail{Text: "x", HTML: "<p>x</p>"}, "stop@example.com", hub.French,
			footer.Mail{
				Text: "x\n\n-- \n" + who + "\nPour ne plus recevoir nos offres : stop@example.com\n",
				HTML: `<p>x</p><hr><p>Gigafibre &lt;inc.&gt;, 1 rue Inventée<br>Pour ne plus recevoir nos offres : ` +
					`<a href="mailto:stop@example.com">me désabonner</a></p>`,
			},
		},
	} {
		if diff := cmp.Diff(c.want, c.mail.Closed(who, c.unsubscribe, c.lang)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if diff := cmp.Diff(map[string]string{"List-Unsubscribe": "<mailto:stop@example.com>"}, footer.Headers("stop@example.com")); diff != "" {
		t.Error(diff)
	}
}
