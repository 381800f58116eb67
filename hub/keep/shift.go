package keep

import (
	"context"
	"errors"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// The causes with which the ctx of a work ends early.
var (
	errBudget   = hub.Fail(hub.Timeout, "timeout", "The try took longer than its budget.", nil)
	errStopping = hub.Fail(hub.Unavailable, "unavailable", "The hub is stopping.", nil)
)

// straggle is how long a work may take to notice that its ctx was cancelled
// before the runner stops waiting for it.
const straggle = 2 * time.Second

// complainEvery bounds what a store that is away writes into the log.
const complainEvery = 30 * time.Second

// shift is one Run of the runner.
type shift struct {
	*Runner
	ctx     context.Context // of all work; outlives the ctx of Run by the drain
	dismiss context.CancelCauseFunc
	running map[string]int  // by kind; only the loop touches it
	hungry  map[string]bool // kinds that may have more than was claimed
	ended   chan string     // kind of a work that has ended; never blocks
	wait    sync.WaitGroup

	complained time.Time // when a claim that failed was last logged
}

func newShift(ctx context.Context, r *Runner) *shift {
	s := &shift{Runner: r, running: map[string]int{}, hungry: map[string]bool{}}
	s.ctx, s.dismiss = context.WithCancelCause(context.WithoutCancel(ctx))
	seats := 0
	for _, w := range r.works {
		seats += w.Concurrency
	}
	s.ended = make(chan string, seats)
	return s
}

// work claims until ctx ends.
func (s *shift) work(ctx context.Context) {
	wake := s.listen(ctx)
	poll := time.NewTicker(s.opts.Poll)
	defer poll.Stop()
	s.want(s.kinds...)
	for ctx.Err() == nil {
		s.claim()
		select {
		case <-ctx.Done():
		case <-poll.C:
			s.want(s.kinds...)
			if wake == nil {
				wake = s.listen(ctx)
			}
		case kind, open := <-wake:
			s.want(string(kind))
			if !open {
				wake = nil
			}
		case kind := <-s.ended:
			s.running[kind]--
		}
	}
}

// listen subscribes to the wake-up calls. Without them the runner polls.
func (s *shift) listen(ctx context.Context) <-chan []byte {
	wake, err := s.engine.Subscribe(ctx, WakeJobs)
	if err != nil {
		s.log.Warn("wake-up calls are not heard", "error_code", hub.ProblemOf(err).Code)
		return nil
	}
	return wake
}

// want marks kinds to be claimed; those that nobody registered are not ours.
func (s *shift) want(kinds ...string) {
	for _, kind := range kinds {
		if _, ours := s.works[kind]; ours {
			s.hungry[kind] = true
		}
	}
}

// claim fills the free seats of the hungry kinds. A stop in the middle must not
// lose what was claimed, so the claims do not end with the ctx of Run.
func (s *shift) claim() {
	for _, kind := range s.kinds {
		w := s.works[kind]
		seats := w.Concurrency - s.running[kind]
		if !s.hungry[kind] || seats <= 0 {
			continue
		}
		ctx, cancel := context.WithTimeout(s.ctx, s.opts.Lease/2)
		jobs, err := s.engine.Claim(ctx, []string{kind}, seats, s.opts.Lease)
		cancel()
		if err != nil && time.Since(s.complained) >= complainEvery {
			s.complained = time.Now()
			s.log.Error("claiming jobs", "kind", kind, "error_code", hub.ProblemOf(err).Code)
		}
		s.hungry[kind] = err == nil && len(jobs) == seats
		s.running[kind] += len(jobs)
		for _, job := range jobs {
			s.wait.Go(func() { s.try(w, job) })
		}
	}
}

// drain waits for the running work, and cancels what takes too long.
func (s *shift) drain() {
	empty := make(chan struct{})
	go func() {
		defer close(empty)
		s.wait.Wait()
	}()
	if within(empty, s.opts.Drain) {
		return
	}
	s.dismiss(errStopping)
	if !within(empty, straggle) {
		s.log.Error("work does not end with its context")
	}
}

func within(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// try runs one job and records how it ended.
func (s *shift) try(w Work, job Job) {
	defer func() { s.ended <- job.Kind }()
	id := job.Subject.Correlation
	if id == "" {
		id = job.ID
	}
	ctx, release := context.WithCancelCause(hub.WithRequestID(s.ctx, id))
	var pulse sync.WaitGroup
	pulse.Go(func() { s.heartbeat(ctx, release, job) })
	defer pulse.Wait()
	defer release(nil)

	started := time.Now()
	result, err := s.attempt(ctx, w, job)
	outcome := judge(w, job, result, err)
	outcome.Attempt.At, outcome.Attempt.Took = started, time.Since(started)
	if errors.Is(context.Cause(ctx), ErrFence) {
		s.lost(job)
		return
	}
	s.finish(ctx, job, outcome, err)
}

// attempt runs the work under its budget. A job that the process lost again and
// again, most likely because it kills the process, is not run another time.
func (s *shift) attempt(ctx context.Context, w Work, job Job) (result Result, err error) {
	if n := len(job.Attempts); n > 0 && job.Attempts[n-1].Class == Lost && job.Tries >= w.MaxTries {
		return Result{}, errLostTooOften
	}
	ctx, cancel := context.WithTimeoutCause(ctx, w.Budget, errBudget)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			err = hub.Recovered(v)
			s.log.Error("work panicked", "kind", job.Kind, "job", job.ID, "stack", stack())
		}
		err = blame(ctx, err)
	}()
	return w.Do(ctx, job)
}
