// Package store keeps the documents of the ERPNext simulator in an embedded SQL
// database: one table per doctype named tab<DocType>, children with their parent
// columns, Series for counters, Singles for single documents, Sessions for logins,
// __Auth for secrets.
//
// One writer works at a time, as if every row lock were taken at the start of
// the request; readers see the last committed state.
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/collation"
)

// Store is an open database file.
type Store struct {
	write, read *pool
	path        string
	temp        string // directory to remove at the end
	nocase      bool
	rows        contention
	shelf       shelf
	copied      bool
}

// Open opens the file, or one in a new temporary directory when path is "".
// nocase makes text comparison ignore case and accents, as MariaDB does. A file that is not
// there yet begins as a copy of image, unless that is nil.
func Open(ctx context.Context, path string, nocase bool, image []byte) (*Store, error) {
	s := &Store{nocase: nocase, path: path}
	if path == "" {
		dir, err := os.MkdirTemp("", "erpnextsim-")
		if err != nil {
			return nil, fmt.Errorf("making a directory for the site: %w", err)
		}
		s.temp, path = dir, filepath.Join(dir, "site.db")
		s.path = path
	}
	_, err := os.Stat(path)
	s.copied = errors.Is(err, fs.ErrNotExist) && image != nil
	if s.copied {
		err = os.WriteFile(path, image, 0o600)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("laying out %s: %w", path, err), s.Close())
	}
	if err := s.connect(path); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if s.copied {
		return s, nil // an image has the base
	}
	if err := s.base(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the site's database: %w", err), s.Close())
	}
	return s, nil
}

// Copied tells whether the database began as a copy of the image, not as a file that
// was there.
func (s *Store) Copied() bool { return s.copied }

func (s *Store) connect(path string) error {
	q := url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(OFF)", "busy_timeout(10000)", "temp_store(MEMORY)", "cache_size(-8000)",
	}}
	dsn, driver := "file:"+path+"?"+q.Encode(), &sqlite.Driver{}
	if err := collation.Register(driver, !s.nocase); err != nil {
		return err
	}
	open := func() (*preparedConn, error) { return connect(driver, dsn) }
	s.write, s.read = newPool(1, open), newPool(3, open)
	return nil
}

func (s *Store) base(ctx context.Context) error {
	c, err := s.write.take(ctx)
	if err != nil {
		return err
	}
	defer s.write.give(c)
	for _, ddl := range []string{
		`CREATE TABLE IF NOT EXISTS "tabSeries" (name TEXT PRIMARY KEY, current INTEGER NOT NULL DEFAULT 0)`,
		`CREATE TABLE IF NOT EXISTS "tabSingles" (doctype TEXT, field TEXT, value TEXT, PRIMARY KEY (doctype, field))`,
		`CREATE TABLE IF NOT EXISTS "__Auth" (doctype TEXT, name TEXT, fieldname TEXT, password TEXT, PRIMARY KEY (doctype, name, fieldname))`,
		`CREATE TABLE IF NOT EXISTS "tabSessions" (sid TEXT PRIMARY KEY, user TEXT, csrf_token TEXT, ipaddress TEXT, lastupdate TEXT, status TEXT)`,
		`CREATE TABLE IF NOT EXISTS "__Content" (file_url TEXT PRIMARY KEY, content BLOB)`,
	} {
		if err := c.exec(ctx, ddl); err != nil {
			return fmt.Errorf("creating base tables: %w", err)
		}
	}
	return nil
}

// Image is the whole database as the content of a file. Nothing may be running.
func (s *Store) Image(ctx context.Context) ([]byte, error) {
	c, err := s.write.take(ctx)
	if err != nil {
		return nil, err
	}
	defer s.write.give(c)
	if _, _, err := c.query(ctx, "PRAGMA wal_checkpoint(TRUNCATE)", nil); err != nil {
		return nil, fmt.Errorf("writing the whole database to its file: %w", err)
	}
	return os.ReadFile(s.path)
}

// Close closes the database and removes what Open created in a temporary place.
func (s *Store) Close() error {
	var errs []error
	for _, p := range []*pool{s.read, s.write} {
		if p != nil {
			errs = append(errs, p.close())
		}
	}
	if s.temp != "" {
		errs = append(errs, os.RemoveAll(s.temp))
	}
	return errors.Join(errs...)
}

// Begin starts a transaction; a writing one waits for its turn.
func (s *Store) Begin(ctx context.Context, writing bool) (*Tx, error) {
	from, begin, since, seen := s.read, "BEGIN", s.rows.now(), s.shelf.now()
	if writing {
		from, begin = s.write, "BEGIN IMMEDIATE"
	}
	c, err := from.take(ctx)
	if err != nil {
		return nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	if err := c.exec(ctx, begin); err != nil {
		from.give(c)
		return nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	if writing {
		seen = s.shelf.now()
	}
	return &Tx{conn: c, from: from, ctx: ctx, nocase: s.nocase, rows: &s.rows, shelf: &s.shelf, writing: writing, since: since, seen: seen}, nil
}
