package sqlite

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/group"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/keys"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/radio"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/upkeep"
)

// writer is the one who writes: it does the operations of a group in one
// transaction, so that they share one fsync. It is at work in the goroutine of
// the group only.
type writer struct {
	conn  *raw.Conn
	clock func() time.Time
	radio *radio.Radio
	group *group.Group[*tx]
	gate  sync.Mutex   // held during a transaction; the keeper takes it for moments
	done  atomic.Int64 // operations so far
	seq   int64        // of the newest job
	late  *keys.Late   // dedupe keys on their way to disk
}

// op is an operation on its way. It must write nothing before it returns a
// refusal.
type op = group.Op[*tx]

// tx is the transaction of a group.
type tx struct {
	*raw.Conn
	writer *writer
	wakes  []string // kinds of which a job became due
	last   int64    // the id of the newest event, when there is one

	// Hashes of dedupe keys that this transaction has brought, written to the
	// index, and made void.
	added, settled, void []int64
}

func newWriter(c *raw.Conn, clock func() time.Time, r *radio.Radio, groupMax int) *writer {
	w := &writer{conn: c, clock: clock, radio: r, late: keys.NewLate()}
	w.group = group.New(groupMax, w.commit)
	return w
}

// do runs the operation in a transaction and returns after the commit.
func (w *writer) do(ctx context.Context, run func(*tx) error) error { return w.group.Do(ctx, run) }

// commit writes the group. When one operation breaks the transaction, each is
// done again by itself, so that only the guilty suffer.
func (w *writer) commit(group []*op) {
	if !w.together(group) && len(group) > 1 {
		for i := range group {
			w.together(group[i : i+1])
		}
	}
	w.done.Add(int64(len(group)))
}

// together writes the group as one transaction; false when nothing was written.
func (w *writer) together(group []*op) bool {
	w.gate.Lock()
	defer w.gate.Unlock()
	t := &tx{Conn: w.conn, writer: w}
	_, err := t.Exec("BEGIN IMMEDIATE")
	if err == nil {
		err = t.runAll(group)
		if err == nil && w.late.Len() > keys.Max {
			_, err = t.settleKeys()
		}
		if err == nil {
			_, err = t.Exec("COMMIT")
		}
		if err != nil {
			// The error may have ended the transaction already; then there is nothing to undo.
			_, _ = t.Exec("ROLLBACK")
			w.late.Forget(t.added)
		}
	}
	if err != nil {
		for _, o := range group {
			o.Err = err
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
		o.Err = o.Run(t)
		if hub.IsKind(o.Err, hub.Unavailable) || hub.IsKind(o.Err, hub.Internal) {
			return o.Err
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
		t.writer.radio.Send(keep.WakeJobs, []byte(kind))
	}
	if t.last > 0 {
		t.writer.radio.Send(keep.WakeEvents, fmt.Append(nil, t.last))
	}
}

// background is for what runs inside a transaction: it ends by itself.
var background = context.Background()

// housekeep moves the log into the file and throws away what has ended.
func (e *Engine) housekeep(ctx context.Context, c *raw.Conn) {
	k := upkeep.Keeper{
		Checkpoint: c.Checkpoint,
		Done:       e.writer.done.Load,
		Pause: func() func() {
			e.writer.gate.Lock()
			return e.writer.gate.Unlock
		},
		Settle: e.settleKeys,
		// What could not be thrown away now will be the next time.
		Sweep: func(ctx context.Context) { _ = e.writer.do(ctx, e.throwAway) },
	}
	k.Run(ctx)
	_ = c.Close()
}

// settleKeys tells whether nothing is left to do. A few keys are not worth a
// commit.
func (e *Engine) settleKeys(ctx context.Context) bool {
	var left bool
	err := e.writer.do(ctx, func(t *tx) (err error) {
		if t.writer.late.Len() < keys.Chunk {
			return nil
		}
		left, err = t.settleKeys()
		return err
	})
	return err == nil && !left
}

const insertDedupe = `INSERT OR IGNORE INTO dedupes (hash, seq) VALUES (?, ?)`

// settleKeys writes a part of the waiting keys; it says whether any are left.
func (t *tx) settleKeys() (left bool, err error) {
	late := t.writer.late
	chunk, last, top := late.Next(t.writer.seq)
	for _, hash := range chunk {
		if seq, waits := late.Seq(hash); waits {
			if _, err := t.Exec(insertDedupe, hash, seq); err != nil {
				return true, err
			}
		}
	}
	if last {
		if _, err := t.Exec(`UPDATE marks SET indexed = ?`, top); err != nil {
			return true, err
		}
	}
	t.settled = chunk
	return late.Len() > len(chunk), nil
}

// keepKeys follows the commit of the transaction, late.Forget(added) its rollback.
func (t *tx) keepKeys() {
	t.writer.late.Forget(t.void)
	t.writer.late.Written(t.settled)
}
