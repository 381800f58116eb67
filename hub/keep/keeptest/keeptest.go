// Package keeptest is the conformance suite of package keep: what every engine
// promises, as tests. An engine is right when Run passes.
//
// It is for tests only; the engine's own test calls
//
//	keeptest.Run(t, func(t *testing.T, clock func() time.Time) keep.Engine { ... })
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

// Run runs the suite.
func Run(t *testing.T, open func(t *testing.T, clock func() time.Time) keep.Engine) {
	t.Helper()
	groups := []struct {
		name  string
		tests []promise
	}{
		{"Queue", queuePromises()},
		{"Claims", claimPromises()},
		{"Lanes", lanePromises()},
		{"Desk", deskPromises()},
		{"Lists", listPromises()},
		{"Values", valuePromises()},
		{"Ring", ringPromises()},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			for _, p := range g.tests {
				t.Run(p.name, func(t *testing.T) {
					t.Parallel()
					p.test(t, newRig(t, open))
				})
			}
		})
	}
	t.Run("Model", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, open)
		model.Compare(t, r.Engine, r.Now, r.pass)
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
	ctx context.Context

	mu  sync.Mutex
	now time.Time
}

const lease = time.Minute

func newRig(t *testing.T, open Open) *rig {
	t.Helper()
	r := &rig{ctx: t.Context(), now: time.Date(2026, time.March, 5, 14, 0, 0, 0, time.UTC)}
	r.Engine = open(t, r.Now)
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
