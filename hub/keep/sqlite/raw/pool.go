package raw

import (
	"context"
	"errors"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Pool lends connections, each to one borrower at a time.
type Pool struct {
	conns chan *Conn
	end   <-chan struct{}
}

// NewPool opens n connections. Nobody borrows any more once end is closed.
func NewPool(n int, end <-chan struct{}, dial func() (*Conn, error)) (*Pool, error) {
	p := &Pool{conns: make(chan *Conn, n), end: end}
	for range n {
		c, err := dial()
		if err != nil {
			return nil, errors.Join(err, p.close(len(p.conns)))
		}
		p.conns <- c
	}
	return p, nil
}

// Lend lends a connection while look runs, and returns its error. It waits for
// one until ctx ends.
func (p *Pool) Lend(ctx context.Context, look func(*Conn) error) error {
	select {
	case <-p.end:
		return keep.ErrClosed
	default:
	}
	select {
	case c := <-p.conns:
		defer func() { p.conns <- c }()
		if ctx.Err() != nil {
			return keep.Late(ctx)
		}
		return look(c)
	case <-p.end:
		return keep.ErrClosed
	case <-ctx.Done():
		return keep.Late(ctx)
	}
}

// Close waits until every connection has been given back, and closes them. Call
// it after end was closed.
func (p *Pool) Close() error { return p.close(cap(p.conns)) }

func (p *Pool) close(n int) error {
	var errs []error
	for range n {
		c := <-p.conns
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
