// Package recent keeps the same thing from being said twice in a row. It is a
// room of the outbox: no routes, no events, no systems. It remembers for ten
// minutes, under outbox:recent:<hash>, which message spoke last to whom of what.
package recent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Memory remembers in the store.
type Memory struct{ values keep.Values }

// New makes a memory on the store.
func New(values keep.Values) *Memory { return &Memory{values} }

const (
	window = 10 * time.Minute
	tries  = 20 // of a second together: longer than it takes to store a message
	again  = 50 * time.Millisecond
)

// Said returns the last message that has spoken of this within the window, as read
// gives it, if it counts; else it notes that the message with the id speaks now.
// read tells whether a message counts; keep.ErrNotFound when it is not stored
// (yet): the call that noted it is still at it, or has failed.
func (m *Memory) Said(
	ctx context.Context, saying, id string, read func(id string) (job keep.Job, counts bool, err error),
) (keep.Job, bool, error) {
	sum := sha256.Sum256([]byte(saying))
	key := "outbox:recent:" + hex.EncodeToString(sum[:12])
	pause := time.NewTicker(again)
	defer pause.Stop()
	for try := 1; ; try++ {
		first, version, err := m.values.Value(ctx, key)
		if err != nil && !errors.Is(err, keep.ErrNotFound) {
			return keep.Job{}, false, fmt.Errorf("looking for the same message: %w", err)
		}
		if err == nil {
			job, counts, err := read(string(first))
			missing := errors.Is(err, keep.ErrNotFound)
			if err != nil && !missing || counts {
				return job, counts, err
			}
			if missing && try < tries && wait(ctx, pause) {
				continue
			}
		}
		_, err = m.values.Swap(ctx, key, version, []byte(id), window)
		if err == nil || !errors.Is(err, keep.ErrStale) {
			return keep.Job{}, false, err
		}
	}
}

// wait tells whether it is worth looking again.
func wait(ctx context.Context, pause *time.Ticker) bool {
	select {
	case <-pause.C:
		return true
	case <-ctx.Done():
		return false
	}
}
