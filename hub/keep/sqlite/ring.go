package sqlite

import (
	"context"
	"database/sql/driver"
	"strings"
	"sync"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
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
		_, err := t.exec(`DELETE FROM events WHERE id <= ?`, t.last-int64(e.opts.EventsKeep))
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
		first, known, err := t.one(background, `SELECT id, at FROM event_keys WHERE key = ?`, ev.Key)
		if err != nil {
			return ev, err
		}
		if known {
			ev.ID, ev.At = first.int(0), instant(first.int(1))
			return ev, nil
		}
	}
	at := now
	if !ev.At.IsZero() {
		at = ev.At.UnixMicro()
	}
	r, _, err := t.one(background, `INSERT INTO events (topic, name, at, data) VALUES (?, ?, ?, ?) RETURNING id`,
		string(ev.Topic), ev.Name, at, string(ev.Data))
	if err != nil {
		return ev, err
	}
	ev.ID, ev.At = r.int(0), instant(at)
	t.last = ev.ID
	if ev.Key != "" {
		_, err = t.exec(`INSERT INTO event_keys (key, id, at) VALUES (?, ?, ?)`, ev.Key, ev.ID, at)
	}
	return ev, err
}

// Read implements keep.Ring.
func (e *Engine) Read(
	ctx context.Context, after int64, n int, topics ...hub.Topic,
) (events []hub.Event, oldest int64, err error) {
	query := `SELECT id, topic, name, at, data FROM events WHERE id > ?`
	args := []driver.Value{after}
	if len(topics) > 0 {
		query += ` AND topic IN (?` + strings.Repeat(", ?", len(topics)-1) + `)`
		for _, topic := range topics {
			args = append(args, string(topic))
		}
	}
	err = e.read(ctx, func(c *conn) error {
		first, _, err := c.one(ctx, `SELECT coalesce(min(id), 0) FROM events`)
		if err != nil {
			return err
		}
		oldest = first.int(0)
		return c.rows(ctx, func(r row) error {
			events = append(events, hub.Event{
				ID: r.int(0), Topic: hub.Topic(r.text(1)), Name: r.text(2), At: instant(r.int(3)), Data: []byte(r.text(4)),
			})
			return nil
		}, query+` ORDER BY id LIMIT ?`, append(args, int64(max(n, 0)))...)
	})
	return events, oldest, err
}

// Last implements keep.Ring.
func (e *Engine) Last(ctx context.Context) (id int64, err error) {
	err = e.read(ctx, func(c *conn) error {
		r, _, err := c.one(ctx, `SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'`)
		if err == nil {
			id = r.int(0)
		}
		return err
	})
	return id, err
}

// Publish implements keep.Radio: within this process, which is the only one.
func (e *Engine) Publish(ctx context.Context, channel string, message []byte) error {
	if ctx.Err() != nil {
		return late(ctx)
	}
	if !e.radio.send(channel, message) {
		return keep.ErrClosed
	}
	return nil
}

// Subscribe implements keep.Radio.
func (e *Engine) Subscribe(ctx context.Context, channel string) (<-chan []byte, error) {
	return e.radio.listen(ctx, channel)
}

// backlog is how many messages a listener may be behind.
const backlog = 64

// radio hands messages to the listeners of this process.
type radio struct {
	mu        sync.Mutex
	listeners map[string]map[chan []byte]struct{}
	shut      bool
}

func newRadio() *radio { return &radio{listeners: map[string]map[chan []byte]struct{}{}} }

func (r *radio) listen(ctx context.Context, channel string) (<-chan []byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut {
		return nil, keep.ErrClosed
	}
	ear := make(chan []byte, backlog)
	if r.listeners[channel] == nil {
		r.listeners[channel] = map[chan []byte]struct{}{}
	}
	r.listeners[channel][ear] = struct{}{}
	context.AfterFunc(ctx, func() { r.leave(channel, ear) })
	return ear, nil
}

func (r *radio) leave(channel string, ear chan []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, still := r.listeners[channel][ear]; still {
		close(ear)
		delete(r.listeners[channel], ear)
		if len(r.listeners[channel]) == 0 {
			delete(r.listeners, channel)
		}
	}
}

// send never waits: a listener whose backlog is full loses its oldest message.
// It returns false when the radio is shut.
func (r *radio) send(channel string, message []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ear := range r.listeners[channel] {
		for sent := false; !sent; {
			select {
			case ear <- message:
				sent = true
			default:
				select {
				case <-ear:
				default:
				}
			}
		}
	}
	return !r.shut
}

func (r *radio) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ears := range r.listeners {
		for ear := range ears {
			close(ear)
		}
	}
	r.listeners, r.shut = nil, true
}
