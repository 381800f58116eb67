package fault

import (
	"html"
	"regexp"
	"strings"
	"unicode"
)

var (
	breaks = regexp.MustCompile(`(?i)<\s*(br|/p|/li|/div|/tr)\b[^>]*>`)
	tags   = regexp.MustCompile(`<[A-Za-z/!][^>]*>`)
	traces = regexp.MustCompile(`Traceback \(most recent call last\)|File "[^"]*", line \d`)
	urls   = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>)]+`)
)

// maxText bounds what is shown of ERPNext's own words, in runes.
const maxText = 300

// oneLine makes a sentence for people out of what Frappe says: no markup, no
// address of a server, no traceback.
func oneLine(s, host string) string {
	s = html.UnescapeString(tags.ReplaceAllString(breaks.ReplaceAllString(s, " "), ""))
	for before := -1; before != len(s); { // what is taken out may join what is left to another
		before = len(s)
		s = tags.ReplaceAllString(s, "")
		if host != "" {
			s = strings.ReplaceAll(s, host, "")
		}
		s = urls.ReplaceAllString(s, "")
	}
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if traces.MatchString(s) {
		return ""
	}
	if r := []rune(s); len(r) > maxText {
		s = string(r[:maxText-1]) + "…"
	}
	return s
}
