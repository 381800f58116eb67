package live

import (
	"context"
	"errors"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Run moves new events from the ring into the window until ctx ends, then
// returns nil. A store that is away is asked again at every poll.
func (b *Broker) Run(ctx context.Context) error {
	var wake <-chan []byte
	poll := time.NewTicker(b.limits.poll)
	defer poll.Stop()
	for {
		if wake == nil {
			wake = b.tune(ctx)
		}
		if err := b.pull(ctx); err != nil && ctx.Err() == nil {
			if errors.Is(err, keep.ErrClosed) {
				return err
			}
			b.log.WarnContext(ctx, "events not read from the store", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-wake:
			if !open {
				wake = nil
			}
		case <-poll.C:
		}
	}
}

// tune subscribes to the wake-up calls. Without them the ring is read at every
// poll, and they are asked for again.
func (b *Broker) tune(ctx context.Context) <-chan []byte {
	wake, err := b.store.Subscribe(ctx, keep.WakeEvents)
	if err != nil {
		return nil
	}
	return wake
}

// page is how many events are read from the ring at a time.
const page = 256

func (b *Broker) pull(ctx context.Context) error {
	head, started := b.window.position()
	if !started {
		last, err := b.store.Last(ctx)
		if err != nil {
			return err
		}
		b.window.restart(last)
		return nil
	}
	for {
		events, oldest, err := b.store.Read(ctx, head, page)
		if err != nil {
			return err
		}
		if oldest-1 > head { // the ring forgot some before we read them
			b.window.restart(oldest - 1)
		}
		if len(events) > 0 {
			b.window.add(encodeAll(events))
			head = events[len(events)-1].ID
		}
		if len(events) == 0 {
			return b.rewind(ctx, head)
		}
		if len(events) < page {
			return nil
		}
	}
}

// rewind looks whether the ring went back: a store that was restored, or that
// lost its last words in a crash, gives ids out again. Listeners are told that
// they missed something.
func (b *Broker) rewind(ctx context.Context, head int64) error {
	last, err := b.store.Last(ctx)
	if err == nil && last < head {
		b.window.restart(last)
	}
	return err
}
