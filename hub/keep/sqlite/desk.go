package sqlite

import (
	"context"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/form"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/keys"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Change implements keep.Desk.
func (e *Engine) Change(ctx context.Context, id string, action keep.Action, reason string) (job keep.Job, err error) {
	if err := words(reason, ""); err != nil {
		return job, err
	}
	err = e.writer.do(ctx, func(t *tx) error {
		job, err = t.change(id, action, reason)
		return err
	})
	return job, err
}

// words refuses a note and a state that are too long.
func words(note, state string) error {
	return (&keep.Outcome{Next: keep.Held, Note: note, State: state}).Fits()
}

// move says where an action leads, and whether it begins a new count of tries.
func move(from keep.Status, action keep.Action) (to int64, anew bool, err error) {
	switch {
	case action == keep.Release && from == keep.Held:
		return form.Ready, true, nil
	case action == keep.Retry && from.Final():
		return form.Ready, true, nil
	case action == keep.Hurry && from == keep.Pending:
		return form.Ready, true, nil
	case action == keep.Hold && from == keep.Pending:
		return form.Held, false, nil
	case action == keep.Cancel && (from == keep.Held || from == keep.Pending):
		return form.Cancelled, false, nil
	case action == keep.Release || action == keep.Retry || action == keep.Hold || action == keep.Cancel || action == keep.Hurry:
		return 0, false, keep.ErrState
	}
	return 0, false, hub.Fail(hub.Invalid, "invalid", "There is no such action.", nil)
}

func (t *tx) change(id string, action keep.Action, reason string) (keep.Job, error) {
	j, ok, err := readJob(background, t.Conn, `id = ?`, id)
	switch {
	case err != nil:
		return keep.Job{}, err
	case !ok:
		return keep.Job{}, keep.ErrNotFound
	}
	stage, anew, err := move(j.Status, action)
	if err != nil {
		return keep.Job{}, err
	}
	now := t.now()
	due := now
	if stage == form.Held {
		due = j.Due.UnixMicro()
	}
	if anew {
		j.Tries = 0
	}
	j.Status, j.Note, j.Due, j.Updated = form.Status(stage), reason, raw.Instant(due), raw.Instant(now)
	if stage == form.Ready && j.Lane != "" {
		stage = form.Behind
	}
	if _, err = t.Exec(`UPDATE jobs SET stage = ?, due = ?, updated = ?, note = ?, tries = ? WHERE seq = ?`,
		stage, due, now, reason, int64(j.Tries), j.seq); err != nil {
		return keep.Job{}, err
	}
	if j.Lane != "" {
		return j.Job, t.head(j.Lane)
	}
	if stage == form.Ready {
		t.due(j.Kind, due)
	}
	return j.Job, nil
}

// Settle implements keep.Desk.
func (e *Engine) Settle(ctx context.Context, id, state, note string) (job keep.Job, err error) {
	if err := words(note, state); err != nil {
		return job, err
	}
	err = e.writer.do(ctx, func(t *tx) error {
		job, err = t.settle(id, state, note)
		return err
	})
	return job, err
}

func (t *tx) settle(id, state, note string) (keep.Job, error) {
	j, ok, err := readJob(background, t.Conn, `id = ?`, id)
	switch {
	case err != nil:
		return keep.Job{}, err
	case !ok:
		return keep.Job{}, keep.ErrNotFound
	case !j.Status.Final() && j.Status != keep.Held:
		return keep.Job{}, keep.ErrState
	}
	now := t.now()
	if j.Status.Final() {
		j.Due = raw.Instant(now)
	}
	if state != "" {
		j.State = state
	}
	if note != "" {
		j.Note = note
	}
	j.Updated = raw.Instant(now)
	_, err = t.Exec(`UPDATE jobs SET state = ?, note = ?, due = ?, updated = ? WHERE seq = ?`,
		j.State, j.Note, j.Due.UnixMicro(), now, j.seq)
	return j.Job, err
}

// Prune implements keep.Desk. Final jobs have their last touch as due, so the
// index of due jobs finds the old ones.
func (e *Engine) Prune(ctx context.Context, kind string, before time.Time, limit int) (n int, err error) {
	if limit <= 0 {
		return 0, nil
	}
	err = e.writer.do(ctx, func(t *tx) error {
		n, err = t.prune(kind, before.UnixMicro(), limit)
		return err
	})
	return n, err
}

func (t *tx) prune(kind string, before int64, limit int) (int, error) {
	kinds := []string{kind}
	if kind == "" {
		var err error
		if kinds, err = t.kinds(); err != nil {
			return 0, err
		}
	}
	var old []raw.Row
	for _, kind := range kinds {
		for _, stage := range []int64{form.Done, form.Dead, form.Cancelled} {
			err := t.Rows(background, func(r raw.Row) error {
				old = append(old, slices.Clone(r))
				return nil
			}, `SELECT seq, dedupe FROM jobs WHERE kind = ? AND stage = ? AND due < ? ORDER BY due LIMIT ?`,
				kind, stage, before, int64(limit-len(old)))
			if err != nil {
				return 0, err
			}
		}
	}
	for _, r := range old {
		if err := t.erase(r.Int(0), keys.Hash(r.Text(1))); err != nil {
			return 0, err
		}
	}
	return len(old), nil
}

// erase deletes a job and its key.
func (t *tx) erase(seq, hash int64) error {
	for _, table := range []string{"jobs", "bodies"} {
		if _, err := t.Exec(`DELETE FROM `+table+` WHERE seq = ?`, seq); err != nil {
			return err
		}
	}
	return t.writer.keys.Erase(hash, seq)
}

func (t *tx) kinds() (kinds []string, err error) {
	err = t.Rows(background, func(r raw.Row) error {
		kinds = append(kinds, r.Text(0))
		return nil
	}, `SELECT kind FROM kinds`)
	return kinds, err
}
