package hub_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
)

func TestSMSSegments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"nothing":                {"", 0},
		"one letter":             {"a", 1},
		"gsm full":               {strings.Repeat("é", 160), 1},
		"gsm over":               {strings.Repeat("é", 161), 2},
		"gsm two full":           {strings.Repeat("a", 306), 2},
		"gsm three":              {strings.Repeat("a", 307), 3},
		"euro costs two":         {strings.Repeat("€", 80), 1},
		"euro over":              {strings.Repeat("€", 81), 2},
		"pair is not cut":        {strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), 3},
		"ucs-2 full":             {strings.Repeat("ê", 70), 1},
		"ucs-2 over":             {strings.Repeat("ê", 71), 2},
		"ucs-2 two full":         {strings.Repeat("ê", 134), 2},
		"ucs-2 three":            {strings.Repeat("ê", 135), 3},
		"one ê turns it":         {strings.Repeat("a", 70) + "ê", 2},
		"surrogates cost two":    {strings.Repeat("😀", 35), 1},
		"surrogates over":        {strings.Repeat("😀", 36), 2},
		"surrogate is not cut":   {strings.Repeat("ê", 66) + "😀" + strings.Repeat("ê", 66), 3},
		"capital c cedilla":      {strings.Repeat("Ç", 160), 1},
		"small c cedilla is not": {strings.Repeat("ç", 71), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := hub.SMSSegments(c.body); got != c.want {
				t.Errorf("%d segments, want %d", got, c.want)
			}
		})
	}
}

func TestMeasureSMSOfFrenchTexts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want hub.SMSSize
	}{
		"accents of the alphabet": {"Réglé à 8 h, où ça? Là.", hub.SMSSize{Encoding: hub.UCS2, Segments: 1, Units: 23, Forcing: []rune("ç")}},
		"é è à ù stay":            {"Prénom : Zoé, frère, là, où", hub.SMSSize{Encoding: hub.GSM7, Segments: 1, Units: 27}},
		"circumflex":              {"Prêt dès août : l'hôte, l'île", hub.SMSSize{Encoding: hub.UCS2, Segments: 1, Units: 29, Forcing: []rune("êûôî")}},
		"each once":               {"être, fête, Noël, garçon", hub.SMSSize{Encoding: hub.UCS2, Segments: 1, Units: 24, Forcing: []rune("êëç")}},
		"curly apostrophe":        {"l’installation", hub.SMSSize{Encoding: hub.UCS2, Segments: 1, Units: 14, Forcing: []rune("’")}},
		"price":                   {"39,95 € [taxes en sus]", hub.SMSSize{Encoding: hub.GSM7, Segments: 1, Units: 25}},
		"no-break space":          {"8\u00a0h", hub.SMSSize{Encoding: hub.UCS2, Segments: 1, Units: 3, Forcing: []rune("\u00a0")}},
		"a face":                  {"Merci 😀", hub.SMSSize{Encoding: hub.UCS2, Segments: 1, Units: 8, Forcing: []rune("😀")}},
		"capitals":                {"ÉTÉ À QUÉBEC, ÇA VA", hub.SMSSize{Encoding: hub.UCS2, Segments: 1, Units: 19, Forcing: []rune("À")}},
		"broken bytes":            {"a\xffb", hub.SMSSize{Encoding: hub.UCS2, Segments: 1, Units: 3, Forcing: []rune("\ufffd")}},
		"nothing":                 {"", hub.SMSSize{Encoding: hub.GSM7}},
		"long and plain":          {strings.Repeat("é€", 60), hub.SMSSize{Encoding: hub.GSM7, Segments: 2, Units: 180}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, hub.MeasureSMS(c.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
