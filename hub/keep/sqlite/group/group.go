// Package group gathers operations that many callers want done into groups, so
// that a group can share what is dear: one transaction, one fsync.
package group

import (
	"context"
	"runtime"
	"slices"
	"sync"
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

// Group gathers and writes in one goroutine, and seals in another; T is what the
// operations work on.
type Group[T any] struct {
	max     int
	write   func([]*Op[T]) (seal func() error)
	ops     chan *Op[T]
	written chan batch[T]
	quit    chan struct{} // closed by Close: take no more
	stopped chan struct{} // closed when the goroutines have ended
	before  int           // size of the last group
}

// batch is a group that was written and is not sealed yet.
type batch[T any] struct {
	ops  []*Op[T]
	seal func() error
}

// New makes the group of at most so many operations at a time. write does them
// and leaves their errors; seal, which may be nil, makes it last. While one group
// is sealed the next is written, so the disk and the processor are both at work;
// groups are sealed in their order.
func New[T any](most int, write func([]*Op[T]) (seal func() error)) *Group[T] {
	return &Group[T]{
		max: most, write: write,
		ops: make(chan *Op[T], most), written: make(chan batch[T]),
		quit: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// Do has the operation done and returns after its group was sealed. Once the
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
	var sealing sync.WaitGroup
	sealing.Go(g.seal)
	defer sealing.Wait()
	defer close(g.written)
	for {
		group := make([]*Op[T], 0, g.before+1)
		select {
		case o := <-g.ops:
			group = g.fill(append(group, o))
		case <-g.quit:
			group = g.fill(group)
			if len(group) == 0 {
				return
			}
		}
		if len(group) > 0 {
			g.written <- batch[T]{group, g.write(group)}
		}
	}
}

// seal seals what was written, and lets the callers go.
func (g *Group[T]) seal() {
	for b := range g.written {
		var err error
		if b.seal != nil {
			err = b.seal()
		}
		for _, o := range b.ops {
			if err != nil {
				o.Err = err
			}
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
