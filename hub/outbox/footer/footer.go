// Package footer puts under a commercial message what the law asks for: who
// sends it, and how to stop it. It is a room of the outbox: no routes, no
// events, no systems, no memory.
package footer

import (
	"html"
	"regexp"
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// SMS adds the sender and the word that stops. Its letters are all of the GSM
// alphabet, so that it does not make a text longer than it must.
func SMS(body, who string, lang hub.Lang) string {
	stop := "ARRET pour ne plus recevoir"
	if lang == hub.English {
		stop = "Reply STOP to opt out"
	}
	return strings.TrimRight(body, " \n") + "\n" + who + ". " + stop
}

// Mail is a mail's two texts.
type Mail struct{ Text, HTML string }

// Closed adds the sender and the way out to both texts.
func (m Mail) Closed(who, unsubscribe string, lang hub.Lang) Mail {
	lead, word := "Pour ne plus recevoir nos offres : ", "me désabonner"
	if lang == hub.English {
		lead, word = "To stop receiving our offers: ", "unsubscribe"
	}
	target := Target(unsubscribe)
	m.Text = strings.TrimRight(m.Text, " \n") + "\n\n-- \n" + who + "\n" + lead + strings.TrimPrefix(target, "mailto:") + "\n"
	if m.HTML != "" {
		m.HTML = aboveEnd(m.HTML, "<hr><p>"+html.EscapeString(who)+"<br>"+html.EscapeString(lead)+
			`<a href="`+html.EscapeString(target)+`">`+word+"</a></p>")
	}
	return m
}

// Headers are the mail headers by which programs offer the way out.
func Headers(unsubscribe string) map[string]string {
	return map[string]string{"List-Unsubscribe": "<" + Target(unsubscribe) + ">"}
}

// Target is the link for a mail address or a web address.
func Target(unsubscribe string) string {
	if strings.Contains(unsubscribe, "://") || strings.HasPrefix(unsubscribe, "mailto:") {
		return unsubscribe
	}
	return "mailto:" + unsubscribe
}

var endTag = regexp.MustCompile(`(?i)</body\s*>`)

func aboveEnd(text, paragraph string) string {
	if at := endTag.FindStringIndex(text); at != nil {
		return text[:at[0]] + paragraph + text[at[0]:]
	}
	return text + paragraph
}
