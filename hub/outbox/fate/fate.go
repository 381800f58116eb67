// Package fate reads off a sender's error what has become of a message. It is a
// room of the outbox: no routes, no events, no systems, no memory.
package fate

import (
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/gate"
)

// Fate is what a failed sending means for its message.
type Fate int

// The fates.
const (
	Unknown    Fate = iota // it may have left
	Taken                  // the provider surely has it: only its answer could not be read
	Temporary              // it did not leave; trying again can help
	Permanent              // it did not leave; trying again cannot help
	BadSender              // it did not leave; another number of ours may do better
	Suppressed             // it did not leave: the provider says that the recipient has stopped us
	Closed                 // it did not leave: the gate closed the connection
)

// Of classifies a sender's error. An error that says nothing about itself might
// have happened after the provider took the message.
func Of(err error) (Fate, time.Duration) {
	var maybe interface{ MaybeSent() bool }
	if errors.As(err, &maybe) && maybe.MaybeSent() {
		return Unknown, 0
	}
	if e, ok := connectors.AsError(err); ok {
		return ofCall(e)
	}
	var explained interface{ Problem() *hub.Error }
	if !errors.As(err, &explained) {
		return Unknown, 0
	}
	switch p := hub.ProblemOf(err); p.Kind {
	case hub.TooMany, hub.Upstream, hub.Unavailable, hub.Timeout:
		return Temporary, p.RetryAfter
	case hub.Internal:
		return Unknown, 0
	default:
		return Permanent, 0
	}
}

func ofCall(e *connectors.Error) (Fate, time.Duration) {
	var sender interface{ SenderRefused() bool }
	var stopped interface{ OptedOut() bool }
	switch {
	case e.Outcome == connectors.Applied:
		return Taken, 0
	case e.Outcome == connectors.Unknown:
		return Unknown, 0
	case errors.Is(e, gate.ErrClosed):
		return Closed, 0
	case errors.As(e, &stopped) && stopped.OptedOut():
		return Suppressed, 0
	case errors.As(e, &sender) && sender.SenderRefused():
		return BadSender, e.RetryAfter
	case e.Temporary:
		return Temporary, e.RetryAfter
	}
	return Permanent, 0
}

// Reason puts a refusal in words for the staff, without upstream text that was
// not made for people.
func Reason(err error) string {
	if e, ok := connectors.AsError(err); ok && errors.Is(e, gate.ErrClosed) {
		return "The message was kept and not sent: " + e.Reason + "."
	}
	if e, ok := connectors.AsError(err); ok && e.Reason != "" {
		if e.Code != "" {
			return fmt.Sprintf("The provider refused it: %s (%s).", e.Reason, e.Code)
		}
		return fmt.Sprintf("The provider refused it: %s.", e.Reason)
	}
	if p := hub.ProblemOf(err); p.Detail != "" {
		return p.Detail
	}
	return "The provider refused it."
}
