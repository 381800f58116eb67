package sqlite

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// writer is the one goroutine that writes. It takes all the operations that
// wait (at most max) into one transaction, so that they share one fsync, and
// releases them after the commit.
type writer struct {
	conn    *conn
	clock   func() time.Time
	radio   *radio
	max     int
	ops     chan *op
	quit    chan struct{} // closed by Close: take no more
	stopped chan struct{} // closed when the goroutine has ended
	gate    sync.Mutex    // held during a transaction; the keeper takes it for moments
	commits atomic.Int64
	seq     int64     // of the newest job
	late    lateIndex // dedupe keys on their way to disk
	before  int       // size of the last group
}

// op is an operation on its way. run may be called twice, when its group had to
// be taken apart; it must write nothing before it returns a refusal.
type op struct {
	run   func(*tx) error
	state atomic.Int32
	err   error
	done  chan struct{}
}

// gather is how often a group lets others run, at most, until it has as many as
// the one before had. That is some ten microseconds when nobody comes.
const gather = 100

const (
	waiting int32 = iota
	taken
	given // the caller has given up
)

// tx is the transaction of a group.
type tx struct {
	*conn
	writer *writer
	wakes  []string // kinds of which a job became due
	last   int64    // the id of the newest event, when there is one

	// Hashes of dedupe keys that this transaction has brought, written to the
	// index, and made void.
	added, settled, void []int64
}

func newWriter(c *conn, clock func() time.Time, r *radio, groupMax int) *writer {
	return &writer{
		conn: c, clock: clock, radio: r, max: groupMax,
		ops:  make(chan *op, groupMax),
		quit: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// do runs the operation in a transaction and returns after the commit. Once the
// operation has begun its outcome is awaited, whatever happens to ctx: nobody is
// told "no" about something that is on disk.
func (w *writer) do(ctx context.Context, run func(*tx) error) error {
	if err := ctx.Err(); err != nil {
		return late(ctx)
	}
	o := &op{run: run, done: make(chan struct{})}
	select {
	case <-w.quit:
		return keep.ErrClosed
	default:
	}
	select {
	case w.ops <- o:
	case <-w.quit:
		return keep.ErrClosed
	case <-ctx.Done():
		return late(ctx)
	}
	select {
	case <-o.done:
		return o.err
	case <-w.stopped:
	case <-ctx.Done():
		if o.state.CompareAndSwap(waiting, given) {
			return late(ctx)
		}
	}
	select {
	case <-o.done:
		return o.err
	case <-w.stopped:
	}
	select {
	case <-o.done:
		return o.err
	default:
		return keep.ErrClosed
	}
}

func late(ctx context.Context) error {
	return hub.Fail(hub.Timeout, "timeout", "The store did not answer in time.", context.Cause(ctx))
}

// loop is the goroutine.
func (w *writer) loop() {
	defer close(w.stopped)
	group := make([]*op, 0, w.max)
	for {
		select {
		case o := <-w.ops:
			group = w.fill(append(group[:0], o))
		case <-w.quit:
			group = w.fill(group[:0])
			if len(group) == 0 {
				return
			}
		}
		w.commit(group)
	}
}

// fill adds what waits to the group. Those who were just released want to come
// back: a moment for them, when there were some, makes the groups large and the
// commits few.
func (w *writer) fill(group []*op) []*op {
	for yields := 0; len(group) < w.max; {
		select {
		case o := <-w.ops:
			group = append(group, o)
			continue
		default:
		}
		if yields++; yields > gather || len(group) >= w.before {
			break
		}
		runtime.Gosched()
	}
	w.before = len(group)
	return slices.DeleteFunc(group, func(o *op) bool { return !o.state.CompareAndSwap(waiting, taken) })
}

// commit writes the group and releases it. When one operation breaks the
// transaction, each is done again by itself, so that only the guilty suffer.
func (w *writer) commit(group []*op) {
	if !w.together(group) && len(group) > 1 {
		for i := range group {
			w.together(group[i : i+1])
		}
	}
	w.commits.Add(1)
	for _, o := range group {
		close(o.done)
	}
}

// together writes the group as one transaction; false when nothing was written.
func (w *writer) together(group []*op) bool {
	w.gate.Lock()
	defer w.gate.Unlock()
	t := &tx{conn: w.conn, writer: w}
	_, err := t.exec("BEGIN IMMEDIATE")
	if err == nil {
		err = t.runAll(group)
		if err == nil && len(w.late.seqs) > lateMax {
			_, err = t.settleKeys()
		}
		if err == nil {
			_, err = t.exec("COMMIT")
		}
		if err != nil {
			// The error may have ended the transaction already; then there is nothing to undo.
			_, _ = t.exec("ROLLBACK")
			t.forgetKeys()
		}
	}
	if err != nil {
		for _, o := range group {
			o.err = err
		}
		return false
	}
	t.keepKeys()
	t.ring()
	return true
}

// runAll stops at the first error that is not an answer.
func (t *tx) runAll(group []*op) error {
	for _, o := range group {
		o.err = o.run(t)
		if hub.IsKind(o.err, hub.Unavailable) || hub.IsKind(o.err, hub.Internal) {
			return o.err
		}
	}
	return nil
}

func (t *tx) now() int64 { return t.writer.clock().UnixMicro() }

// due notes that a job can be claimed as of the instant.
func (t *tx) due(kind string, at int64) {
	if at <= t.now() && !slices.Contains(t.wakes, kind) {
		t.wakes = append(t.wakes, kind)
	}
}

// ring tells the listeners, after the commit.
func (t *tx) ring() {
	for _, kind := range t.wakes {
		t.writer.radio.send(keep.WakeJobs, []byte(kind))
	}
	if t.last > 0 {
		t.writer.radio.send(keep.WakeEvents, fmt.Append(nil, t.last))
	}
}

// background is for what runs inside a transaction: it ends by itself.
var background = context.Background()

const (
	glance  = 100 * time.Millisecond // how often the keeper looks
	sweep   = time.Minute / 2        // how often it throws away
	walFew  = 128                    // pages in the log that are not worth a checkpoint
	walMany = 4 << 10                // pages in the log that wait for a checkpoint while there is work
	walHuge = 8 * walMany            // pages in the log after which it begins anew
)

// housekeep moves the log into the file and throws away what has ended.
func (e *Engine) housekeep(ctx context.Context, c *conn) {
	defer func() { _ = c.close() }()
	look, clean := time.NewTicker(glance), time.NewTicker(sweep)
	defer look.Stop()
	defer clean.Stop()
	var before int64
	rested := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			idle := e.writer.commits.Load() == before
			if !idle || !rested {
				rested = e.checkpoint(c, idle) && idle && e.settleKeys(ctx)
			}
			before = e.writer.commits.Load()
		case <-clean.C:
			// What could not be thrown away now will be the next time.
			_ = e.writer.do(ctx, e.throwAway)
		}
	}
}

