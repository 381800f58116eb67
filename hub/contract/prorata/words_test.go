package prorata

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

func TestSpans(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to erpnext.Date
		fr, en   string
	}{
		{"2026-11-24", "2026-11-30", "du 24 au 30~novembre 2026", "24–30~November 2026"},
		{"2026-11-01", "2026-11-30", "du 1er au 30~novembre 2026", "1–30~November 2026"},
		{"2026-11-30", "2026-11-30", "le 30~novembre 2026", "30~November 2026"},
		{"2026-12-01", "2026-12-01", "le 1er~décembre 2026", "1~December 2026"},
		{"2026-11-24", "2026-12-03", "du 24~novembre au 3~décembre 2026", "24~November – 3~December 2026"},
		{"2026-12-24", "2027-01-01", "du 24~décembre 2026 au 1er~janvier 2027", "24~December 2026 – 1~January 2027"},
		{"2026-03-07", "2026-03-09", "du 7 au 9~mars 2026", "7–9~March 2026"}, // the clock changes in between
		{"2026-02-30", "2026-03-09", "", ""},
		{"2026-03-07", "", "", ""},
	} {
		for lang, want := range map[hub.Lang]string{hub.French: c.fr, hub.English: c.en, "": c.fr} {
			if got := Span(c.from, c.to, lang); got != strings.ReplaceAll(want, "~", "\u00a0") {
				t.Errorf("%s to %s in %q: %q, want %q", c.from, c.to, lang, got, want)
			}
		}
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	for start, want := range map[erpnext.Date][2]string{
		"2026-11-24": {"du 24 au 30~novembre 2026, 7~jours sur 30", "24–30~November 2026, 7 of 30~days"},
		"2026-11-30": {"le 30~novembre 2026, 1~jour sur 30", "30~November 2026, 1 of 30~days"},
		"2026-11-29": {"du 29 au 30~novembre 2026, 2~jours sur 30", "29–30~November 2026, 2 of 30~days"},
		"2028-02-28": {"du 28 au 29~février 2028, 2~jours sur 29", "28–29~February 2028, 2 of 29~days"},
		"":           {"", ""},
	} {
		for i, lang := range []hub.Lang{hub.French, hub.English} {
			if got := Part(start, lang); got != strings.ReplaceAll(want[i], "~", "\u00a0") {
				t.Errorf("%q in %s: %q, want %q", start, lang, got, want[i])
			}
		}
	}
}
