package sqlite

import (
	"context"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"syscall"

	driversqlite "modernc.org/sqlite"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

//go:embed migrations/*.sql
var migrations embed.FS

// conn is one connection with its prepared statements, used by one goroutine at
// a time. It goes around database/sql: on the way of a webhook that costs as
// much as the statement itself.
type conn struct {
	raw   driver.Conn
	stmts map[string]statement
	args  []driver.NamedValue // of the statement that is being started
}

type statement interface {
	driver.StmtExecContext
	driver.StmtQueryContext
	Close() error
}

// row is one line of an answer; its values are int64, string, []byte or nil.
type row []driver.Value

func (r row) int(i int) int64 {
	n, _ := r[i].(int64)
	return n
}

func (r row) text(i int) string {
	s, _ := r[i].(string)
	return s
}

func (r row) bytes(i int) []byte {
	b, _ := r[i].([]byte)
	return b
}

// dial opens the file, which must exist, and sets the pragmas in order.
func dial(path string, pragmas ...string) (*conn, error) {
	place := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "mode=rw"}
	d := &driversqlite.Driver{}
	if err := d.RegisterDeterministicScalarFunction("has_text", 2, hasText); err != nil {
		return nil, fmt.Errorf("registering a function: %w", err)
	}
	raw, err := d.Open(place.String())
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	c := &conn{raw: raw, stmts: map[string]statement{}}
	for _, p := range pragmas {
		if err := c.script("PRAGMA " + p); err != nil {
			return nil, errors.Join(fmt.Errorf("setting %s: %w", p, err), c.close())
		}
	}
	return c, nil
}

// hasText compares without regard to case, of all letters and not only ASCII.
func hasText(_ *driversqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
	text, _ := args[0].(string)
	part, _ := args[1].(string)
	return strings.Contains(strings.ToLower(text), strings.ToLower(part)), nil
}

// script runs statements that are not worth keeping prepared.
func (c *conn) script(text string) error {
	run, ok := c.raw.(driver.ExecerContext)
	if !ok {
		return errors.New("the driver runs no scripts")
	}
	_, err := run.ExecContext(context.Background(), text, nil)
	return err
}

// exec runs one statement and returns how many rows it changed.
func (c *conn) exec(query string, args ...driver.Value) (int64, error) {
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

// rows calls each for every row of the answer. The row is only good until each
// returns; each must not run the same query again.
func (c *conn) rows(ctx context.Context, each func(row) error, query string, args ...driver.Value) error {
	st, err := c.prepare(query)
	if err != nil {
		return err
	}
	answer, err := st.QueryContext(ctx, c.named(args))
	if err != nil {
		return brokenUnless(ctx, err)
	}
	line := make(row, len(answer.Columns()))
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

// one returns the first row of the answer; ok is false when there is none.
func (c *conn) one(ctx context.Context, query string, args ...driver.Value) (first row, ok bool, err error) {
	err = c.rows(ctx, func(r row) error {
		first, ok = append(row(nil), r...), true
		return io.EOF
	}, query, args...)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return first, ok, err
}

func (c *conn) prepare(query string) (statement, error) {
	if st, ok := c.stmts[query]; ok {
		return st, nil
	}
	raw, err := c.raw.Prepare(query)
	if err != nil {
		return nil, broken(err)
	}
	st, ok := raw.(statement)
	if !ok {
		return nil, broken(errors.New("the driver's statement cannot do all we need"))
	}
	c.stmts[query] = st
	return st, nil
}

func (c *conn) close() error {
	var errs []error
	for _, st := range c.stmts {
		errs = append(errs, st.Close())
	}
	return errors.Join(append(errs, c.raw.Close())...)
}

// named numbers the arguments. The driver copies them when the statement starts.
func (c *conn) named(args []driver.Value) []driver.NamedValue {
	c.args = c.args[:0]
	for i, v := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return c.args
}

// broken makes an error of the database one that callers may see: whatever the
// reason (disk full, read-only, damaged), the store is not available.
func broken(err error) error {
	if err == nil {
		return nil
	}
	return hub.Fail(hub.Unavailable, "store-unavailable", "The store cannot be used.", err)
}

func brokenUnless(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return late(ctx)
	}
	return broken(err)
}

// lockFile takes the lock that keeps a second process away. It ends with the
// process, however that dies.
func lockFile(path string) (*os.File, error) {
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

// unlock gives the lock back by name: a child that is just being started holds a
// copy of every open file for a moment, and would keep the lock with it.
func unlock(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}

// migrate runs the migrations that the file has not seen; their number is its
// user_version. There is no way back.
func migrate(ctx context.Context, c *conn) error {
	first, _, err := c.one(ctx, "PRAGMA user_version")
	if err != nil {
		return err
	}
	have := int(first.int(0))
	all, err := migrations.ReadDir("migrations")
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if have > len(all) {
		return fmt.Errorf("opening the store: a newer version of the program has written it (%d, this one knows %d)",
			have, len(all))
	}
	for i := have; i < len(all); i++ {
		text, err := migrations.ReadFile("migrations/" + all[i].Name())
		if err != nil {
			return fmt.Errorf("reading a migration: %w", err)
		}
		step := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA user_version = %d;\nCOMMIT;", text, i+1)
		if err := c.script(step); err != nil {
			return fmt.Errorf("migrating the store by %s: %w", all[i].Name(), err)
		}
	}
	return nil
}

// read lends a connection.
func (e *Engine) read(ctx context.Context, look func(*conn) error) error {
	select {
	case <-e.writer.quit:
		return keep.ErrClosed
	default:
	}
	select {
	case c := <-e.readers:
		defer func() { e.readers <- c }()
		if ctx.Err() != nil {
			return late(ctx)
		}
		return look(c)
	case <-e.writer.quit:
		return keep.ErrClosed
	case <-ctx.Done():
		return late(ctx)
	}
}

// closeReaders waits until n connections have been given back.
func (e *Engine) closeReaders(n int) error {
	var errs []error
	for range n {
		c := <-e.readers
		errs = append(errs, c.close())
	}
	return errors.Join(errs...)
}
