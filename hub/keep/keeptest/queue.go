package keeptest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

func queuePromises() []promise {
	return []promise{
		{"A job comes back as it was put", putComesBack},
		{"The same kind and key is stored once", putTwice},
		{"The same key of another kind is another job", putOtherKind},
		{"Jobs without a key are never the same", putWithoutKey},
		{"Concurrent puts of one key give one job", putAtOnce},
		{"A finished job still answers for its key", putAfterDone},
		{"A job of one's own id is stored under it once", putOwnID},
		{"Only pending and held jobs are taken in", putWrong},
		{"A job that carries too much is refused", putTooMuch},
		{"Ids rise in the order of the puts", putOrder},
		{"A large payload comes back whole", putLarge},
		{"A put of what is due rings, a later one does not", putRings},
	}
}

func putComesBack(t *testing.T, r *rig) {
	job := keep.Job{
		Kind: "inbox.shop", Lane: "order:1", Dedupe: "evt_1", Status: keep.Held, State: "captured", Note: "the gate is shut",
		Due: r.Now().Add(time.Hour),
		Subject: keep.Subject{
			Doctype: "Order", Name: "ORD-1", Customer: "CUST-1", Technician: "TECH-1", Correlation: "req-1",
		},
		Headers: map[string]string{"X-Shop": "é"}, Payload: []byte("{\"a\": 1}\x00\xff"),
	}
	stored := r.put(t, job)
	got := r.job(t, stored.ID)
	same(t, "the job that was read", got, stored)
	job.ID, job.Seen, job.Created, job.Updated = stored.ID, 1, r.Now(), r.Now()
	same(t, "the job that was stored", stored, job)
	if stored.ID == "" {
		t.Error("no id was made")
	}
}

func putTwice(t *testing.T, r *rig) {
	first := r.put(t, keep.Job{Kind: "inbox.shop", Dedupe: "evt_1", Payload: []byte("one")})
	r.pass(time.Second)
	again, fresh, err := r.Put(r.ctx, keep.Job{Kind: "inbox.shop", Dedupe: "evt_1", Payload: []byte("two")})
	if err != nil || fresh {
		t.Fatalf("the second Put = fresh %v, %v", fresh, err)
	}
	if again.ID != first.ID || again.Seen != 2 || string(again.Payload) != "one" {
		t.Errorf("the second Put gave %s seen %d payload %q, want %s, 2, one", again.ID, again.Seen, again.Payload, first.ID)
	}
	same(t, "seen", r.job(t, first.ID).Seen, 2)
	if n := len(r.claim(t, 10, "inbox.shop")); n != 1 {
		t.Errorf("%d jobs can be claimed, want 1", n)
	}
}

func putOtherKind(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "inbox.shop", Dedupe: "evt_1"})
	r.put(t, keep.Job{Kind: "inbox.bank", Dedupe: "evt_1"})
	for _, kind := range []string{"inbox.shop", "inbox.bank"} {
		again, fresh, err := r.Put(r.ctx, keep.Job{Kind: kind, Dedupe: "evt_1"})
		if err != nil || fresh || again.Kind != kind || again.Seen != 2 {
			t.Errorf("Put again(%s) = %s seen %d, fresh %v, %v", kind, again.Kind, again.Seen, fresh, err)
		}
	}
}

func putWithoutKey(t *testing.T, r *rig) {
	a, b := r.put(t, keep.Job{Kind: "inbox.shop"}), r.put(t, keep.Job{Kind: "inbox.shop"})
	if a.ID == b.ID {
		t.Error("two jobs have one id")
	}
}

func putAtOnce(t *testing.T, r *rig) {
	const n = 24
	var found [n]string
	var fresh [n]bool
	together(n, func(i int) {
		job, first, err := r.Put(r.ctx, keep.Job{Kind: "inbox.shop", Dedupe: numbered("evt", i%3)})
		if err != nil {
			t.Errorf("Put = %v", err)
		}
		found[i], fresh[i] = job.ID, first
	})
	if got := distinct(slices.Clone(found[:])); got != 3 {
		t.Errorf("three keys gave %d jobs", got)
	}
	firsts := 0
	for _, first := range fresh {
		if first {
			firsts++
		}
	}
	same(t, "fresh puts", firsts, 3)
	same(t, "seen", r.job(t, found[0]).Seen, n/3)
}

