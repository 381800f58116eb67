// Package trace remembers what was begun outside, so that a crash is seen and a
// provider's report finds its message. It is a room of the outbox: no routes, no
// events, no systems.
//
// It remembers for 90 days: under outbox:handing:<id> that a try hands (or has
// handed) a message to its provider; under outbox:provider:<id> which message a
// provider's id stands for; for a week, under
// outbox:released:<id>, that a person let a message go; and for seconds, under
// outbox:turn:<id>, whose turn it is to change one.
package trace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Values is what the trace needs of hub/keep.
type Values = keep.Values

// Trace remembers in the store.
type Trace struct{ values Values }

// New makes a trace on the store.
func New(values Values) *Trace { return &Trace{values} }

// kept is how long a trace is of use: as long as its message is kept.
const kept = 90 * 24 * time.Hour

// freeFor is how long the word is kept that a message may be handed over again.
// Its absence says the same; what matters is that its version is a new one.
const freeFor = 24 * time.Hour

// mark is the state of a message's handing over.
type mark struct {
	Handing bool  `json:"handing"` // a try has begun, and nobody took that back
	Fence   int64 `json:"fence"`   // of the try that wrote this
}

func handingKey(id string) string { return "outbox:handing:" + id }

// Begun tells whether an earlier try handed the message over, or began to and
// never said how it ended.
func (t *Trace) Begun(ctx context.Context, id string) (bool, error) {
	m, _, err := t.mark(ctx, id)
	return m.Handing, err
}

// Begin notes that the try under this fence hands the message over now. Each
// step compares and sets, so of two workers who both believe that it is their
// turn one fails here: before anything was sent.
func (t *Trace) Begin(ctx context.Context, id string, fence int64) error {
	m, version, err := t.mark(ctx, id)
	if err != nil {
		return err
	}
	if m.Handing {
		return hub.Fail(hub.Conflict, "state-conflict", "Another try hands the message over.", nil)
	}
	return t.write(ctx, id, version, mark{Handing: true, Fence: fence}, kept)
}

// Retract takes Begin back: the provider surely does not have the message.
func (t *Trace) Retract(ctx context.Context, id string, fence int64) error {
	m, version, err := t.mark(ctx, id)
	if err != nil || !m.Handing || m.Fence != fence {
		return err
	}
	return t.write(ctx, id, version, mark{Fence: fence}, freeFor)
}

// Permit lets a message be handed over again because a person decided so, who
// knew of the tries up to this fence. A later one that has begun meanwhile is a
// hub.Conflict: his decision was not about that one.
func (t *Trace) Permit(ctx context.Context, id string, fence int64) error {
	m, version, err := t.mark(ctx, id)
	if err != nil || !m.Handing {
		return err
	}
	if m.Fence > fence {
		return hub.Fail(hub.Conflict, "state-conflict", "It was handed over again meanwhile.", nil)
	}
	return t.write(ctx, id, version, mark{Fence: fence}, freeFor)
}

func (t *Trace) mark(ctx context.Context, id string) (m mark, version int64, err error) {
	body, version, err := t.values.Value(ctx, handingKey(id))
	if errors.Is(err, keep.ErrNotFound) {
		return mark{}, 0, nil
	}
	if err != nil {
		return mark{}, 0, fmt.Errorf("reading the trace of message %s: %w", id, err)
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return mark{Handing: true}, version, nil // unreadable: the safe side
	}
	return m, version, nil
}

func (t *Trace) write(ctx context.Context, id string, version int64, m mark, ttl time.Duration) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encoding the trace of message %s: %w", id, err)
	}
	if _, err := t.values.Swap(ctx, handingKey(id), version, body, ttl); err != nil {
		return fmt.Errorf("writing the trace of message %s: %w", id, err)
	}
	return nil
}
