package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/form"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Plan says how a copy is put back.
type Plan struct {
	Newest int      // the newest schema that this program knows
	Hold   []string // kinds, or families of them ("outbox."), whose open jobs are held
	State  string   // what held jobs get as state, unless empty
	Note   string   // and as note
	Now    time.Time
}

// Restored is what was done.
type Restored struct {
	Held  int    // jobs
	Aside string // where the file is that stood there before; "" when there was none
}

// unfinished is the copy while it is not in its place yet.
const unfinished = ".restoring"

// Interrupted tells whether the store is missing because putting a copy back was
// cut short.
func Interrupted(path string) bool {
	_, here := os.Stat(path)
	_, half := os.Stat(path + unfinished)
	return errors.Is(here, fs.ErrNotExist) && half == nil
}

// Restore puts a copy in the place of the store, which no hub may hold. Nothing is
// touched before a sound copy is on disk beside it; what stood there is kept under
// a dated name. Doing it again mends an interrupted one.
func Restore(ctx context.Context, from, to string, p Plan) (done Restored, err error) {
	if err := folder(to); err != nil {
		return done, err
	}
	lock, err := raw.Lock(to + ".lock")
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, raw.Unlock(lock)) }()
	if same(from, to) {
		return done, hub.Fail(hub.Invalid, "invalid", "The backup is the store itself.", nil)
	}
	half := to + unfinished
	if err := remove(half); err != nil {
		return done, err
	}
	if err := fetch(ctx, from, half, p.Newest); err != nil {
		return done, fmt.Errorf("reading the backup: %w", err)
	}
	if done.Held, err = ready(ctx, half, p); err != nil {
		return done, errors.Join(err, remove(half))
	}
	if done.Aside, err = putAside(to, p.Now); err != nil {
		return done, err
	}
	if err := os.Rename(half, to); err != nil {
		return done, fmt.Errorf("putting the backup in its place: %w", err)
	}
	return done, sync(filepath.Dir(to))
}

// fetch copies a backup. One that is not a store is refused in words, before the
// database stumbles over it.
func fetch(ctx context.Context, from, half string, newest int) error {
	if err := present(from, "backup"); err != nil {
		return err
	}
	err := with(from, func(c *raw.Conn) error { return existing(ctx, c, newest) })
	if err == nil {
		err = Copy(ctx, from, half)
	}
	if raw.Damaged(err) {
		return refuse("The backup is damaged.", err)
	}
	return err
}

// ready checks a copy and holds what must be.
func ready(ctx context.Context, path string, p Plan) (held int, err error) {
	c, err := raw.Dial(path, "journal_mode=DELETE", "synchronous=FULL")
	if err != nil {
		return 0, err
	}
	if err = existing(ctx, c, p.Newest); err == nil {
		err = Sound(ctx, c)
	}
	if err == nil {
		held, err = hold(c, p)
	}
	return held, errors.Join(err, c.Close())
}

// hold puts open jobs of the kinds aside, and those that stood behind them in
// their lanes at the head.
func hold(c *raw.Conn, p Plan) (held int, err error) {
	const which = ` WHERE stage < ?1 AND (kind = ?2 OR substr(?2, -1) = '.' AND substr(kind, 1, length(?2)) = ?2)`
	_, err = c.Exec("BEGIN IMMEDIATE")
	for _, kind := range p.Hold {
		if err == nil {
			var n int64
			n, err = c.Exec(`UPDATE jobs SET stage = ?1, due = min(due, ?3), updated = ?3,
 state = iif(?4 = '', state, ?4), note = iif(?5 = '', note, ?5)`+which,
				form.Held, kind, p.Now.UnixMicro(), p.State, p.Note)
			held += int(n)
		}
	}
	if err == nil {
		_, err = c.Exec(`UPDATE jobs SET stage = ?1 WHERE seq IN (SELECT min(seq) FROM jobs
 WHERE lane <> '' AND stage = ?2 AND lane NOT IN (SELECT lane FROM jobs WHERE lane <> '' AND stage IN (?1, ?3))
 GROUP BY lane)`, form.Ready, form.Behind, form.Running)
	}
	if err == nil {
		_, err = c.Exec("COMMIT")
	}
	return held, err
}

// putAside gives the store that is there another name. Its log goes into it
// first where that can be done; where not, the log goes along.
func putAside(path string, now time.Time) (aside string, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", errors.Join(remove(path+"-wal"), remove(path+"-shm"))
	}
	if c, err := raw.Dial(path, "busy_timeout=0"); err == nil {
		c.Checkpoint("TRUNCATE")
		_ = c.Close() // a damaged store is a reason to restore one
	}
	aside = path + ".before-" + now.UTC().Format("20060102T150405.000Z")
	for _, part := range []string{"-wal", "-shm", ""} {
		if err := os.Rename(path+part, aside+part); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("keeping the old store: %w", err)
		}
	}
	return aside, nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("clearing the way: %w", err)
	}
	return nil
}

func same(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}