func putAfterDone(t *testing.T, r *rig) {
	first := r.put(t, keep.Job{Kind: "inbox.shop", Dedupe: "evt_1"})
	r.finish(t, r.take(t, "inbox.shop"), keep.Done, keep.OK)
	again, fresh, err := r.Put(r.ctx, keep.Job{Kind: "inbox.shop", Dedupe: "evt_1"})
	if err != nil || fresh || again.ID != first.ID || again.Status != keep.Done {
		t.Errorf("Put after the end = %s %s, fresh %v, %v", again.ID, again.Status, fresh, err)
	}
	if n := len(r.claim(t, 10, "inbox.shop")); n != 0 {
		t.Errorf("%d jobs can be claimed, want none", n)
	}
}

func putOwnID(t *testing.T, r *rig) {
	r.put(t, keep.Job{ID: "mine-1", Kind: "inbox.shop"})
	same(t, "id", r.job(t, "mine-1").ID, "mine-1")
	_, _, err := r.Put(r.ctx, keep.Job{ID: "mine-1", Kind: "inbox.shop"})
	isErr(t, "Put of an id that is taken", err, keep.ErrState)
	_, err = r.Job(r.ctx, "nobody")
	isErr(t, "Job of an unknown id", err, keep.ErrNotFound)
}

func putWrong(t *testing.T, r *rig) {
	for _, job := range []keep.Job{
		{}, {Kind: "a", Status: keep.Running}, {Kind: "a", Status: keep.Done}, {Kind: "a", Status: "odd"},
	} {
		if _, _, err := r.Put(r.ctx, job); !hub.IsKind(err, hub.Invalid) {
			t.Errorf("Put(%q, %q) = %v, want Invalid", job.Kind, job.Status, err)
		}
	}
}

func putTooMuch(t *testing.T, r *rig) {
	long := strings.Repeat("x", keep.HeadersMax+1)
	for what, job := range map[string]keep.Job{
		"headers": {Headers: map[string]string{"H": long}}, "note": {Note: long}, "key": {Dedupe: long}, "lane": {Lane: long},
		"state": {State: long}, "name": {Subject: keep.Subject{Name: long}},
	} {
		job.Kind = "a"
		if _, _, err := r.Put(r.ctx, job); !hub.IsKind(err, hub.Invalid) {
			t.Errorf("a long %s = %v, want Invalid", what, err)
		}
	}
	if _, _, err := r.Put(r.ctx, keep.Job{Kind: "a", Payload: make([]byte, keep.PayloadMax+1)}); !hub.IsKind(err, hub.TooLarge) {
		t.Errorf("a large payload = %v, want TooLarge", err)
	}
	held := r.put(t, keep.Job{Kind: "a", Status: keep.Held, Note: long[:keep.NoteMax]})
	if _, err := r.Change(r.ctx, held.ID, keep.Release, long); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("a long reason = %v, want Invalid", err)
	}
	if _, err := r.Settle(r.ctx, held.ID, "", long); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("a long note = %v, want Invalid", err)
	}
	same(t, "the job", r.job(t, held.ID), held)
}

func putOrder(t *testing.T, r *rig) {
	last := ""
	for range 20 {
		job := r.put(t, keep.Job{Kind: "inbox.shop"})
		if job.ID <= last {
			t.Fatalf("id %s does not come after %s", job.ID, last)
		}
		last = job.ID
	}
}

func putLarge(t *testing.T, r *rig) {
	text := []byte(strings.Repeat("0123456789abcdef", 1<<16)) // 1 MiB
	job := r.put(t, keep.Job{Kind: "inbox.shop", Payload: text})
	claimed := r.take(t, "inbox.shop")
	if string(claimed.Payload) != string(text) || string(r.job(t, job.ID).Payload) != string(text) {
		t.Error("the payload changed")
	}
}

func putRings(t *testing.T, r *rig) {
	wake, err := r.Subscribe(r.ctx, keep.WakeJobs)
	if err != nil {
		t.Fatal(err)
	}
	r.put(t, keep.Job{Kind: "later", Due: r.Now().Add(time.Hour)})
	r.put(t, keep.Job{Kind: "held", Status: keep.Held})
	r.put(t, keep.Job{Kind: "inbox.shop"})
	same(t, "the kind that rang", receive(t, wake), "inbox.shop")
}

func againPromises() []promise {
	return []promise{
		{"What was accepted is there again", againJobs},
		{"A worker may finish after a restart, unless it was overtaken", againFinish},
		{"A lane goes on in order", againLane},
		{"Values, allowances, events and audit are there again", againRest},
	}
}

