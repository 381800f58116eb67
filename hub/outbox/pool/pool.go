// Package pool chooses which of our numbers writes to whom: always the same one
// to the same person, as long as carriers take it. It is a room of the outbox:
// no routes, no events, no systems.
//
// It remembers under outbox:bench:<sender>, for as long as it lasts, that a
// number rests because it was refused, and why; every replica sees that.
package pool

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Rest is how long a number rests after a refusal that speaks of the number.
const Rest = 30 * time.Minute

// Pool is our numbers.
type Pool struct {
	values  keep.Values
	senders []string
}

// New makes a pool. Without senders there is one nameless one: whatever the
// provider's own settings say.
func New(values keep.Values, senders []string) *Pool {
	if len(senders) == 0 {
		senders = []string{""}
	}
	return &Pool{values: values, senders: slices.Compact(slices.Sorted(slices.Values(senders)))}
}

// Order lists the numbers for a recipient, the one to try first in front. Each
// recipient has an order of his own that does not change when numbers come or
// go (rendezvous hashing); numbers that rest stand at the end, for a try is
// better than none.
func (p *Pool) Order(ctx context.Context, recipient string) ([]string, error) {
	order := slices.Clone(p.senders)
	if len(order) == 1 {
		return order, nil
	}
	slices.SortFunc(order, func(a, b string) int {
		if weight(a, recipient) > weight(b, recipient) {
			return -1
		}
		return 1
	})
	var rested, resting []string
	for _, sender := range order {
		why, err := p.Resting(ctx, sender)
		if err != nil {
			return nil, err
		}
		if why == "" {
			rested = append(rested, sender)
		} else {
			resting = append(resting, sender)
		}
	}
	return append(rested, resting...), nil
}

// Bench lets a number rest, for a reason in words.
func (p *Pool) Bench(ctx context.Context, sender, reason string) error {
	if reason == "" {
		reason = "refused"
	}
	if _, err := p.values.Swap(ctx, benchKey(sender), keep.AnyVersion, []byte(reason), Rest); err != nil {
		return fmt.Errorf("letting a number rest: %w", err)
	}
	return nil
}

// Resting says why a number rests, "" when it does not.
func (p *Pool) Resting(ctx context.Context, sender string) (string, error) {
	why, _, err := p.values.Value(ctx, benchKey(sender))
	if errors.Is(err, keep.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("asking whether a number rests: %w", err)
	}
	return string(why), nil
}

func benchKey(sender string) string { return "outbox:bench:" + sender }

// weight is the draw of a number for a recipient. The last steps spread what
// differs in few letters over all bits.
func weight(sender, recipient string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(sender + "\x00" + recipient))
	x := h.Sum64()
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
