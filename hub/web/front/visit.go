package front

import (
	"context"
	"sync"
	"time"
)

// visit is the context of a caller's being there. It begins to watch the
// connection when somebody waits for its end, which quick answers never do.
type visit struct {
	conn *conn

	mu     sync.Mutex
	live   context.Context // nil until somebody waits
	cancel context.CancelFunc
	over   bool
	unread bool          // a part of the body is still to be read, which the watch must not take
	idle   chan struct{} // closed when nobody reads the connection any more; nil when nobody did
}

// wait makes the context that can be waited for, and the watch.
func (v *visit) wait() context.Context {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.live != nil {
		return v.live
	}
	v.live, v.cancel = context.WithCancel(context.Background())
	if v.over {
		v.cancel()
		return v.live
	}
	if !v.unread {
		v.begin()
	}
	return v.live
}

// free is called when the body has been read: nobody else reads the connection.
func (v *visit) free() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.unread = false
	if v.live != nil && !v.over {
		v.begin()
	}
}

func (v *visit) begin() {
	v.idle = make(chan struct{})
	v.conn.makeRoom()
	v.conn.stampRead(time.Time{})
	go v.watch()
}

// watch reads what the caller sends ahead; when that fails he has left.
func (v *visit) watch() {
	defer close(v.idle)
	c := v.conn
	for c.w < len(c.in) {
		n, err := c.Conn.Read(c.in[c.w:])
		c.w += n
		if n > 0 {
			continue
		}
		if err != nil && !v.ended() {
			v.cancel()
		}
		return
	}
}

func (v *visit) ended() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.over
}

// end is called when the request has been answered. From then on the connection
// is read by nobody else.
func (v *visit) end() {
	v.mu.Lock()
	v.over = true
	watched := v.idle
	v.mu.Unlock()
	if watched == nil {
		return
	}
	v.conn.stampRead(time.Unix(1, 0)) // wakes the watch
	<-watched
	v.conn.readUntil = time.Time{}
	v.cancel()
}

// Deadline implements context.Context.
func (v *visit) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done implements context.Context.
func (v *visit) Done() <-chan struct{} { return v.wait().Done() }

// Err implements context.Context.
func (v *visit) Err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.live != nil:
		return v.live.Err()
	case v.over:
		return context.Canceled
	}
	return nil
}

// Value implements context.Context.
func (v *visit) Value(key any) any {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.live == nil {
		return nil
	}
	return v.live.Value(key)
}
