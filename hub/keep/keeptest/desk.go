package keeptest

import (
	"context"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

func deskPromises() []promise {
	return []promise{
		{"A change by hand goes where it may, and nowhere else", changes},
		{"Release and retry run at once and count anew", changeAnew},
		{"Who hurries runs at once, ahead of nobody in its lane", hurry},
		{"A change rings when the job can run", changeRings},
		{"A change of nobody, or an odd one, is refused", changeWrong},
		{"Settling changes state and note of what is not under way", settle},
		{"Pruning deletes final jobs that are old enough", prune},
		{"Pruning can be narrowed and bounded", pruneBound},
		{"A pruned key is free again", pruneFrees},
		{"A job seen again is touched", seenIsTouched},
		{"Check says yes", check},
		{"A closed engine says so", closed},
		{"A context that has ended ends the call", ended},
	}
}

// jobIn makes a job that stands in a status.
func jobIn(t *testing.T, r *rig, status keep.Status) keep.Job {
	t.Helper()
	kind := "in-" + string(status)
	if status == keep.Held {
		return r.put(t, keep.Job{Kind: kind, Status: keep.Held})
	}
	job := r.put(t, keep.Job{Kind: kind})
	if status == keep.Pending {
		return job
	}
	job = r.take(t, kind)
	if status.Final() {
		r.finish(t, job, status, keep.OK)
	}
	return r.job(t, job.ID)
}

func changes(t *testing.T, r *rig) {
	allowed := map[keep.Action]map[keep.Status]keep.Status{
		keep.Release: {keep.Held: keep.Pending},
		keep.Hold:    {keep.Pending: keep.Held},
		keep.Retry:   {keep.Dead: keep.Pending, keep.Cancelled: keep.Pending, keep.Done: keep.Pending},
		keep.Cancel:  {keep.Held: keep.Cancelled, keep.Pending: keep.Cancelled},
		keep.Hurry:   {keep.Pending: keep.Pending},
	}
	for action, moves := range allowed {
		for _, from := range []keep.Status{keep.Held, keep.Pending, keep.Running, keep.Done, keep.Dead, keep.Cancelled} {
			job := jobIn(t, r, from)
			got, err := r.Change(r.ctx, job.ID, action, "because")
			to, may := moves[from]
			if !may {
				isErr(t, string(action)+" of "+string(from), err, keep.ErrState)
				same(t, "the job after the refusal", r.job(t, job.ID), job)
				continue
			}
			if err != nil || got.Status != to || got.Note != "because" {
				t.Errorf("%s of %s = %s %q, %v", action, from, got.Status, got.Note, err)
			}
			same(t, "the job after "+string(action), r.job(t, job.ID), got)
		}
	}
}

func changeAnew(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	r.finish(t, r.take(t, "a"), keep.Pending, keep.Retrying)
	job := r.take(t, "a")
	r.finish(t, job, keep.Dead, keep.GaveUp)
	r.pass(time.Minute)
	got := r.change(t, job.ID, keep.Retry)
	if got.Tries != 0 || len(got.Attempts) != 2 || !got.Due.Equal(r.Now()) {
		t.Errorf("retried: %d tries, %d attempts, due %v", got.Tries, len(got.Attempts), got.Due)
	}
	same(t, "fence goes on", r.take(t, "a").Fence, int64(3))
	held := r.put(t, keep.Job{Kind: "b", Status: keep.Held, Due: r.Now().Add(time.Hour)})
	r.change(t, held.ID, keep.Release)
	same(t, "a released job runs at once", r.take(t, "b").ID, held.ID)
}

func hurry(t *testing.T, r *rig) {
	first, second := r.put(t, keep.Job{Kind: "a", Lane: "l"}), r.put(t, keep.Job{Kind: "a", Lane: "l"})
	head := r.take(t, "a")
	later := keep.Outcome{Next: keep.Pending, Due: r.Now().Add(time.Hour), Attempt: keep.Attempt{Class: keep.Retrying}}
	if err := r.Finish(r.ctx, head.ID, head.Fence, later); err != nil {
		t.Fatal(err)
	}
	r.change(t, second.ID, keep.Hurry)
	if n := len(r.claim(t, 10, "a")); n != 0 {
		t.Error("the second runs before the head")
	}
	wake, err := r.Subscribe(r.ctx, keep.WakeJobs)
	if err != nil {
		t.Fatal(err)
	}
	got := r.change(t, first.ID, keep.Hurry)
	if got.Status != keep.Pending || got.Tries != 0 || len(got.Attempts) != 1 || !got.Due.Equal(r.Now()) {
		t.Errorf("hurried: %s, %d tries, %d attempts, due %v", got.Status, got.Tries, len(got.Attempts), got.Due)
	}
	same(t, "the kind that rang", receive(t, wake), "a")
	same(t, "the one that runs", r.take(t, "a").ID, first.ID)
}

func changeRings(t *testing.T, r *rig) {
	held := r.put(t, keep.Job{Kind: "a", Status: keep.Held})
	wake, err := r.Subscribe(r.ctx, keep.WakeJobs)
	if err != nil {
		t.Fatal(err)
	}
	r.change(t, held.ID, keep.Release)
	same(t, "the kind that rang", receive(t, wake), "a")
}

func changeWrong(t *testing.T, r *rig) {
	_, err := r.Change(r.ctx, "nobody", keep.Retry, "")
	isErr(t, "Change of nobody", err, keep.ErrNotFound)
	job := r.put(t, keep.Job{Kind: "a"})
	if _, err := r.Change(r.ctx, job.ID, "odd", ""); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("an odd action = %v, want Invalid", err)
	}
}

