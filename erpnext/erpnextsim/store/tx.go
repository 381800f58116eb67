package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// errEnded is work in a transaction that is over.
var errEnded = errors.New("the transaction has ended")

// Tx is one request's transaction.
type Tx struct {
	conn   *preparedConn
	from   *pool
	ctx    context.Context // of the request; a transaction never outlives it
	nocase bool

	// ReadOnly refuses changes with ErrReadOnly.
	ReadOnly bool
	// Strict refuses to change a row that was changed since the transaction was
	// asked for, with ErrSerialization.
	Strict bool

	rows    *contention
	writing bool
	ended   bool
	since   int64

	shelf   *shelf
	seen    int64           // the shelf's moment that the transaction sees
	touched map[string]bool // tables that it changed
}

// Row is one row by column name. Values are nil, string, int64, float64 or []byte.
type Row map[string]any

// ConflictError is a violated primary key or unique column.
type ConflictError struct {
	Table, Column string
}

// Error names the column.
func (e *ConflictError) Error() string { return "duplicate value in " + e.Table + "." + e.Column }

// Commit makes the work durable.
func (t *Tx) Commit() error {
	if t.ended {
		return errEnded
	}
	err := t.conn.exec(t.ctx, "COMMIT")
	if err != nil {
		err = errors.Join(fmt.Errorf("committing: %w", err), t.conn.exec(t.ctx, "ROLLBACK"))
	}
	t.end(err == nil)
	return err
}

// Rollback undoes the work; after a Commit it does nothing.
func (t *Tx) Rollback() {
	if !t.ended {
		_ = t.conn.exec(t.ctx, "ROLLBACK")
		t.end(false)
	}
}

// end gives up the rows while nobody else can write yet, then the connection.
func (t *Tx) end(kept bool) {
	t.ended = true
	if kept {
		t.shelf.outdate(t.touched)
	}
	if t.writing {
		t.rows.end(kept)
	}
	t.from.give(t.conn)
	t.conn = nil
}

// Exec runs one statement.
func (t *Tx) Exec(stmt string, args ...any) error {
	if t.ReadOnly && !strings.Contains(stmt, "SAVEPOINT") && !strings.HasPrefix(stmt, "R") { // ROLLBACK TO, RELEASE
		return ErrReadOnly
	}
	if t.ended {
		return errEnded
	}
	t.touch(stmt)
	return classify(t.conn.exec(t.ctx, stmt, args...))
}

// Select runs a query; columns are the names in order.
func (t *Tx) Select(stmt string, args ...any) (columns []string, values [][]any, err error) {
	if t.ended {
		return nil, nil, errEnded
	}
	if columns, values, err = t.conn.query(t.ctx, stmt, args); err != nil {
		return nil, nil, fmt.Errorf("querying: %w", err)
	}
	return columns, values, nil
}

// Rows is Select with the rows by column name.
func (t *Tx) Rows(stmt string, args ...any) ([]Row, error) {
	columns, values, err := t.Select(stmt, args...)
	if err != nil {
		return nil, err
	}
	out := make([]Row, len(values))
	for i, v := range values {
		out[i] = make(Row, len(columns))
		for j, c := range columns {
			out[i][c] = v[j]
		}
	}
	return out, nil
}

// Value returns the first column of the first row, nil when there is none.
func (t *Tx) Value(stmt string, args ...any) (any, error) {
	_, values, err := t.Select(stmt, args...)
	if err != nil || len(values) == 0 {
		return nil, err
	}
	return values[0][0], nil
}

// Savepoint runs f and undoes only what f did when it fails.
func (t *Tx) Savepoint(name string, f func() error) error {
	if err := t.Exec("SAVEPOINT " + Quote(name)); err != nil {
		return err
	}
	if err := f(); err != nil {
		return errors.Join(err, t.Exec("ROLLBACK TO "+Quote(name)), t.Exec("RELEASE "+Quote(name)))
	}
	return t.Exec("RELEASE " + Quote(name))
}

// Quote quotes an identifier.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Table is the quoted table of a doctype.
func Table(doctype string) string { return Quote("tab" + doctype) }

// classify turns the driver's constraint failure, whose text ends in
// "failed: tabItem.item_code (2067)", into a ConflictError.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var failed *sqlite.Error
	if !errors.As(err, &failed) || failed.Code()&0xff != 19 {
		return fmt.Errorf("executing: %w", err)
	}
	_, what, found := strings.Cut(failed.Error(), "UNIQUE constraint failed: ")
	if !found {
		return fmt.Errorf("executing: %w", err)
	}
	what, _, _ = strings.Cut(what, " (")
	dot := strings.LastIndexByte(what, '.')
	return &ConflictError{Table: what[:dot], Column: what[dot+1:]}
}
