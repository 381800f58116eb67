package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"runtime/debug"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Skipped is the state of a run that found its task switched off.
const Skipped = "skipped"

// losses is how often a run may lose its process before it is given up.
const losses = 3

// How long the runs of a task are kept: so many of them, but not shorter than
// anybody looks back for a fault, nor longer than a year and a month.
const (
	keepRuns  = 2000
	keepLeast = 3 * 24 * time.Hour
	keepMost  = 400 * 24 * time.Hour
	pruneMost = 200
)

type contextKey struct{}

// Due returns the instant for which the task runs: of the clock, or the one at
// which somebody started it by hand. Zero outside a run.
func Due(ctx context.Context) time.Time {
	at, _ := ctx.Value(contextKey{}).(time.Time)
	return at
}

// Work returns how the runs of each task are worked off.
func (s *Schedule) Work() []keep.Work {
	works := make([]keep.Work, 0, len(s.tasks))
	for _, t := range s.tasks {
		works = append(works, keep.Work{
			Kind: t.kind(), Concurrency: 1, Budget: t.Budget, Retain: -1, // see prune
			Backoff: append([]time.Duration{}, t.Backoff...), MaxTries: len(t.Backoff) + 1 + losses,
			Do: func(ctx context.Context, job keep.Job) (keep.Result, error) { return s.do(ctx, t, job) },
		})
	}
	return works
}

func (s *Schedule) do(ctx context.Context, t *task, job keep.Job) (keep.Result, error) {
	if t.off && job.Headers[trigger] != byHand {
		s.meter.ran(t, Skipped, 0)
		return keep.Result{State: Skipped, Note: "The task is switched off."}, nil
	}
	at, _ := time.Parse(time.RFC3339, job.Headers[dueAt])
	began := time.Now()
	note, err := s.call(context.WithValue(ctx, contextKey{}, at), t)
	took := time.Since(began)
	switch ended := ctx.Err(); {
	case err != nil && errors.Is(ended, context.Canceled):
		return keep.Result{Note: note}, err // the hub stops, or the lease was lost: that is no failure of the task
	case err != nil && ended != nil:
		err = errors.Join(context.Cause(ctx), err) // says that it took too long
	}
	s.meter.ran(t, outcome(err), took)
	s.judge(ctx, t, job, err)
	s.prune(ctx, t)
	if err == nil {
		return keep.Result{Note: note}, nil
	}
	if triesSpent(t, job) {
		err = keep.Reject(err)
	}
	return keep.Result{Note: strings.TrimSpace(reason(err) + " " + note)}, err
}

// call runs the task; a panic is a failure like any other, but for the log.
func (s *Schedule) call(ctx context.Context, t *task) (note string, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = hub.Recovered(v)
			stack := debug.Stack()
			s.deps.Log.ErrorContext(ctx, "task panicked", "task", t.Name, "stack", string(stack[:min(len(stack), 4096)]))
		}
	}()
	return t.Run(ctx)
}

// triesSpent tells whether a run that fails now has had all its tries. Those in
// which the process was lost do not count.
func triesSpent(t *task, job keep.Job) bool {
	lost := 0
	for _, a := range job.Attempts {
		if a.Class == keep.Lost {
			lost++
		}
	}
	return job.Tries-lost >= len(t.Backoff)
}

func outcome(err error) string {
	if err != nil {
		return "failed"
	}
	return "done"
}

// judge remembers how the run ended and tells when that is news. Nobody depends
// on it, so it fails quietly.
func (s *Schedule) judge(ctx context.Context, t *task, job keep.Job, cause error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	was, err := s.healthOf(ctx, t)
	if err == nil {
		is := health{Success: was.Success, Failing: cause != nil}
		if cause == nil {
			is.Success = s.deps.Now().UTC()
		}
		var raw []byte
		if raw, err = json.Marshal(is); err == nil {
			_, err = s.deps.Store.Swap(ctx, t.health(), keep.AnyVersion, raw, 0)
		}
	}
	switch {
	case err != nil:
	case cause != nil && !was.Failing:
		data := map[string]any{"task": t.Name, "run": job.ID, "reason": reason(cause)}
		err = s.deps.Events.Publish(ctx, hub.NewEvent(hub.TopicSchedule, hub.TaskFailed, hub.TaskFailed+":"+job.ID, data))
	case cause == nil && was.Failing:
		data := map[string]any{"task": t.Name, "run": job.ID}
		err = s.deps.Events.Publish(ctx, hub.NewEvent(hub.TopicSchedule, hub.TaskRecovered, hub.TaskRecovered+":"+job.ID, data))
	}
	if err != nil {
		s.deps.Log.WarnContext(ctx, "end of a run not remembered", "task", t.Name, "err", err)
	}
}

// reason says for people what went wrong.
func reason(err error) string {
	p := hub.ProblemOf(err)
	if p.Detail != "" {
		return p.Detail
	}
	if row, known := hub.Problem(p.Code); known {
		return row.Title(hub.English) + "."
	}
	return p.Code
}

// prune throws old runs away, a few at a time.
func (s *Schedule) prune(ctx context.Context, t *task) {
	now := s.deps.Now()
	first := t.rule.Next(now)
	span := min(t.rule.Next(first).Sub(first), keepMost/keepRuns) * keepRuns
	if _, err := s.deps.Store.Prune(ctx, t.kind(), now.Add(-max(span, keepLeast)), pruneMost); err != nil {
		s.deps.Log.WarnContext(ctx, "old runs not deleted", "task", t.Name, "err", err)
	}
}
