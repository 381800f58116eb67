package legacy

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"gigafibre.ca/targo-hub/hub"
)

// The encodings that are read.
const (
	UTF8        = "utf-8"
	Windows1252 = "windows-1252"
)

// decode gives the text of a body, without its mark. What is not UTF-8 is what
// spreadsheets here write as "CSV": Windows-1252, unless a byte has no meaning
// there.
func decode(body []byte) (text []byte, encoding string, err error) {
	switch {
	case bytes.HasPrefix(body, []byte("\xff\xfe")), bytes.HasPrefix(body, []byte("\xfe\xff")):
		return nil, "", wrong("it is UTF-16; save it as CSV UTF-8")
	case bytes.IndexByte(body, 0) >= 0:
		return nil, "", wrong("it is no text; save it as CSV UTF-8")
	case utf8.Valid(body):
		return bytes.TrimPrefix(body, []byte("\ufeff")), UTF8, nil
	}
	for _, b := range body {
		switch b {
		case 0x81, 0x8d, 0x8f, 0x90, 0x9d:
			return nil, "", wrong("it is neither UTF-8 nor Windows-1252; save it as CSV UTF-8")
		}
	}
	text, err = charmap.Windows1252.NewDecoder().Bytes(body)
	return text, Windows1252, err
}

// The ways in which an amount is written; a sign, a currency and blanks at its
// ends are off by then. Groups of three digits stand apart by blanks, or by the
// mark that is not the decimal one.
var (
	plain   = regexp.MustCompile(`^\d{1,12}(?:[.,]\d{0,9})?$|^[.,]\d{1,9}$`)
	blanks  = regexp.MustCompile(`^\d{1,3}(?: \d{3}){1,3}(?:[.,]\d{0,9})?$`)
	english = regexp.MustCompile(`^\d{1,3}(?:,\d{3}){1,3}\.\d{0,9}$`)
	points  = regexp.MustCompile(`^\d{1,3}(?:\.\d{3}){1,3},\d{0,9}$`)
	unsure  = regexp.MustCompile(`^[1-9]\d{0,2},\d{3}$`) // thousands, or a thousandth
)

var errAmount = errors.New("this is not an amount")

// Amount reads an amount: 45.93, 45,93, 1 045,93 $, $1,045.93, (12.50), −3,20.
// One of which nobody can say what it is ("1,045") is refused.
func Amount(text string) (hub.Money, error) {
	if len(text) > 60 {
		return hub.Money{}, errAmount
	}
	text, negative := unsigned(tidy(text))
	switch {
	case unsure.MatchString(text):
		return hub.Money{}, errAmount
	case plain.MatchString(text), blanks.MatchString(text):
		text = strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), ",", ".")
	case english.MatchString(text):
		text = strings.ReplaceAll(text, ",", "")
	case points.MatchString(text):
		text = strings.ReplaceAll(strings.ReplaceAll(text, ".", ""), ",", ".")
	default:
		return hub.Money{}, errAmount
	}
	amount, err := hub.Dollars(strings.TrimSuffix(text, "."))
	if negative {
		amount = hub.Money{Decimal: amount.Neg()}
	}
	return amount, err
}

// tidy takes the currency off, and makes one kind of blank and of minus.
func tidy(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r): // the ones that do not break among them
			return ' '
		case r == '−' || r == '–':
			return '-'
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	for _, sign := range []string{"CAD", "CA$", "$"} {
		text = strings.Replace(text, sign, "", 1)
	}
	return strings.TrimSpace(text)
}

// unsigned takes the sign off: a minus before or behind, or brackets around.
func unsigned(text string) (rest string, negative bool) {
	inner, opened := strings.CutPrefix(text, "(")
	inner, closed := strings.CutSuffix(inner, ")")
	if opened && closed {
		return strings.TrimSpace(inner), true
	}
	for _, cut := range []func(string, string) (string, bool){strings.CutPrefix, strings.CutSuffix} {
		if rest, negative = cut(text, "-"); negative {
			return strings.TrimSpace(rest), true
		}
	}
	rest, _ = strings.CutPrefix(text, "+")
	return strings.TrimSpace(rest), false
}
