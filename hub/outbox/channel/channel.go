// Package channel knows the two ways a message takes, and how an address is
// spelt on each. It is a room of the outbox: no routes, no events, no systems,
// no memory.
package channel

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// Channel is the way a message takes.
type Channel string

// The channels.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// KindPrefix begins the kind of every message's job.
const KindPrefix = "outbox."

// Kind is the kind of the channel's jobs.
func (c Channel) Kind() string { return KindPrefix + string(c) }

// Known tells whether it is one of the channels.
func (c Channel) Known() bool { return c == SMS || c == Email }

// Of reads the channel off the kind of a job.
func Of(kind string) Channel { return Channel(strings.TrimPrefix(kind, KindPrefix)) }

// Address checks an address and gives its one spelling: E.164 for SMS, the bare
// address with a lower-case ASCII domain for mail (see hub.ParsePhone and
// hub.ParseMail). What it gives reads as one recipient wherever it is written.
func Address(c Channel, text string) (string, error) {
	switch c {
	case SMS:
		phone, err := hub.ParsePhone(text)
		if err != nil {
			return "", hub.Fail(hub.Invalid, "phone-invalid", "This is not a telephone number.", err,
				hub.WithField("/to", "must be a telephone number"))
		}
		return string(phone), nil
	case Email:
		address, err := hub.ParseMail(text)
		if err != nil {
			return "", wrong("/to", "must be a mail address")
		}
		return address, nil
	default:
		return "", wrong("/channel", "must be sms or email")
	}
}

// Either reads an address of whichever channel it belongs to.
func Either(text string) (Channel, string, error) {
	c := SMS
	if strings.Contains(text, "@") {
		c = Email
	}
	to, err := Address(c, text)
	if err != nil {
		err = hub.Fail(hub.Invalid, "invalid", "A telephone number or a mail address is needed.", err,
			hub.WithField("/to", "must be a telephone number or a mail address"))
	}
	return c, to, err
}

// Key stands for a checked address where the address itself is not needed: in
// lanes, and in the keys of what is remembered about a person.
func Key(c Channel, to string) string {
	sum := sha256.Sum256([]byte(string(c) + ":" + strings.ToLower(to)))
	return hex.EncodeToString(sum[:12])
}

// Masked shows enough of an address to recognise it and no more.
func Masked(c Channel, to string) string {
	if c == SMS {
		return hub.Phone(to).String()
	}
	return hub.MaskMail(to)
}

func wrong(pointer, detail string) error {
	return hub.Fail(hub.Invalid, "invalid", "The message cannot be sent like this.", nil, hub.WithField(pointer, detail))
}

// Contact is how somebody is reached. Empty members: not at all that way.
type Contact struct {
	Phone hub.Phone // takes SMS
	Mail  string
	Lang  hub.Lang
}

// To is the address for the channel, "" when there is none.
func (c Contact) To(way Channel) string {
	switch way {
	case SMS:
		return string(c.Phone)
	case Email:
		return c.Mail
	}
	return ""
}
