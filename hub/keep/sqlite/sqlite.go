// Package sqlite keeps what the hub remembers in one SQLite file: the engine
// that needs no server.
//
// All writing goes through one goroutine that puts everything that waits into
// one transaction (group commit), so that many writers share an fsync, and
// nobody hears of a success before that fsync is done. The next group is written
// meanwhile, so what is read (but for events) may be a moment ahead of the disk.
// Reading goes through a few connections of its own and never waits for a writer.
// Checkpoints run on yet another connection, off the way of the commits. One
// process at a time may hold the file: a lock on path+".lock" refuses a second one.
//
// No routes, no events of its own, no other system.
//
// What it remembers has an end:
//
//   - jobs: as long as their kind is kept (keep.Work.Retain); at most 20 attempts
//     and what keep.Job.Fits says;
//   - events: Options.EventsKeep of each topic, none older than EventsAge; their
//     keys for 30 days;
//   - the audit: AuditKeep records, none older than AuditAge;
//   - values: until their end. Those without one are bounded by their use: one for
//     each scheduled task, mirrored doctype and reconciled source, one for each
//     address that has opted out, one for each accepted quotation, which is evidence;
//   - allowances: until they are whole again;
//   - the log beside the file: some 256 MiB under load, little after some seconds
//     of silence, or when room is short.
//
// The room of what was deleted is used again; the file does not shrink. A backup
// does not contain it, so restoring one gives it back.
//
// A disk that is full answers store-full and is tried again with every call. New
// jobs are refused before that, with Options.MinFree left, so that work under way
// can be recorded and the log can go into the file. A disk that refuses an fsync is
// not trusted again: Check and all that writes say so until the store is opened
// anew, which finds everything that somebody was told is stored.
package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/backup"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/form"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/keys"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/radio"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/upkeep"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options set the engine; the zero value is good.
type Options struct {
	GroupMax   int              // operations in one commit; 512 when 0, 1 = no grouping
	Readers    int              // connections that read; 4 when 0
	Clock      func() time.Time // time.Now when nil
	EventsKeep int              // events of each topic in the ring; 10 000 when 0
	EventsAge  time.Duration    // how old an event may become; 7 days when 0
	AuditKeep  int              // records in the audit; 1 000 000 when 0
	AuditAge   time.Duration    // how old a record may become; 2 years when 0
	MinFree    int64            // bytes; with less room on its file system nothing new is put; 64 MiB when 0, negative = all is used
	OrphanWait time.Duration    // how long the jobs of a dead process keep their lease at most; 5 s when 0
	QuickCheck bool             // looks for damage at Open; takes seconds on a large file
}

var errHalfRestored = errors.New("putting a backup in the place of the store was interrupted; do it again")

// newest is the schema that this program writes: as many as there are migrations.
func newest() int {
	known, _ := migrations.ReadDir("migrations") // what is compiled in can be read
	return len(known)
}

// Engine is the store. It implements keep.Engine.
type Engine struct {
	opts    Options
	path    string
	lock    *os.File
	writer  *writer
	readers *raw.Pool
	radio   *radio.Radio
	room    *raw.Room
	stop    context.CancelFunc
	chores  sync.WaitGroup
	closing sync.Once
	closed  error
}

var _ keep.Engine = (*Engine)(nil)

// Open opens the file, and makes it when there is none. A file that another
// process holds, that a newer version of the program has written, or that is not a
// store of the hub, is refused and not changed.
func Open(ctx context.Context, path string, opts Options) (*Engine, error) {
	e := &Engine{opts: opts.withDefaults(), path: path, radio: radio.New()}
	e.room = raw.NewRoom(filepath.Dir(path), e.opts.MinFree)
	lock, err := raw.Lock(path + ".lock")
	if err != nil {
		return nil, err
	}
	e.lock = lock
	if backup.Interrupted(path) {
		return nil, errors.Join(errHalfRestored, raw.Unlock(lock))
	}
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(err, raw.Unlock(lock))
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	if err := raw.Touch(e.path, false); err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	c, err := raw.Dial(e.path, "busy_timeout=5000")
	if err != nil {
		return err
	}
	if err := e.prepare(ctx, c); err != nil {
		return errors.Join(err, c.Close())
	}
	e.writer = newWriter(c, e.opts.Clock, e.radio, e.opts.GroupMax)
	err = e.writer.start(e.path)
	if err == nil {
		err = e.dialOthers()
	}
	if err != nil {
		return errors.Join(err, e.writer.close())
	}
	go e.writer.group.Run()
	return nil
}

