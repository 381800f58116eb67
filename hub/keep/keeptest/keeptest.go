// Package keeptest is the conformance suite of package keep: what every engine
// promises, as tests. An engine is right when Run passes.
//
// It is for tests only; the engine's own test calls
//
//	keeptest.Run(t, func(t *testing.T, clock func() time.Time) keep.Engine { ... })
//
// What not every opener can give (another engine on the same store, a store
// without room) are options: Reopened, Shared, Filled.
//
// Time comes from the clock that the suite hands over, so nothing here waits for
// a lease to end. Instants are compared to the millisecond.
package keeptest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/keeptest/model"
)

// Open gives an empty engine that reads the clock, and closes it when the test
// ends. Each call gives another store.
type Open func(t *testing.T, clock func() time.Time) keep.Engine

// Again gives another engine on the store of one: what a process finds that
// starts after a crash. An engine that must be alone closes the first.
type Again func(t *testing.T, first keep.Engine, clock func() time.Time) keep.Engine

// Option widens the suite by what not every opener can give.
type Option func(*suite)

// Reopened runs the promises about a store that is opened again, and lets the
// model be interrupted.
func Reopened(again Again) Option { return func(s *suite) { s.again = again } }

// Shared runs the promises about several engines that are at work on one store at
// a time.
func Shared(beside Again) Option { return func(s *suite) { s.beside = beside } }

// Filled runs the promise about a store without room. fill takes the room away;
// free gives it back.
func Filled(fill func(t *testing.T, engine keep.Engine) (free func())) Option {
	return func(s *suite) { s.fill = fill }
}

// suite is how an engine is opened, and what can be done to it.
type suite struct {
	open          Open
	again, beside Again
	fill          func(t *testing.T, engine keep.Engine) (free func())
}

// group is promises about one part.
type group struct {
	name  string
	tests []promise
}

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T, clock func() time.Time) keep.Engine, options ...Option) {
	t.Helper()
	s := suite{open: open}
	for _, set := range options {
		set(&s)
	}
	groups := []group{
		{"Queue", queuePromises()},
		{"Claims", claimPromises()},
		{"Lanes", lanePromises()},
		{"Desk", deskPromises()},
		{"Lists", listPromises()},
		{"Values", valuePromises()},
		{"Ring", ringPromises()},
	}
	if s.again != nil {
		groups = append(groups, group{"Again", againPromises()})
	}
	if s.fill != nil {
		groups = append(groups, group{"Full", []promise{{"A store without room says so, and recovers by itself", full}}})
	}
	if s.beside != nil {
		groups = append(groups, group{"Shared", sharedPromises()})
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, p := range g.tests {
				t.Run(p.name, func(t *testing.T) {
					t.Parallel()
					p.test(t, newRig(t, s))
				})
			}
		})
	}
	t.Run("Model", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, s)
		store := model.Store{Engine: r.Engine, Now: r.Now, Pass: r.pass}
		if s.again != nil {
			store.Reopen = func() keep.Engine { r.reopen(t); return r.Engine }
		}
		model.Compare(t, store)
	})
}

// promise is one sentence of the contract, and its proof.
type promise struct {
	name string
	test func(t *testing.T, r *rig)
}

// rig is an engine and the clock it reads.
type rig struct {
	keep.Engine
	suite
	ctx context.Context

	mu  sync.Mutex
	now time.Time
}

const lease = time.Minute

func newRig(t *testing.T, s suite) *rig {
	t.Helper()
	r := &rig{suite: s, ctx: t.Context(), now: time.Date(2026, time.March, 5, 14, 0, 0, 0, time.UTC)}
	r.Engine = s.open(t, r.Now)
	return r
}

// Now is the clock.
func (r *rig) Now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

