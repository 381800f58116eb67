package hub_test

import (
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub"
)

// TestPlainNumbers: numbers that are read the short way are read as the library
// reads them, whatever their digits.
func TestPlainNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(\+1)?[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{4}[0-9]?`).Draw(t, "number")
		want := ""
		if n, err := phonenumbers.Parse(text, "CA"); err == nil && phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE {
			want = phonenumbers.Format(n, phonenumbers.E164)
		}
		if got, err := hub.ParsePhone(text); string(got) != want || (err == nil) != (want != "") {
			t.Fatalf("%q is %q, %v; the library says %q", text, string(got), err, want)
		}
	})
}

// TestLocal shows numbers as people here read them.
func TestLocal(t *testing.T) {
	t.Parallel()
	for number, want := range map[hub.Phone]string{"+14185550134": "418 555-0134", "+33155501234": "+33155501234", "": ""} {
		if got := number.Local(); got != want {
			t.Errorf("%q is shown as %q, not %q", string(number), got, want)
		}
	}
}
