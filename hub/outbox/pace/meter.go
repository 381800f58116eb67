package pace

import (
	"context"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Limits are the allowances of SMS.
type Limits struct {
	PerRecipient int // in ten minutes; none when zero. What is urgent has four times as much, counted apart
	PerSender    int // segments in a second; none when zero
}

const (
	window      = 10 * time.Minute
	urgentTimes = 4
)

// Meter holds messages to the allowances.
type Meter struct {
	rates  keep.Rates
	limits Limits
}

// NewMeter makes a meter.
func NewMeter(rates keep.Rates, limits Limits) *Meter { return &Meter{rates, limits} }

// Recipient takes one message from a recipient's allowance. It returns how long
// to wait when that is spent.
func (m *Meter) Recipient(ctx context.Context, recipient string, urgent bool) (time.Duration, error) {
	if m.limits.PerRecipient <= 0 {
		return 0, nil
	}
	key, burst := "outbox:to:"+recipient, m.limits.PerRecipient
	if urgent {
		key, burst = key+":urgent", burst*urgentTimes
	}
	return m.take(ctx, key, burst, window)
}

// Sender takes the segments of one message from a number's allowance. It returns
// how long to wait when that is spent. The first segment decides: a text that is
// longer than the allowance must leave all the same, at the cost of the next one.
func (m *Meter) Sender(ctx context.Context, sender string, segments int) (time.Duration, error) {
	if m.limits.PerSender <= 0 {
		return 0, nil
	}
	for i := range max(segments, 1) {
		wait, err := m.take(ctx, "outbox:from:"+sender, m.limits.PerSender, time.Second)
		if err != nil || i == 0 && wait > 0 {
			return wait, err
		}
		if wait > 0 {
			break
		}
	}
	return 0, nil
}

func (m *Meter) take(ctx context.Context, key string, burst int, period time.Duration) (time.Duration, error) {
	ok, wait, err := m.rates.Allow(ctx, key, burst, period)
	switch {
	case err != nil:
		return 0, fmt.Errorf("metering messages: %w", err)
	case ok:
		return 0, nil
	}
	return max(wait, time.Millisecond), nil
}
