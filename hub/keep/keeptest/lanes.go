package keeptest

import (
	"slices"
	"strconv"
	"sync/atomic"
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

func sharedPromises() []promise {
	return []promise{
		{"Engines never hand out one job twice", sharedClaims},
		{"A lane has one order for all engines", sharedLane},
		{"A fence holds between engines", sharedFence},
		{"A key is one key for all engines", sharedKey},
		{"Who listens to one engine hears the others", sharedRings},
		{"Values and allowances are shared", sharedValues},
	}
}

// both gives the two engines on the store.
func (r *rig) both(t *testing.T) [2]keep.Engine {
	t.Helper()
	return [2]keep.Engine{r.Engine, r.beside(t, r.Engine, r.Now)}
}

func sharedClaims(t *testing.T, r *rig) {
	engines := r.both(t)
	const n = 40
	for range n {
		r.put(t, keep.Job{Kind: "a"})
	}
	var claimed [6][]keep.Job
	together(len(claimed), func(i int) {
		for {
			jobs, err := engines[i%2].Claim(r.ctx, []string{"a"}, 3, lease)
			if err != nil {
				t.Errorf("Claim = %v", err)
			}
			if len(jobs) == 0 {
				return
			}
			claimed[i] = append(claimed[i], jobs...)
		}
	})
	all := ids(slices.Concat(claimed[:]...))
	if len(all) != n || distinct(all) != n {
		t.Errorf("%d claims of %d jobs, want %d of %d", len(all), distinct(all), n, n)
	}
}

func sharedLane(t *testing.T, r *rig) {
	engines := r.both(t)
	var want, got []string
	for i := range 8 {
		job, _, err := engines[i%2].Put(r.ctx, keep.Job{Kind: "a", Lane: "l"})
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, job.ID)
	}
	for i := range want {
		var running []keep.Job
		for j := range engines {
			jobs, err := engines[(i/2+j)%2].Claim(r.ctx, []string{"a"}, 9, lease)
			if err != nil {
				t.Fatal(err)
			}
			running = append(running, jobs...)
		}
		if len(running) != 1 {
			t.Fatalf("%d jobs of a lane run at a time", len(running))
		}
		got = append(got, running[0].ID)
		done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
		if err := engines[(i+1)%2].Finish(r.ctx, running[0].ID, running[0].Fence, done); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "the order", got, want)
}

func sharedFence(t *testing.T, r *rig) {
	engines := r.both(t)
	r.put(t, keep.Job{Kind: "a"})
	loser := r.take(t, "a")
	r.pass(lease)
	jobs, err := engines[1].Claim(r.ctx, []string{"a"}, 1, lease)
	if err != nil || len(jobs) != 1 || jobs[0].Fence != loser.Fence+1 {
		t.Fatalf("the other engine claimed %v, %v", jobs, err)
	}
	done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
	isErr(t, "Finish of the loser", r.Finish(r.ctx, loser.ID, loser.Fence, done), keep.ErrFence)
	isErr(t, "Extend of the loser", r.Extend(r.ctx, loser.ID, loser.Fence, lease), keep.ErrFence)
	if err := engines[1].Finish(r.ctx, loser.ID, jobs[0].Fence, done); err != nil {
		t.Errorf("Finish of the winner = %v", err)
	}
	same(t, "the job", r.job(t, loser.ID).Status, keep.Done)
}

func sharedKey(t *testing.T, r *rig) {
	engines := r.both(t)
	var fresh atomic.Int64
	together(16, func(i int) {
		_, first, err := engines[i%2].Put(r.ctx, keep.Job{Kind: "a", Dedupe: "k"})
		if err != nil {
			t.Errorf("Put = %v", err)
		}
		if first {
			fresh.Add(1)
		}
	})
	same(t, "fresh puts", fresh.Load(), int64(1))
	same(t, "seen", r.take(t, "a").Seen, 16)
}

func sharedRings(t *testing.T, r *rig) {
	engines := r.both(t)
	for i, ear := range engines {
		mouth := engines[1-i]
		kind, channel := "kind-"+strconv.Itoa(i), "c-"+strconv.Itoa(i)
		jobs, err1 := ear.Subscribe(r.ctx, keep.WakeJobs)
		events, err2 := ear.Subscribe(r.ctx, keep.WakeEvents)
		words, err3 := ear.Subscribe(r.ctx, channel)
		if err1 != nil || err2 != nil || err3 != nil {
			t.Fatal(err1, err2, err3)
		}
		if _, _, err := mouth.Put(r.ctx, keep.Job{Kind: kind}); err != nil {
			t.Fatal(err)
		}
		same(t, "the kind that rang", receive(t, jobs), kind)
		all, err := mouth.Append(r.ctx, news("n"+strconv.Itoa(i)))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "the id that rang", receive(t, events), strconv.FormatInt(all[0].ID, 10))
		got, _, err := ear.Read(r.ctx, all[0].ID-1, 1)
		if err != nil || len(got) != 1 || got[0].ID != all[0].ID {
			t.Errorf("Read = %v, %v", got, err)
		}
		if err := mouth.Publish(r.ctx, channel, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		same(t, "what was heard", receive(t, words), "hello")
	}
}

func sharedValues(t *testing.T, r *rig) {
	engines := r.both(t)
	version := r.swap(t, "k", 0, "start", 0)
	var won, taken atomic.Int64
	together(16, func(i int) {
		if _, err := engines[i%2].Swap(r.ctx, "k", version, []byte("x"), 0); err == nil {
			won.Add(1)
		} else {
			isErr(t, "Swap", err, keep.ErrStale)
		}
		ok, _, err := engines[i%2].Allow(r.ctx, "rate", 5, time.Minute)
		if err != nil {
			t.Errorf("Allow = %v", err)
		}
		if ok {
			taken.Add(1)
		}
	})
	same(t, "winners", won.Load(), int64(1))
	same(t, "taken", taken.Load(), int64(5))
}
