package field

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// memory knows which work orders were shown to a technician as his own: what he did
// there, before somebody else got them, is kept for the office.
type memory struct {
	store keep.Values
	log   *slog.Logger

	mu    sync.Mutex
	wrote map[string][]string // by technician, what stands in the store; of one day
	day   string
}

// How much is remembered of a technician.
const (
	mostShown = 300
	shownFor  = 14 * 24 * time.Hour
)

func newMemory(store keep.Values, log *slog.Logger) *memory {
	return &memory{store: store, log: log, wrote: map[string][]string{}}
}

func shownKey(technician string) string { return "field:shown:" + technician }

// shown remembers that the technician has read his work orders. It is written once a
// day and work order; that it cannot be written is in nobody's way.
func (m *memory) shown(ctx context.Context, now time.Time, technician string, jobs []string) {
	m.mu.Lock()
	if today := now.Format(time.DateOnly); m.day != today {
		m.wrote, m.day = map[string][]string{}, today
	}
	missing := slices.DeleteFunc(slices.Clone(jobs), func(job string) bool { return slices.Contains(m.wrote[technician], job) })
	m.mu.Unlock()
	if len(missing) == 0 {
		return
	}
	all, err := m.add(ctx, technician, missing)
	if err != nil {
		m.log.WarnContext(ctx, "what was shown is not remembered", "technician", technician, "error_code", hub.ProblemOf(err).Code)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrote[technician] = all
}

// add writes the work orders behind those that stand there, the oldest go.
func (m *memory) add(ctx context.Context, technician string, jobs []string) ([]string, error) {
	for try := 1; ; try++ {
		var all []string
		raw, version, err := m.store.Value(ctx, shownKey(technician))
		if err == nil {
			err = json.Unmarshal(raw, &all)
		}
		if err != nil && !errors.Is(err, keep.ErrNotFound) {
			return nil, err
		}
		all = append(slices.DeleteFunc(all, func(job string) bool { return slices.Contains(jobs, job) }), jobs...)
		all = all[max(0, len(all)-mostShown):]
		if raw, err = json.Marshal(all); err != nil {
			return nil, err
		}
		if _, err = m.store.Swap(ctx, shownKey(technician), version, raw, shownFor); !errors.Is(err, keep.ErrStale) || try == 3 {
			return all, err
		}
	}
}

// had tells that the work order was shown to the technician as one of his.
func (m *memory) had(ctx context.Context, technician, job string) (bool, error) {
	var all []string
	_, err := saga.Recall(ctx, m.store, shownKey(technician), &all)
	return slices.Contains(all, job), err
}
