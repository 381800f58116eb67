package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Append implements keep.Ring.
func (e *Engine) Append(ctx context.Context, events ...hub.Event) (all []hub.Event, err error) {
	if len(events) == 0 {
		return nil, nil
	}
	err = e.writer.do(ctx, func(t *tx) error {
		all = make([]hub.Event, len(events))
		for i, ev := range events {
			if all[i], err = t.append(ev); err != nil {
				return err
			}
		}
		_, err := t.Exec(`DELETE FROM events WHERE id <= ?`, t.last-int64(e.opts.EventsKeep))
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

func (t *tx) append(ev hub.Event) (hub.Event, error) {
	now := t.now()
	if ev.Key != "" {
		first, known, err := t.One(background, `SELECT id, at FROM event_keys WHERE key = ?`, ev.Key)
		if err != nil {
			return ev, err
		}
		if known {
			ev.ID, ev.At = first.Int(0), first.Time(1)
			return ev, nil
		}
	}
	at := now
	if !ev.At.IsZero() {
		at = ev.At.UnixMicro()
	}
	r, _, err := t.One(background, `INSERT INTO events (topic, name, at, data) VALUES (?, ?, ?, ?) RETURNING id`,
		string(ev.Topic), ev.Name, at, string(ev.Data))
	if err != nil {
		return ev, err
	}
	ev.ID, ev.At = r.Int(0), raw.Instant(at)
	t.last = ev.ID
	if ev.Key != "" {
		_, err = t.Exec(`INSERT INTO event_keys (key, id, at) VALUES (?, ?, ?)`, ev.Key, ev.ID, at)
	}
	return ev, err
}

// Read implements keep.Ring.
func (e *Engine) Read(
	ctx context.Context, after int64, n int, topics ...hub.Topic,
) (events []hub.Event, oldest int64, err error) {
	query := `SELECT id, topic, name, at, data FROM events WHERE id > ?`
	args := []raw.Value{after}
	if len(topics) > 0 {
		query += ` AND topic IN (?` + strings.Repeat(", ?", len(topics)-1) + `)`
		for _, topic := range topics {
			args = append(args, string(topic))
		}
	}
	err = e.readers.Lend(ctx, func(c *raw.Conn) error {
		first, _, err := c.One(ctx, `SELECT coalesce(min(id), 0) FROM events`)
		if err != nil {
			return err
		}
		oldest = first.Int(0)
		return c.Rows(ctx, func(r raw.Row) error {
			events = append(events, hub.Event{
				ID: r.Int(0), Topic: hub.Topic(r.Text(1)), Name: r.Text(2), At: r.Time(3), Data: []byte(r.Text(4)),
			})
			return nil
		}, query+` ORDER BY id LIMIT ?`, append(args, int64(max(n, 0)))...)
	})
	return events, oldest, err
}

// Last implements keep.Ring.
func (e *Engine) Last(ctx context.Context) (id int64, err error) {
	err = e.readers.Lend(ctx, func(c *raw.Conn) error {
		r, _, err := c.One(ctx, `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'`)
		if err == nil {
			id = r.Int(0)
		}
		return err
	})
	return id, err
}

// Publish implements keep.Radio: within this process, which is the only one.
func (e *Engine) Publish(ctx context.Context, channel string, message []byte) error {
	if ctx.Err() != nil {
		return keep.Late(ctx)
	}
	if !e.radio.Send(channel, message) {
		return keep.ErrClosed
	}
	return nil
}

// Subscribe implements keep.Radio.
func (e *Engine) Subscribe(ctx context.Context, channel string) (<-chan []byte, error) {
	return e.radio.Listen(ctx, channel)
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
