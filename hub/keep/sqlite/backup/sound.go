package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// Mark is the application_id of a store, which its first migration sets: "tHub".
// Stores that are older than the mark have 0 and go by their tables.
const Mark = 0x74487562

// Examine says whether there is a sound store in a file. It takes no lock: a hub may
// have the store open meanwhile. It reads the whole file. What is missing, the file or
// already its folder, is hub.NotFound; what is no store, or damaged, hub.Invalid.
func Examine(ctx context.Context, path string, newest int) error {
	if err := present(path, "store"); err != nil {
		return err
	}
	err := with(path, func(c *raw.Conn) error {
		if err := existing(ctx, c, newest); err != nil {
			return err
		}
		return Sound(ctx, c)
	})
	if raw.Damaged(err) {
		return refuse("The store is damaged.", err)
	}
	return err
}

// existing refuses what Known does, and a file in which there is no store yet.
func existing(ctx context.Context, c *raw.Conn, newest int) error {
	if err := Known(ctx, c, newest); err != nil {
		return err
	}
	fresh, err := empty(ctx, c)
	if err == nil && fresh {
		err = refuse("The file is empty, so it is not a store of the hub.", nil)
	}
	return err
}

// Known refuses a file that is not a store of ours, or newer than the program. A
// database without anything in it may become one. It changes nothing in the file.
func Known(ctx context.Context, c *raw.Conn, newest int) error {
	mark, _, err := c.One(ctx, "PRAGMA application_id")
	if raw.NoDatabase(err) {
		return refuse("The file is not a store: it is no database at all.", err)
	}
	if err != nil {
		return err
	}
	fresh, err := empty(ctx, c)
	if err != nil || fresh && mark.Int(0) == 0 {
		return err
	}
	version, _, err := c.One(ctx, "PRAGMA user_version")
	if err != nil {
		return err
	}
	ours, _, err := c.One(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('jobs', 'bodies', 'entries', 'events')")
	switch {
	case err != nil:
		return err
	case mark.Int(0) != 0 && mark.Int(0) != Mark, version.Int(0) < 1, ours.Int(0) != 4:
		return refuse("The file is a database, but not a store of the hub: another program's, it seems.", nil)
	case version.Int(0) > int64(newest):
		return refuse(fmt.Sprintf("A newer version of the program has written the store (%d; this one knows %d).",
			version.Int(0), newest), nil)
	}
	return nil
}

// empty tells whether nothing was ever made in the file.
func empty(ctx context.Context, c *raw.Conn) (bool, error) {
	things, _, err := c.One(ctx, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return false, err
	}
	version, _, err := c.One(ctx, "PRAGMA user_version")
	return err == nil && things.Int(0) == 0 && version.Int(0) == 0, err
}

// Sound looks for damage, in the whole file.
func Sound(ctx context.Context, c *raw.Conn) error {
	verdict, _, err := c.One(ctx, "PRAGMA quick_check(1)")
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		return refuse("The store is damaged.", err)
	case verdict.Text(0) != "ok":
		return refuse("The store is damaged.", errors.New(verdict.Text(0)))
	}
	return nil
}

// present says which is missing: the file, or already its folder.
func present(path, what string) error {
	if err := folder(path); err != nil {
		return err
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return hub.Fail(hub.NotFound, "not-found", fmt.Sprintf("There is no %s at %s.", what, path), nil)
	}
	return err
}

// folder says when the folder of a file is missing.
func folder(path string) error {
	where, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("finding the folder of %s: %w", path, err)
	}
	if _, err = os.Stat(where); errors.Is(err, fs.ErrNotExist) {
		return hub.Fail(hub.NotFound, "not-found", fmt.Sprintf("The folder %s does not exist.", where), nil)
	}
	return nil
}

// with looks into a file.
func with(path string, look func(*raw.Conn) error) error {
	c, err := raw.Dial(path, "busy_timeout=5000", "query_only=1")
	if err != nil {
		return err
	}
	return errors.Join(look(c), c.Close())
}

func refuse(detail string, cause error) error { return hub.Fail(hub.Invalid, "invalid", detail, cause) }
