// Package optout remembers who does not want to hear from us, and reads the
// words with which people say so. It is a room of the outbox.
//
// Routes: GET, POST and DELETE /messages/opt-outs, for the staff. It remembers,
// without end, under the key outbox:optout:<channel>:<hash of the address> what
// is stopped, since when and by whom. It publishes no events and calls nobody.
package optout

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
)

// Scope is how much is stopped.
type Scope string

// The scopes.
const (
	Commercial Scope = "commercial" // offers; texts about the service still go
	All        Scope = "all"        // everything on the channel
)

// Where an opt-out came from. Others may be given; these are the usual ones.
const (
	SourceStop    = "STOP"        // the recipient wrote it
	SourceStart   = "START"       // the recipient took it back
	SourceBlocked = "21610"       // Twilio refuses: the recipient stopped the sender
	SourceUnsub   = "unsub"       // the link under a mail
	SourceSpam    = "spam"        // the recipient called a mail spam
	SourceBounce  = "hard bounce" // the address does not exist
	SourceStaff   = "staff"       // told to a person
)

// OptOut is a wish, or a provider's word that stands for one.
type OptOut struct {
	Channel channel.Channel
	Address string // as people write it
	Scope   Scope
	Source  string
	Sender  string    // our number that was answered, where known
	At      time.Time // now when zero
}

// Standing is an opt-out in force.
type Standing struct {
	Channel channel.Channel `json:"channel" enum:"sms,email"`
	To      string          `json:"to" doc:"The address, masked"`
	Scope   Scope           `json:"scope" enum:"commercial,all" doc:"commercial: offers only; all: everything on this channel"`
	Source  string          `json:"source" doc:"STOP, 21610, unsub, spam, hard bounce, staff, …"`
	Sender  string          `json:"sender,omitempty" doc:"The number of ours that was answered"`
	At      time.Time       `json:"at"`
	Again   time.Time       `json:"again,omitzero" doc:"When it was last said once more"`
}

// Store is what the ledger needs of hub/keep.
type Store interface {
	keep.Values
	keep.Trail
}

// Change is a wish that was heard, for those who keep the customer's history.
type Change struct {
	Channel channel.Channel
	Address string // checked
	Out     bool   // false: taken back, and nothing stands against the address any more
	Scope   Scope  // "" for all scopes
	Source  string
	At      time.Time // the same for the same wish, however often it is told
}

// Ledger remembers opt-outs.
type Ledger struct {
	store   Store
	now     func() time.Time
	changed func(context.Context, Change) error
}

// NewLedger makes a ledger on the store. changed, which may be nil, hears of
// every opt-out, perhaps twice, unless it was taken back later, and of the
// opt-in with which the last one of an address falls.
func NewLedger(store Store, now func() time.Time, changed func(context.Context, Change) error) *Ledger {
	return &Ledger{store, now, changed}
}

// What the audit calls them.
const (
	actionOut = "message.opt-out"
	actionIn  = "message.opt-in"
)

// Add records an opt-out. What was taken back later than its instant, or stands
// already, changes nothing.
func (l *Ledger) Add(ctx context.Context, o OptOut) error {
	if o.Scope != All {
		o.Scope = Commercial
	}
	o.At = l.dated(o.At)
	return l.change(ctx, Change{Out: true, Scope: o.Scope, Source: o.Source}, o, func(p *page, masked string) (changed, counts bool) {
		return p.add(o, masked)
	})
}

// Lift takes opt-outs back: those of the scope, all of them when it is empty.
// A START takes back only what came by text or from the provider: who asked a
// person for silence asks a person again.
func (l *Ledger) Lift(ctx context.Context, o OptOut) error {
	o.At = l.dated(o.At)
	return l.change(ctx, Change{Scope: o.Scope, Source: o.Source}, o, func(p *page, _ string) (changed, counts bool) {
		return p.lift(o)
	})
}

// Of lists what stands against a checked address (see channel.Address).
func (l *Ledger) Of(ctx context.Context, c channel.Channel, to string) ([]Standing, error) {
	p, _, err := l.read(ctx, key(c, to))
	return p.Stops, err
}

// Blocks returns the opt-out that forbids a message, nil when there is none.
func (l *Ledger) Blocks(ctx context.Context, c channel.Channel, to string, commercial bool) (*Standing, error) {
	stops, err := l.Of(ctx, c, to)
	if err != nil {
		return nil, err
	}
	for _, s := range stops {
		if s.Scope == All || commercial {
			return &s, nil
		}
	}
	return nil, nil
}

// change edits the page of an address, puts the change on record and tells of it
// when it counts. The record comes before the change, which may not be there
// without it. An opt-out is in force before anybody is told; that one is taken
// back is told before: who tries again after a failure does the rest.
func (l *Ledger) change(ctx context.Context, told Change, o OptOut, edit func(p *page, masked string) (changed, counts bool)) error {
	to, err := channel.Address(o.Channel, o.Address)
	if err != nil {
		return err
	}
	told.Channel, told.Address, told.At = o.Channel, to, o.At.UTC()
	masked := channel.Masked(o.Channel, to)
	counts, recorded := false, false
	err = l.edit(ctx, key(o.Channel, to), func(p *page) error {
		var changed bool
		changed, counts = edit(p, masked)
		if changed && !recorded {
			if err := l.record(ctx, told, masked); err != nil {
				return err
			}
			recorded = true
		}
		if counts && !told.Out {
			return l.tell(ctx, told)
		}
		return nil
	})
	if err == nil && counts && told.Out {
		err = l.tell(ctx, told)
	}
	if err != nil {
		return fmt.Errorf("recording an opt-out: %w", err)
	}
	return nil
}

func (l *Ledger) dated(at time.Time) time.Time {
	if at.IsZero() {
		return l.now()
	}
	return at
}

func (l *Ledger) tell(ctx context.Context, c Change) error {
	if l.changed == nil {
		return nil
	}
	return l.changed(ctx, c)
}

func (l *Ledger) record(ctx context.Context, c Change, masked string) error {
	action, scope := actionIn, cmp.Or(string(c.Scope), "everything")
	if c.Out {
		action = actionOut
	}
	return l.store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: action, Doctype: "Recipient", Name: masked,
		Detail: fmt.Sprintf("%s %s: %s", c.Channel, scope, c.Source), Request: hub.RequestID(ctx),
	})
}