func settle(t *testing.T, r *rig) {
	for _, status := range []keep.Status{keep.Held, keep.Done, keep.Dead, keep.Cancelled} {
		job := jobIn(t, r, status)
		r.pass(time.Second)
		got, err := r.Settle(r.ctx, job.ID, "delivered", "by the carrier")
		if err != nil || got.State != "delivered" || got.Note != "by the carrier" || got.Status != status {
			t.Errorf("Settle of %s = %s %q %q, %v", status, got.Status, got.State, got.Note, err)
		}
		got, err = r.Settle(r.ctx, job.ID, "read", "")
		if err != nil || got.State != "read" || got.Note != "by the carrier" {
			t.Errorf("Settle again = %q %q, %v", got.State, got.Note, err)
		}
		same(t, "the job after Settle", r.job(t, job.ID), got)
	}
	for _, status := range []keep.Status{keep.Pending, keep.Running} {
		_, err := r.Settle(r.ctx, jobIn(t, r, status).ID, "delivered", "")
		isErr(t, "Settle of "+string(status), err, keep.ErrState)
	}
	_, err := r.Settle(r.ctx, "nobody", "delivered", "")
	isErr(t, "Settle of nobody", err, keep.ErrNotFound)
}

func prune(t *testing.T, r *rig) {
	var jobs []keep.Job
	for _, status := range []keep.Status{keep.Held, keep.Pending, keep.Running, keep.Done, keep.Dead, keep.Cancelled} {
		jobs = append(jobs, jobIn(t, r, status))
	}
	r.pass(time.Hour)
	fresh := jobIn(t, r, keep.Done)
	n, err := r.Prune(r.ctx, "", r.Now(), 100)
	if err != nil || n != 3 {
		t.Errorf("Prune = %d, %v; want 3", n, err)
	}
	for i, job := range jobs {
		if _, err := r.Job(r.ctx, job.ID); (err == nil) != (i < 3) {
			t.Errorf("a job that was %s: %v", job.Status, err)
		}
	}
	r.job(t, fresh.ID)
}

func pruneBound(t *testing.T, r *rig) {
	for range 5 {
		jobIn(t, r, keep.Done)
		jobIn(t, r, keep.Dead)
	}
	r.pass(time.Hour)
	for _, step := range []struct {
		kind        string
		limit, want int
	}{{"in-done", 3, 3}, {"in-done", 3, 2}, {"in-done", 3, 0}, {"none", 3, 0}, {"", 0, 0}, {"", 2, 2}, {"", 9, 3}} {
		n, err := r.Prune(r.ctx, step.kind, r.Now(), step.limit)
		if err != nil || n != step.want {
			t.Errorf("Prune(%q, %d) = %d, %v; want %d", step.kind, step.limit, n, err, step.want)
		}
	}
}