// prepare brings a file of ours, or an empty one, up to date and looks after the jobs of a dead process:
// a call of it may still be under way, so they keep their lease for a moment.
func (e *Engine) prepare(ctx context.Context, c *raw.Conn) error {
	// Before anything is written: the path may be that of somebody else's file.
	if err := backup.Known(ctx, c, newest()); err != nil {
		return err
	}
	err := c.Set("page_size=8192", "journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=0", "cache_size=-16384",
		"temp_store=MEMORY")
	if err != nil {
		return err
	}
	if e.opts.QuickCheck {
		verdict, _, err := c.One(ctx, "PRAGMA quick_check(1)")
		if err != nil || verdict.Text(0) != "ok" {
			return hub.Fail(hub.Unavailable, "store-unavailable", "The store is damaged.", err)
		}
	}
	if err := c.Migrate(ctx, migrations, "migrations"); err != nil {
		return err
	}
	end := e.opts.Clock().Add(e.opts.OrphanWait).UnixMicro()
	_, err = c.Exec("UPDATE jobs SET due = min(due, ?) WHERE stage = ?", end, form.Running)
	return err
}

// dialOthers opens the connections that read and the one of the keeper.
func (e *Engine) dialOthers() (err error) {
	e.readers, err = raw.NewPool(e.opts.Readers, e.writer.group.Closing(), func() (*raw.Conn, error) {
		return raw.Dial(e.path, "busy_timeout=5000", "query_only=1", "cache_size=-8192")
	})
	if err != nil {
		return err
	}
	c, err := raw.Dial(e.path, "busy_timeout=0", "wal_autocheckpoint=0", "synchronous=FULL")
	if err != nil {
		return errors.Join(err, e.readers.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.chores.Go(func() { e.housekeep(ctx, c) })
	return nil
}

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
		Tight:  func() bool { return e.room.Left() != nil },
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
		if t.writer.keys.Waiting() < keys.Chunk {
			return nil
		}
		left, err = t.writer.keys.Settle(t.writer.seq)
		return err
	})
	return err == nil && !left
}

// Check implements keep.Health: it writes.
func (e *Engine) Check(ctx context.Context) error {
	if err := e.room.Left(); err != nil {
		return err
	}
	return e.writer.do(ctx, func(t *tx) error {
		_, err := t.Exec("INSERT OR REPLACE INTO probe (one, at) VALUES (1, ?)", t.now())
		return err
	})
}

// Backup implements keep.Health. The path must not exist.
func (e *Engine) Backup(ctx context.Context, path string) error { return Copy(ctx, e.path, path) }

// Copy writes a consistent copy of the store in one file to another, which must
// not exist. It needs no Engine: a hub may have the store open meanwhile.
func Copy(ctx context.Context, from, path string) error { return backup.Copy(ctx, from, path) }

// Examine says whether there is a sound store in a file that this program can open.
// It takes no lock and needs no Engine: a hub may have the store open meanwhile. It
// reads the whole file. A file or a folder that is missing is hub.NotFound; a file that
// is no store of the hub, is damaged or newer than the program, hub.Invalid.
func Examine(ctx context.Context, path string) error {
	if backup.Interrupted(path) {
		return errHalfRestored
	}
	return backup.Examine(ctx, path, newest())
}

// RestoreOptions say what becomes of the jobs in a backup.
type RestoreOptions struct {
	Hold  []string // kinds, or families of them ("outbox."), whose pending and running jobs are held
	State string   // the state of those, unless empty: "maybe-sent"
	Note  string   // and their note
}

// Restored is what Restore has done: how many jobs it holds, and where the store
// is that stood there before.
type Restored = backup.Restored

// Restore puts a backup in the place of the store. It refuses when a hub holds the
// store, and when the backup is damaged, none of ours, or newer than the program;
// then nothing has changed. What was there before is kept under a dated name.
//
// What was done after the backup was made is not in it, so it is done again: jobs
// that were pending or running then run once more. Where the other side takes a
// key that changes nothing. Where it does not (messages), the work may have left
// already: name the kinds in Hold, and a person looks at them.
func Restore(ctx context.Context, from, to string, o RestoreOptions) (Restored, error) {
	return backup.Restore(ctx, from, to, backup.Plan{
		Newest: newest(), Hold: o.Hold, State: o.State, Note: o.Note, Now: time.Now(),
	})
}

// Close implements keep.Health.
func (e *Engine) Close() error {
	e.closing.Do(func() {
		e.writer.group.Close()
		e.stop()
		e.chores.Wait()
		e.radio.Close()
		e.closed = errors.Join(e.readers.Close(), e.writer.close(), raw.Unlock(e.lock))
	})
	return e.closed
}

func (o Options) withDefaults() Options {
	if o.GroupMax <= 0 {
		o.GroupMax = 512
	}
	if o.Readers <= 0 {
		o.Readers = 4
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.EventsKeep <= 0 {
		o.EventsKeep = 10_000
	}
	if o.EventsAge <= 0 {
		o.EventsAge = 7 * 24 * time.Hour
	}
	if o.AuditKeep <= 0 {
		o.AuditKeep = 1_000_000
	}
	if o.AuditAge <= 0 {
		o.AuditAge = 730 * 24 * time.Hour
	}
	if o.MinFree == 0 {
		o.MinFree = 64 << 20
	}
	if o.OrphanWait <= 0 {
		o.OrphanWait = 5 * time.Second
	}
	return o
}
