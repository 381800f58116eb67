// Package pace says when an SMS may leave: not at night, and not too many at
// once. It is a room of the outbox: no routes, no events, no systems. It
// remembers the allowances of recipients and senders in the store's meters.
package pace

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Hours are the quiet hours of a day, in people's own time; none when zero.
type Hours struct {
	from, to int // minutes after midnight
	zone     *time.Location
}

// ParseHours reads "21:00-08:00"; "off" and "" are none.
func ParseHours(text string) (Hours, error) {
	text = strings.TrimSpace(text)
	if text == "" || strings.EqualFold(text, "off") {
		return Hours{}, nil
	}
	from, to, ok := strings.Cut(text, "-")
	h := Hours{from: minutes(from), to: minutes(to), zone: hub.Local()}
	if !ok || h.from < 0 || h.to < 0 || h.from == h.to {
		return Hours{}, fmt.Errorf("neither hours like 21:00-08:00 nor off")
	}
	return h, nil
}

func minutes(text string) int {
	t, err := time.Parse("15:04", strings.TrimSpace(text))
	if err != nil {
		return -1
	}
	return t.Hour()*60 + t.Minute()
}

// Quiet tells whether it is a quiet hour, and when the day begins. Clocks that
// change in the night do not matter: minutes are counted until people's clocks
// show the end, or have jumped over it.
func (h Hours) Quiet(now time.Time) (until time.Time, quiet bool) {
	if h.from == h.to {
		return time.Time{}, false
	}
	until = now.In(h.zone).Truncate(time.Minute)
	for h.covers(until) {
		until, quiet = until.Add(time.Minute), true
	}
	return until, quiet
}

func (h Hours) covers(local time.Time) bool {
	at := local.Hour()*60 + local.Minute()
	if h.from < h.to {
		return h.from <= at && at < h.to
	}
	return h.from <= at || at < h.to
}

// Spread gives each message its own moment within a span, so that a night's
// messages do not all leave in the same second.
func Spread(id string, span time.Duration) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	return time.Duration(float64(span) * float64(h.Sum32()) / (1 << 32))
}
