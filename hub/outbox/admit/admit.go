// Package admit decides whether, and when, a message that the gate lets through
// may be sent to its recipient: not to who said stop, no offer without consent,
// not at night. It is a room of the outbox: no routes, no
// events, no memory of its own; through the functions it is given it asks the
// system of record.
package admit

import (
	"context"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/outbox/optout"
	"gigafibre.ca/targo-hub/hub/outbox/pace"
)

// Rules are what a message is held to.
type Rules struct {
	Ledger  *optout.Ledger
	Hours   pace.Hours
	Consent func(ctx context.Context, customer string, way channel.Channel, to string) (basis string, ok bool, err error)
	Stopped func(ctx context.Context, customer string, way channel.Channel) (bool, error)
	Now     func() time.Time
}

// Case is a message as far as the rules look at it.
type Case struct {
	ID         string
	Way        channel.Channel
	To         string // checked
	Customer   string
	Commercial bool
	Urgent     bool
}

// Action is what is to be done with a message.
type Action int

// The actions.
const (
	Send   Action = iota
	Refuse        // for good
	Hold          // until a person or a consent lets it go
	Wait          // for Ruling.For
)

// Ruling is the answer, with its reason in words unless the message may be sent.
type Ruling struct {
	Action Action
	Reason string
	For    time.Duration
	Basis  string // on what ground a commercial message is sent
}

// Judge holds a message to the rules, in the order in which a person would
// explain them. An error says that one could not be checked.
func (r *Rules) Judge(ctx context.Context, c Case) (Ruling, error) {
	var basis string
	for _, rule := range []func(context.Context, Case) (Ruling, error){r.wanted, r.consented, r.daytime} {
		ruling, err := rule(ctx, c)
		if err != nil || ruling.Action != Send {
			return ruling, err
		}
		if ruling.Basis != "" {
			basis = ruling.Basis
		}
	}
	return Ruling{Basis: basis}, nil
}

// wanted asks whether the recipient has said stop.
func (r *Rules) wanted(ctx context.Context, c Case) (Ruling, error) {
	stop, err := r.Ledger.Blocks(ctx, c.Way, c.To, c.Commercial)
	if err != nil {
		return Ruling{}, err
	}
	if stop != nil {
		what := "any message on this channel"
		if stop.Scope == optout.Commercial {
			what = "commercial messages"
		}
		return Ruling{Action: Refuse, Reason: fmt.Sprintf("Nothing was sent: this recipient gets no longer %s (%s, %s).",
			what, stop.Source, stop.At.In(hub.Local()).Format("2006-01-02"))}, nil
	}
	if !c.Commercial || r.Stopped == nil || c.Customer == "" {
		return Ruling{}, nil
	}
	stopped, err := r.Stopped(ctx, c.Customer, c.Way)
	if err != nil {
		return Ruling{}, fmt.Errorf("asking whether the customer wants offers: %w", err)
	}
	if stopped {
		return Ruling{Action: Refuse, Reason: "Nothing was sent: the customer's record says no to commercial messages on this channel."}, nil
	}
	return Ruling{}, nil
}

// consented finds the ground for a commercial message.
func (r *Rules) consented(ctx context.Context, c Case) (Ruling, error) {
	if !c.Commercial {
		return Ruling{}, nil
	}
	none := Ruling{Action: Hold, Reason: "No consent on record: a commercial message needs one. Record it, then release the message."}
	if r.Consent == nil {
		return none, nil
	}
	basis, ok, err := r.Consent(ctx, c.Customer, c.Way, c.To)
	if err != nil {
		return Ruling{}, fmt.Errorf("asking for the consent to a commercial message: %w", err)
	}
	if !ok || basis == "" {
		if basis != "" {
			none.Reason += " (" + basis + ")"
		}
		return none, nil
	}
	return Ruling{Basis: basis}, nil
}

// foresight is how long a message that is kept anyway waits for what else there
// is to say.
const foresight = 5 * time.Second

// Besides says, for a message that the gate keeps, what would keep it with the
// gate open too: a consent that is missing. It begins with a space, and is empty
// when nothing is known to be missing.
func (r *Rules) Besides(ctx context.Context, c Case) string {
	ctx, cancel := context.WithTimeout(ctx, foresight)
	defer cancel()
	ruling, err := r.consented(ctx, c)
	if err != nil || ruling.Action == Send {
		return ""
	}
	return " " + ruling.Reason
}

// morning is the span over which a night's messages leave.
const morning = 5 * time.Minute

// daytime lets a telephone ring at night only when it must: never for an offer.
func (r *Rules) daytime(_ context.Context, c Case) (Ruling, error) {
	if c.Way != channel.SMS || c.Urgent && !c.Commercial {
		return Ruling{}, nil
	}
	now := r.Now()
	until, quiet := r.Hours.Quiet(now)
	if !quiet {
		return Ruling{}, nil
	}
	return Ruling{
		Action: Wait, For: until.Sub(now) + pace.Spread(c.ID, morning),
		Reason: "Waits for the morning (" + until.Format("15:04") + "): it is not urgent, and these are quiet hours.",
	}, nil
}
