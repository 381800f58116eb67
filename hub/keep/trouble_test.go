package keep_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

var errAway = hub.Fail(hub.Unavailable, "store-unavailable", "The store cannot be used.", nil)

// shaky is an engine that can be told to fail.
type shaky struct {
	keep.Engine
	extend, finish, claim func() error
}

func (s shaky) Extend(ctx context.Context, id string, fence int64, lease time.Duration) error {
	if s.extend != nil {
		if err := s.extend(); err != nil {
			return err
		}
	}
	return s.Engine.Extend(ctx, id, fence, lease)
}

func (s shaky) Finish(ctx context.Context, id string, fence int64, o keep.Outcome) error {
	if s.finish != nil {
		if err := s.finish(); err != nil {
			return err
		}
	}
	return s.Engine.Finish(ctx, id, fence, o)
}

func (s shaky) Claim(ctx context.Context, kinds []string, n int, lease time.Duration) ([]keep.Job, error) {
	if s.claim != nil {
		if err := s.claim(); err != nil {
			return nil, err
		}
	}
	return s.Engine.Claim(ctx, kinds, n, lease)
}

// obedient works until its ctx ends, and tells why that was.
func obedient(causes chan<- error) func(context.Context, keep.Job) (keep.Result, error) {
	return func(ctx context.Context, _ keep.Job) (keep.Result, error) {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return keep.Result{}, ctx.Err()
	}
}

func TestAPanicIsAFailedTry(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		do := func(context.Context, keep.Job) (keep.Result, error) { panic("a nil map") }
		r.start(r.Engine, keep.RunnerOptions{}, keep.Work{Kind: "a", Do: do})
		id := r.put(keep.Job{Kind: "a"})
		job := r.settled(id, keep.Pending, keep.Retrying)
		if a := job.Attempts[0]; a.Code != "internal" || a.Detail != "panic: a nil map" {
			t.Errorf("code %q, detail %q", a.Code, a.Detail)
		}
	})
}

func TestATryHasABudget(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		causes := make(chan error, 1)
		r.start(r.Engine, keep.RunnerOptions{}, keep.Work{Kind: "a", Budget: 5 * time.Second, Do: obedient(causes)})
		id := r.put(keep.Job{Kind: "a"})
		time.Sleep(5 * time.Second)
		job := r.settled(id, keep.Pending, keep.Retrying)
		if a := job.Attempts[0]; a.Code != "timeout" || a.Took != 5*time.Second || !hub.HasCode(<-causes, "timeout") {
			t.Errorf("code %q after %v", a.Code, a.Took)
		}
	})
}

func TestALongWorkKeepsItsLease(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		var began atomic.Int64
		work := keep.Work{Kind: "a", Budget: time.Hour, Do: func(context.Context, keep.Job) (keep.Result, error) {
			began.Add(1)
			time.Sleep(10 * time.Minute)
			return keep.Result{}, nil
		}}
		id, opts := r.put(keep.Job{Kind: "a"}), keep.RunnerOptions{Lease: 30 * time.Second, Poll: 10 * time.Second}
		r.start(r.Engine, opts, work)
		r.start(r.Engine, opts, work)
		time.Sleep(10 * time.Minute)
		r.settled(id, keep.Done, keep.OK)
		if n := began.Load(); n != 1 {
			t.Errorf("it began %d times", n)
		}
	})
}

func TestALostLeaseEndsTheWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err   error
		after time.Duration
	}{
		"somebody else has it":   {keep.ErrFence, 10 * time.Second},
		"the job is gone":        {keep.ErrNotFound, 10 * time.Second},
		"the store is long away": {errAway, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, r *rig) {
				causes := make(chan error, 1)
				engine := shaky{Engine: r.Engine, extend: func() error { return c.err }, finish: func() error {
					t.Error("a lost outcome was recorded")
					return nil
				}}
				r.put(keep.Job{Kind: "a"})
				opts := keep.RunnerOptions{Lease: 30 * time.Second, Poll: time.Hour}
				stop := r.start(engine, opts, keep.Work{Kind: "a", Budget: time.Hour, Do: obedient(causes)})
				synctest.Wait()
				began := time.Now()
				if err := <-causes; !errors.Is(err, keep.ErrFence) || time.Since(began) != c.after {
					t.Errorf("the work ended after %v by %v", time.Since(began), err)
				}
				stop()
			})
		})
	}
}

func TestAnOutcomeIsRecordedWhenTheStoreComesBack(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		var fails, began int
		engine := shaky{Engine: r.Engine, finish: func() error {
			if fails++; fails <= 4 {
				return errAway
			}
			return nil
		}}
		do := func(context.Context, keep.Job) (keep.Result, error) {
			began++
			return keep.Result{}, nil
		}
		r.start(engine, keep.RunnerOptions{}, keep.Work{Kind: "a", Do: do})
		id := r.put(keep.Job{Kind: "a"})
		time.Sleep(5 * time.Second)
		r.settled(id, keep.Done, keep.OK)
		if began != 1 || fails != 5 {
			t.Errorf("it ran %d times, and was recorded at the %d. time", began, fails)
		}
	})
}

func TestAStoreThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		var asked int
		engine := shaky{Engine: r.Engine, claim: func() error {
			if asked++; asked <= 3 {
				return errAway
			}
			return nil
		}}
		id := r.put(keep.Job{Kind: "a"})
		r.start(engine, keep.RunnerOptions{}, keep.Work{Kind: "a", Do: answer(nil)})
		time.Sleep(3 * time.Second)
		r.settled(id, keep.Done, keep.OK)
		if asked > 8 {
			t.Errorf("the store was asked %d times in 3 seconds", asked)
		}
	})
}

func TestAJobThatKillsItsWorkersDies(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		id := r.put(keep.Job{Kind: "a"})
		for range 3 {
			if jobs, err := r.Claim(t.Context(), []string{"a"}, 1, time.Second); err != nil || len(jobs) != 1 {
				t.Fatalf("Claim = %v, %v", jobs, err)
			}
			time.Sleep(2 * time.Second)
		}
		do := func(context.Context, keep.Job) (keep.Result, error) {
			t.Error("it was run another time")
			return keep.Result{}, nil
		}
		r.start(r.Engine, keep.RunnerOptions{}, keep.Work{Kind: "a", MaxTries: 3, Do: do})
		r.settled(id, keep.Dead, keep.Lost, keep.Lost, keep.Lost, keep.Rejected)
	})
}

func TestAStopWaitsForWhatRuns(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		id, next := r.put(keep.Job{Kind: "a", Lane: "l"}), r.put(keep.Job{Kind: "a", Lane: "l"})
		do := func(ctx context.Context, _ keep.Job) (keep.Result, error) {
			time.Sleep(9 * time.Second)
			return keep.Result{}, ctx.Err()
		}
		stop := r.start(r.Engine, keep.RunnerOptions{}, keep.Work{Kind: "a", Do: do})
		synctest.Wait()
		began := time.Now()
		stop()
		if took := time.Since(began); took != 9*time.Second {
			t.Errorf("the stop took %v", took)
		}
		r.settled(id, keep.Done, keep.OK)
		r.settled(next, keep.Pending)
	})
}

func TestAStopGivesBackWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		causes := make(chan error, 1)
		id := r.put(keep.Job{Kind: "a"})
		work := keep.Work{Kind: "a", Budget: time.Hour, MaxTries: 1, Do: obedient(causes)}
		stop := r.start(r.Engine, keep.RunnerOptions{Drain: 4 * time.Second}, work)
		synctest.Wait()
		began := time.Now()
		stop()
		if took := time.Since(began); took != 4*time.Second || !hub.HasCode(<-causes, "unavailable") {
			t.Errorf("the stop took %v", took)
		}
		job := r.settled(id, keep.Pending, keep.Retrying)
		if !job.Due.Equal(time.Now()) {
			t.Errorf("due in %v, want now", time.Until(job.Due))
		}
	})
}

func TestAStopDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		free := make(chan struct{})
		r.put(keep.Job{Kind: "a"})
		do := func(context.Context, keep.Job) (keep.Result, error) {
			<-free
			return keep.Result{}, nil
		}
		stop := r.start(r.Engine, keep.RunnerOptions{}, keep.Work{Kind: "a", Do: do})
		synctest.Wait()
		began := time.Now()
		stop()
		if took := time.Since(began); took != 12*time.Second {
			t.Errorf("the stop took %v", took)
		}
		close(free)
	})
}

// The runner is started and stopped over and over while jobs come in; at the
// end each has been done, and no goroutine is left (see TestMain).
func TestManyStartsAndStops(t *testing.T) {
	t.Parallel()
	e := hubtest.Store(t)
	const jobs = 70
	var done sync.Map
	left := make(chan struct{}, 2*jobs)
	runner := keep.NewRunner(e, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: 10 * time.Millisecond})
	runner.Register(keep.Work{Kind: "a", Do: func(_ context.Context, job keep.Job) (keep.Result, error) {
		if _, twice := done.LoadOrStore(job.ID, true); twice {
			t.Error("a job was done twice")
		}
		left <- struct{}{}
		return keep.Result{}, nil
	}})
	var putting sync.WaitGroup
	putting.Go(func() {
		for i := range jobs {
			if _, _, err := e.Put(t.Context(), keep.Job{Kind: "a", Lane: "l" + strconv.Itoa(i%7)}); err != nil {
				t.Errorf("Put = %v", err)
			}
		}
	})
	run := func(stop <-chan struct{}) {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-stop; cancel() }()
		if err := runner.Run(ctx); err != nil {
			t.Errorf("Run = %v", err)
		}
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 12 {
				run(after(nil, 0))
			}
		})
	}
	all.Wait()
	putting.Wait()
	run(after(left, jobs))
	counts, err := e.Counts(t.Context())
	if err != nil || len(counts) != 1 || counts[0].N != jobs || counts[0].Status != keep.Done {
		t.Errorf("Counts = %v, %v", counts, err)
	}
}

// after closes the channel that it returns after n messages.
func after(from <-chan struct{}, n int) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range n {
			<-from
		}
	}()
	return done
}