// pass lets time go on, or back.
func (r *rig) pass(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// put stores a job that must be fresh.
func (r *rig) put(t *testing.T, job keep.Job) keep.Job {
	t.Helper()
	stored, fresh, err := r.Put(r.ctx, job)
	if err != nil || !fresh {
		t.Fatalf("Put(%s %s) = fresh %v, %v", job.Kind, job.Dedupe, fresh, err)
	}
	return stored
}

// claim takes what is due of a kind.
func (r *rig) claim(t *testing.T, n int, kinds ...string) []keep.Job {
	t.Helper()
	jobs, err := r.Claim(r.ctx, kinds, n, lease)
	if err != nil {
		t.Fatalf("Claim(%v) = %v", kinds, err)
	}
	return jobs
}

// take claims exactly one job of a kind.
func (r *rig) take(t *testing.T, kind string) keep.Job {
	t.Helper()
	jobs := r.claim(t, 1, kind)
	if len(jobs) != 1 {
		t.Fatalf("Claim(%s) gave %d jobs, want 1", kind, len(jobs))
	}
	return jobs[0]
}

// finish ends a claimed job.
func (r *rig) finish(t *testing.T, job keep.Job, next keep.Status, class keep.Class) {
	t.Helper()
	err := r.Finish(r.ctx, job.ID, job.Fence, keep.Outcome{Next: next, Attempt: keep.Attempt{Class: class}})
	if err != nil {
		t.Fatalf("Finish(%s, %s) = %v", job.Kind, next, err)
	}
}

// job reads a job back.
func (r *rig) job(t *testing.T, id string) keep.Job {
	t.Helper()
	job, err := r.Job(r.ctx, id)
	if err != nil {
		t.Fatalf("Job(%s) = %v", id, err)
	}
	return job
}

// change moves a job by hand.
func (r *rig) change(t *testing.T, id string, action keep.Action) keep.Job {
	t.Helper()
	job, err := r.Change(r.ctx, id, action, "by hand")
	if err != nil {
		t.Fatalf("Change(%s) = %v", action, err)
	}
	return job
}

func ids(jobs []keep.Job) []string {
	list := make([]string, 0, len(jobs))
	for _, j := range jobs {
		list = append(list, j.ID)
	}
	return list
}

func sameIDs(t *testing.T, what string, got []keep.Job, want ...keep.Job) {
	t.Helper()
	if diff := cmp.Diff(ids(want), ids(got)); diff != "" {
		t.Errorf("%s: wrong jobs (-want +got):\n%s", what, diff)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func isErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func classes(job keep.Job) []keep.Class {
	list := make([]keep.Class, 0, len(job.Attempts))
	for _, a := range job.Attempts {
		list = append(list, a.Class)
	}
	return list
}

// together runs n calls at the same time and returns when all have ended.
func together(n int, call func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			call(i)
		})
	}
	close(start)
	all.Wait()
}

// receive waits for one message.
func receive(t *testing.T, from <-chan []byte) string {
	t.Helper()
	select {
	case m, open := <-from:
		if !open {
			t.Fatal("the channel is closed")
		}
		return string(m)
	case <-time.After(10 * time.Second):
		t.Fatal("no message came")
	}
	return ""
}

// closes waits until the channel is closed.
func closes(t *testing.T, from <-chan []byte) {
	t.Helper()
	for deadline := time.After(10 * time.Second); ; {
		select {
		case _, open := <-from:
			if !open {
				return
			}
		case <-deadline:
			t.Fatal("the channel stays open")
		}
	}
}

// distinct tells how many different values there are.
func distinct(values []string) int {
	slices.Sort(values)
	return len(slices.Compact(values))
}

func numbered(prefix string, i int) string { return fmt.Sprintf("%s-%03d", prefix, i) }

func news(name string) hub.Event {
	return hub.Event{Topic: hub.TopicJobs, Name: name, Data: []byte(`{"job":"` + name + `"}`)}
}

func (r *rig) append(t *testing.T, events ...hub.Event) []hub.Event {
	t.Helper()
	got, err := r.Append(r.ctx, events...)
	if err != nil || len(got) != len(events) {
		t.Fatalf("Append gave %d events, %v", len(got), err)
	}
	return got
}
