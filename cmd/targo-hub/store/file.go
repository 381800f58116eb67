package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
)

// File is a store in a file of its own.
type File string

// Open implements Place.
func (f File) Open(ctx context.Context) (keep.Engine, error) {
	engine, err := sqlite.Open(ctx, string(f), sqlite.Options{})
	if err != nil {
		return nil, f.trouble(err)
	}
	return engine, nil
}

// Check implements Place: it looks whether the folder can be written, and whether
// what is in the file, if there is one, is a sound store. A hub may run on it.
func (f File) Check(ctx context.Context, found *findings.List) {
	probe, err := os.CreateTemp(filepath.Dir(string(f)), ".targo-hub-check-")
	if err == nil {
		_ = probe.Close()
		err = os.Remove(probe.Name())
	}
	if err != nil {
		found.Fail("store", f.trouble(err).Error())
		return
	}
	switch err := sqlite.Examine(ctx, string(f)); {
	case err == nil:
		found.OK("store", string(f)+" is a sound store, and its folder can be written")
	case hub.IsKind(err, hub.NotFound), f.blank():
		found.OK("store", "the folder of "+string(f)+" can be written")
	default:
		found.Fail("store", f.trouble(err).Error())
	}
}

// blank tells whether the file is there but holds nothing: a hub makes a store in it.
func (f File) blank() bool {
	info, err := os.Stat(string(f))
	return err == nil && info.Mode().IsRegular() && info.Size() == 0
}

// Backup implements Place. A hub may run on the store meanwhile.
func (f File) Backup(ctx context.Context, to string) error {
	if _, err := os.Stat(string(f)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no store at %s (TARGO_STATE)", string(f))
	}
	err := sqlite.Copy(ctx, string(f), to)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s exists already; choose another name", to)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist", filepath.Dir(to))
	}
	return err
}

// trouble puts into words why the file cannot be used.
func (f File) trouble(err error) error {
	path := string(f)
	folder, abs := filepath.Abs(filepath.Dir(path))
	switch {
	case abs != nil:
		return err
	case errors.Is(err, syscall.EWOULDBLOCK):
		return fmt.Errorf("another targo-hub runs on this file: %s (TARGO_STATE)", path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist (TARGO_STATE)", folder)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the folder %s cannot be written (TARGO_STATE)", folder)
	}
	if p := hub.ProblemOf(err); p.Kind == hub.Invalid {
		return fmt.Errorf("%s (TARGO_STATE, %s)", strings.TrimSuffix(p.Detail, "."), path)
	}
	return fmt.Errorf("opening the store %s (TARGO_STATE): %w", path, err)
}
