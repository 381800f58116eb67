package sqlite

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Value implements keep.Values.
func (e *Engine) Value(ctx context.Context, key string) (value []byte, version int64, err error) {
	now := e.opts.Clock().UnixMicro()
	err = e.readers.Lend(ctx, func(c *raw.Conn) error {
		r, ok, err := c.One(ctx, selectEntry, key, now)
		if err == nil && !ok {
			err = keep.ErrNotFound
		}
		if ok {
			version, value = r.Int(0), r.Bytes(1)
		}
		return err
	})
	return value, version, err
}

const selectEntry = `SELECT version, value FROM entries WHERE key = ? AND (ends = 0 OR ends > ?)`

// Swap implements keep.Values.
func (e *Engine) Swap(
	ctx context.Context, key string, version int64, value []byte, ttl time.Duration,
) (next int64, err error) {
	err = e.writer.do(ctx, func(t *tx) error {
		next, err = t.swap(key, version, value, ttl)
		return err
	})
	return next, err
}

func (t *tx) swap(key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	now := t.now()
	r, ok, err := t.One(background, selectEntry, key, now)
	if err != nil {
		return 0, err
	}
	var have, ends int64
	if ok {
		have = r.Int(0)
	}
	if version != keep.AnyVersion && version != have {
		return 0, keep.ErrStale
	}
	if ttl > 0 {
		ends = now + ttl.Microseconds()
	}
	r, _, err = t.One(background, `INSERT OR REPLACE INTO entries (key, value, ends) VALUES (?, ?, ?)
 RETURNING version`, key, value, ends)
	if err != nil {
		return 0, err
	}
	return r.Int(0), nil
}

// Drop implements keep.Values.
func (e *Engine) Drop(ctx context.Context, key string) error {
	return e.writer.do(ctx, func(t *tx) error {
		_, err := t.Exec(`DELETE FROM entries WHERE key = ?`, key)
		return err
	})
}

// Allow implements keep.Rates. What is refused costs no write.
func (e *Engine) Allow(
	ctx context.Context, key string, burst int, period time.Duration,
) (ok bool, wait time.Duration, err error) {
	if burst <= 0 || period <= 0 {
		return false, 0, hub.Fail(hub.Invalid, "invalid", "A rate needs a burst and a period.", nil)
	}
	err = e.writer.do(ctx, func(t *tx) error {
		ok, wait, err = t.allow(key, burst, period)
		return err
	})
	return ok, wait, err
}

func (t *tx) allow(key string, burst int, period time.Duration) (bool, time.Duration, error) {
	now, span := t.now(), period.Microseconds()
	step := max(1, span/int64(burst))
	r, known, err := t.One(background, `SELECT arrival FROM rates WHERE key = ?`, key)
	if err != nil {
		return false, 0, err
	}
	stored, arrival := now, now
	if known {
		// A clock that was set back must not shut anybody out for longer than a period.
		stored = r.Int(0)
		arrival = min(max(now, stored), now+span)
	}
	over := arrival + step - now - span
	if over <= 0 {
		arrival += step
	}
	if over <= 0 || arrival < stored {
		_, err = t.Exec(`INSERT OR REPLACE INTO rates (key, arrival) VALUES (?, ?)`, key, arrival)
	}
	return err == nil && over <= 0, time.Duration(max(0, over)) * time.Microsecond, err
}

const (
	sweepRows = 2000                // thrown away at a time, so that nobody waits long
	keysKept  = 30 * 24 * time.Hour // how long the key of an event is known
)

// throwAway deletes values that have ended, allowances that are whole again,
// events that are too old (never the newest: listeners count from it) and their keys.
func (e *Engine) throwAway(t *tx) error {
	now := t.now()
	for _, d := range []struct {
		query string
		at    int64
	}{
		{`DELETE FROM entries WHERE version IN (SELECT version FROM entries WHERE ends > 0 AND ends <= ? LIMIT ?)`, now},
		{`DELETE FROM rates WHERE key IN (SELECT key FROM rates WHERE arrival < ? LIMIT ?)`, now},
		{
			`DELETE FROM events WHERE id IN
 (SELECT id FROM events WHERE at < ? AND id < (SELECT max(id) FROM events) ORDER BY id LIMIT ?)`,
			now - e.opts.EventsAge.Microseconds(),
		},
		{
			`DELETE FROM event_keys WHERE key IN (SELECT key FROM event_keys WHERE at < ? LIMIT ?)`,
			now - keysKept.Microseconds(),
		},
	} {
		if _, err := t.Exec(d.query, d.at, int64(sweepRows)); err != nil {
			return err
		}
	}
	return nil
}
