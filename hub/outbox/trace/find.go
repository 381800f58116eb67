package trace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

func providerKey(providerID string) string { return "outbox:provider:" + providerID }

// Known notes which message a provider's id stands for.
func (t *Trace) Known(ctx context.Context, providerID, id string) error {
	if providerID == "" {
		return nil
	}
	if _, err := t.values.Swap(ctx, providerKey(providerID), keep.AnyVersion, []byte(id), kept); err != nil {
		return fmt.Errorf("noting the provider's id of message %s: %w", id, err)
	}
	return nil
}

// Find returns the message that a provider's id stands for; keep.ErrNotFound.
func (t *Trace) Find(ctx context.Context, providerID string) (id string, err error) {
	if providerID == "" {
		return "", keep.ErrNotFound
	}
	body, _, err := t.values.Value(ctx, providerKey(providerID))
	if err != nil {
		return "", fmt.Errorf("looking for a provider's id: %w", err)
	}
	return string(body), nil
}

const (
	turnFor   = 15 * time.Second      // a turn ends by itself: its owner may have died
	turnWait  = 3 * time.Second       // how long to wait for one's turn
	turnAgain = 20 * time.Millisecond // how often to ask
)

// Turn waits until nobody else changes the message, on any replica: reports of
// providers come in any order and at the same instant. end gives the turn back.
// Who waits too long gets hub.Unavailable.
func (t *Trace) Turn(ctx context.Context, id string) (end func(), err error) {
	key := "outbox:turn:" + id
	patience := time.NewTimer(turnWait)
	defer patience.Stop()
	again := time.NewTicker(turnAgain)
	defer again.Stop()
	for {
		version, err := t.values.Swap(ctx, key, 0, []byte("1"), turnFor)
		switch {
		case err == nil:
			return func() { t.pass(ctx, key, version) }, nil
		case !errors.Is(err, keep.ErrStale):
			return nil, fmt.Errorf("waiting for the turn of message %s: %w", id, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the turn of message %s: %w", id, ctx.Err())
		case <-patience.C:
			return nil, hub.Fail(hub.Unavailable, "unavailable", "The message is being changed by somebody else.", nil,
				hub.WithRetryAfter(time.Second))
		case <-again.C:
		}
	}
}

// pass ends a turn, unless it has ended by itself and is somebody else's now.
// When the store does not answer, the turn ends by itself.
func (t *Trace) pass(ctx context.Context, key string, version int64) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), turnWait)
	defer cancel()
	_, _ = t.values.Swap(ctx, key, version, []byte("0"), time.Millisecond)
}
