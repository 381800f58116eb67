package keeptest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

func claimPromises() []promise {
	return []promise{
		{"A claim runs what is due, of its kinds, under a lease", claimDue},
		{"A claim gives at most n, those due longest first", claimOrder},
		{"Concurrent claims never share a job", claimAtOnce},
		{"A lease that ended is taken over, and the attempt is lost", takeOver},
		{"Who lost the lease cannot write any more", fence},
		{"A lease that ended but was not taken over is still good", lateButAlone},
		{"Extending keeps the lease", extend},
		{"Every outcome is recorded", outcomes},
		{"A retry waits until it is due", retryWaits},
		{"Putting off is no try, and leaves one line", putOff},
		{"State and result stay unless they are replaced", outcomeKeeps},
		{"The last twenty attempts are kept", attemptsBound},
		{"A clock set back ends no lease and loses no job", clockBack},
		{"An outcome that makes no sense is refused", outcomeWrong},
	}
}

func claimDue(t *testing.T, r *rig) {
	job := r.put(t, keep.Job{Kind: "a", Payload: []byte("body"), Headers: map[string]string{"H": "1"}})
	r.put(t, keep.Job{Kind: "b"})
	r.put(t, keep.Job{Kind: "a", Due: r.Now().Add(time.Minute)})
	r.put(t, keep.Job{Kind: "a", Status: keep.Held})
	got := r.claim(t, 10, "a")
	sameIDs(t, "the claim", got, job)
	want := job
	want.Status, want.Fence, want.Due = keep.Running, 1, r.Now().Add(lease)
	same(t, "the claimed job", got[0], want)
	same(t, "the job as it is stored", r.job(t, job.ID), want)
	if n := len(r.claim(t, 10, "a", "none")); n != 0 {
		t.Errorf("a second claim gave %d jobs", n)
	}
	if n := len(r.claim(t, 0, "b")); n != 0 {
		t.Errorf("a claim of none gave %d jobs", n)
	}
}

func claimOrder(t *testing.T, r *rig) {
	third := r.put(t, keep.Job{Kind: "a", Due: r.Now().Add(-1 * time.Second)})
	first := r.put(t, keep.Job{Kind: "b", Due: r.Now().Add(-3 * time.Second)})
	second := r.put(t, keep.Job{Kind: "a", Due: r.Now().Add(-2 * time.Second)})
	sameIDs(t, "the first claim", r.claim(t, 2, "a", "b"), first, second)
	sameIDs(t, "the second claim", r.claim(t, 2, "a", "b"), third)
}