func pruneFrees(t *testing.T, r *rig) {
	first := r.put(t, keep.Job{Kind: "a", Dedupe: "k"})
	r.finish(t, r.take(t, "a"), keep.Done, keep.OK)
	r.pass(time.Hour)
	if n, err := r.Prune(r.ctx, "a", r.Now(), 10); n != 1 || err != nil {
		t.Fatalf("Prune = %d, %v", n, err)
	}
	second := r.put(t, keep.Job{Kind: "a", Dedupe: "k"})
	if first.ID == second.ID {
		t.Error("the pruned job came back")
	}
	page, _, err := r.Jobs(r.ctx, keep.Filter{Dedupe: "k"})
	if err != nil {
		t.Fatal(err)
	}
	sameIDs(t, "jobs of the key", page, second)
}

func seenIsTouched(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a", Dedupe: "k"})
	r.finish(t, r.take(t, "a"), keep.Done, keep.OK)
	r.pass(time.Hour)
	if _, _, err := r.Put(r.ctx, keep.Job{Kind: "a", Dedupe: "k"}); err != nil {
		t.Fatal(err)
	}
	if n, err := r.Prune(r.ctx, "", r.Now(), 10); n != 0 || err != nil {
		t.Errorf("Prune = %d, %v; want none", n, err)
	}
}

func check(t *testing.T, r *rig) {
	if err := r.Check(r.ctx); err != nil {
		t.Errorf("Check = %v", err)
	}
}

func closed(t *testing.T, r *rig) {
	wake, err := r.Subscribe(r.ctx, keep.WakeJobs)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
	closes(t, wake)
	_, _, put := r.Put(r.ctx, keep.Job{Kind: "a"})
	_, claim := r.Claim(r.ctx, []string{"a"}, 1, lease)
	_, _, jobs := r.Jobs(r.ctx, keep.Filter{})
	_, _, value := r.Value(r.ctx, "k")
	_, _, read := r.Read(r.ctx, 0, 1)
	_, listen := r.Subscribe(r.ctx, "c")
	calls := map[string]error{
		"Put": put, "Claim": claim, "Jobs": jobs, "Value": value, "Read": read, "Subscribe": listen,
		"Publish": r.Publish(r.ctx, "c", nil), "Check": r.Check(r.ctx), "Audit": r.Audit(r.ctx, keep.Record{}),
	}
	for name, err := range calls {
		isErr(t, name+" after Close", err, keep.ErrClosed)
	}
}

func ended(t *testing.T, r *rig) {
	ctx, cancel := context.WithCancel(r.ctx)
	cancel()
	_, _, put := r.Put(ctx, keep.Job{Kind: "a"})
	_, _, jobs := r.Jobs(ctx, keep.Filter{})
	isErr(t, "Put", put, context.Canceled)
	isErr(t, "Jobs", jobs, context.Canceled)
	if n := len(r.claim(t, 1, "a")); n != 0 {
		t.Error("a refused put was stored")
	}
}

func full(t *testing.T, r *rig) {
	before := jobIn(t, r, keep.Running)
	free := r.fill(t, r.Engine)
	body := make([]byte, 1<<20)
	wants := func(what string, err error) {
		t.Helper()
		if !hub.IsKind(err, hub.Unavailable) || !hub.HasCode(err, "store-full") || hub.ProblemOf(err).RetryAfter <= 0 {
			t.Errorf("%s = %v, want store-full with a time to come back", what, err)
		}
	}
	_, _, put := r.Put(r.ctx, keep.Job{Kind: "a", Dedupe: "k", Payload: body})
	_, swap := r.Swap(r.ctx, "k", 0, body, 0)
	_, appended := r.Append(r.ctx, hub.Event{Topic: hub.TopicJobs, Name: "a", Key: "k", Data: body})
	wants("Put", put)
	wants("Swap", swap)
	wants("Append", appended)
	same(t, "a job, read meanwhile", r.job(t, before.ID), before)
	free()
	if err := r.Check(r.ctx); err != nil {
		t.Errorf("Check = %v", err)
	}
	r.noValue(t, "k")
	r.swap(t, "k", 0, "v", 0)
	keyed := news("one")
	keyed.Key = "k"
	first := r.append(t, keyed)[0]
	got, _, err := r.Read(r.ctx, 0, 10)
	if err != nil || len(got) != 1 || got[0].ID != first.ID {
		t.Errorf("%d events, %v; want the one after", len(got), err)
	}
	r.put(t, keep.Job{Kind: "a", Dedupe: "k", Payload: body})
	r.finish(t, before, keep.Done, keep.OK)
}
