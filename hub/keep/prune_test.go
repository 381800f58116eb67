package keep_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/keep"
)

func TestAJobThatIsPutOffIsNotTried(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		var runs atomic.Int64
		quiet := time.Now().Add(10 * time.Minute)
		r.start(r.Engine, keep.RunnerOptions{}, keep.Work{Kind: "a", MaxTries: 2, Do: func(context.Context, keep.Job) (keep.Result, error) {
			runs.Add(1)
			if time.Now().Before(quiet) {
				return keep.Result{State: "waiting"}, keep.Postpone(time.Minute, "it is night")
			}
			return keep.Result{}, nil
		}})
		id := r.put(keep.Job{Kind: "a", Lane: "l"})
		next := r.put(keep.Job{Kind: "a", Lane: "l"})
		job := r.settled(id, keep.Pending, keep.Kept)
		if !job.Due.Equal(time.Now().Add(time.Minute)) || job.Note != "it is night" || job.State != "waiting" || job.Tries != 0 {
			t.Errorf("due in %v, note %q, state %q, %d tries", time.Until(job.Due), job.Note, job.State, job.Tries)
		}
		if a := job.Attempts[0]; a.Detail != "it is night" || a.Code != "" {
			t.Errorf("the attempt has detail %q, code %q", a.Detail, a.Code)
		}
		time.Sleep(9*time.Minute + time.Second)
		job = r.settled(id, keep.Pending, keep.Kept)
		if runs.Load() != 10 || job.Tries != 0 {
			t.Errorf("%d runs, %d tries; want 10, 0", runs.Load(), job.Tries)
		}
		time.Sleep(time.Minute)
		r.settled(id, keep.Done, keep.Kept, keep.OK)
		r.settled(next, keep.Done, keep.OK)
	})
}

func TestPuttingOffForNoTimeIsNoCircle(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		var runs atomic.Int64
		r.start(r.Engine, keep.RunnerOptions{}, keep.Work{Kind: "a", Do: func(context.Context, keep.Job) (keep.Result, error) {
			runs.Add(1)
			return keep.Result{}, keep.Postpone(-time.Hour, strings.Repeat("é", keep.NoteMax))
		}})
		id := r.put(keep.Job{Kind: "a"})
		time.Sleep(10 * time.Second)
		if job := r.settled(id, keep.Pending, keep.Kept); runs.Load() > 100 || len(job.Note) > keep.NoteMax {
			t.Errorf("%d runs in ten seconds, a note of %d bytes", runs.Load(), len(job.Note))
		}
	})
}

// stale is an engine full of old jobs that notes what it is asked to delete.
type stale struct {
	keep.Engine
	ages map[string]time.Duration
	left map[string]int // batches
}

func (s stale) Claim(context.Context, []string, int, time.Duration) ([]keep.Job, error) {
	return nil, nil
}
func (s stale) Subscribe(context.Context, string) (<-chan []byte, error) { return nil, errAway }
func (s stale) Counts(context.Context) ([]keep.Count, error) {
	return []keep.Count{{Kind: "usual", Status: keep.Done, N: 1}, {Kind: "gone", Status: keep.Dead, N: 1}}, nil
}

func (s stale) Prune(_ context.Context, kind string, before time.Time, limit int) (int, error) {
	s.ages[kind] = max(s.ages[kind], time.Since(before).Truncate(time.Second))
	if s.left[kind]--; s.left[kind] == 0 {
		return limit - 1, nil
	}
	return limit, nil
}

func TestEachKindIsKeptAsLongAsItSays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		engine := stale{ages: map[string]time.Duration{}, left: map[string]int{"usual": 1, "short": 5, "gone": 2}}
		runner := keep.NewRunner(engine, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: time.Hour})
		for kind, d := range map[string]time.Duration{"usual": 0, "short": time.Minute, "evidence": -1} {
			runner.Register(keep.Work{Kind: kind, Retain: d, Do: answer(nil)})
		}
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Minute)
		defer stop()
		if err := runner.Run(ctx); err != nil {
			t.Errorf("Run = %v", err)
		}
		const day = 24 * time.Hour
		want := map[string]time.Duration{"usual": 90 * day, "short": time.Minute, "gone": 730 * day}
		if diff := cmp.Diff(want, engine.ages); diff != "" {
			t.Errorf("ages (-want +got):\n%s", diff)
		}
		for kind, n := range engine.left {
			if n != 0 {
				t.Errorf("%s has %d batches left", kind, n)
			}
		}
	})
}

func TestFinishedJobsGoAndOthersStay(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		works := []keep.Work{
			{Kind: "done", Retain: time.Second, Do: answer(nil)},
			{Kind: "dead", Retain: time.Second, Do: answer(keep.Reject(errTry))},
			{Kind: "evidence", Retain: -1, Do: answer(nil)},
			{Kind: "usual", Do: answer(nil)},
			{Kind: "waits", Retain: time.Second, Do: answer(keep.Postpone(9*time.Hour, "not now"))},
		}
		for _, w := range works {
			r.put(keep.Job{Kind: w.Kind})
		}
		for range 2 { // another replica prunes too
			r.start(r.Engine, keep.RunnerOptions{}, works...)
		}
		left := func(after time.Duration, want ...string) {
			t.Helper()
			time.Sleep(after)
			synctest.Wait()
			counts, err := r.Counts(t.Context())
			var kinds []string
			for _, c := range counts {
				kinds = append(kinds, c.Kind)
			}
			if err != nil || !slices.Equal(kinds, want) {
				t.Errorf("left are %v, %v; want %v", kinds, err, want)
			}
		}
		left(50*time.Second, "dead", "done", "evidence", "usual", "waits")
		left(20*time.Second, "evidence", "usual", "waits")
	})
}

// Two runners on one store, as two replicas have it.
func TestOneOfTwoRunnersHearsOfADeath(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		var deaths, runs atomic.Int64
		opts := keep.RunnerOptions{OnDead: func(context.Context, keep.Job, error) { deaths.Add(1) }}
		work := keep.Work{Kind: "a", Concurrency: 3, Backoff: []time.Duration{time.Second}, Do: func(context.Context, keep.Job) (keep.Result, error) {
			runs.Add(1)
			time.Sleep(time.Second)
			return keep.Result{}, errTry
		}}
		for range 2 {
			r.start(r.Engine, opts, work)
		}
		const jobs = 20
		for range jobs {
			r.put(keep.Job{Kind: "a"})
		}
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if deaths.Load() != jobs || runs.Load() != 2*jobs {
			t.Errorf("%d deaths and %d runs, want %d and %d", deaths.Load(), runs.Load(), jobs, 2*jobs)
		}
	})
}
