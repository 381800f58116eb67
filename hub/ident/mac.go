package ident

import "strings"

// MAC reads a text that is meant to be a MAC address, written in any of the usual
// ways. Only here, and in the second half of an ONU's number, are letters that
// look like digits put right.
func MAC(text string) Reading {
	short, _ := clean(text)
	return readMAC(text, short)
}

const macDigits = 12

func readMAC(value, text string) Reading {
	r := Reading{Value: value, Kind: KindMAC, Issues: []string{}}
	digits, repaired, ok := hexDigits(strip(text))
	r.Repaired = repaired
	switch {
	case !ok:
		r.Normalized = text
		r.Issues = append(r.Issues, IssueCharacters)
		return r
	case len(digits) != macDigits:
		r.Normalized = text
		r.Issues = append(r.Issues, IssueLength)
		return r
	}
	r.Normalized = colons(digits)
	if repaired {
		r.Issues = append(r.Issues, IssueRepaired)
	}
	r.Valid = true
	switch first := nibble(digits[0])<<4 | nibble(digits[1]); {
	case strings.Trim(digits, "0") == "":
		r.Issues, r.Valid = append(r.Issues, IssueAllZero), false
	case strings.Trim(digits, "F") == "":
		r.Issues, r.Valid = append(r.Issues, IssueBroadcast), false
	case first&1 != 0:
		r.Issues, r.Valid = append(r.Issues, IssueMulticast), false
	case first&2 != 0:
		r.Issues = append(r.Issues, IssueLocal)
	}
	return r
}

// isMAC tells whether a text that says nothing about itself is a MAC: pairs or
// fours with marks between them, or twelve bare digits that are either from a
// known maker or have a letter among them and are no group's or software's.
func isMAC(text string) bool {
	if marked(text) {
		return true
	}
	digits, repaired, ok := hexDigits(text)
	if !ok || repaired || len(digits) != macDigits {
		return false
	}
	if makers[digits[:6]] {
		return true
	}
	return strings.ContainsAny(digits, "ABCDEF") && nibble(digits[1])&3 == 0
}

// marked tells whether a text has the marks of a MAC: AA:BB:CC:DD:EE:FF,
// AA-BB-CC-DD-EE-FF or AABB.CCDD.EEFF, smudged letters allowed.
func marked(text string) bool {
	for _, form := range []struct {
		mark  string
		parts int
		each  int
	}{{":", 6, 2}, {"-", 6, 2}, {".", 3, 4}} {
		parts := strings.Split(text, form.mark)
		if len(parts) != form.parts {
			continue
		}
		for _, part := range parts {
			if _, _, ok := hexDigits(part); !ok || len(part) != form.each {
				return false
			}
		}
		return true
	}
	return false
}

// strip removes the marks between the digits.
func strip(text string) string { return strings.NewReplacer(":", "", "-", "", ".", "").Replace(text) }

func colons(digits string) string {
	var b strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String()
}

// hexDigits puts right what a camera takes for another character. A B that was
// an 8 cannot be seen: both are digits here.
func hexDigits(text string) (digits string, repaired, ok bool) {
	out := []byte(text)
	for i, c := range out {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'F':
			continue
		case c == 'O', c == 'Q':
			out[i] = '0'
		case c == 'I', c == 'L':
			out[i] = '1'
		case c == 'Z':
			out[i] = '2'
		case c == 'S':
			out[i] = '5'
		case c == 'G':
			out[i] = '6'
		default:
			return text, false, false
		}
		repaired = true
	}
	return string(out), repaired, true
}

func nibble(c byte) byte {
	if c >= 'A' {
		return c - 'A' + 10
	}
	return c - '0'
}

// makers are the first six digits under which makers of the equipment that a
// fibre provider installs have registered. The list decides only where a text
// could be something else; a maker that is missing costs nothing.
var makers = set(
	"14CC20", "50C7BF", "60E327", "C46E1F", "E894F6", "F4F26D", "B0BE76", "98DAC4", "5C628B", "9C5322", "A842A1", // TP-Link
	"003192", "10FEED", "18A6F7", "30B5C2", "647002", "6466B3", "74DA88", "84D81B", "90F652", "EC086B", "F81A67", // TP-Link
	"00E0FC", "001882", "00259E", // Huawei
	"0015EB", "0019C6", // ZTE
	"00D0F6",                                                                                                     // Nokia
	"000E5E",                                                                                                     // Raisecom
	"002722", "0418D6", "18E829", "24A43C", "44D9E7", "687251", "7483C2", "788A20", "802AA8", "DC9FDB", "FCECDA", // Ubiquiti
	"000C42", "4C5E0C", "64D154", "6C3B6B", "744D28", "B869F4", "CC2DE0", "D4CA6D", "E48D8C", // MikroTik
	"000B82", "C074AD", // Grandstream
	"001565", "805EC0", // Yealink
	"0004F2", "64167F", // Polycom
)

func set(all ...string) map[string]bool {
	m := make(map[string]bool, len(all))
	for _, one := range all {
		m[one] = true
	}
	return m
}
