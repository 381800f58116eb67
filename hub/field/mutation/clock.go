package mutation

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// How far what a telephone says of its time is believed.
const (
	drift    = 90 * time.Second   // no clock that is off: the way through the network
	farthest = 7 * 24 * time.Hour // back, when the telephone says what its clock shows now
	blind    = 24 * time.Hour     // back, when it does not
)

// clock corrects a telephone's clock by the difference that it has now.
type clock struct {
	now  time.Time
	off  time.Duration // to be added
	said bool          // the telephone said what its clock shows
}

func newClock(sentAt string, now time.Time) (clock, error) {
	c := clock{now: now}
	if sentAt == "" {
		return c, nil
	}
	sent, err := instant(sentAt)
	if err != nil {
		return c, hub.Fail(hub.Invalid, "invalid", "Nobody can tell when this was sent.", nil, hub.WithField("/sent_at", "an instant as 2026-11-23T14:05:00-05:00"))
	}
	c.said = true
	if off := now.Sub(sent); off.Abs() > drift {
		c.off = off
	}
	return c, nil
}

// instant reads what a telephone says of its time, as far as it can be written down
// again.
func instant(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if at = at.UTC(); err == nil && (at.Year() < 1 || at.Year() > 9999) {
		err = errors.New("a year that nobody writes")
	}
	return at, err
}

// true is when it happened by our clock: never in the future, and not so long ago
// that the clock must have been wrong.
func (c clock) true(at time.Time) time.Time {
	at = at.Add(c.off)
	oldest := c.now.Add(-blind)
	if c.said {
		oldest = c.now.Add(-farthest)
	}
	if at.Before(oldest) {
		at = oldest
	}
	if at.After(c.now) {
		at = c.now
	}
	return at.UTC().Truncate(time.Second)
}

// compact is JSON without blanks; what is none stays as it is.
func compact(raw json.RawMessage) json.RawMessage {
	var out bytes.Buffer
	if len(raw) == 0 || json.Compact(&out, raw) != nil {
		return raw
	}
	return out.Bytes()
}
