// Package lane lets one at a time through per key, in the order of arrival. It
// calls nothing; it remembers a key only while somebody holds it or waits.
package lane

import (
	"context"
	"errors"
	"sync"
)

// ErrFull is returned when too many wait for one key already.
var ErrFull = errors.New("too many wait for the same document")

// maxWaiting bounds the queue of one key.
const maxWaiting = 256

// Lanes is a set of keys. The zero value is ready.
type Lanes struct {
	mu   sync.Mutex
	busy map[string][]chan struct{} // who waits, first come first; there while held
}

type heldKey struct {
	lanes *Lanes
	key   string
}

// Alone runs do while nobody else runs under the key. A key that the caller
// holds already (do was given its context) is not waited for again. It returns
// the error of do, of ctx when it ended first, or ErrFull.
func (l *Lanes) Alone(ctx context.Context, key string, do func(context.Context) error) error {
	mark := heldKey{l, key}
	if ctx.Value(mark) != nil {
		return do(ctx)
	}
	if err := l.enter(ctx, key); err != nil {
		return err
	}
	defer l.leave(key)
	return do(context.WithValue(ctx, mark, true))
}

func (l *Lanes) enter(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	queue, held := l.busy[key]
	if !held {
		if l.busy == nil {
			l.busy = map[string][]chan struct{}{}
		}
		l.busy[key] = nil
		l.mu.Unlock()
		return nil
	}
	if len(queue) >= maxWaiting {
		l.mu.Unlock()
		return ErrFull
	}
	turn := make(chan struct{})
	l.busy[key] = append(queue, turn)
	l.mu.Unlock()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		l.giveUp(key, turn)
		return ctx.Err()
	}
}

// giveUp takes a waiter out. One whose turn came at the same moment passes it on.
func (l *Lanes) giveUp(key string, turn chan struct{}) {
	l.mu.Lock()
	for i, other := range l.busy[key] {
		if other == turn {
			l.busy[key] = append(l.busy[key][:i:i], l.busy[key][i+1:]...)
			l.mu.Unlock()
			return
		}
	}
	l.mu.Unlock()
	l.leave(key)
}

func (l *Lanes) leave(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.busy[key]
	if len(queue) == 0 {
		delete(l.busy, key)
		return
	}
	l.busy[key] = queue[1:]
	close(queue[0])
}

// Len is how many keys are held.
func (l *Lanes) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.busy)
}
