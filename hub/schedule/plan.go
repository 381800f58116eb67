package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

const (
	lookEvery   = 30 * time.Second      // the clock may be set while we wait
	lookAgain   = 2 * time.Second       // while a due run waits for the one before, or the store is away
	lookAtLeast = 10 * time.Millisecond // timers are not exact
	onTime      = 2 * time.Minute       // how late a run of CatchUpNone may begin
	patience    = 10 * time.Second      // with the store
)

// The headers of a run's job.
const (
	dueAt   = "due"     // the instant, RFC 3339
	trigger = "trigger" // byClock or byHand
	byClock = "clock"
	byHand  = "manual"
	asker   = "actor" // who asked for it
)

// Run plans until ctx ends, then it returns nil. It never gives up on a store
// that is away.
func (s *Schedule) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		timer := time.NewTimer(s.pass(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
	}
	return nil
}

// pass plans every task once and tells how long nothing will be due.
func (s *Schedule) pass(ctx context.Context) time.Duration {
	wait := lookEvery
	for _, t := range s.tasks {
		next, err := s.plan(ctx, t)
		if err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "task not planned", "task", t.Name, "err", err)
			next = lookAgain
		}
		wait = min(wait, max(next, lookAtLeast))
	}
	return wait
}

// plan files the runs of a task that are due and tells how long to wait for the
// next one. The jobs come first and the mark after them: a crash in between
// files them again, under the same keys.
func (s *Schedule) plan(ctx context.Context, t *task) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now := s.deps.Now()
	m, version, err := s.mark(ctx, t)
	if err != nil {
		return 0, err
	}
	if m.Plan != t.plan() || m.At.After(now) { // it is new, or was changed, or the clock was set back
		m = mark{Plan: t.plan(), At: now}
		return t.wait(now), s.remember(ctx, t, m, version)
	}
	if t.off {
		return lookEvery, nil
	}
	dues, passed := t.dues(m.At, now)
	if passed.IsZero() {
		return t.wait(now), nil
	}
	if busy, err := s.busy(ctx, t); err != nil || busy {
		return lookAgain, err
	}
	for _, due := range dues {
		if err := s.put(ctx, t, due); err != nil {
			return 0, err
		}
	}
	return t.wait(now), s.remember(ctx, t, mark{t.plan(), passed}, version)
}

func (t *task) wait(now time.Time) time.Duration {
	next := t.rule.Next(now)
	if t.off || next.IsZero() {
		return lookEvery
	}
	return next.Sub(now)
}

// dues lists the instants after one and up to now for which the task is to run,
// and the last instant at which it came due at all.
func (t *task) dues(after, now time.Time) (list []time.Time, passed time.Time) {
	most := 1
	if t.Catchup == CatchUpAll {
		most = catchUpMax
	}
	for at := t.rule.Next(after); !at.IsZero() && !at.After(now); at = t.rule.Next(at) {
		list, passed = append(list, at), at
		if len(list) > most {
			list = list[1:]
		}
	}
	if t.Catchup == CatchUpNone && now.Sub(passed) > onTime {
		list = nil
	}
	return list, passed
}

// busy tells whether a run waits or goes on.
func (s *Schedule) busy(ctx context.Context, t *task) (bool, error) {
	for _, status := range []keep.Status{keep.Running, keep.Pending} {
		jobs, _, err := s.deps.Store.Jobs(ctx, keep.Filter{Kind: t.kind(), Status: status, Limit: 1})
		if err != nil || len(jobs) > 0 {
			return true, err
		}
	}
	return false, nil
}

func (s *Schedule) put(ctx context.Context, t *task, at time.Time) error {
	text := at.UTC().Format(time.RFC3339)
	_, _, err := s.deps.Store.Put(ctx, keep.Job{
		Kind: t.kind(), Lane: t.lane(), Dedupe: t.Name + "@" + text, Subject: keep.Subject{Name: t.key()},
		Headers: map[string]string{dueAt: text, trigger: byClock},
	})
	return err
}

// Start has a task run now, off or not. When a run waits already, that one is
// hurried instead. It returns the run's id; hub.NotFound for an unknown task.
func (s *Schedule) Start(ctx context.Context, name string) (id string, err error) {
	t := s.find(name)
	if t == nil {
		return "", unknownTask()
	}
	actor := hub.ActorOf(ctx).String()
	if err := s.deps.Store.Audit(ctx, keep.Record{
		Actor: actor, Action: "schedule.run", Name: t.key(), Request: hub.RequestID(ctx),
	}); err != nil {
		return "", fmt.Errorf("starting task %s: %w", name, err)
	}
	if id, err := s.hurry(ctx, t); err != nil || id != "" {
		return id, err
	}
	job, _, err := s.deps.Store.Put(ctx, keep.Job{
		Kind: t.kind(), Lane: t.lane(), Subject: keep.Subject{Name: t.key(), Correlation: hub.RequestID(ctx)},
		Headers: map[string]string{dueAt: s.deps.Now().UTC().Format(time.RFC3339), trigger: byHand, asker: actor},
	})
	if err != nil {
		return "", fmt.Errorf("starting task %s: %w", name, err)
	}
	return job.ID, nil
}

// hurry has the run that waits begin at once; "" when none does, or when it has
// begun by now. One that a switched-off task has left over makes room.
func (s *Schedule) hurry(ctx context.Context, t *task) (string, error) {
	jobs, _, err := s.deps.Store.Jobs(ctx, keep.Filter{Kind: t.kind(), Status: keep.Pending, Limit: 1})
	if err != nil || len(jobs) == 0 {
		return "", err
	}
	action := keep.Hurry
	if t.off && jobs[0].Headers[trigger] == byClock {
		action = keep.Cancel
	}
	job, err := s.deps.Store.Change(ctx, jobs[0].ID, action, "started by hand")
	switch {
	case errors.Is(err, keep.ErrState) || errors.Is(err, keep.ErrNotFound):
		return "", nil
	case err != nil || action == keep.Cancel:
		return "", err
	}
	return job.ID, nil
}

func unknownTask() error {
	return hub.Fail(hub.NotFound, "not-found", "There is no such task.", nil)
}
