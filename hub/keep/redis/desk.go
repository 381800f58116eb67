package redis

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/form"
	"gigafibre.ca/targo-hub/hub/keep/redis/script"
)

// Change implements keep.Desk.
func (e *Engine) Change(ctx context.Context, id string, action keep.Action, reason string) (keep.Job, error) {
	switch action {
	case keep.Release, keep.Hold, keep.Retry, keep.Cancel, keep.Hurry:
		if err := words(reason, ""); err != nil {
			return keep.Job{}, err
		}
		return e.touch(ctx, "change", id, string(action), reason)
	}
	return keep.Job{}, hub.Fail(hub.Invalid, "invalid", "There is no such action.", nil)
}

// Settle implements keep.Desk.
func (e *Engine) Settle(ctx context.Context, id, state, note string) (keep.Job, error) {
	if err := words(note, state); err != nil {
		return keep.Job{}, err
	}
	return e.touch(ctx, "settle", id, state, note)
}

// words refuses a note and a state that are too long.
func words(note, state string) error {
	return (&keep.Outcome{Next: keep.Held, Note: note, State: state}).Fits()
}

// touch runs a script that answers with the job.
func (e *Engine) touch(ctx context.Context, name, id, one, two string) (keep.Job, error) {
	reply, err := e.run(ctx, name, script.Token(), id, one, two)
	if err != nil {
		return keep.Job{}, err
	}
	if err := verdict(reply); err != nil {
		return keep.Job{}, err
	}
	job, err := form.Read(reply[1], true)
	return job.Job, err
}

// pruneChunk is how many jobs one script deletes: nobody is served meanwhile.
const pruneChunk = 100

// Prune implements keep.Desk.
func (e *Engine) Prune(ctx context.Context, kind string, before time.Time, limit int) (n int, err error) {
	for n < limit {
		chunk := min(pruneChunk, limit-n)
		reply, err := e.run(ctx, "prune", "", kind, before.UnixMicro(), chunk)
		if err != nil {
			return n, err
		}
		gone := int(form.Int(reply[0]))
		if n += gone; gone < chunk {
			break
		}
	}
	return n, nil
}
