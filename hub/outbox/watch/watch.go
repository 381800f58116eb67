// Package watch lets a search wait for its first match without wearing out the
// store. It is a room of the outbox: no routes, no systems, no memory; it listens
// to the ring of events.
package watch

import (
	"context"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// The bounds.
const (
	Seats = 32                     // searches that wait at a time, in this process
	Pause = 200 * time.Millisecond // between two looks of one search, however much happens
	Calm  = 10                     // pauses between two looks while nothing happens: news can be lost
)

// Post is where searches wait.
type Post struct {
	radio keep.Radio
	seats chan struct{}
}

// New makes a post that hears the news of the store.
func New(radio keep.Radio) *Post { return &Post{radio, make(chan struct{}, Seats)} }

// Until looks until it finds something, or as long as most says. When too many
// wait already it looks once.
func (p *Post) Until(ctx context.Context, most time.Duration, look func(ctx context.Context) (found bool, err error)) error {
	select {
	case p.seats <- struct{}{}:
		defer func() { <-p.seats }()
	default:
		_, err := look(ctx)
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news, err := p.radio.Subscribe(ctx, keep.WakeEvents) // every change of a message is an event
	if err != nil {
		return fmt.Errorf("waiting for a message: %w", err)
	}
	if found, err := look(ctx); found || err != nil {
		return err
	}
	return wait(ctx, most, news, look)
}

func wait(ctx context.Context, most time.Duration, news <-chan []byte, look func(ctx context.Context) (bool, error)) error {
	end := time.NewTimer(most)
	defer end.Stop()
	pause := time.NewTicker(Pause)
	defer pause.Stop()
	stirred, calm := 0, 0
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for a message: %w", ctx.Err())
		case <-end.C:
			_, err := look(ctx)
			return err
		case _, open := <-news:
			if !open {
				news = nil
			}
			stirred = 2 // looks: the news of a message can be a moment ahead of its record
			continue
		case <-pause.C:
		}
		if calm++; stirred == 0 && calm < Calm {
			continue
		}
		stirred, calm = max(stirred-1, 0), 0
		if found, err := look(ctx); found || err != nil {
			return err
		}
	}
}
