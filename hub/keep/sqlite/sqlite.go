// Package sqlite keeps what the hub remembers in one SQLite file: the engine
// that needs no server.
//
// All writing goes through one goroutine that puts everything that waits into
// one transaction (group commit, synchronous=FULL), so that many writers share
// an fsync. Reading goes through a few connections of its own and never waits
// for a writer. Checkpoints run on yet another connection, off the way of the
// commits. One process at a time may hold the file: a lock on path+".lock"
// refuses a second one.
//
// No routes, no events of its own, no other system. It remembers jobs, values,
// rates, events (the last Options.EventsKeep of them; the keys of events for 30
// days) and the audit.
package sqlite

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/form"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/radio"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Options set the engine; the zero value is good.
type Options struct {
	GroupMax   int              // operations in one commit; 512 when 0, 1 = no grouping
	Readers    int              // connections that read; 4 when 0
	Clock      func() time.Time // time.Now when nil
	EventsKeep int              // events in the ring; 10 000 when 0
	EventsAge  time.Duration    // how old an event may become; 7 days when 0
	OrphanWait time.Duration    // how long the jobs of a dead process keep their lease at most; 5 s when 0
	QuickCheck bool             // looks for damage at Open; takes seconds on a large file
}

// Engine is the store. It implements keep.Engine.
type Engine struct {
	opts    Options
	path    string
	lock    *os.File
	writer  *writer
	readers *raw.Pool
	radio   *radio.Radio
	stop    context.CancelFunc
	chores  sync.WaitGroup
	closing sync.Once
	closed  error
}

var _ keep.Engine = (*Engine)(nil)

// Open opens the file, and makes it when there is none. A file that another
// process holds, or that a newer version of the program has written, is refused.
func Open(ctx context.Context, path string, opts Options) (*Engine, error) {
	e := &Engine{opts: opts.withDefaults(), path: path, radio: radio.New()}
	lock, err := raw.Lock(path + ".lock")
	if err != nil {
		return nil, err
	}
	e.lock = lock
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(err, raw.Unlock(lock))
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	if err := raw.Touch(e.path, false); err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	c, err := raw.Dial(e.path, "busy_timeout=5000", "page_size=8192", "journal_mode=WAL", "synchronous=FULL",
		"wal_autocheckpoint=0", "cache_size=-65536", "temp_store=MEMORY")
	if err != nil {
		return err
	}
	if err := e.prepare(ctx, c); err != nil {
		return errors.Join(err, c.Close())
	}
	e.writer = newWriter(c, e.opts.Clock, e.radio, e.opts.GroupMax)
	if err := e.writer.loadKeys(); err != nil {
		return errors.Join(err, c.Close())
	}
	if err := e.dialOthers(); err != nil {
		return errors.Join(err, c.Close())
	}
	go e.writer.group.Run()
	return nil
}

// prepare brings the file up to date and looks after the jobs of a dead process:
// a call of it may still be under way, so they keep their lease for a moment.
func (e *Engine) prepare(ctx context.Context, c *raw.Conn) error {
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
	_, err := c.Exec("UPDATE jobs SET due = min(due, ?) WHERE stage = ?", end, form.Running)
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

// Check implements keep.Health: it writes.
func (e *Engine) Check(ctx context.Context) error {
	return e.writer.do(ctx, func(t *tx) error {
		_, err := t.Exec("INSERT OR REPLACE INTO probe (one, at) VALUES (1, ?)", t.now())
		return err
	})
}

// Backup implements keep.Health. The path must not exist.
func (e *Engine) Backup(ctx context.Context, path string) error { return Copy(ctx, e.path, path) }

// Copy writes a consistent copy of the store in one file to another, which must
// not exist. It needs no Engine: a hub may have the store open meanwhile.
func Copy(ctx context.Context, from, path string) error {
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	if err := raw.Touch(path, true); err != nil {
		return fmt.Errorf("making the backup: %w", err)
	}
	c, err := raw.Dial(from, "busy_timeout=5000")
	if err != nil {
		return err
	}
	err = c.Rows(ctx, func(raw.Row) error { return nil }, "VACUUM INTO ?", path)
	return errors.Join(err, c.Close())
}

// Close implements keep.Health.
func (e *Engine) Close() error {
	e.closing.Do(func() {
		e.writer.group.Close()
		e.stop()
		e.chores.Wait()
		e.radio.Close()
		e.closed = errors.Join(e.readers.Close(), e.writer.conn.Close(), raw.Unlock(e.lock))
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
	if o.OrphanWait <= 0 {
		o.OrphanWait = 5 * time.Second
	}
	return o
}
