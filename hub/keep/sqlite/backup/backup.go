// Package backup copies a store in one file, and puts a copy back in its place.
package backup

import (
	"context"
	"errors"
	"fmt"
	"os"

	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Copy writes a consistent copy of a store to a file that must not exist. A hub
// may have the store open meanwhile. The copy is as small as can be: the room of
// what was deleted is not in it.
func Copy(ctx context.Context, from, path string) error {
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	if err := raw.Touch(path, true); err != nil {
		return fmt.Errorf("making the backup: %w", err)
	}
	c, err := raw.Dial(from, "busy_timeout=5000")
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	err = c.Rows(ctx, func(raw.Row) error { return nil }, "VACUUM INTO ?", path)
	if err = errors.Join(err, c.Close()); err != nil {
		return errors.Join(fmt.Errorf("copying the store: %w", err), os.Remove(path))
	}
	return sync(path)
}

// sync brings a file to disk.
func sync(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("writing to disk: %w", err)
	}
	return errors.Join(file.Sync(), file.Close())
}
