// Package progress knows the words for where a message stands, and which may
// follow which: a report that comes late never takes a message back. It is a
// room of the outbox: no routes, no events, no systems, no memory.
package progress

// The words. Those below Sent are the hub's own, the rest are what providers
// report.
const (
	Queued      = "queued"      // waits for its turn, the morning, or another try
	Captured    = "captured"    // the gate kept it, or it has no consent
	Sending     = "sending"     // is with a worker now
	Sent        = "sent"        // the provider took it
	MaybeSent   = "maybe-sent"  // nobody knows; a person decides
	Failed      = "failed"      // given up, or refused
	Cancelled   = "cancelled"   // a person said no
	Delivered   = "delivered"   // the carrier or the recipient's mail server has it
	Undelivered = "undelivered" // SMS: the carrier gave it up
	Bounced     = "bounced"     // mail: it came back
	Opened      = "opened"      // mail: its picture was fetched; programs do that too, so nobody need have read it
	Clicked     = "clicked"     // mail: a link in it was followed, by a person or a scanner
)

// Doc lists the words for the description of the API.
const Doc = "queued (waits), captured (kept by the gate), sending, sent (the provider took it), delivered, " +
	"undelivered (SMS: the carrier gave it up), bounced (mail: it came back), opened (mail: no proof of reading), " +
	"clicked, maybe-sent (nobody knows: the answer was lost), failed (refused or given up), cancelled"

// rank orders what a provider may report of a message that it took.
func rank(word string) int {
	switch word {
	case MaybeSent:
		return 1
	case Sent:
		return 2
	case Delivered:
		return 4
	case Opened:
		return 5
	case Clicked:
		return 6
	case Undelivered, Bounced:
		return 7
	default:
		return 0
	}
}

// Reported gives the outbox's word for a report: carriers' "failed" is
// undelivered, for failed is what never left. ok is false for words that say
// nothing new about a message that was sent ("queued", "accepted", "read by").
func Reported(word string) (string, bool) {
	if word == Failed {
		word = Undelivered
	}
	return word, rank(word) > 1
}

// Follows tells whether a report moves a message on from where it stands. What
// was delivered can still come back as a mail (bounced), never as an SMS; what
// came back stays so.
func Follows(now, next string, mail bool) bool {
	from, to := rank(now), rank(next)
	switch {
	case from == 0 || to <= from:
		return false // also: never sent, refused, cancelled
	case next == Undelivered || next == Bounced:
		return from < rank(Delivered) || (mail && now == Delivered)
	}
	return true
}
