package sqlite

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

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
	if len(value) > keep.ValueMax {
		return 0, hub.Fail(hub.TooLarge, "body-too-large", "The value is too large.", nil)
	}
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

// Audit implements keep.Trail.
func (e *Engine) Audit(ctx context.Context, record keep.Record) error {
	if record.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("making an id: %w", err)
		}
		record.ID = id.String()
	}
	return e.writer.do(ctx, func(t *tx) error {
		at := t.now()
		if !record.At.IsZero() {
			at = record.At.UnixMicro()
		}
		_, err := t.Exec(`INSERT INTO audit (id, at, actor, action, doctype, name, detail, request)
 VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			record.ID, at, record.Actor, record.Action, record.Doctype, record.Name, record.Detail, record.Request)
		return err
	})
}

// Audits implements keep.Trail.
func (e *Engine) Audits(ctx context.Context, f keep.AuditFilter) (page []keep.Record, next string, err error) {
	var where string
	var args []raw.Value
	for _, c := range [][2]string{{"actor", f.Actor}, {"action", f.Action}, {"doctype", f.Doctype}, {"name", f.Name}} {
		if c[1] != "" {
			where += " AND " + c[0] + " = ? AND " + c[0] + " <> ''"
			args = append(args, c[1])
		}
	}
	if !f.Since.IsZero() {
		where += " AND at >= ?"
		args = append(args, f.Since.UnixMicro())
	}
	var p pager
	if where, args, err = p.start(f.Limit, f.Cursor, where, args); err != nil {
		return nil, "", err
	}
	err = e.readers.Lend(ctx, func(c *raw.Conn) error {
		return c.Rows(ctx, func(r raw.Row) error {
			if p.more(r.Int(0)) {
				page = append(page, keep.Record{
					ID: r.Text(1), At: r.Time(2), Actor: r.Text(3), Action: r.Text(4),
					Doctype: r.Text(5), Name: r.Text(6), Detail: r.Text(7), Request: r.Text(8),
				})
			}
			return nil
		}, `SELECT seq, id, at, actor, action, doctype, name, detail, request FROM audit`+where+
			` ORDER BY seq DESC LIMIT ?`, args...)
	})
	return page, p.next, err
}
