package customer_test

import (
	"bytes"
	"context"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// memory is a store for tests that write much; those about the links use a real one.
type memory struct {
	keep.Trail
	sync.Mutex
	values map[string]value
	taken  map[string]int // of allowances
}

type value struct {
	raw     []byte
	version int64
}

func (m *memory) Value(_ context.Context, key string) ([]byte, int64, error) {
	m.Lock()
	defer m.Unlock()
	v, known := m.values[key]
	if !known {
		return nil, 0, keep.ErrNotFound
	}
	return bytes.Clone(v.raw), v.version, nil
}

func (m *memory) Swap(_ context.Context, key string, version int64, raw []byte, _ time.Duration) (int64, error) {
	m.Lock()
	defer m.Unlock()
	if version != keep.AnyVersion && m.values[key].version != version {
		return 0, keep.ErrStale
	}
	m.values[key] = value{bytes.Clone(raw), m.values[key].version + 1}
	return m.values[key].version, nil
}

func (m *memory) Drop(_ context.Context, key string) error {
	m.Lock()
	defer m.Unlock()
	delete(m.values, key)
	return nil
}

// Allow gives as many as the real one does at once.
func (m *memory) Allow(_ context.Context, key string, burst int, _ time.Duration) (bool, time.Duration, error) {
	m.Lock()
	defer m.Unlock()
	if m.taken == nil {
		m.taken = map[string]int{}
	}
	m.taken[key]++
	return m.taken[key] <= burst, time.Minute, nil
}

func (m *memory) Audit(context.Context, keep.Record) error { return nil }
