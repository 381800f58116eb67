package ident

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Clean brings a text that was read from a label into the form in which it is
// compared: compatibility characters (full-width letters, ligatures) as plain
// ones, capital letters, no spaces or control characters, one kind of dash, and
// without the words in front of it (S/N, SN:, (S), MAC:, P/N and the like).
func Clean(text string) string {
	text, _ = clean(text)
	return text
}

// hint is what the words in front of an identifier say about it.
type hint int

const (
	hintNone hint = iota
	hintSerial
	hintMAC
	hintGPON
	hintPart
)

// labels are the words in front, in capitals and without spaces, longest first.
// Those of letters only need a colon, an equals sign, a hash or a space behind
// them, else SN1234 would lose its beginning.
var labels = []struct {
	text string
	hint hint
}{
	{"SERIALNUMBER", hintSerial},
	{"MACADDRESS", hintMAC},
	{"GPONS/N", hintGPON},
	{"PONS/N", hintGPON},
	{"ONTS/N", hintSerial},
	{"GPONSN", hintGPON},
	{"SERIALNO", hintSerial},
	{"SERIAL", hintSerial},
	{"WANMAC", hintMAC},
	{"LANMAC", hintMAC},
	{"PONSN", hintGPON},
	{"MACID", hintMAC},
	{"GPON", hintGPON},
	{"MAC", hintMAC},
	{"S/N", hintSerial},
	{"P/N", hintPart},
	{"(S)", hintSerial},
	{"(P)", hintPart},
	{"SN", hintSerial},
	{"PN", hintPart},
}

func clean(value string) (text string, hint hint) {
	text = strings.ToUpper(norm.NFKC.String(strings.ToValidUTF8(value, "")))
	text = strings.Map(plain, text)
	for _, l := range labels {
		rest, ok := after(text, l.text)
		if !ok {
			continue
		}
		if rest = squeeze(rest); rest != "" {
			return rest, l.hint
		}
	}
	return squeeze(text), hintNone
}

// after cuts a label off a text in which it may be written with spaces.
func after(text, label string) (rest string, ok bool) {
	rest = strings.TrimLeft(text, " ")
	for _, c := range []byte(label) {
		rest = strings.TrimLeft(rest, " ")
		if rest == "" || rest[0] != c {
			return "", false
		}
		rest = rest[1:]
	}
	if closed := strings.ContainsAny(label, "/)"); !closed && !strings.HasPrefix(strings.TrimLeft(rest, " ."), ":") && !strings.ContainsAny(rest[:min(1, len(rest))], " =#.") {
		return "", false
	}
	return strings.TrimLeft(rest, " :=#."), true
}

// plain gives the character that stands for one that only looks different:
// spaces of all kinds, dashes of all kinds. What prints nothing goes.
func plain(c rune) rune {
	switch {
	case unicode.IsSpace(c):
		return ' '
	case unicode.Is(unicode.Pd, c), c == '−':
		return '-'
	case !unicode.IsPrint(c):
		return -1
	}
	return c
}

func squeeze(text string) string { return strings.ReplaceAll(text, " ", "") }
