package redis

import (
	"context"
	"slices"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep/redis/form"
	"gigafibre.ca/targo-hub/hub/keep/redis/script"
)

const keysKept = 30 * 24 * time.Hour // how long the key of an event is known

// Append implements keep.Ring.
func (e *Engine) Append(ctx context.Context, events ...hub.Event) ([]hub.Event, error) {
	if len(events) == 0 {
		return nil, nil
	}
	args := append(make([]any, 0, 2+5*len(events)), e.opts.EventsKeep, keysKept.Microseconds())
	for _, ev := range events {
		args = append(args, ev.Key, string(ev.Topic), ev.Name, form.Micros(ev.At), string(ev.Data))
	}
	reply, err := e.run(ctx, "append", script.Token(), args...)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(events)
	for i, line := range reply {
		if at, _ := line.([]any); len(at) == 2 && i < len(all) {
			all[i].ID, all[i].At = form.Int(at[0]), form.Instant(form.Int(at[1]))
		}
	}
	return all, nil
}

// Read implements keep.Ring.
func (e *Engine) Read(
	ctx context.Context, after int64, n int, topics ...hub.Topic,
) (events []hub.Event, oldest int64, err error) {
	args := append(make([]any, 0, 2+len(topics)), max(after, 0), max(n, 0))
	for _, topic := range topics {
		args = append(args, string(topic))
	}
	reply, err := e.run(ctx, "read", "", args...)
	if err != nil {
		return nil, 0, err
	}
	for _, line := range reply[1:] {
		if v, _ := line.([]any); len(v) == 5 {
			events = append(events, hub.Event{
				ID: form.Int(v[0]), Topic: hub.Topic(form.Text(v[1])), Name: form.Text(v[2]),
				At: form.Instant(form.Int(v[3])), Data: []byte(form.Text(v[4])),
			})
		}
	}
	return events, form.Int(reply[0]), nil
}

// Last implements keep.Ring.
func (e *Engine) Last(ctx context.Context) (id int64, err error) {
	err = e.with(ctx, func(c goredis.UniversalClient) error {
		id, err = c.Get(ctx, e.prefix+"last").Int64()
		if err == goredis.Nil {
			return nil
		}
		return err
	})
	return id, err
}

// Publish implements keep.Radio.
func (e *Engine) Publish(ctx context.Context, channel string, message []byte) error {
	return e.with(ctx, func(goredis.UniversalClient) error { return e.radio.Publish(ctx, channel, message) })
}

// Subscribe implements keep.Radio.
func (e *Engine) Subscribe(ctx context.Context, channel string) (ear <-chan []byte, err error) {
	return e.radio.Listen(ctx, channel)
}
