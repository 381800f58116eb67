package optout

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Keyword is what a single word in an SMS asks for.
type Keyword string

// The keywords; "" is an ordinary text.
const (
	Stop  Keyword = "stop"
	Start Keyword = "start"
	Help  Keyword = "help"
)

// KeywordOf reads a text that is nothing but one of the agreed words, in
// English or French, whatever its case and accents ("ARRÊT", " Stop. "). Longer
// texts are ordinary: "arrêtez de m'écrire" is for a person to read. So is YES,
// which carriers count as START: it is also the answer to a question. That it was
// meant so only the provider can say, who knows what stood before.
func KeywordOf(text string) Keyword {
	word := bare(text)
	switch {
	case word == "":
		return ""
	case slices.Contains(stopWords[:], word):
		return Stop
	case slices.Contains(startWords[:], word):
		return Start
	case slices.Contains(helpWords[:], word):
		return Help
	}
	return ""
}

// The carriers' English words and their French counterparts, without accents.
var (
	stopWords = [...]string{
		"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout",
		"arret", "arrete", "arreter", "arretez", "arrett", "desabonner", "desabonnement", "desinscrire",
	}
	startWords = [...]string{"start", "unstop", "debut", "reabonner"}
	helpWords  = [...]string{"help", "info", "aide"}
)

// bare lowers a word, takes off its accents and what stands around it. More
// than one word has no bare form.
func bare(text string) string {
	text = strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.In(r, unicode.Cf)
	})
	if len(text) > 40 { // no keyword is this long, and a text may be
		return ""
	}
	var word strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case !unicode.IsLetter(r):
			return ""
		default:
			word.WriteRune(r)
		}
	}
	return word.String()
}