// reopen goes on with another engine on the store.
func (r *rig) reopen(t *testing.T) {
	t.Helper()
	r.Engine = r.again(t, r.Engine, r.Now)
}

func againJobs(t *testing.T, r *rig) {
	var want []keep.Job
	for _, status := range []keep.Status{keep.Held, keep.Pending, keep.Running, keep.Done, keep.Dead, keep.Cancelled} {
		want = append(want, jobIn(t, r, status))
	}
	want = append(want, r.put(t, keep.Job{
		Kind: "a", Dedupe: "k", Lane: "l", Headers: map[string]string{"H": "1"}, Payload: []byte("\x00body"),
	}))
	r.reopen(t)
	for _, job := range want {
		var but cmp.Options
		if job.Status == keep.Running { // the lease of a process that died may be cut short
			but = append(but, cmpopts.IgnoreFields(keep.Job{}, "Due"))
		}
		if diff := cmp.Diff(job, r.job(t, job.ID), but...); diff != "" {
			t.Errorf("a job that was %s (-before +after):\n%s", job.Status, diff)
		}
	}
	again, fresh, err := r.Put(r.ctx, keep.Job{Kind: "a", Dedupe: "k"})
	if err != nil || fresh || again.ID != want[6].ID || again.Seen != 2 {
		t.Errorf("Put again = %s seen %d, fresh %v, %v", again.ID, again.Seen, fresh, err)
	}
}

func againFinish(t *testing.T, r *rig) {
	r.put(t, keep.Job{Kind: "a"})
	r.put(t, keep.Job{Kind: "b"})
	first, second := r.take(t, "a"), r.take(t, "b")
	r.reopen(t)
	r.finish(t, first, keep.Done, keep.OK)
	r.pass(lease)
	heir := r.take(t, "b")
	same(t, "who takes over finds", classes(heir), []keep.Class{keep.Lost})
	done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
	isErr(t, "Finish of the one who was overtaken", r.Finish(r.ctx, second.ID, second.Fence, done), keep.ErrFence)
	r.finish(t, heir, keep.Done, keep.OK)
}

func againLane(t *testing.T, r *rig) {
	var want, got []string
	for range 6 {
		want = append(want, r.put(t, keep.Job{Kind: "a", Lane: "l"}).ID)
	}
	for i := range want {
		job := r.take(t, "a")
		got = append(got, job.ID)
		if i%2 == 0 {
			r.reopen(t)
			if n := len(r.claim(t, 9, "a")); n != 0 {
				t.Fatalf("%d others of the lane run beside its head", n)
			}
		}
		r.finish(t, job, keep.Done, keep.OK)
		if i%2 == 1 {
			r.reopen(t)
		}
	}
	same(t, "the order", got, want)
}

func againRest(t *testing.T, r *rig) {
	keyed := news("one")
	keyed.Key = "k"
	before := r.append(t, keyed, news("two"))
	version := r.swap(t, "k", 0, "v", 0)
	r.swap(t, "gone", 0, "v", time.Minute)
	for range 3 {
		r.allow(t, "k", true)
	}
	if err := r.Audit(r.ctx, keep.Record{ID: "r1", Actor: "ann", Action: "a.b", Name: "N"}); err != nil {
		t.Fatal(err)
	}
	r.reopen(t)
	last, err := r.Last(r.ctx)
	if err != nil || last != before[1].ID {
		t.Errorf("Last = %d, %v; want %d", last, err, before[1].ID)
	}
	after := r.append(t, keyed, news("three"))
	if after[0].ID != before[0].ID || after[1].ID <= last {
		t.Errorf("ids %d and %d, want %d and one above %d", after[0].ID, after[1].ID, before[0].ID, last)
	}
	got, _, err := r.Read(r.ctx, 0, 10)
	if err != nil || len(got) != 3 {
		t.Errorf("%d events, %v; want 3", len(got), err)
	}
	same(t, "version", r.value(t, "k", "v"), version)
	r.allow(t, "k", false)
	page, _, err := r.Audits(r.ctx, keep.AuditFilter{Name: "N"})
	if err != nil || !slices.ContainsFunc(page, func(a keep.Record) bool { return a.ID == "r1" }) {
		t.Errorf("the audit has %d records, %v", len(page), err)
	}
	r.pass(time.Minute)
	r.noValue(t, "gone")
	if next := r.swap(t, "gone", 0, "v", 0); next <= version {
		t.Errorf("version %d after %d", next, version)
	}
}
