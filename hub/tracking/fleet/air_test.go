package fleet_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// air is a store in memory whose radio loses messages: lose tells how many of a
// hundred. It serves tests in a bubble of time, where no engine can live.
type air struct {
	mu     sync.Mutex
	values map[string][]byte
	ears   map[chan []byte]struct{}
	lose   int
	said   int // messages
	bytes  int
	away   bool
}

func newAir() *air { return &air{values: map[string][]byte{}, ears: map[chan []byte]struct{}{}} }

func (a *air) Value(_ context.Context, key string) ([]byte, int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	value, there := a.values[key]
	switch {
	case a.away:
		return nil, 0, keep.ErrClosed
	case !there:
		return nil, 0, keep.ErrNotFound
	}
	return value, 1, nil
}

func (a *air) Swap(_ context.Context, key string, _ int64, value []byte, _ time.Duration) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return 0, keep.ErrClosed
	}
	a.values[key] = value
	return 1, nil
}

func (a *air) Drop(_ context.Context, key string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.values, key)
	return nil
}

func (a *air) Publish(_ context.Context, _ string, message []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return keep.ErrClosed
	}
	a.said++
	a.bytes += len(message)
	for ear := range a.ears {
		if rand.IntN(100) < a.lose {
			continue
		}
		select {
		case ear <- message:
		default:
		}
	}
	return nil
}

func (a *air) Subscribe(ctx context.Context, _ string) (<-chan []byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return nil, keep.ErrClosed
	}
	ear := make(chan []byte, 64)
	a.ears[ear] = struct{}{}
	context.AfterFunc(ctx, func() { a.leave(ear) })
	return ear, nil
}

func (a *air) leave(ear chan []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, there := a.ears[ear]; there {
		delete(a.ears, ear)
		close(ear)
	}
}

// set changes what the air is like. The radio of one that goes away breaks off.
func (a *air) set(lose int, away bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lose, a.away = lose, away
	if away {
		for ear := range maps.Keys(a.ears) {
			close(ear)
		}
		clear(a.ears)
	}
}

func (a *air) traffic() (said, bytes int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.said, a.bytes
}
