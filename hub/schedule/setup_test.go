package schedule_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/schedule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// diary is a task's Run that writes down for which instants it ran.
type diary struct {
	mu     sync.Mutex
	dues   []string
	began  []string
	most   atomic.Int64 // runs at one time
	going  atomic.Int64
	takes  time.Duration
	answer func(n int) error
}

const stamp = "01-02 15:04 MST"

func (d *diary) run(ctx context.Context) (string, error) {
	d.most.Store(max(d.most.Load(), d.going.Add(1)))
	defer d.going.Add(-1)
	zone, err := time.LoadLocation(hub.Zone)
	if err != nil {
		return "", err
	}
	d.mu.Lock()
	d.dues = append(d.dues, schedule.Due(ctx).In(zone).Format(stamp))
	d.began = append(d.began, time.Now().In(zone).Format(stamp))
	n := len(d.dues)
	d.mu.Unlock()
	if d.takes > 0 {
		select {
		case <-time.After(d.takes):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	if d.answer != nil {
		if err := d.answer(n); err != nil {
			return "", err
		}
	}
	return "written down", nil
}

func (d *diary) entries() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.dues)
}

// hall is a store and the schedules that stand on it.
type hall struct {
	t      *testing.T
	path   string
	engine *sqlite.Engine
	skew   atomic.Int64 // how far the clock was set, in nanoseconds
}

// at runs a test under a clock of its own that begins at the instant.
func at(t *testing.T, instant string, test func(t *testing.T, h *hall)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begin, err := time.Parse(time.RFC3339, instant)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(begin))
		h := &hall{t: t, path: filepath.Join(t.TempDir(), "hub.db")}
		test(t, h)
	})
}

func (h *hall) now() time.Time { return time.Now().Add(time.Duration(h.skew.Load())) }

// open opens the store; what it returns closes it again.
func (h *hall) open() (stop func()) {
	h.t.Helper()
	engine, err := sqlite.Open(h.t.Context(), h.path, sqlite.Options{Clock: h.now})
	if err != nil {
		h.t.Fatal(err)
	}
	h.engine = engine
	return func() {
		if err := engine.Close(); err != nil {
			h.t.Error(err)
		}
	}
}

func (h *hall) plan(cfg schedule.Config, reg prometheus.Registerer, tasks ...schedule.Task) *schedule.Schedule {
	h.t.Helper()
	s, err := schedule.New(cfg, schedule.Deps{
		Store: h.engine, Events: hubtest.News{Ring: h.engine}, Log: slog.New(slog.DiscardHandler), Metrics: reg, Now: h.now,
	}, tasks...)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// start runs a schedule with a runner of its own, as one replica does.
func (h *hall) start(s *schedule.Schedule) (stop func()) {
	runner := keep.NewRunner(h.engine, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: time.Minute})
	for _, w := range s.Work() {
		runner.Register(w)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var both sync.WaitGroup
	both.Go(func() {
		if err := s.Run(ctx); err != nil {
			h.t.Errorf("the schedule returned %v", err)
		}
	})
	both.Go(func() {
		if err := runner.Run(ctx); err != nil {
			h.t.Errorf("the runner returned %v", err)
		}
	})
	return func() { cancel(); both.Wait() }
}

// live runs one task in one replica for a while.
func (h *hall) live(task schedule.Task, d time.Duration) {
	h.t.Helper()
	defer h.open()()
	defer h.start(h.plan(schedule.Config{}, nil, task))()
	time.Sleep(d)
}
