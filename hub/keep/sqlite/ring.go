package sqlite

import (
	"context"
	"strings"
	"time"

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
			if err = t.trim(ev.Topic, e.opts.EventsKeep); err != nil {
				return err
			}
		}
		return nil
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
		_, err = t.Exec(`INSERT INTO event_keys (key, id, at, appended) VALUES (?, ?, ?, ?)`, ev.Key, ev.ID, at, now)
	}
	return ev, err
}

// trim forgets the oldest events of a topic, once it has more than it may by a
// sixteenth: one topic that talks much takes nothing away from the others.
func (t *tx) trim(topic hub.Topic, most int) error {
	if t.writer.grown[topic]++; t.writer.grown[topic] < most/16 {
		return nil
	}
	t.writer.grown[topic] = 0
	r, more, err := t.One(background, `SELECT id FROM events WHERE topic = ? ORDER BY id DESC LIMIT 1 OFFSET ?`,
		string(topic), int64(most))
	if err != nil || !more {
		return err
	}
	return t.forget(`topic = ? AND id <= ?`, string(topic), r.Int(0))
}

// forget deletes events, and notes how far each topic has forgotten.
func (t *tx) forget(which string, args ...raw.Value) error {
	_, err := t.Exec(`INSERT INTO horizons (topic, id) SELECT topic, max(id) FROM events WHERE `+which+`
 GROUP BY topic ON CONFLICT (topic) DO UPDATE SET id = max(id, excluded.id)`, args...)
	if err == nil {
		_, err = t.Exec(`DELETE FROM events WHERE `+which, args...)
	}
	return err
}

// Read implements keep.Ring.
func (e *Engine) Read(
	ctx context.Context, after int64, n int, topics ...hub.Topic,
) (events []hub.Event, oldest int64, err error) {
	query := `SELECT id, topic, name, at, data FROM events WHERE id > ? AND id <= ?`
	horizon := `SELECT coalesce(max(id), 0) FROM horizons`
	last := e.writer.heard.Load() // an id that is not on disk may be given again
	var names []raw.Value
	if len(topics) > 0 {
		places := `?` + strings.Repeat(", ?", len(topics)-1) + `)`
		query += ` AND topic IN (` + places
		horizon += ` WHERE topic IN ('', ` + places
		for _, topic := range topics {
			names = append(names, string(topic))
		}
	}
	args := append([]raw.Value{after, last}, names...)
	err = e.readers.Lend(ctx, func(c *raw.Conn) error {
		forgotten, _, err := c.One(ctx, horizon, names...)
		if err != nil {
			return err
		}
		if last > 0 {
			oldest = forgotten.Int(0) + 1
		}
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
	err = e.readers.Lend(ctx, func(*raw.Conn) error {
		id = e.writer.heard.Load()
		return nil
	})
	return id, err
}

const selectLast = `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'`

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

const (
	sweepRows = 2000                // thrown away at a time, so that nobody waits long
	keysKept  = 30 * 24 * time.Hour // how long the key of an event is known
)

// throwAway deletes values that have ended, allowances that are whole again, keys
// of events that are too old, and events and records of the audit that are too old
// or too many (of events never the newest: listeners count from it).
func (e *Engine) throwAway(t *tx) error {
	now := t.now()
	for _, d := range []struct {
		query string
		at    int64
	}{
		{`DELETE FROM entries WHERE version IN (SELECT version FROM entries WHERE ends > 0 AND ends <= ? LIMIT ?)`, now},
		{`DELETE FROM rates WHERE key IN (SELECT key FROM rates WHERE arrival < ? LIMIT ?)`, now},
		{
			`DELETE FROM event_keys WHERE key IN (SELECT key FROM event_keys WHERE appended < ? LIMIT ?)`,
			now - keysKept.Microseconds(),
		},
		{
			`DELETE FROM audit WHERE at < ? AND seq < (SELECT min(seq) FROM audit) + ?`,
			now - e.opts.AuditAge.Microseconds(),
		},
		{
			`DELETE FROM audit WHERE seq <= (SELECT max(seq) FROM audit) - ? AND seq < (SELECT min(seq) FROM audit) + ?`,
			int64(e.opts.AuditKeep),
		},
	} {
		if _, err := t.Exec(d.query, d.at, int64(sweepRows)); err != nil {
			return err
		}
	}
	return t.forget(`at < ? AND id < (SELECT min(id) FROM events) + ? AND id < (SELECT max(id) FROM events)`,
		now-e.opts.EventsAge.Microseconds(), int64(sweepRows))
}
