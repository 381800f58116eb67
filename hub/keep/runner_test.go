package keep_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errTry = errors.New("the other side said no")

// rig is a store in a bubble of time, in which runners work.
type rig struct {
	keep.Engine
	t *testing.T
}

// inBubble runs a test under a clock of its own.
func inBubble(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(t, &rig{Engine: hubtest.Store(t), t: t})
	})
}

// start runs the works until stop is called, or the test ends. stop waits.
func (r *rig) start(engine keep.Engine, opts keep.RunnerOptions, works ...keep.Work) (stop func()) {
	r.t.Helper()
	runner := keep.NewRunner(engine, slog.New(slog.DiscardHandler), opts)
	for _, w := range works {
		runner.Register(w)
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("Run = %v", err)
		}
	})
	r.t.Cleanup(stop)
	return stop
}

func (r *rig) put(job keep.Job) string {
	r.t.Helper()
	stored, _, err := r.Put(r.t.Context(), job)
	if err != nil {
		r.t.Fatal(err)
	}
	return stored.ID
}

func (r *rig) job(id string) keep.Job {
	r.t.Helper()
	job, err := r.Job(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return job
}

// settled lets everybody come to rest and checks how a job stands.
func (r *rig) settled(id string, status keep.Status, classes ...keep.Class) keep.Job {
	r.t.Helper()
	synctest.Wait()
	job := r.job(id)
	var got []keep.Class
	for _, a := range job.Attempts {
		got = append(got, a.Class)
	}
	if diff := cmp.Diff(classes, got); diff != "" || job.Status != status {
		r.t.Errorf("the job is %s, want %s; attempts (-want +got):\n%s", job.Status, status, diff)
	}
	return job
}

func answer(err error) func(context.Context, keep.Job) (keep.Result, error) {
	return func(context.Context, keep.Job) (keep.Result, error) { return keep.Result{}, err }
}

func TestAJobIsWorkedOffAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		do := func(ctx context.Context, _ keep.Job) (keep.Result, error) {
			if id := hub.RequestID(ctx); id != "req-1" {
				t.Errorf("request id %q", id)
			}
			time.Sleep(3 * time.Second)
			return keep.Result{State: "sent", Note: "fine", Body: []byte(`{"n":1}`)}, nil
		}
		r.start(r.Engine, keep.RunnerOptions{Poll: time.Hour}, keep.Work{Kind: "a", Do: do})
		synctest.Wait()
		began := time.Now()
		id := r.put(keep.Job{Kind: "a", Subject: keep.Subject{Correlation: "req-1"}})
		time.Sleep(3 * time.Second)
		job := r.settled(id, keep.Done, keep.OK)
		if a := job.Attempts[0]; a.Took != 3*time.Second || !a.At.Equal(began) {
			t.Errorf("the attempt began at %v and took %v", a.At, a.Took)
		}
		if job.State != "sent" || job.Note != "fine" || string(job.Result) != `{"n":1}` {
			t.Errorf("state %q, note %q, result %q", job.State, job.Note, job.Result)
		}
	})
}

// deaf is an engine whose radio is broken.
type deaf struct{ keep.Engine }

func (deaf) Subscribe(context.Context, string) (<-chan []byte, error) { return nil, errTry }

func TestWithoutWakeUpCallsTheRunnerPolls(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		r.start(deaf{r.Engine}, keep.RunnerOptions{Poll: 2 * time.Second}, keep.Work{Kind: "a", Do: answer(nil)})
		synctest.Wait()
		id := r.put(keep.Job{Kind: "a"})
		r.settled(id, keep.Pending)
		time.Sleep(2 * time.Second)
		r.settled(id, keep.Done, keep.OK)
	})
}

func TestEachKindHasItsSeats(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		var slow, quick atomic.Int64
		count := func(n *atomic.Int64, d time.Duration) func(context.Context, keep.Job) (keep.Result, error) {
			return func(ctx context.Context, _ keep.Job) (keep.Result, error) {
				n.Add(1)
				select { // the seventh slow one still runs when the test ends
				case <-time.After(d):
				case <-ctx.Done():
				}
				return keep.Result{}, nil
			}
		}
		for range 7 {
			r.put(keep.Job{Kind: "slow"})
			r.put(keep.Job{Kind: "quick"})
		}
		r.start(r.Engine, keep.RunnerOptions{Poll: time.Hour},
			keep.Work{Kind: "slow", Concurrency: 2, Do: count(&slow, time.Minute/2)},
			keep.Work{Kind: "quick", Concurrency: 1, Do: count(&quick, 0)})
		for begun := int64(2); begun < 8; begun += 2 {
			synctest.Wait()
			if s, q := slow.Load(), quick.Load(); s != begun || q != 7 {
				t.Errorf("%d slow and %d quick have begun, want %d and 7", s, q, begun)
			}
			time.Sleep(time.Minute / 2)
		}
	})
}

