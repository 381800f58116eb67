package conversation

import (
	"cmp"
	"html"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"gigafibre.ca/targo-hub/erpnext"
)

// onlyWord tells that the text is a STOP or START and cannot be anything else.
// YES and CANCEL are carriers' words too, and answers for a person to read.
func (t text) onlyWord() bool {
	if t.Word != WordStop && t.Word != WordStart {
		return false
	}
	word := strings.ToUpper(strings.Trim(t.Body, " \t\r\n.!"))
	return !slices.Contains([]string{"YES", "CANCEL", "END", "QUIT"}, word)
}

func keyOf(t text) string { return "sms:" + t.ID }

// readable leaves out what no database and no page takes: control characters
// beside the ends of lines.
func readable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
}

// subject is the text in one line, or what stands for an empty one. ERPNext takes
// a line with angle brackets for HTML, so they are written otherwise.
func subject(t text) string {
	line := strings.NewReplacer("<", "‹", ">", "›").Replace(strings.Join(strings.Fields(readable(t.Body)), " "))
	if line == "" {
		line = "(sans texte)"
		if len(t.Media) > 0 {
			line = "(image ou fichier)"
		}
	}
	return erpnext.Line("SMS : " + line)
}

// content is the text as HTML, line by line, with the links to its media.
func content(t text) string {
	lines := strings.Split(readable(t.Body), "\n")
	for i := range lines {
		lines[i] = html.EscapeString(lines[i])
	}
	out := "<p>" + strings.Join(lines, "<br>") + "</p>"
	for _, m := range t.Media {
		if u, err := url.Parse(m.URL); err != nil || u.Scheme != "https" && u.Scheme != "http" {
			continue
		}
		link := html.EscapeString(m.URL)
		out += `<p><a href="` + link + `">` + html.EscapeString(cmp.Or(m.Type, "fichier")) + `</a></p>`
	}
	return out
}
