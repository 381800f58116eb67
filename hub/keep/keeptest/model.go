package keeptest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/keep"
)

// model is what an engine does to jobs, in the plainest words: a list.
type model struct {
	jobs []*keep.Job // in the order of the puts
	now  func() time.Time
}

// head tells whether the job may run as far as its lane goes.
func (m *model) head(job *keep.Job) bool {
	if job.Lane == "" {
		return true
	}
	var first *keep.Job
	for _, j := range m.jobs {
		switch {
		case j.Lane == job.Lane && j.Status == keep.Running:
			return j == job
		case j.Lane == job.Lane && j.Status == keep.Pending && first == nil:
			first = j
		}
	}
	return first == job
}

// due lists the jobs that a claim may give.
func (m *model) due(kinds []string) (all []*keep.Job) {
	for _, j := range m.jobs {
		open := j.Status == keep.Pending || j.Status == keep.Running
		if open && slices.Contains(kinds, j.Kind) && !j.Due.After(m.now()) && m.head(j) {
			all = append(all, j)
		}
	}
	return all
}

func (m *model) claim(j *keep.Job) {
	if j.Status == keep.Running {
		m.attempt(j, keep.Lost)
	}
	j.Status, j.Due = keep.Running, m.now().Add(lease)
	j.Fence++
}

func (m *model) attempt(j *keep.Job, class keep.Class) {
	j.Attempts = append(j.Attempts, keep.Attempt{Class: class})
	j.Attempts = j.Attempts[max(0, len(j.Attempts)-20):]
	j.Tries++
}

func (m *model) finish(j *keep.Job, fence int64, o keep.Outcome) error {
	if j.Status != keep.Running || j.Fence != fence {
		return keep.ErrFence
	}
	m.attempt(j, o.Attempt.Class)
	j.Status, j.Note, j.Due = o.Next, o.Note, m.now()
	if !o.Due.IsZero() && !o.Next.Final() {
		j.Due = o.Due
	}
	if o.State != "" {
		j.State = o.State
	}
	return nil
}

func (m *model) change(j *keep.Job, action keep.Action) error {
	to := map[keep.Action]map[bool]keep.Status{
		keep.Release: {j.Status == keep.Held: keep.Pending},
		keep.Hold:    {j.Status == keep.Pending: keep.Held},
		keep.Retry:   {j.Status.Final(): keep.Pending},
		keep.Cancel:  {j.Status == keep.Held || j.Status == keep.Pending: keep.Cancelled},
		keep.Hurry:   {j.Status == keep.Pending: keep.Pending},
	}[action][true]
	if to == "" {
		return keep.ErrState
	}
	if j.Status, j.Note = to, "by hand"; to != keep.Held {
		j.Due = m.now()
	}
	if to == keep.Pending {
		j.Tries = 0
	}
	return nil
}

// machine drives an engine and the model side by side. Workers crash by never
// coming back; their tickets stay, and some of them come back too late.
type machine struct {
	*rig
	model   model
	prefix  string // keeps the runs apart in one store
	tickets []keep.Job
	touched []*keep.Job
}

// modelBudget bounds the comparison where an engine or the machine is slow; by
// far the most runs fit in.
const modelBudget = 5 * time.Second

func compareWithModel(t *testing.T, r *rig) {
	var runs atomic.Int64
	enough := time.Now().Add(modelBudget)
	rapid.Check(t, func(rt *rapid.T) {
		if time.Now().After(enough) {
			return
		}
		m := &machine{rig: r, model: model{now: r.Now}, prefix: fmt.Sprintf("run%d.", runs.Add(1))}
		rt.Repeat(map[string]func(*rapid.T){
			"put":    m.put,
			"claim":  m.claim,
			"extend": m.extend,
			"finish": m.finish,
			"change": m.change,
			"settle": m.settle,
			"jump":   m.jump,
			"":       m.compare,
		})
		m.compareCounts(rt)
	})
}

