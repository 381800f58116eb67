package raw

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"gigafibre.ca/targo-hub/hub"
)

// Lock takes the lock that keeps a second process away. It ends with the
// process, however that dies.
func Lock(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the store: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		err = errors.Join(fmt.Errorf("another process holds the store (%s): %w", path, err), file.Close())
		return nil, hub.Fail(hub.Unavailable, "store-unavailable", "Another process holds the store.", err)
	}
	return file, nil
}

// Unlock gives the lock back by name: a child that is just being started holds a
// copy of every open file for a moment, and would keep the lock with it.
func Unlock(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}

// Touch makes sure that the file is there; when it makes it, for the owner only.
// With fresh it must not have been there.
func Touch(path string, fresh bool) error {
	flags := os.O_CREATE | os.O_RDWR
	if fresh {
		flags |= os.O_EXCL
	}
	file, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// Migrate runs the scripts of the folder, in the order of their names, that the
// file has not seen; their number is its user_version. There is no way back.
func (c *Conn) Migrate(ctx context.Context, scripts fs.FS, folder string) error {
	first, _, err := c.One(ctx, "PRAGMA user_version")
	if err != nil {
		return err
	}
	have := int(first.Int(0))
	all, err := fs.ReadDir(scripts, folder)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if have > len(all) {
		return fmt.Errorf("opening the store: a newer version of the program has written it (%d, this one knows %d)",
			have, len(all))
	}
	for i := have; i < len(all); i++ {
		text, err := fs.ReadFile(scripts, folder+"/"+all[i].Name())
		if err != nil {
			return fmt.Errorf("reading a migration: %w", err)
		}
		step := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT;", text, i+1)
		if err := c.Script(step); err != nil {
			return fmt.Errorf("migrating the store by %s: %w", all[i].Name(), err)
		}
	}
	return nil
}
