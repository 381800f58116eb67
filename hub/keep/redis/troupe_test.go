package redis

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// troupe is several replicas that take turns: every call goes to the next one.
type troupe struct {
	engines []keep.Engine
	turn    atomic.Int64
}

func (a *troupe) next() keep.Engine { return a.engines[int(a.turn.Add(1))%len(a.engines)] }

func (a *troupe) Put(ctx context.Context, job keep.Job) (keep.Job, bool, error) {
	return a.next().Put(ctx, job)
}

func (a *troupe) Claim(ctx context.Context, kinds []string, n int, lease time.Duration) ([]keep.Job, error) {
	return a.next().Claim(ctx, kinds, n, lease)
}

func (a *troupe) Extend(ctx context.Context, id string, fence int64, lease time.Duration) error {
	return a.next().Extend(ctx, id, fence, lease)
}

func (a *troupe) Finish(ctx context.Context, id string, fence int64, o keep.Outcome) error {
	return a.next().Finish(ctx, id, fence, o)
}

func (a *troupe) Change(ctx context.Context, id string, action keep.Action, reason string) (keep.Job, error) {
	return a.next().Change(ctx, id, action, reason)
}

func (a *troupe) Settle(ctx context.Context, id, state, note string) (keep.Job, error) {
	return a.next().Settle(ctx, id, state, note)
}

func (a *troupe) Prune(ctx context.Context, kind string, before time.Time, limit int) (int, error) {
	return a.next().Prune(ctx, kind, before, limit)
}

func (a *troupe) Job(ctx context.Context, id string) (keep.Job, error) { return a.next().Job(ctx, id) }

func (a *troupe) Jobs(ctx context.Context, f keep.Filter) ([]keep.Job, string, error) {
	return a.next().Jobs(ctx, f)
}

func (a *troupe) Counts(ctx context.Context) ([]keep.Count, error) { return a.next().Counts(ctx) }

func (a *troupe) Value(ctx context.Context, key string) ([]byte, int64, error) {
	return a.next().Value(ctx, key)
}

func (a *troupe) Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	return a.next().Swap(ctx, key, version, value, ttl)
}

func (a *troupe) Drop(ctx context.Context, key string) error { return a.next().Drop(ctx, key) }

func (a *troupe) Append(ctx context.Context, events ...hub.Event) ([]hub.Event, error) {
	return a.next().Append(ctx, events...)
}

func (a *troupe) Read(ctx context.Context, after int64, n int, topics ...hub.Topic) ([]hub.Event, int64, error) {
	return a.next().Read(ctx, after, n, topics...)
}

func (a *troupe) Last(ctx context.Context) (int64, error) { return a.next().Last(ctx) }

func (a *troupe) Publish(ctx context.Context, channel string, message []byte) error {
	return a.next().Publish(ctx, channel, message)
}

func (a *troupe) Subscribe(ctx context.Context, channel string) (<-chan []byte, error) {
	return a.next().Subscribe(ctx, channel)
}

func (a *troupe) Allow(ctx context.Context, key string, burst int, period time.Duration) (bool, time.Duration, error) {
	return a.next().Allow(ctx, key, burst, period)
}

func (a *troupe) Audit(ctx context.Context, record keep.Record) error {
	return a.next().Audit(ctx, record)
}

func (a *troupe) Audits(ctx context.Context, f keep.AuditFilter) ([]keep.Record, string, error) {
	return a.next().Audits(ctx, f)
}

func (a *troupe) Check(ctx context.Context) error { return a.next().Check(ctx) }

func (a *troupe) Backup(ctx context.Context, path string) error { return a.next().Backup(ctx, path) }

func (a *troupe) Close() (err error) {
	for _, e := range a.engines {
		err = errors.Join(err, e.Close())
	}
	return err
}
