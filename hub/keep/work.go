package keep

import (
	"context"
	"errors"
	"time"
)

// Work says how one kind of job is done.
type Work struct {
	Kind        string
	Concurrency int             // how many at a time in this process; 4 when 0
	Budget      time.Duration   // of one try, the deadline of its ctx; 1 minute when 0
	Backoff     []time.Duration // wait before try 2, 3, ...; the last one repeats; ±20 % jitter; 10 s to 2 h when nil
	MaxTries    int             // then the job is dead; len(Backoff)+1 when 0
	Refusals    int             // how many times the other side may refuse a job; then it is dead, too; no bound when 0
	Retain      time.Duration   // how long finished jobs are kept; 90 days when 0, for ever when negative

	// Do works one job off. It may run again for the same job (after a crash, or
	// when its answer was lost), so each of its steps looks for its own trace
	// first. ctx ends with the budget, with the lease, and at the end of a drain.
	// An error means another try after the backoff, see also Reject, Later and Postpone.
	// A panic counts as an error.
	Do func(ctx context.Context, job Job) (Result, error)
}

// Result is what the work has to say about its job. It is recorded as far as it
// is filled in, beside an error too (State "maybe-sent" with a Reject).
type Result struct {
	State string // replaces Job.State unless empty
	Note  string
	Body  []byte // replaces Job.Result unless nil; JSON, at most 64 KiB
	Hold  bool   // puts the job aside as Held: for the gate, or for a person
}

// Reject says that another try cannot help: the job is dead at once.
func Reject(err error) error {
	if err == nil {
		return nil
	}
	return &rejected{err}
}

// Later says that the job must not be tried again before the wait has passed: a
// provider's Retry-After. It counts as a try all the same.
func Later(wait time.Duration, err error) error {
	if err == nil {
		return nil
	}
	return &later{err, wait}
}

// Postpone says that nothing was tried, because now is not the time: a quiet
// hour, a throttle. The job goes back to pending and is due after the wait (at
// least a tenth of a second), with the note; its lane waits with it. It is no try: it
// brings the job no nearer to its last one, and however often a job is put off,
// it leaves one line among its attempts.
func Postpone(wait time.Duration, note string) error { return &postponed{wait, note} }

// postponeLeast keeps a job that is put off for no time from going in circles.
const postponeLeast = 100 * time.Millisecond

// NextRetry returns how long to wait after so many tries (1 or more): the entry
// of the backoff, its last one for all further tries, stretched or shortened by
// up to a fifth. random is from 0 up to 1.
func NextRetry(backoff []time.Duration, tries int, random float64) time.Duration {
	if len(backoff) == 0 {
		return 0
	}
	base := backoff[min(max(tries, 1), len(backoff))-1]
	return time.Duration(float64(base) * (0.8 + 0.4*random))
}

type rejected struct{ err error }

func (r *rejected) Error() string { return r.err.Error() }
func (r *rejected) Unwrap() error { return r.err }

type later struct {
	err  error
	wait time.Duration
}

func (l *later) Error() string { return l.err.Error() }
func (l *later) Unwrap() error { return l.err }

type postponed struct {
	wait time.Duration
	note string
}

func (p *postponed) Error() string { return "put off: " + p.note }

func isRejected(err error) bool {
	_, ok := errors.AsType[*rejected](err)
	return ok
}

// notBefore returns the wait that the error asks for, 0 when it does not.
func notBefore(err error) time.Duration {
	if l, ok := errors.AsType[*later](err); ok {
		return l.wait
	}
	return 0
}

func (w Work) withDefaults() Work {
	if w.Concurrency <= 0 {
		w.Concurrency = 4
	}
	if w.Budget <= 0 {
		w.Budget = time.Minute
	}
	if w.Backoff == nil {
		w.Backoff = []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}
	}
	if w.Retain == 0 {
		w.Retain = retain
	}
	if w.MaxTries <= 0 {
		w.MaxTries = len(w.Backoff) + 1
	}
	return w
}
