package keeptest

import (
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

func lanePromises() []promise {
	return []promise{
		{"One job of a lane runs at a time, first put first", laneOrder},
		{"A failing head blocks its lane until it is done", laneRetry},
		{"A dead head lets the next one run", laneDead},
		{"A head that is not due blocks its lane", laneNotDue},
		{"A lane runs through all kinds", laneKinds},
		{"Held jobs block no lane", laneHeld},
		{"A released job takes its old place", laneRelease},
		{"A retried job waits for the one that runs", laneRetryByHand},
		{"A lost head is taken over before the next runs", laneLost},
		{"A long lane does not hide others", laneLong},
		{"The end of a head wakes the next", laneRings},
		{"Concurrent puts into a lane run one by one", laneAtOnce},
	}
}

func laneOf(t *testing.T, r *rig, n int) []keep.Job {
	t.Helper()
	var jobs []keep.Job
	for range n {
		jobs = append(jobs, r.put(t, keep.Job{Kind: "a", Lane: "l"}))
	}
	return jobs
}

func laneOrder(t *testing.T, r *rig) {
	jobs := laneOf(t, r, 3)
	free := r.put(t, keep.Job{Kind: "a", Lane: "other"})
	for i, want := range jobs {
		got := r.claim(t, 10, "a")
		if i == 0 {
			sameIDs(t, "the first claim", got, want, free)
		} else {
			sameIDs(t, "the next claim", got, want)
		}
		if n := len(r.claim(t, 10, "a")); n != 0 {
			t.Errorf("%d more jobs run beside the head", n)
		}
		r.finish(t, got[0], keep.Done, keep.OK)
	}
}

func laneRetry(t *testing.T, r *rig) {
	jobs := laneOf(t, r, 2)
	head := r.take(t, "a")
	err := r.Finish(r.ctx, head.ID, head.Fence, keep.Outcome{
		Next: keep.Pending, Due: r.Now().Add(time.Minute), Attempt: keep.Attempt{Class: keep.Retrying},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.claim(t, 10, "a")); n != 0 {
		t.Error("a job overtook the failing head")
	}
	r.pass(time.Minute)
	sameIDs(t, "the retry", r.claim(t, 10, "a"), jobs[0])
}

func laneDead(t *testing.T, r *rig) {
	jobs := laneOf(t, r, 4)
	for i, end := range []keep.Status{keep.Dead, keep.Held, keep.Cancelled} {
		got := r.claim(t, 10, "a")
		sameIDs(t, "before "+string(end), got, jobs[i])
		r.finish(t, got[0], end, keep.GaveUp)
	}
	sameIDs(t, "the last", r.claim(t, 10, "a"), jobs[3])
}

func laneNotDue(t *testing.T, r *rig) {
	head := r.put(t, keep.Job{Kind: "a", Lane: "l", Due: r.Now().Add(time.Minute)})
	next := r.put(t, keep.Job{Kind: "a", Lane: "l"})
	if n := len(r.claim(t, 10, "a")); n != 0 {
		t.Error("a job overtook the head that is not due")
	}
	r.change(t, head.ID, keep.Cancel)
	sameIDs(t, "after the head was cancelled", r.claim(t, 10, "a"), next)
}

func laneKinds(t *testing.T, r *rig) {
	head := r.put(t, keep.Job{Kind: "a", Lane: "l"})
	next := r.put(t, keep.Job{Kind: "b", Lane: "l"})
	if n := len(r.claim(t, 10, "b")); n != 0 {
		t.Error("another kind overtook the head")
	}
	sameIDs(t, "the head", r.claim(t, 10, "a", "b"), head)
	if n := len(r.claim(t, 10, "b")); n != 0 {
		t.Error("another kind runs beside the head")
	}
	head.Fence = 1
	r.finish(t, head, keep.Done, keep.OK)
	sameIDs(t, "the next", r.claim(t, 10, "b"), next)
}

func laneHeld(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a", Lane: "l", Status: keep.Held})
	second := r.put(t, keep.Job{Kind: "a", Lane: "l"})
	third := r.put(t, keep.Job{Kind: "a", Lane: "l"})
	r.change(t, second.ID, keep.Hold)
	sameIDs(t, "behind held jobs", r.claim(t, 10, "a"), third)
}

func laneRelease(t *testing.T, r *rig) {
	first := r.put(t, keep.Job{Kind: "a", Lane: "l", Status: keep.Held})
	second := r.put(t, keep.Job{Kind: "a", Lane: "l"})
	third := r.put(t, keep.Job{Kind: "a", Lane: "l"})
	r.change(t, first.ID, keep.Release)
	for _, want := range []keep.Job{first, second, third} {
		got := r.claim(t, 10, "a")
		sameIDs(t, "in the old order", got, want)
		r.finish(t, got[0], keep.Done, keep.OK)
	}
}

func laneRetryByHand(t *testing.T, r *rig) {
	jobs := laneOf(t, r, 3)
	r.finish(t, r.take(t, "a"), keep.Dead, keep.GaveUp)
	running := r.take(t, "a")
	r.change(t, jobs[0].ID, keep.Retry)
	if n := len(r.claim(t, 10, "a")); n != 0 {
		t.Error("two jobs of the lane run")
	}
	r.finish(t, running, keep.Done, keep.OK)
	got := r.claim(t, 10, "a")
	sameIDs(t, "the retried one goes first", got, jobs[0])
	r.finish(t, got[0], keep.Done, keep.OK)
	sameIDs(t, "then the last", r.claim(t, 10, "a"), jobs[2])
}

func laneLost(t *testing.T, r *rig) {
	jobs := laneOf(t, r, 3)
	r.finish(t, r.take(t, "a"), keep.Dead, keep.GaveUp)
	lost := r.take(t, "a")
	r.change(t, jobs[0].ID, keep.Retry)
	r.pass(lease)
	got := r.claim(t, 10, "a")
	sameIDs(t, "the lost one", got, lost)
	same(t, "attempts", classes(got[0]), []keep.Class{keep.Lost})
}

func laneLong(t *testing.T, r *rig) {
	laneOf(t, r, 60)
	other := r.put(t, keep.Job{Kind: "a", Lane: "other"})
	r.take(t, "a")
	sameIDs(t, "behind a long lane", r.claim(t, 1, "a"), other)
}

func laneRings(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a", Lane: "l"})
	r.put(t, keep.Job{Kind: "b", Lane: "l"})
	head := r.take(t, "a")
	wake, err := r.Subscribe(r.ctx, keep.WakeJobs)
	if err != nil {
		t.Fatal(err)
	}
	r.finish(t, head, keep.Done, keep.OK)
	same(t, "the kind that rang", receive(t, wake), "b")
}

func laneAtOnce(t *testing.T, r *rig) {
	const n = 16
	together(n, func(int) {
		if _, _, err := r.Put(r.ctx, keep.Job{Kind: "a", Lane: "l"}); err != nil {
			t.Errorf("Put = %v", err)
		}
	})
	for range n {
		got := r.claim(t, n, "a")
		if len(got) != 1 {
			t.Fatalf("%d jobs of one lane run", len(got))
		}
		r.finish(t, got[0], keep.Done, keep.OK)
	}
}