func claimAtOnce(t *testing.T, r *rig) {
	const n = 30
	for range n {
		r.put(t, keep.Job{Kind: "a"})
	}
	var claimed [8][]keep.Job
	together(len(claimed), func(i int) {
		for {
			jobs, err := r.Claim(r.ctx, []string{"a"}, 3, lease)
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

func takeOver(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	began := r.Now()
	first := r.take(t, "a")
	r.pass(lease - time.Millisecond)
	if n := len(r.claim(t, 1, "a")); n != 0 {
		t.Fatal("the job was taken over before the lease ended")
	}
	r.pass(time.Millisecond)
	second := r.take(t, "a")
	if second.ID != first.ID || second.Fence != first.Fence+1 || second.Tries != 1 {
		t.Errorf("taken over: %s fence %d tries %d", second.ID, second.Fence, second.Tries)
	}
	same(t, "attempts", second.Attempts, []keep.Attempt{{At: began, Took: lease, Class: keep.Lost}})
	same(t, "the job as it is stored", r.job(t, second.ID), second)
}

func fence(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	first := r.take(t, "a")
	r.pass(lease)
	second := r.take(t, "a")
	done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
	isErr(t, "Finish of the loser", r.Finish(r.ctx, first.ID, first.Fence, done), keep.ErrFence)
	isErr(t, "Extend of the loser", r.Extend(r.ctx, first.ID, first.Fence, lease), keep.ErrFence)
	same(t, "the job", r.job(t, second.ID), second)
	r.finish(t, second, keep.Done, keep.OK)
	isErr(t, "Finish twice", r.Finish(r.ctx, second.ID, second.Fence, done), keep.ErrFence)
	isErr(t, "Extend after the end", r.Extend(r.ctx, second.ID, second.Fence, lease), keep.ErrFence)
	isErr(t, "Finish of nobody", r.Finish(r.ctx, "nobody", 1, done), keep.ErrNotFound)
	isErr(t, "Extend of nobody", r.Extend(r.ctx, "nobody", 1, lease), keep.ErrNotFound)
}

func lateButAlone(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	job := r.take(t, "a")
	r.pass(3 * lease)
	if err := r.Extend(r.ctx, job.ID, job.Fence, lease); err != nil {
		t.Errorf("Extend = %v", err)
	}
	r.pass(3 * lease)
	r.finish(t, job, keep.Done, keep.OK)
	same(t, "attempts", classes(r.job(t, job.ID)), []keep.Class{keep.OK})
}

func extend(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	job := r.take(t, "a")
	for range 3 {
		r.pass(lease - time.Second)
		if err := r.Extend(r.ctx, job.ID, job.Fence, lease); err != nil {
			t.Fatalf("Extend = %v", err)
		}
	}
	same(t, "the end of the lease", r.job(t, job.ID).Due, r.Now().Add(lease))
	if n := len(r.claim(t, 1, "a")); n != 0 {
		t.Error("the job was taken over under a good lease")
	}
}

func outcomes(t *testing.T, r *rig) {
	attempt := keep.Attempt{
		At: r.Now(), Took: 5 * time.Millisecond, Class: keep.Rejected, Code: "invalid", Status: 422, Detail: "wrong",
	}
	for _, next := range []keep.Status{keep.Done, keep.Dead, keep.Cancelled, keep.Held, keep.Pending} {
		r.put(t, keep.Job{Kind: string(next)})
		want := r.take(t, string(next))
		due := r.Now().Add(time.Hour)
		r.pass(time.Second)
		err := r.Finish(r.ctx, want.ID, want.Fence, keep.Outcome{
			Next: next, Due: due, State: "sent", Note: "because", Result: []byte(`{"ok":true}`), Attempt: attempt,
		})
		if err != nil {
			t.Errorf("Finish(%s) = %v", next, err)
		}
		want.Status, want.State, want.Note, want.Result, want.Tries = next, "sent", "because", []byte(`{"ok":true}`), 1
		want.Attempts, want.Updated, want.Due = []keep.Attempt{attempt}, r.Now(), due
		if next.Final() {
			want.Due = r.Now()
		}
		same(t, "a job that is "+string(next), r.job(t, want.ID), want)
	}
}

func retryWaits(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	job := r.take(t, "a")
	err := r.Finish(r.ctx, job.ID, job.Fence, keep.Outcome{
		Next: keep.Pending, Due: r.Now().Add(time.Minute), Attempt: keep.Attempt{Class: keep.Retrying},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.pass(time.Minute - time.Millisecond)
	if n := len(r.claim(t, 1, "a")); n != 0 {
		t.Error("it runs before it is due")
	}
	r.pass(time.Millisecond)
	same(t, "fence", r.take(t, "a").Fence, int64(2))
}

func putOff(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	round := func(class keep.Class) keep.Job {
		job := r.take(t, "a")
		o := keep.Outcome{
			Next: keep.Pending, Due: r.Now().Add(time.Hour), Note: "not now",
			Attempt: keep.Attempt{At: r.Now(), Class: class},
		}
		if err := r.Finish(r.ctx, job.ID, job.Fence, o); err != nil {
			t.Fatal(err)
		}
		job = r.job(t, job.ID)
		if job.Note != "not now" || !job.Due.Equal(r.Now().Add(time.Hour)) {
			t.Errorf("put off: note %q, due %v", job.Note, job.Due)
		}
		r.pass(time.Hour)
		return job
	}
	for range 25 {
		round(keep.Kept)
	}
	job := round(keep.Kept)
	same(t, "attempts", job.Attempts, []keep.Attempt{{At: r.Now().Add(-time.Hour), Class: keep.Kept}})
	same(t, "tries", job.Tries, 0)
	round(keep.Retrying)
	round(keep.Kept)
	job = round(keep.Kept)
	same(t, "attempts", classes(job), []keep.Class{keep.Kept, keep.Retrying, keep.Kept})
	same(t, "tries", job.Tries, 1)
}

func outcomeKeeps(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	job := r.take(t, "a")
	one := keep.Outcome{
		Next: keep.Pending, State: "half", Note: "first", Result: []byte("1"), Attempt: keep.Attempt{Class: keep.Retrying},
	}
	if err := r.Finish(r.ctx, job.ID, job.Fence, one); err != nil {
		t.Fatal(err)
	}
	r.finish(t, r.take(t, "a"), keep.Done, keep.OK)
	got := r.job(t, job.ID)
	if got.State != "half" || got.Note != "" || string(got.Result) != "1" {
		t.Errorf("state %q note %q result %q, want half, none, 1", got.State, got.Note, got.Result)
	}
}

func attemptsBound(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	var job keep.Job
	for i := range 25 {
		job = r.take(t, "a")
		err := r.Finish(r.ctx, job.ID, job.Fence, keep.Outcome{Next: keep.Pending, Attempt: keep.Attempt{
			Class: keep.Retrying, Status: i, Detail: strings.Repeat("x", 5000),
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	got := r.job(t, job.ID)
	if len(got.Attempts) != 20 || got.Attempts[0].Status != 5 || got.Attempts[19].Status != 24 || got.Tries != 25 {
		t.Errorf("%d attempts, %d tries", len(got.Attempts), got.Tries)
	}
	same(t, "the length of a detail", len(got.Attempts[0].Detail), 4096)
}

func clockBack(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	running := r.take(t, "a")
	waiting := r.put(t, keep.Job{Kind: "b"})
	r.pass(-time.Hour)
	if n := len(r.claim(t, 1, "a")); n != 0 {
		t.Error("the job was taken over under a good lease")
	}
	if err := r.Extend(r.ctx, running.ID, running.Fence, lease); err != nil {
		t.Errorf("Extend = %v", err)
	}
	r.finish(t, running, keep.Done, keep.OK)
	r.pass(time.Hour)
	same(t, "the job that waited", r.take(t, "b").ID, waiting.ID)
}

func outcomeWrong(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	job := r.take(t, "a")
	large := make([]byte, keep.ResultMax+1)
	for _, o := range []keep.Outcome{
		{}, {Next: keep.Running}, {Next: "odd"}, {Next: keep.Done, Result: large}, {Next: keep.Done, Note: string(large)},
	} {
		if err := r.Finish(r.ctx, job.ID, job.Fence, o); !hub.IsKind(err, hub.Invalid) {
			t.Errorf("Finish(%q, %d bytes) = %v, want Invalid", o.Next, len(o.Result), err)
		}
	}
	if diff := cmp.Diff(job, r.job(t, job.ID)); diff != "" {
		t.Errorf("the job changed:\n%s", diff)
	}
}
