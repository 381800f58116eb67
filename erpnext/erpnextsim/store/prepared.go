package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"slices"

	"modernc.org/sqlite"
)

// preparedMax is how many statements a connection keeps ready.
const preparedMax = 400

// wholeConn is what the store wants of a connection.
type wholeConn interface {
	driver.Conn
	driver.ConnPrepareContext
}

// statement is what the store wants of a statement.
type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// preparedConn is used by one goroutine at a time, and its rows are read to the end
// before the next statement, so that each statement can be kept and used again: a
// document is read and written with the same few, and parsing one for the widest
// tables takes longer than running it. It is used without the standard library's
// pool, whose locks and conversions cost as much as a simple query.
type preparedConn struct {
	wholeConn
	ready map[string]statement
	args  []driver.NamedValue // of the statement that runs
	row   []driver.Value      // that is read
}

func connect(d *sqlite.Driver, dsn string) (*preparedConn, error) {
	plain, err := d.Open(dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the site's database: %w", err)
	}
	whole, ok := plain.(wholeConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver cannot prepare statements"), plain.Close())
	}
	return &preparedConn{wholeConn: whole, ready: map[string]statement{}}, nil
}

// exec runs a statement that returns nothing.
func (c *preparedConn) exec(ctx context.Context, query string, args ...any) error {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return err
	}
	if err := c.bind(args); err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, c.args)
	return err
}

// query runs a query; columns are the names in order.
func (c *preparedConn) query(ctx context.Context, query string, args []any) (columns []string, values [][]any, err error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, nil, err
	}
	if err := c.bind(args); err != nil {
		return nil, nil, err
	}
	rows, err := s.QueryContext(ctx, c.args)
	if err != nil {
		return nil, nil, err
	}
	columns = rows.Columns()
	c.row = slices.Grow(c.row[:0], len(columns))[:len(columns)]
	for {
		if err = rows.Next(c.row); err != nil {
			break
		}
		row := make([]any, len(columns))
		for i, v := range c.row {
			row[i] = v
		}
		values = append(values, row)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return columns, values, errors.Join(err, rows.Close())
}

// bind makes the arguments those that the driver takes.
func (c *preparedConn) bind(args []any) error {
	c.args = c.args[:0]
	for i, a := range args {
		switch v := a.(type) {
		case nil, string, int64, float64, bool, []byte:
		case int:
			a = int64(v)
		default:
			var err error
			if a, err = driver.DefaultParameterConverter.ConvertValue(a); err != nil {
				return fmt.Errorf("binding value %d: %w", i+1, err)
			}
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return nil
}

func (c *preparedConn) prepared(ctx context.Context, query string) (statement, error) {
	if s, ok := c.ready[query]; ok {
		return s, nil
	}
	if len(c.ready) >= preparedMax {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	plain, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s, ok := plain.(statement)
	if !ok {
		return nil, errors.Join(errors.New("the driver's statements lack what the store wants"), plain.Close())
	}
	c.ready[query] = s
	return s, nil
}

func (c *preparedConn) forget() error {
	var errs []error
	for query, s := range c.ready {
		if err := s.Close(); err != nil {
			errs = append(errs, fmt.Errorf("closing a statement: %w", err))
		}
		delete(c.ready, query)
	}
	return errors.Join(errs...)
}

// Close implements driver.Conn.
func (c *preparedConn) Close() error { return errors.Join(c.forget(), c.wholeConn.Close()) }
