// Package store keeps the documents of the ERPNext simulator in an embedded SQL
// database: one table per doctype named tab<DocType>, children with their parent
// columns, Series for counters, Singles for single documents, __Auth for secrets.
//
// One writer works at a time, as if every row lock were taken at the start of
// the request; readers see the last committed state.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// Store is an open database file.
type Store struct {
	write, read *sql.DB
	temp        string // directory to remove at the end
	nocase      bool
}

// Open opens the file, or one in a new temporary directory when path is "".
// nocase makes text comparison ignore case, as MariaDB does. A file that is not
// there yet begins as a copy of image, unless that is nil.
func Open(ctx context.Context, path string, nocase bool, image []byte) (*Store, error) {
	s := &Store{nocase: nocase}
	if path == "" {
		dir, err := os.MkdirTemp("", "erpnextsim-")
		if err != nil {
			return nil, fmt.Errorf("making a directory for the site: %w", err)
		}
		s.temp, path = dir, filepath.Join(dir, "site.db")
	}
	_, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && image != nil {
		err = os.WriteFile(path, image, 0o600)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("laying out %s: %w", path, err), s.Close())
	}
	s.write, s.read = open(path, "immediate", 1), open(path, "deferred", 3)
	if err := s.base(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the site's database: %w", err), s.Close())
	}
	return s, nil
}

func open(path, lock string, conns int) *sql.DB {
	q := url.Values{"_txlock": {lock}, "_pragma": {
		"journal_mode(WAL)", "synchronous(OFF)", "busy_timeout(10000)", "temp_store(MEMORY)", "cache_size(-8000)",
	}}
	db := sql.OpenDB(&connector{dsn: "file:" + path + "?" + q.Encode()})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db
}

func (s *Store) base(ctx context.Context) error {
	for _, ddl := range []string{
		`CREATE TABLE IF NOT EXISTS "tabSeries" (name TEXT PRIMARY KEY, current INTEGER NOT NULL DEFAULT 0)`,
		`CREATE TABLE IF NOT EXISTS "tabSingles" (doctype TEXT, field TEXT, value TEXT, PRIMARY KEY (doctype, field))`,
		`CREATE TABLE IF NOT EXISTS "__Auth" (doctype TEXT, name TEXT, fieldname TEXT, password TEXT, PRIMARY KEY (doctype, name, fieldname))`,
		`CREATE TABLE IF NOT EXISTS "__Content" (file_url TEXT PRIMARY KEY, content BLOB)`,
	} {
		if _, err := s.write.ExecContext(ctx, ddl); err != nil {
			return fmt.Errorf("creating base tables: %w", err)
		}
	}
	return nil
}

// Image is the whole database as the content of a file. Nothing may be running.
func (s *Store) Image(ctx context.Context) ([]byte, error) {
	path := filepath.Join(s.temp, "image.db")
	if _, err := s.write.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return nil, fmt.Errorf("copying the database: %w", err)
	}
	return os.ReadFile(path)
}

// Close closes the database and removes what Open created in a temporary place.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.temp != "" {
		errs = append(errs, os.RemoveAll(s.temp))
	}
	return errors.Join(errs...)
}

// Begin starts a transaction; a writing one waits for its turn.
func (s *Store) Begin(ctx context.Context, writing bool) (*Tx, error) {
	db := s.read
	if writing {
		db = s.write
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	return &Tx{tx: tx, ctx: ctx, nocase: s.nocase}, nil
}
