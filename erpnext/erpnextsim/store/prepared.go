package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// preparedMax is how many statements a connection keeps ready.
const preparedMax = 400

// connector opens connections that keep their statements: a document is read and
// written with the same few, and parsing one for the widest tables takes longer
// than running it.
type connector struct {
	dsn    string
	driver sqlite.Driver
}

// Connect implements driver.Connector.
func (c *connector) Connect(context.Context) (driver.Conn, error) {
	plain, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	whole, ok := plain.(wholeConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver lacks what database/sql wants"), plain.Close())
	}
	return &preparedConn{whole, map[string]driver.Stmt{}}, nil
}

// Driver implements driver.Connector.
func (c *connector) Driver() driver.Driver { return &c.driver }

// wholeConn is what database/sql wants of a connection.
type wholeConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
}

// preparedConn is used by one goroutine at a time, and its rows are read to the
// end before the next statement, so that each statement can be kept and used again.
type preparedConn struct {
	wholeConn
	ready map[string]driver.Stmt
}

// QueryContext implements driver.QueryerContext.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	q, ok := s.(driver.StmtQueryContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	return q.QueryContext(ctx, args)
}

// ExecContext implements driver.ExecerContext.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	e, ok := s.(driver.StmtExecContext)
	if !ok {
		return nil, driver.ErrSkip
	}
	return e.ExecContext(ctx, args)
}

func (c *preparedConn) prepared(ctx context.Context, query string) (driver.Stmt, error) {
	if s, ok := c.ready[query]; ok {
		return s, nil
	}
	if len(c.ready) >= preparedMax {
		if err := c.forget(); err != nil {
			return nil, err
		}
	}
	s, err := c.PrepareContext(ctx, query)
	if err == nil {
		c.ready[query] = s
	}
	return s, err
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
