package redis

import (
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

// A claim must be handed over before the worker gives up.
func TestAClaimIsNoMoreThanCanBeHandedOver(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendfsync", "no")
	e := openAt(t, server.URL(""), Options{})
	for range 3 {
		mustPut(t, e, keep.Job{Kind: "large", Payload: make([]byte, 3<<20)})
	}
	mustPut(t, e, keep.Job{Kind: "larger", Payload: make([]byte, keep.PayloadMax)})
	wake, err := e.Subscribe(t.Context(), keep.WakeJobs)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind string
		want int
	}{{"large", 2}, {"large", 1}, {"large", 0}, {"larger", 1}} {
		got, err := e.Claim(t.Context(), []string{c.kind}, 9, time.Minute)
		if err != nil || len(got) != c.want {
			t.Errorf("Claim(%s) = %d jobs, %v; want %d", c.kind, len(got), err, c.want)
		}
	}
	select {
	case kind := <-wake: // for the third
		if string(kind) != "large" {
			t.Errorf("heard %q", kind)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody was told that there is more")
	}
}

// What somebody has deleted by hand stops nobody.
func TestDeletedJobsAreLeftOut(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	e := openAt(t, server.URL(""), Options{})
	ctx := t.Context()
	var jobs []keep.Job
	for _, lane := range []string{"", "", "l", "l", "l", "l"} {
		jobs = append(jobs, mustPut(t, e, keep.Job{Kind: "a", Lane: lane}))
	}
	delete := func(job keep.Job) {
		if err := e.client.Del(ctx, e.prefix+"job:"+job.ID).Err(); err != nil {
			t.Fatal(err)
		}
	}
	delete(jobs[0])
	delete(jobs[3])
	for _, want := range []string{jobs[1].ID, jobs[2].ID, jobs[4].ID, jobs[5].ID} {
		got, err := e.Claim(ctx, []string{"a"}, 1, time.Minute)
		if err == nil && len(got) == 0 { // the deleted one
			got, err = e.Claim(ctx, []string{"a"}, 1, time.Minute)
		}
		if err != nil || len(got) != 1 || got[0].ID != want {
			t.Fatalf("Claim = %v, %v; want %s", got, err, want)
		}
		done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
		if err := e.Finish(ctx, want, 1, done); err != nil {
			t.Fatalf("Finish = %v", err)
		}
	}
	if _, _, err := e.Jobs(ctx, keep.Filter{Kind: "a"}); err != nil {
		t.Errorf("Jobs = %v", err)
	}
}

// A backoff is a distance: it is as long whatever this machine's clock says.
func TestABackoffIsReckonedByTheServersClock(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	e := openAt(t, server.URL(""), Options{})
	ctx := t.Context()
	job := mustPut(t, e, keep.Job{Kind: "a"})
	if _, err := e.Claim(ctx, []string{"a"}, 1, time.Minute); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	err := e.Finish(ctx, job.ID, 1, keep.Outcome{
		Next: keep.Pending, Due: before.Add(time.Hour), Attempt: keep.Attempt{Class: keep.Retrying},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Job(ctx, job.ID)
	if wait := got.Due.Sub(got.Updated); err != nil || wait > time.Hour || wait < time.Hour-time.Since(before) {
		t.Errorf("it waits %v, %v; want an hour", wait, err)
	}
	if got := e.from(time.Now().Add(-time.Hour)); got != "+0" {
		t.Errorf("an instant that is over is %s from now, want +0", got)
	}
}

// A claim that is found again late has its lease from then on.
func TestAClaimFoundLateHasItsWholeLease(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	way := newLossy(t, server.Port)
	var late atomic.Int64
	clock := func() time.Time { return time.Date(2026, time.March, 5, 14, 0, 0, int(late.Load()), time.UTC) }
	e, other := openAt(t, way.url(), Options{Clock: clock}), openAt(t, server.URL(""), Options{Clock: clock})
	mustPut(t, other, keep.Job{Kind: "a", Lane: "l"})
	way.lose(func() { late.Add(int64(25 * time.Second)) })
	got, err := e.Claim(t.Context(), []string{"a"}, 1, 30*time.Second)
	if err != nil || len(got) != 1 || !got[0].Due.Equal(clock().Add(30*time.Second)) {
		t.Fatalf("Claim = %v, %v", got, err)
	}
	late.Add(int64(9 * time.Second))
	if twice, err := other.Claim(t.Context(), []string{"a"}, 1, 30*time.Second); err != nil || len(twice) > 0 {
		t.Errorf("another gets it as well: %d jobs, %v", len(twice), err)
	}
}
