// Package group gathers operations that many callers want done into groups, so
// that a group can share what is dear: one transaction, one fsync.
package group

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Op is an operation on its way. Run may be called twice, when its group had to
// be taken apart; the error that it leaves in Err is what the caller gets.
type Op[T any] struct {
	Run func(T) error
	Err error

	state atomic.Int32
	done  chan struct{}
}

const (
	waiting int32 = iota
	taken
	given // the caller has given up
)

// yields is how often a group lets others run, at most, until it has as many as
// the one before had. That is some ten microseconds when nobody comes.
const yields = 100

// Group is the one goroutine that does the operations; T is what they work on.
type Group[T any] struct {
	max     int
	write   func([]*Op[T])
	ops     chan *Op[T]
	quit    chan struct{} // closed by Close: take no more
	stopped chan struct{} // closed when the goroutine has ended
	before  int           // size of the last group
}

// New makes the group of at most so many operations at a time; write does them
// (there may be none) and leaves their errors.
func New[T any](most int, write func([]*Op[T])) *Group[T] {
	return &Group[T]{
		max: most, write: write,
		ops:  make(chan *Op[T], most),
		quit: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// Do has the operation done and returns after its group was written. Once the
// operation has begun its outcome is awaited, whatever happens to ctx: nobody is
// told "no" about something that is on disk.
func (g *Group[T]) Do(ctx context.Context, run func(T) error) error {
	if ctx.Err() != nil {
		return keep.Late(ctx)
	}
	o := &Op[T]{Run: run, done: make(chan struct{})}
	select {
	case <-g.quit:
		return keep.ErrClosed
	default:
	}
	select {
	case g.ops <- o:
	case <-g.quit:
		return keep.ErrClosed
	case <-ctx.Done():
		return keep.Late(ctx)
	}
	select {
	case <-o.done:
		return o.Err
	case <-g.stopped:
	case <-ctx.Done():
		if o.state.CompareAndSwap(waiting, given) {
			return keep.Late(ctx)
		}
	}
	select {
	case <-o.done:
		return o.Err
	case <-g.stopped:
	}
	select {
	case <-o.done:
		return o.Err
	default:
		return keep.ErrClosed
	}
}

// Run is the goroutine. It returns after Close, when all that was accepted is done.
func (g *Group[T]) Run() {
	defer close(g.stopped)
	group := make([]*Op[T], 0, g.max)
	for {
		select {
		case o := <-g.ops:
			group = g.fill(append(group[:0], o))
		case <-g.quit:
			group = g.fill(group[:0])
			if len(group) == 0 {
				return
			}
		}
		g.write(group)
		for _, o := range group {
			close(o.done)
		}
	}
}

// fill adds what waits to the group. Those who were just released want to come
// back: a moment for them, when there were some, makes the groups large and the
// commits few.
func (g *Group[T]) fill(group []*Op[T]) []*Op[T] {
	for yielded := 0; len(group) < g.max; {
		select {
		case o := <-g.ops:
			group = append(group, o)
			continue
		default:
		}
		if yielded++; yielded > yields || len(group) >= g.before {
			break
		}
		runtime.Gosched()
	}
	g.before = len(group)
	return slices.DeleteFunc(group, func(o *Op[T]) bool { return !o.state.CompareAndSwap(waiting, taken) })
}

// Waiting tells how many operations no group has taken yet.
func (g *Group[T]) Waiting() int { return len(g.ops) }

// Closing is closed by Close.
func (g *Group[T]) Closing() <-chan struct{} { return g.quit }

// Close refuses what comes, and waits until what was accepted is done. Call it once.
func (g *Group[T]) Close() {
	close(g.quit)
	<-g.stopped
}
