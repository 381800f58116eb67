package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Put stores the job under its dedupe key. While a key has a job that lives or is
// done, that one counts; after one that was given up the same wish is a new one,
// and gets a job of its own.
func Put(ctx context.Context, queue keep.Queue, job keep.Job) (stored keep.Job, fresh bool, err error) {
	key := job.Dedupe
	for {
		stored, fresh, err = queue.Put(ctx, job)
		if err != nil || fresh || !GaveUp(stored) {
			return stored, fresh, err
		}
		job.Dedupe = key + "/" + stored.ID
	}
}

// GaveUp tells that a job was given up, or called off by a person.
func GaveUp(job keep.Job) bool { return job.Status == keep.Dead || job.Status == keep.Cancelled }

// Await waits until the job is final, or for so long, and returns it as it stands
// then. What is not finished is carried on with: the job is stored.
func Await(ctx context.Context, jobs keep.Lists, id string, within time.Duration) (keep.Job, error) {
	deadline := time.Now().Add(within)
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		job, err := jobs.Job(ctx, id)
		if err != nil || job.Status.Final() || time.Now().After(deadline) {
			return job, err
		}
		select {
		case <-ctx.Done():
			return job, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// Remember writes the value under the key; a zero ttl keeps it for ever.
func Remember(ctx context.Context, values keep.Values, key string, value any, ttl time.Duration) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if _, err := values.Swap(ctx, key, keep.AnyVersion, raw, ttl); err != nil {
		return fmt.Errorf("remembering %s: %w", key, err)
	}
	return nil
}

// Recall reads what was remembered under the key into the value; false when there
// is nothing, and the value is as it was.
func Recall(ctx context.Context, values keep.Values, key string, into any) (bool, error) {
	raw, _, err := values.Value(ctx, key)
	if errors.Is(err, keep.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("recalling %s: %w", key, err)
	}
	return true, json.Unmarshal(raw, into)
}
