// Package webhooks says what each sender of webhooks is like: its paths, its
// proof, how a delivery is read and filed, and what is to be made of it. The door
// and the memory of it are package inbox; a webhook is one file here, a function
// that returns its inbox.Source.
//
// Routes: the paths of the sources. Events: none of its own. Systems called: none
// by itself; a Source calls what it was given. It remembers nothing.
package webhooks

import (
	"errors"

	"gigafibre.ca/targo-hub/hub/inbox"
)

// because adds to the cause of a refusal whether there was no proof at all, or
// one that is only too old.
func because(cause error, given []string, tooOld bool) error {
	switch {
	case len(given) == 0:
		return errors.Join(inbox.ErrUnsigned, cause)
	case tooOld:
		return errors.Join(inbox.ErrTooOld, cause)
	}
	return cause
}
