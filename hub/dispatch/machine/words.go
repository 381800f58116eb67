package machine

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Words are the site's own words for the states. The zero value has the hub's.
type Words struct {
	out map[string]string // of the hub to the site
	in  map[string]string
}

// ParseWords reads "En Route=En chemin,In Progress=En cours": the hub's word, and
// the site's. What is not named is spelled alike. It refuses an unknown state, and
// one word for two states.
func ParseWords(text string) (Words, error) {
	w := Words{out: map[string]string{}, in: map[string]string{}}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		ours, theirs, found := strings.Cut(pair, "=")
		ours, theirs = strings.TrimSpace(ours), strings.TrimSpace(theirs)
		switch {
		case !found || theirs == "":
			return Words{}, fmt.Errorf("%q is not written as State=Word", strings.TrimSpace(pair))
		case !slices.Contains(Statuses(), ours):
			return Words{}, fmt.Errorf("%q is no state; there are %s", ours, strings.Join(Statuses(), ", "))
		case w.out[ours] != "":
			return Words{}, fmt.Errorf("%q is given two words", ours)
		}
		w.out[ours] = theirs
	}
	for _, ours := range Statuses() {
		theirs := w.Out(ours)
		if other := w.in[theirs]; other != "" {
			return Words{}, fmt.Errorf("%q would be the word for both %s and %s", theirs, other, ours)
		}
		w.in[theirs] = ours
	}
	return w, nil
}

// Out is the site's word for a state of the hub.
func (w Words) Out(status string) string {
	if theirs := w.out[status]; theirs != "" {
		return theirs
	}
	return status
}

// In is the hub's word for a state as the site writes it. A word that nobody
// mapped stays as it is.
func (w Words) In(word string) string {
	if ours := w.in[word]; ours != "" {
		return ours
	}
	return word
}

// All turns states into the site's words, for a filter.
func (w Words) All(statuses ...string) []string {
	out := make([]string, len(statuses))
	for i, status := range statuses {
		out[i] = w.Out(status)
	}
	return out
}

// Next lists the states that may follow one, in the hub's words (see Next).
func (w Words) Next(state string) []string { return Next(state) }

// Status reads a state that a caller names, in either spelling. The hub's own
// goes first: callers have it from the hub's answers.
func (w Words) Status(text string) (string, error) {
	if slices.Contains(Statuses(), text) {
		return text, nil
	}
	if status := w.in[text]; status != "" {
		return status, nil
	}
	return "", hub.Fail(hub.Invalid, "status-unknown", "There is no such state of a work order.", nil,
		hub.WithField("/status", "one of "+strings.Join(Statuses(), ", ")))
}

// Read puts a work order that was read from the site into the hub's words.
func (w Words) Read(job *erpnext.DispatchJob) { job.Status = w.In(job.Status) }
