package contract_test

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub/contract"
	"gigafibre.ca/targo-hub/hub/keep"
)

var errKilled = errors.New("the process was killed")

// mortal is what belongs to a process that is killed: nothing of it reaches the
// world after its last write.
type mortal struct {
	contract.Store
	wire  http.RoundTripper
	left  int  // writes to live
	after bool // killed after the last write was taken, but before its answer came
	dead  bool
	kill  func()
}

// RoundTrip lets the last write through, or not.
func (m *mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.dead {
		return nil, errKilled
	}
	if r.Method == http.MethodGet || !m.dies() {
		return m.wire.RoundTrip(r)
	}
	if m.after {
		if answer, err := m.wire.RoundTrip(r); err == nil {
			_ = answer.Body.Close()
		}
	}
	m.kill()
	return nil, errKilled
}

// dies counts a write.
func (m *mortal) dies() bool {
	m.left--
	m.dead = m.left == 0
	return m.dead
}

// Put is a write, too.
func (m *mortal) Put(ctx context.Context, job keep.Job) (keep.Job, bool, error) {
	if m.dead || m.dies() && !m.after {
		return keep.Job{}, false, errKilled
	}
	return m.Store.Put(ctx, job)
}

// Change changes nothing for the dead.
func (m *mortal) Change(ctx context.Context, id string, action keep.Action, reason string) (keep.Job, error) {
	if m.dead {
		return keep.Job{}, errKilled
	}
	return m.Store.Change(ctx, id, action, reason)
}

// Swap remembers nothing for the dead.
func (m *mortal) Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	if m.dead {
		return 0, errKilled
	}
	return m.Store.Swap(ctx, key, version, value, ttl)
}

// Audit notes nothing for the dead.
func (m *mortal) Audit(ctx context.Context, record keep.Record) error {
	if m.dead {
		return errKilled
	}
	return m.Store.Audit(ctx, record)
}

// lives walks the job of the kind as a process that is killed at its n-th write.
// It tells whether the process was killed.
func (p *plant) lives(kind string, n int, after bool) bool {
	p.t.Helper()
	m := &mortal{Store: p.store, wire: &http.Transport{DisableKeepAlives: true}, left: n, after: after}
	ctx, stop := context.WithTimeout(p.t.Context(), time.Minute)
	defer stop()
	m.kill = stop
	for _, w := range p.desk(m, m).Work() {
		if w.Kind != kind {
			continue
		}
		job, err := p.store.Job(p.t.Context(), p.jobs(kind)[0].ID)
		if err != nil {
			p.t.Error(err)
			return false
		}
		if _, err := w.Do(ctx, job); err != nil && !m.dead {
			p.t.Errorf("killed at %d: %v", n, err)
		}
	}
	return m.dead
}
