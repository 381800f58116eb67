package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/schedule"
)

// What waits for a person is bounded: of a number that writes and writes, the last
// texts, and of nobody longer than a season. What is more is put aside.
const (
	mostHeld = 100                 // of one number
	patience = 90 * 24 * time.Hour // how long a text waits
	batch    = 200                 // texts that are changed at once
)

// Task is what puts texts aside that nobody took up.
func (d *Desk) Task() schedule.Task {
	return schedule.Task{Name: "conversations", Spec: "40 4 * * *", Run: d.tidy}
}

func (d *Desk) tidy(ctx context.Context) (string, error) {
	n, old := 0, d.now().Add(-patience)
	for cursor := ""; ; {
		page, next, err := d.store.Jobs(ctx, keep.Filter{Kind: KindSMS, Status: keep.Held, Limit: batch, Cursor: cursor})
		if err != nil {
			return "", fmt.Errorf("listing the texts that wait: %w", err)
		}
		for _, job := range page {
			if job.Created.After(old) {
				continue
			}
			if err := d.aside(ctx, job, "Nobody took it up in 90 days."); err != nil {
				return "", err
			}
			n++
		}
		if cursor = next; next == "" {
			return fmt.Sprintf("%d texts put aside", n), nil
		}
	}
}

// trim leaves so many texts of a number waiting, the last ones.
func (d *Desk) trim(ctx context.Context, lane string, most int) error {
	held, _, err := d.store.Jobs(ctx, keep.Filter{Kind: KindSMS, Lane: lane, Status: keep.Held, Limit: batch})
	if err != nil {
		return fmt.Errorf("counting the texts of a number: %w", err)
	}
	for _, job := range held[min(most, len(held)):] {
		if err := d.aside(ctx, job, fmt.Sprintf("More than %d texts of this number wait.", mostHeld)); err != nil {
			return err
		}
	}
	return nil
}

// aside dismisses a text that nobody took up, and counts it.
func (d *Desk) aside(ctx context.Context, job keep.Job, why string) error {
	_, err := d.store.Change(ctx, job.ID, keep.Cancel, why)
	if errors.Is(err, keep.ErrState) {
		return nil // somebody was faster
	}
	if err != nil {
		return fmt.Errorf("putting the text %s aside: %w", job.ID, err)
	}
	for range 20 {
		n, version, err := d.putAside(ctx, job.Lane)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(n + 1)
		if err != nil {
			return err
		}
		if _, err = d.store.Swap(ctx, asideKey(job.Lane), version, raw, patience); !errors.Is(err, keep.ErrStale) {
			return err
		}
	}
	return nil // it is put aside, only not counted
}

func asideKey(lane string) string { return "conversation:aside:" + lane }

// putAside tells how many texts of a number were put aside since a person last
// decided about it.
func (d *Desk) putAside(ctx context.Context, lane string) (n int, version int64, err error) {
	raw, version, err := d.store.Value(ctx, asideKey(lane))
	if errors.Is(err, keep.ErrNotFound) {
		return 0, 0, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &n)
	}
	if err != nil {
		return 0, version, fmt.Errorf("reading how many texts were put aside: %w", err)
	}
	return n, version, nil
}

// each does something to the texts of a number in a status, oldest first, to a
// batch of them at most; that somebody else was faster is fine.
func (d *Desk) each(ctx context.Context, lane string, status keep.Status, action keep.Action, reason string) (out Decided, err error) {
	jobs, next, err := d.store.Jobs(ctx, keep.Filter{Kind: KindSMS, Lane: lane, Status: status, Limit: batch})
	if err != nil {
		return out, fmt.Errorf("listing the texts of a number: %w", err)
	}
	for _, job := range slices.Backward(jobs) {
		if _, err := d.store.Change(ctx, job.ID, action, reason); err != nil && !errors.Is(err, keep.ErrState) {
			return out, fmt.Errorf("changing the text %s: %w", job.ID, err)
		}
		out.Texts++
	}
	out.More = next != ""
	return out, nil
}
