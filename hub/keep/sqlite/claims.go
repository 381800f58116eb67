package sqlite

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/form"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Claim implements keep.Claims.
func (e *Engine) Claim(ctx context.Context, kinds []string, n int, lease time.Duration) (jobs []keep.Job, err error) {
	if n <= 0 {
		return nil, nil
	}
	err = e.writer.do(ctx, func(t *tx) error {
		jobs, err = t.claim(kinds, n, lease)
		return err
	})
	if err != nil {
		return nil, err
	}
	return jobs, nil
}

func (t *tx) claim(kinds []string, n int, lease time.Duration) ([]keep.Job, error) {
	type candidate struct{ due, seq int64 }
	var due []candidate
	now := t.now()
	for _, kind := range kinds {
		for _, stage := range []int64{form.Ready, form.Running} {
			err := t.Rows(background, func(r raw.Row) error {
				due = append(due, candidate{r.Int(0), r.Int(1)})
				return nil
			}, `SELECT due, seq FROM jobs WHERE kind = ? AND stage = ? AND due <= ? ORDER BY due, seq LIMIT ?`,
				kind, stage, now, int64(n))
			if err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(due, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.seq, b.seq))
	})
	due = slices.Compact(due) // a kind may have been named twice
	jobs := make([]keep.Job, 0, min(n, len(due)))
	for _, c := range due[:min(n, len(due))] {
		job, err := t.lend(c.seq, now, lease)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// lend marks one job as running. When it was running already, its worker is lost.
func (t *tx) lend(seq, now int64, lease time.Duration) (keep.Job, error) {
	j, _, err := readJob(background, t.Conn, `jobs.seq = ?`, seq)
	if err != nil {
		return keep.Job{}, err
	}
	if j.Status == keep.Running {
		began := raw.Instant(j.started)
		j.Attempts = form.Append(j.Attempts, keep.Attempt{
			At: began, Took: max(0, raw.Instant(now).Sub(began)), Class: keep.Lost,
		})
		j.Tries++
	}
	j.Status, j.Due, j.Updated = keep.Running, raw.Instant(now).Add(lease), raw.Instant(now)
	j.Fence++
	attempts, err := form.Attempts(j.Attempts)
	if err != nil {
		return keep.Job{}, err
	}
	_, err = t.Exec(`UPDATE jobs SET stage = ?1, due = ?2, updated = ?3, started = ?3, fence = ?4, attempts = ?5, tries = ?6
 WHERE seq = ?7`, form.Running, j.Due.UnixMicro(), now, j.Fence, attempts, int64(j.Tries), seq)
	return j.Job, err
}

// Extend implements keep.Claims.
func (e *Engine) Extend(ctx context.Context, id string, fence int64, lease time.Duration) error {
	return e.writer.do(ctx, func(t *tx) error {
		now := t.now()
		n, err := t.Exec(`UPDATE jobs SET due = ?, updated = ? WHERE id = ? AND fence = ? AND stage = ?`,
			now+lease.Microseconds(), now, id, fence, form.Running)
		if err != nil || n == 1 {
			return err
		}
		return t.notMine(id)
	})
}

// notMine says why a worker's write found nothing.
func (t *tx) notMine(id string) error {
	_, ok, err := t.One(background, `SELECT 1 FROM jobs WHERE id = ?`, id)
	switch {
	case err != nil:
		return err
	case !ok:
		return keep.ErrNotFound
	}
	return keep.ErrFence
}

// Finish implements keep.Claims.
func (e *Engine) Finish(ctx context.Context, id string, fence int64, outcome keep.Outcome) error {
	if err := outcome.Fits(); err != nil {
		return err
	}
	stage, _ := form.Stage(outcome.Next)
	return e.writer.do(ctx, func(t *tx) error { return t.finish(id, fence, stage, outcome) })
}

func (t *tx) finish(id string, fence, stage int64, o keep.Outcome) error {
	r, ok, err := t.One(background, `SELECT seq, lane, started, attempts, kind FROM jobs
 WHERE id = ? AND fence = ? AND stage = ?`, id, fence, form.Running)
	switch {
	case err != nil:
		return err
	case !ok:
		return t.notMine(id)
	}
	seq, lane := r.Int(0), r.Text(1)
	now := t.now()
	due := now
	if !o.Due.IsZero() && stage < form.Done {
		due = o.Due.UnixMicro()
	}
	if o.Attempt.At.IsZero() {
		o.Attempt.At = r.Time(2)
	}
	attempts, err := form.Attempts(form.Append(form.ReadAttempts(r.Text(3)), o.Attempt))
	if err != nil {
		return err
	}
	if stage == form.Ready && lane != "" {
		stage = form.Behind
	}
	if _, err = t.Exec(`UPDATE jobs SET stage = ?1, due = ?2, updated = ?3, note = ?4, attempts = ?5,
 state = iif(?6 = '', state, ?6), result = iif(?7 IS NULL, result, ?7), tries = tries + ?8 WHERE seq = ?9`,
		stage, due, now, o.Note, attempts, o.State, o.Result, form.Tries(o.Attempt), seq); err != nil {
		return err
	}
	if lane != "" {
		return t.head(lane)
	}
	if stage == form.Ready {
		t.due(r.Text(4), due)
	}
	return nil
}

// head puts the right job at the head of a lane: the one that runs, else the
// oldest pending one. Nobody becomes ready in a lane by any other way than this
// and a Put into an empty lane, so there is never more than one head.
func (t *tx) head(lane string) error {
	const of = `SELECT seq, kind, due FROM jobs WHERE lane = ? AND lane <> '' AND stage < 3 AND stage = ?
 ORDER BY seq LIMIT 1`
	var at [3]raw.Row
	for stage := range at {
		first, _, err := t.One(background, of, lane, int64(stage))
		if err != nil {
			return err
		}
		at[stage] = first
	}
	next, ready := at[form.Behind], at[form.Ready]
	if at[form.Running] != nil || next == nil || ready != nil && ready.Int(0) < next.Int(0) {
		return nil
	}
	if ready != nil {
		if _, err := t.Exec(setStage, form.Behind, ready.Int(0)); err != nil {
			return err
		}
	}
	t.due(next.Text(1), next.Int(2))
	_, err := t.Exec(setStage, form.Ready, next.Int(0))
	return err
}

const setStage = `UPDATE jobs SET stage = ? WHERE seq = ?`
