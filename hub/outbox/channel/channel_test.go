package channel_test

import (
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
)

// An address says itself which way it is of; what is none is told both.
func TestEither(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		way channel.Channel
		to  string
	}{
		"(514) 555-0123":  {channel.SMS, "+15145550123"},
		"Ann@EXAMPLE.com": {channel.Email, "Ann@example.com"},
	} {
		if way, to, err := channel.Either(text); err != nil || way != want.way || to != want.to {
			t.Errorf("%s is %s %s, %v", text, way, to, err)
		}
	}
	for _, text := range []string{"nonsense", "ann@", "@", ""} {
		_, _, err := channel.Either(text)
		p := hub.ProblemOf(err)
		if !hub.HasCode(err, "invalid") || p.Detail != "A telephone number or a mail address is needed." ||
			len(p.Fields) != 1 || p.Fields[0].Pointer != "/to" {
			t.Errorf("%q: %v, %+v", text, err, p)
		}
	}
}
