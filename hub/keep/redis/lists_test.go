package redis

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

// life lives at random: jobs come, are claimed, finished, changed and pruned.
type life struct {
	*Engine
	rnd     *rand.Rand
	now     time.Time
	ids     []string
	claimed []keep.Job
}

func one[T any](l *life, of ...T) T { return of[l.rnd.IntN(len(of))] }

func (l *life) step(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	l.now = l.now.Add(time.Duration(l.rnd.IntN(2000)) * time.Millisecond)
	switch action := l.rnd.IntN(8); {
	case action < 3:
		job := keep.Job{Kind: one(l, "a", "b"), Lane: one(l, "", "l", "m"), Status: one(l, keep.Pending, keep.Held)}
		if l.rnd.IntN(2) == 0 {
			job.Dedupe, job.Subject.Customer = fmt.Sprint(l.rnd.IntN(100)), one(l, "c", "d")
		}
		got, _, err := l.Put(ctx, job)
		if err != nil {
			t.Fatal(err)
		}
		l.ids = append(l.ids, got.ID)
	case action < 5:
		jobs, err := l.Claim(ctx, []string{"a", "b"}, 1+l.rnd.IntN(4), 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		l.claimed = append(l.claimed, jobs...)
	case action < 7 && len(l.claimed) > 0:
		job := one(l, l.claimed...)
		next := one(l, keep.Done, keep.Done, keep.Dead, keep.Held, keep.Pending, keep.Cancelled)
		// Many have lost their lease, or were finished: that is refused.
		_ = l.Finish(ctx, job.ID, job.Fence, keep.Outcome{Next: next, Attempt: keep.Attempt{Class: one(l, keep.OK, keep.Kept)}})
	case len(l.ids) > 0:
		// Many stand in another status: that is refused.
		_, _ = l.Change(ctx, one(l, l.ids...), one(l, keep.Release, keep.Hold, keep.Retry, keep.Cancel, keep.Hurry), "")
	}
}

// Wherever a job stands, each list that has it is one it belongs to, and it is in
// all of them.
func TestTheListsAgree(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendfsync", "no")
	l := &life{rnd: rand.New(rand.NewPCG(1, 2)), now: time.Date(2026, time.March, 5, 14, 0, 0, 0, time.UTC)}
	l.Engine = openAt(t, server.URL(""), Options{Clock: func() time.Time { return l.now }})
	for range 1500 {
		l.step(t)
	}
	ctx := t.Context()
	heads, err := l.client.HGetAll(ctx, l.prefix+"heads").Result()
	if err != nil {
		t.Fatal(err)
	}
	want, have := map[string][]string{}, map[string][]string{}
	for _, key := range l.keys(t, "job:*") {
		id := strings.TrimPrefix(key, "job:")
		job, err := l.Job(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, list := range belongs(job, heads) {
			want[list] = append(want[list], id)
		}
	}
	for _, pattern := range []string{"kind:*", "list:*", "due:*", "behind:*", "old:*", "lane:*", "history:*", "customer:*"} {
		for _, list := range l.keys(t, pattern) {
			have[list] = l.client.ZRange(ctx, l.prefix+list, 0, -1).Val()
		}
	}
	sorted := cmp.Transformer("sorted", func(ids []string) map[string]bool {
		set := map[string]bool{}
		for _, id := range ids {
			set[id] = true
		}
		return set
	})
	if diff := cmp.Diff(want, have, sorted); diff != "" {
		t.Errorf("the lists (-wanted +found):\n%s", diff)
	}
}

func (l *life) keys(t *testing.T, pattern string) (all []string) {
	t.Helper()
	keys, err := l.client.Keys(t.Context(), l.prefix+pattern).Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		all = append(all, strings.TrimPrefix(key, l.prefix))
	}
	return all
}

// belongs names the lists of a job.
func belongs(job keep.Job, heads map[string]string) []string {
	lists := []string{"kind:" + job.Kind}
	if job.Subject.Customer != "" {
		lists = append(lists, "customer:"+job.Subject.Customer)
	}
	if job.Lane != "" {
		lists = append(lists, "history:"+job.Lane)
	}
	if job.Status != keep.Pending && job.Status != keep.Done {
		lists = append(lists, "list:"+string(job.Status)+":"+job.Kind)
	}
	if job.Lane != "" && job.Status == keep.Pending {
		lists = append(lists, "lane:"+job.Lane)
	}
	switch {
	case job.Status.Final():
		lists = append(lists, "old:"+job.Kind)
	case job.Status == keep.Running || job.Status == keep.Pending && (job.Lane == "" || heads[job.Lane] == job.ID):
		lists = append(lists, "due:"+job.Kind)
	case job.Status == keep.Pending:
		lists = append(lists, "behind:"+job.Kind)
	}
	return lists
}

// A page is the same whether few jobs are pending or many.
func TestManyPendingJobsAreListed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--appendfsync", "no")
	e := openAt(t, server.URL(""), Options{})
	var senders sync.WaitGroup
	for n := range 8 { // so many of another kind that not all are looked at
		senders.Go(func() {
			for range 128 {
				if _, _, err := e.Put(t.Context(), keep.Job{Kind: "b", Lane: fmt.Sprint(n)}); err != nil {
					t.Errorf("Put = %v", err)
				}
			}
		})
	}
	var want []string
	for i := range 300 {
		status := keep.Pending
		if i%3 == 0 {
			status = keep.Held
		}
		job := mustPut(t, e, keep.Job{Kind: "a", Status: status, Due: time.Now().Add(time.Hour)})
		if i%3 > 0 {
			want = append(want, job.ID)
		}
	}
	senders.Wait()
	var got []string
	for f := (keep.Filter{Status: keep.Pending, Limit: 150}); ; {
		page, next, err := e.Jobs(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, job := range page {
			if job.Kind == "a" {
				got = append([]string{job.ID}, got...)
			}
		}
		if f.Cursor = next; next == "" {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pending jobs (-want +got):\n%s", diff)
	}
}