func TestOrderInALaneHoldsAcrossRetries(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		var order []string
		var fails int
		r.start(r.Engine, keep.RunnerOptions{Poll: 10 * time.Second}, keep.Work{
			Kind: "a", Backoff: []time.Duration{time.Minute}, MaxTries: 5,
			Do: func(_ context.Context, job keep.Job) (keep.Result, error) {
				order = append(order, string(job.Payload))
				if fails++; fails <= 2 {
					return keep.Result{}, errTry
				}
				return keep.Result{}, nil
			},
		})
		for _, name := range []string{"1", "2", "3"} {
			r.put(keep.Job{Kind: "a", Lane: "l", Payload: []byte(name)})
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if diff := cmp.Diff([]string{"1", "1", "1", "2", "3"}, order); diff != "" {
			t.Errorf("the order (-want +got):\n%s", diff)
		}
	})
}

func TestAJobIsTriedAgainThenDead(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, r *rig) {
		var deaths []keep.Job
		opts := keep.RunnerOptions{OnDead: func(_ context.Context, job keep.Job, err error) {
			deaths = append(deaths, job)
			if !errors.Is(err, errTry) {
				t.Errorf("the cause of death is %v", err)
			}
			panic("and the one who hears of it panics")
		}}
		backoff := []time.Duration{10 * time.Second, time.Minute}
		r.start(r.Engine, opts, keep.Work{Kind: "a", Backoff: backoff, Do: answer(errTry)})
		id := r.put(keep.Job{Kind: "a"})
		job := r.settled(id, keep.Pending, keep.Retrying)
		if wait := time.Until(job.Due); wait < 8*time.Second || wait > 12*time.Second {
			t.Errorf("the second try is due in %v", wait)
		}
		time.Sleep(13 * time.Second)
		job = r.settled(id, keep.Pending, keep.Retrying, keep.Retrying)
		if wait := time.Until(job.Due); wait < 40*time.Second || wait > 72*time.Second {
			t.Errorf("the third try is due in %v", wait)
		}
		time.Sleep(73 * time.Second)
		job = r.settled(id, keep.Dead, keep.Retrying, keep.Retrying, keep.GaveUp)
		if len(deaths) != 1 || deaths[0].ID != id || deaths[0].Status != keep.Dead || len(deaths[0].Attempts) != 3 {
			t.Errorf("deaths: %+v", deaths)
		}
		if a := job.Attempts[2]; job.Note == "" || a.Code != "internal" || a.Detail != errTry.Error() {
			t.Errorf("note %q, code %q, detail %q", job.Note, a.Code, a.Detail)
		}
	})
}

func TestTheWorkDecides(t *testing.T) {
	t.Parallel()
	away := hub.Fail(hub.Unavailable, "upstream-unavailable", "It is away.", nil, hub.WithRetryAfter(7*time.Minute))
	for name, c := range map[string]struct {
		result keep.Result
		err    error
		status keep.Status
		class  keep.Class
		note   string
		wait   time.Duration
	}{
		"rejects":           {keep.Result{State: "maybe-sent"}, keep.Reject(away), keep.Dead, keep.Rejected, "It is away.", 0},
		"rejects in words":  {keep.Result{Note: "no such"}, keep.Reject(errTry), keep.Dead, keep.Rejected, "no such", 0},
		"wants it later":    {keep.Result{}, keep.Later(time.Hour, errTry), keep.Pending, keep.Retrying, "", time.Hour},
		"has a Retry-After": {keep.Result{}, away, keep.Pending, keep.Retrying, "", 7 * time.Minute},
		"holds":             {keep.Result{Hold: true, State: "captured", Note: "shut"}, nil, keep.Held, keep.Kept, "shut", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, r *rig) {
				do := func(context.Context, keep.Job) (keep.Result, error) { return c.result, c.err }
				r.start(r.Engine, keep.RunnerOptions{}, keep.Work{Kind: "a", Do: do})
				id := r.put(keep.Job{Kind: "a"})
				job := r.settled(id, c.status, c.class)
				if job.Note != c.note || job.State != c.result.State {
					t.Errorf("note %q, state %q; want %q, %q", job.Note, job.State, c.note, c.result.State)
				}
				if c.wait > 0 && !job.Due.Equal(time.Now().Add(c.wait)) {
					t.Errorf("due in %v, want %v", time.Until(job.Due), c.wait)
				}
			})
		})
	}
}
