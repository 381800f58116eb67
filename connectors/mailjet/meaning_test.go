package mailjet_test

import (
	"testing"

	"gigafibre.ca/targo-hub/connectors/mailjet"
)

func TestWhatBouncesMean(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event     mailjet.Event
		permanent bool
		reason    string
	}{
		"no mailbox":           {mailjet.Event{Error: "user unknown", HardBounce: true}, true, "there is no such mailbox"},
		"no mailbox, softly":   {mailjet.Event{Error: "user unknown"}, true, "there is no such mailbox"},
		"full":                 {mailjet.Event{Error: "quota exceeded", HardBounce: true}, false, "the mailbox is full"},
		"later":                {mailjet.Event{Error: "Greylisted"}, false, "the recipient's server asked to come back later, and did not take it then either"},
		"a new word, hard":     {mailjet.Event{Error: "moon phase", HardBounce: true}, true, "Mailjet says: moon phase"},
		"a new word":           {mailjet.Event{Error: "moon phase"}, false, "Mailjet says: moon phase"},
		"Mailjet has given up": {mailjet.Event{Error: "preblocked", Blocked: true}, true, "Mailjet does not try this address any more: earlier mails to it failed"},
		"nothing wrong":        {mailjet.Event{}, false, ""},
	} {
		if got := c.event.Permanent(); got != c.permanent {
			t.Errorf("%s: permanent is %v", name, got)
		}
		if got := c.event.Reason(); got != c.reason {
			t.Errorf("%s: reason is %q", name, got)
		}
	}
}
