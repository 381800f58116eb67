package redis

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep/redis/survey"
)

// Finding is something about the server that its operator should know.
type Finding = survey.Finding

// Findings looks at the server's settings and at what else it holds. It changes nothing.
func (e *Engine) Findings(ctx context.Context) []Finding {
	return survey.Look(ctx, e.client, e.prefix)
}

// enter makes sure that the server can be trusted.
func (e *Engine) enter(ctx context.Context) error {
	if err := e.Check(ctx); err != nil {
		return err
	}
	e.scripts.Load(ctx)
	if e.opts.Unsafe {
		return nil
	}
	for _, f := range e.Findings(ctx) {
		if f.Level == survey.Refused {
			return hub.Fail(hub.Unavailable, "store-unavailable", f.Text, nil)
		}
	}
	return nil
}

// Check implements keep.Health: it writes.
func (e *Engine) Check(ctx context.Context) error {
	_, err := e.run(ctx, "check", "")
	return err
}

// Backup implements keep.Health: the hub cannot copy a server's data; it always
// says so.
func (e *Engine) Backup(context.Context, string) error {
	return hub.Fail(hub.Invalid, "invalid", "What is kept in Redis is backed up where Redis runs: "+
		"BGSAVE writes dump.rdb, and with appendonly the folder appendonlydir holds every write.", nil)
}

// When what is too old is looked for: also by a hub that is often started.
const (
	sweepFirst = time.Minute
	sweepEvery = 10 * time.Minute
)

// housekeep throws away what is too old, and channels to which nobody listens.
func (e *Engine) housekeep(ctx context.Context) {
	next := time.NewTimer(sweepFirst)
	defer next.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
			next.Reset(sweepEvery)
			// What could not be thrown away now will be the next time.
			_ = e.sweep(ctx)
			e.radio.Tidy(ctx)
		}
	}
}

// sweep throws away events and records of the audit that are too old.
func (e *Engine) sweep(ctx context.Context) error {
	_, err := e.run(ctx, "sweep", "", e.opts.EventsAge.Microseconds(), e.opts.AuditAge.Microseconds())
	return err
}
