package fate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/fate"
	"gigafibre.ca/targo-hub/hub/outbox/gate"
)

type word struct{ sender, stopped, maybe bool }

func (word) Error() string         { return "refused" }
func (w word) SenderRefused() bool { return w.sender }
func (w word) OptedOut() bool      { return w.stopped }
func (w word) MaybeSent() bool     { return w.maybe }

func TestOf(t *testing.T) {
	t.Parallel()
	closed := fmt.Errorf("%w: set this", gate.ErrClosed)
	for name, c := range map[string]struct {
		err    error
		want   fate.Fate
		wait   time.Duration
		reason string
	}{
		"says nothing":       {errors.New("boom"), fate.Unknown, 0, "The provider refused it."},
		"may have left":      {word{maybe: true}, fate.Unknown, 0, "The provider refused it."},
		"our own mistake":    {hub.Fail(hub.Internal, "internal", "Odd.", nil), fate.Unknown, 0, "Odd."},
		"invalid":            {hub.Fail(hub.Invalid, "invalid", "Not a mobile.", nil), fate.Permanent, 0, "Not a mobile."},
		"away":               {hub.Fail(hub.Unavailable, "unavailable", "Away.", nil, hub.WithRetryAfter(time.Minute)), fate.Temporary, time.Minute, "Away."},
		"lost":               {&connectors.Error{Outcome: connectors.Unknown, Temporary: true}, fate.Unknown, 0, ""},
		"taken":              {&connectors.Error{Outcome: connectors.Applied}, fate.Taken, 0, ""},
		"lost, says STOP":    {&connectors.Error{Outcome: connectors.Unknown, Err: word{stopped: true}}, fate.Unknown, 0, ""},
		"slow down":          {&connectors.Error{Temporary: true, RetryAfter: time.Second, Reason: "too much"}, fate.Temporary, time.Second, "too much."},
		"refused":            {&connectors.Error{Code: "21211", Reason: "no such number"}, fate.Permanent, 0, "The provider refused it: no such number (21211)."},
		"our number refused": {&connectors.Error{Err: word{sender: true}}, fate.BadSender, 0, ""},
		"recipient stopped":  {&connectors.Error{Err: word{stopped: true}}, fate.Suppressed, 0, ""},
		"closed":             {&connectors.Error{Code: connectors.CodeClosed, Reason: closed.Error(), Err: closed}, fate.Closed, 0, "The message was kept and not sent: " + closed.Error() + "."},
	} {
		got, wait := fate.Of(c.err)
		if got != c.want || wait != c.wait || !strings.Contains(fate.Reason(c.err), c.reason) {
			t.Errorf("%s: %v after %s, %q", name, got, wait, fate.Reason(c.err))
		}
	}
}
