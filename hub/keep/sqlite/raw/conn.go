// Package raw is a connection to a SQLite file without database/sql: on the way
// of a webhook that costs as much as the statement itself. Statements stay
// prepared, values are not converted, and what the database cannot do is said in
// the words of the hub (store-unavailable).
//
// It knows nothing of jobs: what is in the tables is the affair of package
// sqlite, whose room this is.
package raw

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	driversqlite "modernc.org/sqlite"
)

// Value is an argument of a statement: int64, string, []byte or nil.
type Value = driver.Value

// Conn is one connection with its prepared statements, used by one goroutine at
// a time.
type Conn struct {
	conn  driver.Conn
	stmts map[string]statement
	args  []driver.NamedValue // of the statement that is being started
}

type statement interface {
	driver.StmtExecContext
	driver.StmtQueryContext
	Close() error
}

// Dial opens the file, which must exist, and sets the pragmas in order. Its SQL
// knows one function more: has_text(text, part), for letters of any case.
func Dial(path string, pragmas ...string) (*Conn, error) {
	place := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "mode=rw"}
	d := &driversqlite.Driver{}
	if err := d.RegisterDeterministicScalarFunction("has_text", 2, hasText); err != nil {
		return nil, fmt.Errorf("registering a function: %w", err)
	}
	conn, err := d.Open(place.String())
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	c := &Conn{conn: conn, stmts: map[string]statement{}}
	if err := c.Set(pragmas...); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Set sets pragmas, in order.
func (c *Conn) Set(pragmas ...string) error {
	for _, p := range pragmas {
		if err := c.Script("PRAGMA " + p); err != nil {
			return fmt.Errorf("setting %s: %w", p, err)
		}
	}
	return nil
}

// hasText compares without regard to case, of all letters and not only ASCII.
func hasText(_ *driversqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	text, _ := args[0].(string)
	part, _ := args[1].(string)
	return strings.Contains(strings.ToLower(text), strings.ToLower(part)), nil
}

// Script runs statements that are not worth keeping prepared. Its error is the
// driver's own.
func (c *Conn) Script(text string) error {
	run, ok := c.conn.(driver.ExecerContext)
	if !ok {
		return errors.New("the driver runs no scripts")
	}
	_, err := run.ExecContext(context.Background(), text, nil)
	return err
}

// Exec runs one statement and returns how many rows it changed. It heeds no
// context: what belongs to a transaction ends by itself.
func (c *Conn) Exec(query string, args ...Value) (int64, error) {
	st, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := st.ExecContext(context.Background(), c.named(args))
	if err != nil {
		return 0, broken(err)
	}
	n, err := res.RowsAffected()
	return n, broken(err)
}

// Rows calls each for every row of the answer. The row is only good until each
// returns; each must not run the same query again.
func (c *Conn) Rows(ctx context.Context, each func(Row) error, query string, args ...Value) error {
	st, err := c.prepare(query)
	if err != nil {
		return err
	}
	answer, err := st.QueryContext(ctx, c.named(args))
	if err != nil {
		return brokenUnless(ctx, err)
	}
	line := make(Row, len(answer.Columns()))
	for {
		err = answer.Next(line)
		if err == nil {
			err = each(line)
		} else if !errors.Is(err, io.EOF) {
			err = brokenUnless(ctx, err)
		}
		if err != nil {
			break
		}
	}
	if shut := answer.Close(); errors.Is(err, io.EOF) {
		return broken(shut)
	}
	return err
}

// One returns the first row of the answer; ok is false when there is none.
func (c *Conn) One(ctx context.Context, query string, args ...Value) (first Row, ok bool, err error) {
	err = c.Rows(ctx, func(r Row) error {
		first, ok = append(Row(nil), r...), true
		return io.EOF
	}, query, args...)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return first, ok, err
}

// Checkpoint moves pages of the log into the file, as the mode says (PASSIVE,
// RESTART, TRUNCATE; NOOP only looks). It returns how many pages the log has, and how many
// of them are in the file; ok is false when somebody was in the way.
func (c *Conn) Checkpoint(mode string) (pages, moved int64, ok bool) {
	r, ok, err := c.One(context.Background(), "PRAGMA wal_checkpoint("+mode+")")
	if err != nil || !ok || r.Int(1) < 0 {
		return 0, 0, false
	}
	return r.Int(1), r.Int(2), true
}

// Close ends the statements and the connection.
func (c *Conn) Close() error {
	var errs []error
	for _, st := range c.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

func (c *Conn) prepare(query string) (statement, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	prepared, err := c.conn.Prepare(query)
	if err != nil {
		return nil, broken(err)
	}
	st, ok := prepared.(statement)
	if !ok {
		return nil, broken(errors.New("the driver's statement cannot do all we need"))
	}
	c.stmts[query] = st
	return st, nil
}

// named numbers the arguments. The driver copies them when the statement starts.
func (c *Conn) named(args []Value) []driver.NamedValue {
	c.args = c.args[:0]
	for i, v := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.args
}
