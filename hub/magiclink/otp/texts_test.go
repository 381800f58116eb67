package otp_test

import (
	"os"

	"gigafibre.ca/targo-hub/hub/outbox"
)

// otpTexts are the messages of the parent: the room writes with them.
func otpTexts() (*outbox.Texts, error) { return outbox.ParseTexts(os.DirFS("..")) }
