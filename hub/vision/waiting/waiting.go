// Package waiting bounds how long a caller waits for work, and lets the work itself
// go on for a while: what it comes to late is kept for whoever asks for the same
// again, so that it is neither done nor paid twice.
//
// It calls no system. It remembers, in memory, what is at work and what came late,
// the latter for ten minutes.
package waiting

import (
	"context"
	"errors"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Limits say how long work may take.
type Limits struct {
	Answer time.Duration // its caller waits no longer
	Work   time.Duration // it goes on no longer, its caller gone or not
}

// Why there is no result.
var (
	ErrLate = errors.New("the work is not done in time")
	ErrFull = errors.New("too much is at work")
)

const (
	most = 48               // works at once
	keep = 10 * time.Minute // what came late
)

// Room is where callers wait. The zero value is empty.
type Room struct {
	mu      sync.Mutex
	works   map[string]*work
	running int
}

// work is one piece, with those who wait for it.
type work struct {
	done    chan struct{}
	waiting int
	out     any
	err     error
}

// Do gives the result of the work that bears this key: that which is running or
// came late, else do is begun. Failures: do's, ErrLate while it goes on, ErrFull.
func Do[T any](ctx context.Context, r *Room, key string, l Limits, do func(context.Context) (T, error)) (out T, err error) {
	w, err := r.join(key, func(w *work) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.Work)
		defer cancel()
		w.out, w.err = guarded(ctx, do)
	})
	if err != nil {
		return out, err
	}
	late := time.NewTimer(l.Answer)
	defer late.Stop()
	select {
	case <-w.done:
	case <-late.C:
	}
	if !r.leave(key, w) {
		return out, ErrLate
	}
	out, _ = w.out.(T)
	return out, w.err
}

func guarded[T any](ctx context.Context, do func(context.Context) (T, error)) (out any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = hub.Recovered(v)
		}
	}()
	return do(ctx)
}

func (r *Room) join(key string, do func(*work)) (*work, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.works[key]
	if w == nil {
		if r.running >= most {
			return nil, ErrFull
		}
		w = &work{done: make(chan struct{})}
		if r.works == nil {
			r.works = map[string]*work{}
		}
		r.works[key] = w
		r.running++
		go func() {
			do(w)
			r.finish(key, w)
		}()
	}
	w.waiting++
	return w, nil
}

// finish keeps what nobody waits for any more. A failure is not kept: the next
// caller tries again.
func (r *Room) finish(key string, w *work) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
	close(w.done)
	switch {
	case w.waiting > 0:
	case w.err != nil:
		r.forget(key, w)
	default:
		time.AfterFunc(keep, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.forget(key, w)
		})
	}
}

// leave tells whether the work is done; then it is forgotten, for its result has
// been given.
func (r *Room) leave(key string, w *work) (done bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w.waiting--
	select {
	case <-w.done:
		r.forget(key, w)
		return true
	default:
		return false
	}
}

func (r *Room) forget(key string, w *work) {
	if r.works[key] == w {
		delete(r.works, key)
	}
}
