package hub_test

import (
	"strings"
	"testing"

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
