package mailjet

import "strings"

// mishaps say in plain words what Mailjet's errors of delivery mean.
var mishaps = map[string]string{
	"user unknown":               "there is no such mailbox",
	"mailbox inactive":           "the mailbox is no longer used",
	"quota exceeded":             "the mailbox is full",
	"blacklisted":                "the recipient's server lists the sender as unwanted",
	"spam reporter":              "the recipient has reported our mail as spam before",
	"invalid domain":             "the domain of the address does not exist",
	"no mail host":               "the domain takes no mail",
	"relay/access denied":        "the recipient's server refuses the sender",
	"greylisted":                 "the recipient's server asked to come back later, and did not take it then either",
	"typofix":                    "the domain of the address looks misspelt",
	"bad or empty template":      "the template is empty or broken",
	"error in template language": "the template cannot be filled in",
	"sender blocked":             "the recipient's server blocks the sender",
	"content blocked":            "the recipient's server took the text for spam",
	"policy issue":               "the recipient's server refuses it by a rule of its own",
	"system issue":               "the recipient's server has trouble",
	"protocol issue":             "the two servers did not understand each other",
	"connection issue":           "the recipient's server could not be reached",
	"preblocked":                 "Mailjet does not try this address any more: earlier mails to it failed",
	"duplicate in campaign":      "the address has had this mail already",
}

// Reason says in a clause why the mail did not arrive, "" when it says nothing of
// the kind.
func (e Event) Reason() string {
	if e.Error == "" {
		return ""
	}
	if reason, known := mishaps[strings.ToLower(e.Error)]; known {
		return reason
	}
	return "Mailjet says: " + e.Error
}

// Permanent tells whether further mails to this address will fail as well. A full
// mailbox, a server that wants to be asked later and a lost connection pass.
func (e Event) Permanent() bool {
	switch strings.ToLower(e.Error) {
	case "user unknown", "mailbox inactive", "invalid domain", "no mail host", "preblocked", "spam reporter", "typofix":
		return true
	case "quota exceeded", "greylisted", "connection issue", "system issue":
		return false
	}
	return e.HardBounce
}
