package optout

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub/outbox/channel"
)

// Text is an SMS that somebody wrote to us.
type Text struct {
	From       string // who wrote
	To         string // our number
	Body       string
	OptOutType string // Twilio's word when it has handled the keyword itself: STOP, START, HELP
	At         time.Time
}

// Heard reads the keyword of a text and keeps what it says; the same text may
// come twice. Who writes STOP gets no more offers; where Twilio itself has
// handled the word, it lets nothing through from that sender, so neither do we.
// START takes back what was stopped by text. A sender that is no telephone number
// (a short code, a word) is never written to: there is nothing to keep.
func (l *Ledger) Heard(ctx context.Context, t Text) (Keyword, error) {
	word := KeywordOf(t.Body)
	if handled := KeywordOf(t.OptOutType); handled != "" {
		word = handled
	}
	if _, err := channel.Address(channel.SMS, t.From); err != nil {
		return word, nil
	}
	o := OptOut{Channel: channel.SMS, Address: t.From, Sender: t.To, At: t.At}
	switch word {
	case Stop:
		o.Scope, o.Source = Commercial, SourceStop
		if t.OptOutType != "" {
			o.Scope = All
		}
		return word, l.Add(ctx, o)
	case Start:
		o.Source = SourceStart
		return word, l.Lift(ctx, o)
	}
	return word, nil
}
