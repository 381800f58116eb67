package hub

import (
	"strings"
	"unicode/utf16"
)

// The alphabet of GSM 03.38 and its extension, whose letters cost two. Of the
// French letters it lacks ê, î, ô, û, ë, ï, â, ç and all capitals but É and Ç:
// one of them turns the whole message into UCS-2.
const (
	gsm         = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// SMSSegments counts the SMS that a text is cut into: 160 letters of the GSM
// alphabet in one, 153 each in several; with any other letter 70 UTF-16 units in
// one, 67 each in several. A letter of two units is never cut in half.
func SMSSegments(body string) int {
	if body == "" {
		return 0
	}
	cost, one, many := gsmCost, 160, 153
	if strings.IndexFunc(body, func(r rune) bool { return gsmCost(r) == 0 }) >= 0 {
		cost, one, many = utf16.RuneLen, 70, 67
	}
	total, segments, used := 0, 1, 0
	for _, r := range body {
		n := cost(r)
		total += n
		if used+n > many {
			segments, used = segments+1, 0
		}
		used += n
	}
	if total <= one {
		return 1
	}
	return segments
}

// gsmCost is 0 for a letter outside the alphabet.
func gsmCost(r rune) int {
	switch {
	case strings.ContainsRune(gsm, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	default:
		return 0
	}
}
