package store

import (
	"context"
	"errors"
	"sync"
)

// What a transaction may not do.
var (
	// ErrReadOnly is a change in a transaction that may only read.
	ErrReadOnly = errors.New("the transaction is read only")
	// ErrSerialization is a change of a row that somebody else changed, and
	// committed, since the transaction was asked for.
	ErrSerialization = errors.New("could not serialize access due to concurrent update")
)

// rowKey names one row.
type rowKey struct{ table, name string }

// contention remembers who changed which row lately, to tell a transaction that
// waited for another that they met in a row. As all of them write one after
// another, this is the only trace of concurrency.
type contention struct {
	mu     sync.Mutex
	seq    int64 // of the last commit
	done   []committed
	active map[rowKey]bool // rows of the transaction that writes now
}

type committed struct {
	seq  int64
	rows map[rowKey]bool
}

// remembered is how many commits are kept to compare with.
const remembered = 512

// now is the moment that a transaction sees.
func (c *contention) now() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seq
}

// changed tells whether a row was changed after the moment since.
func (c *contention) changed(row rowKey, since int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.done) - 1; i >= 0 && c.done[i].seq > since; i-- {
		if c.done[i].rows[row] {
			return true
		}
	}
	return false
}

func (c *contention) hold(row rowKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.active == nil {
		c.active = map[rowKey]bool{}
	}
	c.active[row] = true
}

// end forgets the rows of the transaction that wrote; kept ones count as changed.
func (c *contention) end(kept bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kept && len(c.active) > 0 {
		c.seq++
		c.done = append(c.done, committed{c.seq, c.active})
		if len(c.done) > remembered {
			c.done = c.done[1:]
		}
	}
	c.active = nil
}

// Held tells whether the transaction that writes now holds a row.
func (s *Store) Held(doctype, name string) bool {
	s.rows.mu.Lock()
	defer s.rows.mu.Unlock()
	return s.rows.active[rowKey{doctype, name}]
}

// Hold marks a row as locked by this transaction, and fails when somebody changed
// it since the transaction was asked for and the database minds that.
func (t *Tx) Hold(doctype, name string) error {
	if !t.writing {
		return nil
	}
	row := rowKey{doctype, name}
	if t.Strict && t.rows.changed(row, t.since) {
		return ErrSerialization
	}
	t.rows.hold(row)
	return nil
}

// errClosed is work on a store that was closed.
var errClosed = errors.New("the store is closed")

// pool is the connections for one kind of work. They are opened when they are first
// needed: each of them reads the whole schema, which takes longer than most requests.
type pool struct {
	open func() (*preparedConn, error)
	room chan struct{} // one token for each connection in use

	mu     sync.Mutex
	free   []*preparedConn
	closed bool
}

func newPool(conns int, open func() (*preparedConn, error)) *pool {
	return &pool{open: open, room: make(chan struct{}, conns)}
}

// take waits for a connection.
func (p *pool) take(ctx context.Context) (*preparedConn, error) {
	select {
	case p.room <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := p.pick()
	if c == nil && err == nil {
		c, err = p.open()
	}
	if err != nil {
		<-p.room
		return nil, err
	}
	return c, nil
}

// pick is the connection that was used last, nil when none is free.
func (p *pool) pick() (*preparedConn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, errClosed
	}
	last := len(p.free) - 1
	if last < 0 {
		return nil, nil
	}
	c := p.free[last]
	p.free = p.free[:last]
	return c, nil
}

// give takes a connection back; that of a closed store ends.
func (p *pool) give(c *preparedConn) {
	p.mu.Lock()
	closed := p.closed
	if !closed {
		p.free = append(p.free, c)
	}
	p.mu.Unlock()
	if closed {
		_ = c.Close()
	}
	<-p.room
}

// close ends the connections that are free; the others end when they are given back.
func (p *pool) close() error {
	p.mu.Lock()
	free := p.free
	p.free, p.closed = nil, true
	p.mu.Unlock()
	var errs []error
	for _, c := range free {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
