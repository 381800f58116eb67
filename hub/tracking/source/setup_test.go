package source_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// crew is who carries what, as a test says.
type crew struct {
	mu     sync.Mutex
	people []agenda.Technician
	asOf   time.Time
	off    map[string]bool
	asked  atomic.Int64 // how often for the technicians
}

func (c *crew) Technicians() []agenda.Technician {
	c.asked.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.people
}

func (c *crew) AsOf() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asOf
}

func (c *crew) OnShift(technician string, _ time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.off[technician]
}

// is sets who carries which device.
func (c *crew) is(devices map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asOf, c.people = time.Now(), nil
	for name, device := range maps.All(devices) {
		c.people = append(c.people, agenda.Technician{Name: name, FullName: "Ève " + name, Group: "Nord", Device: device, Active: true})
	}
}

// stream is Traccar's, on which a test speaks.
type stream struct {
	state string
	said  chan traccar.Frame
	open  func(int) // hears +1 and -1
}

func (s *stream) Run(ctx context.Context, take func(traccar.Frame) error) error {
	if s.open != nil {
		s.open(1)
		defer s.open(-1)
	}
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case f := <-s.said:
			if err := take(f); err != nil {
				return err
			}
		}
	}
}

func (s *stream) Status() traccar.Status { return traccar.Status{State: s.state, Since: noon} }

var noon = time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)

// shelf is a store of values in memory, for tests in a bubble of time. It can be
// away, and can lose the answers to what it did.
type shelf struct {
	mu       sync.Mutex
	versions int64
	values   map[string]value
	trouble  func() (before, after bool)
}

type value struct {
	bytes   []byte
	version int64
	ends    time.Time
}

var errAway = errors.New("the store is away")

func newShelf() *shelf {
	return &shelf{values: map[string]value{}, trouble: func() (bool, bool) { return false, false }}
}

func (s *shelf) Value(_ context.Context, key string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, after := s.trouble(); before || after {
		return nil, 0, errAway
	}
	v, there := s.values[key]
	if !there || !time.Now().Before(v.ends) {
		return nil, 0, keep.ErrNotFound
	}
	return v.bytes, v.version, nil
}

func (s *shelf) Swap(_ context.Context, key string, version int64, bytes []byte, ttl time.Duration) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, after := s.trouble()
	if before {
		return 0, errAway
	}
	v, there := s.values[key]
	if !there || !time.Now().Before(v.ends) {
		v.version = 0
	}
	if v.version != version {
		return 0, keep.ErrStale
	}
	s.versions++
	s.values[key] = value{bytes, s.versions, time.Now().Add(ttl)}
	if after {
		return 0, errAway
	}
	return s.versions, nil
}

func (s *shelf) Drop(_ context.Context, key string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
	return nil
}

func (s *shelf) make(trouble func() (before, after bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = trouble
}

// start has something run until the test, or stop, ends it.
func start(t testing.TB, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}
