package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// mark says up to which due instant the runs of a task are planned.
type mark struct {
	Plan string    `json:"plan"` // of the task at that time, see task.plan
	At   time.Time `json:"at"`
}

func (s *Schedule) mark(ctx context.Context, t *task) (m mark, version int64, err error) {
	raw, version, err := s.deps.Store.Value(ctx, t.key())
	if errors.Is(err, keep.ErrNotFound) {
		return mark{}, 0, nil
	}
	if err != nil {
		return mark{}, 0, err
	}
	if json.Unmarshal(raw, &m) != nil {
		m = mark{} // of another version of the program: the task begins anew
	}
	return m, version, nil
}

// remember moves the mark. When another replica was faster, its mark is as good.
func (s *Schedule) remember(ctx context.Context, t *task, m mark, version int64) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = s.deps.Store.Swap(ctx, t.key(), version, raw, 0)
	if errors.Is(err, keep.ErrStale) {
		return nil
	}
	return err
}

// health is how a task has fared, over all replicas and restarts.
type health struct {
	Success time.Time `json:"success,omitzero"` // end of the last good run
	Failing bool      `json:"failing"`          // the last run was not
}

func (s *Schedule) healthOf(ctx context.Context, t *task) (h health, err error) {
	raw, _, err := s.deps.Store.Value(ctx, t.health())
	if errors.Is(err, keep.ErrNotFound) {
		return health{}, nil
	}
	if err != nil {
		return health{}, fmt.Errorf("reading the health of task %s: %w", t.Name, err)
	}
	if json.Unmarshal(raw, &h) != nil {
		return health{}, nil
	}
	return h, nil
}
