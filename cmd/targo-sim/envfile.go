package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// envFile is the file with the environment of a running world; "" is none.
type envFile string

// check makes sure that the file can be written, before anything is started. It
// makes no folders: a path with a mistake in it should be told, not followed.
func (f envFile) check() error {
	if f == "" {
		return nil
	}
	dir := filepath.Dir(string(f))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s for the environment file; make it first, or name another place with --env", dir)
	}
	if info, err := os.Stat(string(f)); err == nil && info.IsDir() {
		return fmt.Errorf("the environment file %s is a folder; --env takes the name of a file", f)
	}
	return nil
}

// write puts the lines into the file, which only its owner reads. A reader never
// sees half of it.
func (f envFile) write(settings []setting) error {
	if f == "" {
		return nil
	}
	draft, err := os.CreateTemp(filepath.Dir(string(f)), ".env-*") // 0600
	if err != nil {
		return fmt.Errorf("writing the environment: %w", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.WriteString(text(settings))
	if closed := draft.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(draft.Name(), string(f))
	}
	if err != nil {
		return fmt.Errorf("writing the environment: %w", err)
	}
	return nil
}

// remove takes the file away at the end: its addresses and tokens lead nowhere
// any more. A file that another world has written since is left alone.
func (f envFile) remove(settings []setting) error {
	if f == "" {
		return nil
	}
	raw, err := os.ReadFile(string(f))
	if err != nil || string(raw) != text(settings) {
		return nil
	}
	if err := os.Remove(string(f)); err != nil {
		return fmt.Errorf("removing the environment: %w", err)
	}
	return nil
}

func text(settings []setting) string { return strings.Join(lines(settings), "\n") + "\n" }
