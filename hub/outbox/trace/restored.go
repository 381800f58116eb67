package trace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// restoredKey holds the instant at which the store was put back from a backup;
// whoever restores writes it, for a week.
const restoredKey = "outbox:restored"

const (
	again    = 24 * time.Hour     // how long stories go on making again what they had made after the backup
	released = 7 * 24 * time.Hour // as long as the restore is remembered; longer than anything waits
)

// Doubtful tells whether a message may have left already in a time of which the
// store knows nothing: it was queued before a backup was put back, or a story
// made it (again) soon after. What a person asks for just now has no key, and
// what he has released since then is his decision.
func (t *Trace) Doubtful(ctx context.Context, job keep.Job) (bool, error) {
	text, _, err := t.values.Value(ctx, restoredKey)
	switch {
	case errors.Is(err, keep.ErrNotFound) || job.Dedupe == "":
		return false, nil
	case err != nil:
		return false, fmt.Errorf("asking whether the store was restored: %w", err)
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err == nil && job.Created.After(at.Add(again)) {
		return false, nil
	}
	since, err := t.since(ctx, job.ID)
	return err == nil && since != string(text), err // never released, or before that restore
}

// neverRestored stands for the instant of a restore where there was none.
const neverRestored = "-"

// LetGo tells whether a person has let the message go, in the last week.
func (t *Trace) LetGo(ctx context.Context, id string) (bool, error) {
	since, err := t.since(ctx, id)
	return since != "", err
}

// since gives the restore that a release came after, neverRestored when there was
// none, and "" when nobody has released the message.
func (t *Trace) since(ctx context.Context, id string) (string, error) {
	text, _, err := t.values.Value(ctx, releasedKey(id))
	if errors.Is(err, keep.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("asking whether message %s was released: %w", id, err)
	}
	return string(text), nil
}

// Released notes that a person lets the message go, and since which restore.
func (t *Trace) Released(ctx context.Context, id string) error {
	text, _, err := t.values.Value(ctx, restoredKey)
	if errors.Is(err, keep.ErrNotFound) {
		text, err = []byte(neverRestored), nil
	}
	if err == nil {
		_, err = t.values.Swap(ctx, releasedKey(id), keep.AnyVersion, text, released)
	}
	if err != nil {
		return fmt.Errorf("noting the release of message %s: %w", id, err)
	}
	return nil
}

func releasedKey(id string) string { return "outbox:released:" + id }
