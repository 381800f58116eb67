package redis

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/form"
	"gigafibre.ca/targo-hub/hub/keep/redis/script"
)

// Value implements keep.Values.
func (e *Engine) Value(ctx context.Context, key string) (value []byte, version int64, err error) {
	reply, err := e.run(ctx, "get", "", key)
	if err != nil {
		return nil, 0, err
	}
	if len(reply) == 0 {
		return nil, 0, keep.ErrNotFound
	}
	return []byte(form.Text(reply[0])), form.Int(reply[1]), nil
}

// Swap implements keep.Values.
func (e *Engine) Swap(
	ctx context.Context, key string, version int64, value []byte, ttl time.Duration,
) (next int64, err error) {
	if len(value) > keep.ValueMax {
		return 0, hub.Fail(hub.TooLarge, "body-too-large", "The value is too large.", nil)
	}
	reply, err := e.run(ctx, "swap", script.Token(), key, version, value, max(0, ttl.Microseconds()))
	if err != nil {
		return 0, err
	}
	if next = form.Int(reply[0]); next == 0 {
		return 0, keep.ErrStale
	}
	return next, nil
}

// Drop implements keep.Values.
func (e *Engine) Drop(ctx context.Context, key string) error {
	_, err := e.run(ctx, "drop", script.Token(), key)
	return err
}

// Allow implements keep.Rates.
func (e *Engine) Allow(
	ctx context.Context, key string, burst int, period time.Duration,
) (ok bool, wait time.Duration, err error) {
	if burst <= 0 || period <= 0 {
		return false, 0, hub.Fail(hub.Invalid, "invalid", "A rate needs a burst and a period.", nil)
	}
	span := period.Microseconds()
	reply, err := e.run(ctx, "allow", "", key, span, max(1, span/int64(burst)))
	if err != nil {
		return false, 0, err
	}
	return form.Text(reply[0]) == "1", time.Duration(form.Int(reply[1])) * time.Microsecond, nil
}
