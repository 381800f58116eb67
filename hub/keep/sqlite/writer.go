package sqlite

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/form"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/group"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/keys"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/radio"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// writer is the one who writes: it does the operations of a group in one
// transaction, so that they share one fsync. SQLite leaves that fsync to it
// (synchronous=NORMAL syncs the log before a checkpoint and when it begins anew,
// not at each commit), so that the next group is written while the disk is busy
// with the one before. Nobody hears of a success before the fsync. The log is
// written in order, so what a power cut takes away is a tail nobody heard of.
//
// It is at work in the goroutine of the group only, but for seal.
type writer struct {
	conn  *raw.Conn
	log   *os.File // the write-ahead log
	clock func() time.Time
	radio *radio.Radio
	group *group.Group[*tx]
	gate  sync.Mutex   // held during a transaction; the keeper takes it for moments
	done  atomic.Int64 // operations so far
	seq   int64        // of the newest job

	changes int64 // rows that the connection has changed so far

	insertions form.Insertions
	grown      map[hub.Topic]int // events since the topic was last trimmed
	keys       *keys.Index
	heard      atomic.Int64 // id of the newest event that is on disk
	lost       atomic.Pointer[error]
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
	wrote  bool     // something is in the log
}

func newWriter(c *raw.Conn, clock func() time.Time, r *radio.Radio, groupMax int) *writer {
	w := &writer{conn: c, clock: clock, radio: r, keys: keys.NewIndex(c), insertions: form.Insertions{},
		grown: map[hub.Topic]int{}}
	w.group = group.New(groupMax, w.commit)
	return w
}

// do runs the operation in a transaction and returns when that is on disk.
func (w *writer) do(ctx context.Context, run func(*tx) error) error { return w.group.Do(ctx, run) }

// commit writes the group. When one operation breaks the transaction, each is
// done again by itself, so that only the guilty suffer.
func (w *writer) commit(group []*op) (seal func() error) {
	defer w.done.Add(int64(len(group)))
	if lost := w.lost.Load(); lost != nil {
		for _, o := range group {
			o.Err = *lost
		}
		return nil
	}
	var all []*tx
	if t := w.together(group); t != nil {
		all = append(all, t)
	} else if len(group) > 1 {
		for i := range group {
			if t := w.together(group[i : i+1]); t != nil {
				all = append(all, t)
			}
		}
	}
	return func() error { return w.seal(all) }
}

// seal makes what was committed last, and then tells the listeners. When the disk
// refuses, nobody can say what of the log is on it (a second fsync may well claim
// that all is), so the store is not written any more until it is opened anew.
func (w *writer) seal(all []*tx) error {
	if slices.ContainsFunc(all, func(t *tx) bool { return t.wrote }) {
		if err := raw.Datasync(w.log); err != nil {
			err = hub.Fail(hub.Unavailable, "store-unavailable",
				"The disk refused what was written. The hub must be started anew.", err)
			w.lost.CompareAndSwap(nil, &err)
		}
	}
	if lost := w.lost.Load(); lost != nil {
		return *lost
	}
	for _, t := range all {
		t.ring()
	}
	return nil
}

// together writes the group as one transaction; nil when nothing was written.
func (w *writer) together(group []*op) *tx {
	w.gate.Lock()
	defer w.gate.Unlock()
	t := &tx{Conn: w.conn, writer: w}
	_, err := t.Exec("BEGIN IMMEDIATE")
	if err == nil {
		err = t.runAll(group)
		if err == nil && w.keys.Waiting() > keys.Max {
			_, err = w.keys.Settle(w.seq)
		}
		if err == nil {
			err = t.commit()
		}
		if err != nil {
			// The error may have ended the transaction already; then there is nothing to undo.
			_, _ = t.Exec("ROLLBACK")
			w.keys.Undone()
		}
	}
	if err != nil {
		for _, o := range group {
			o.Err = err
		}
		return nil
	}
	w.keys.Kept()
	return t
}

// commit ends the transaction, and notes whether it brought anything.
func (t *tx) commit() error {
	r, _, err := t.One(background, "SELECT total_changes()")
	if err == nil {
		_, err = t.Exec("COMMIT")
	}
	if err == nil {
		t.wrote, t.writer.changes = r.Int(0) != t.writer.changes, r.Int(0)
	}
	return err
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

// ring tells the listeners, after the fsync.
func (t *tx) ring() {
	for _, kind := range t.wakes {
		t.writer.radio.Send(keep.WakeJobs, []byte(kind))
	}
	if t.last > 0 {
		t.writer.heard.Store(t.last)
		t.writer.radio.Send(keep.WakeEvents, fmt.Append(nil, t.last))
	}
}

// background is for what runs inside a transaction: it ends by itself.
var background = context.Background()