// settleKeys uses the quiet; it tells whether nothing is left to do. A few keys
// are not worth a commit.
func (e *Engine) settleKeys(ctx context.Context) bool {
	var left bool
	err := e.writer.do(ctx, func(t *tx) (err error) {
		if len(t.writer.late.seqs) < lateChunk {
			return nil
		}
		left, err = t.settleKeys()
		return err
	})
	return err == nil && !left
}

// checkpoint works beside the commits as long as it can. Only when the log has
// grown huge does it hold the writer up, for the few pages that came in
// meanwhile, so that the log begins anew. It tells whether nothing is left to do.
// An error (a reader is in the way) means: at the next glance.
func (e *Engine) checkpoint(c *conn, idle bool) bool {
	enough := int64(walMany)
	if idle {
		enough = walFew
	}
	pages, moved, ok := c.wal("NOOP")
	if !ok || pages-moved < enough {
		return ok && pages-moved < walFew
	}
	for range 4 {
		if pages, moved, ok = c.wal("PASSIVE"); !ok || pages-moved < walMany/4 {
			break
		}
	}
	if ok && pages > walHuge {
		e.writer.gate.Lock()
		defer e.writer.gate.Unlock()
		pages, moved, ok = c.wal("RESTART")
	}
	return ok && pages-moved < walFew
}

// wal runs a checkpoint and returns how many pages the log has, and how many of
// them have been moved into the file.
func (c *conn) wal(mode string) (pages, moved int64, ok bool) {
	r, ok, err := c.one(background, "PRAGMA wal_checkpoint("+mode+")")
	if err != nil || !ok || r.int(1) < 0 {
		return 0, 0, false
	}
	return r.int(1), r.int(2), true
}