func (m *machine) kind(t *rapid.T) string {
	return m.prefix + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "kind")
}

// some draws one of a list, and skips the step when it is empty.
func some[T any](t *rapid.T, list []T, label string) T {
	if len(list) == 0 {
		t.Skip("nothing to choose from")
	}
	return rapid.SampledFrom(list).Draw(t, label)
}

func (m *machine) put(t *rapid.T) {
	job := keep.Job{Kind: m.kind(t), Due: m.Now().Add(time.Duration(rapid.IntRange(-5, 60).Draw(t, "due")) * time.Second)}
	job.Status = rapid.SampledFrom([]keep.Status{keep.Pending, keep.Pending, keep.Pending, keep.Held}).Draw(t, "status")
	if lane := rapid.SampledFrom([]string{"", "l", "l", "m"}).Draw(t, "lane"); lane != "" {
		job.Lane = m.prefix + lane
	}
	if key := rapid.IntRange(0, 6).Draw(t, "key"); key > 0 {
		job.Dedupe = fmt.Sprint(m.prefix, key)
	}
	known := slices.IndexFunc(m.model.jobs, func(j *keep.Job) bool {
		return j.Dedupe != "" && j.Dedupe == job.Dedupe && j.Kind == job.Kind
	})
	got, fresh, err := m.Put(m.ctx, job)
	if err != nil || fresh != (known < 0) {
		t.Fatalf("Put = fresh %v, %v; want fresh %v", fresh, err, known < 0)
	}
	if fresh {
		job.ID, job.Seen = got.ID, 1
		m.touch(&job)
		m.model.jobs = append(m.model.jobs, &job)
		return
	}
	j := m.model.jobs[known]
	if j.Seen++; j.Status.Final() {
		j.Due = m.Now()
	}
	if got.ID != j.ID {
		t.Fatalf("Put again gave %s, want %s", got.ID, j.ID)
	}
	m.touch(j)
}

func (m *machine) claim(t *rapid.T) {
	kinds := []string{m.prefix + "a", m.prefix + "b"}[:rapid.IntRange(1, 2).Draw(t, "kinds")]
	n := rapid.IntRange(1, 4).Draw(t, "n")
	got, err := m.Claim(m.ctx, kinds, n, lease)
	if err != nil {
		t.Fatalf("Claim = %v", err)
	}
	left := m.model.due(kinds)
	if len(got) != min(n, len(left)) {
		t.Fatalf("Claim gave %d jobs, want %d of %d", len(got), n, len(left))
	}
	var latest time.Time
	for _, g := range got {
		i := slices.IndexFunc(left, func(j *keep.Job) bool { return j.ID == g.ID })
		if i < 0 {
			t.Fatalf("Claim gave %s, which is not due", g.ID)
		}
		j := left[i]
		if j.Due.Before(latest) {
			t.Fatalf("Claim gave %s after one that is due later", g.ID)
		}
		latest = j.Due
		left = slices.Delete(left, i, i+1)
		m.model.claim(j)
		m.touch(j)
		m.tickets = append(m.tickets, g)
	}
	for _, j := range left {
		if len(got) > 0 && j.Due.Before(latest) {
			t.Fatalf("Claim left %s, which is due longer", j.ID)
		}
	}
}

func (m *machine) find(id string) *keep.Job {
	i := slices.IndexFunc(m.model.jobs, func(j *keep.Job) bool { return j.ID == id })
	return m.model.jobs[i]
}

func (m *machine) extend(t *rapid.T) {
	ticket := some(t, m.tickets, "ticket")
	j := m.find(ticket.ID)
	var want error
	if j.Status != keep.Running || j.Fence != ticket.Fence {
		want = keep.ErrFence
	} else {
		j.Due = m.Now().Add(2 * lease)
	}
	if err := m.Extend(m.ctx, ticket.ID, ticket.Fence, 2*lease); !errors.Is(err, want) {
		t.Fatalf("Extend = %v, want %v", err, want)
	}
	m.touch(j)
}

func (m *machine) finish(t *rapid.T) {
	ticket := some(t, m.tickets, "ticket")
	o := keep.Outcome{
		Next: rapid.SampledFrom([]keep.Status{
			keep.Done, keep.Done, keep.Dead, keep.Cancelled, keep.Held, keep.Pending, keep.Pending,
		}).Draw(t, "next"),
		State:   rapid.SampledFrom([]string{"", "sent"}).Draw(t, "state"),
		Note:    rapid.SampledFrom([]string{"", "why"}).Draw(t, "note"),
		Attempt: keep.Attempt{Class: rapid.SampledFrom([]keep.Class{keep.OK, keep.Retrying}).Draw(t, "class")},
	}
	if wait := rapid.IntRange(0, 90).Draw(t, "wait"); wait > 0 {
		o.Due = m.Now().Add(time.Duration(wait) * time.Second)
	}
	j := m.find(ticket.ID)
	want := m.model.finish(j, ticket.Fence, o)
	if err := m.Finish(m.ctx, ticket.ID, ticket.Fence, o); !errors.Is(err, want) {
		t.Fatalf("Finish = %v, want %v", err, want)
	}
	m.touch(j)
}

func (m *machine) change(t *rapid.T) {
	j := some(t, m.model.jobs, "job")
	action := rapid.SampledFrom([]keep.Action{keep.Release, keep.Hold, keep.Retry, keep.Cancel, keep.Hurry}).Draw(t, "action")
	want := m.model.change(j, action)
	if _, err := m.Change(m.ctx, j.ID, action, "by hand"); !errors.Is(err, want) {
		t.Fatalf("Change(%s) = %v, want %v", action, err, want)
	}
	m.touch(j)
}

func (m *machine) settle(t *rapid.T) {
	j := some(t, m.model.jobs, "job")
	var want error
	switch {
	case j.Status.Final():
		j.State, j.Due = "delivered", m.Now()
	case j.Status == keep.Held:
		j.State = "delivered"
	default:
		want = keep.ErrState
	}
	if _, err := m.Settle(m.ctx, j.ID, "delivered", ""); !errors.Is(err, want) {
		t.Fatalf("Settle = %v, want %v", err, want)
	}
	m.touch(j)
}

func (m *machine) jump(t *rapid.T) {
	m.pass(rapid.SampledFrom([]time.Duration{
		time.Millisecond, 20 * time.Second, lease, 3 * lease, time.Hour, -20 * time.Second, -time.Hour,
	}).Draw(t, "jump"))
}

func (m *machine) touch(j *keep.Job) { m.touched = append(m.touched, j) }

// compare reads back what the last step touched.
func (m *machine) compare(t *rapid.T) {
	for _, want := range m.touched {
		got, err := m.Job(m.ctx, want.ID)
		if err != nil {
			t.Fatalf("Job = %v", err)
		}
		for i, a := range got.Attempts {
			got.Attempts[i] = keep.Attempt{Class: a.Class}
		}
		got.Created, got.Updated = time.Time{}, time.Time{}
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Fatalf("the engine strays from the model (-model +engine):\n%s", diff)
		}
	}
	m.touched = m.touched[:0]
}

func (m *machine) compareCounts(t *rapid.T) {
	all, err := m.Counts(m.ctx)
	if err != nil {
		t.Fatalf("Counts = %v", err)
	}
	want, got := map[string]int{}, map[string]int{}
	for _, j := range m.model.jobs {
		want[j.Kind+" "+string(j.Status)]++
	}
	for _, c := range all {
		if strings.HasPrefix(c.Kind, m.prefix) {
			got[c.Kind+" "+string(c.Status)] = c.N
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("Counts (-model +engine):\n%s", diff)
	}
}
