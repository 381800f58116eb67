package model

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/keep"
)

func (m *machine) put(t *rapid.T) {
	job := keep.Job{Kind: m.kind(t), Due: m.model.now().Add(time.Duration(rapid.IntRange(-5, 60).Draw(t, "due")) * time.Second)}
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
	got, fresh, err := m.Put(t.Context(), job)
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
		j.Due = m.model.now()
	}
	if got.ID != j.ID {
		t.Fatalf("Put again gave %s, want %s", got.ID, j.ID)
	}
	m.touch(j)
}

func (m *machine) claim(t *rapid.T) {
	kinds := []string{m.prefix + "a", m.prefix + "b"}[:rapid.IntRange(1, 2).Draw(t, "kinds")]
	n := rapid.IntRange(1, 4).Draw(t, "n")
	got, err := m.Claim(t.Context(), kinds, n, lease)
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
		j.Due = m.model.now().Add(2 * lease)
	}
	if err := m.Extend(t.Context(), ticket.ID, ticket.Fence, 2*lease); !errors.Is(err, want) {
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
		Attempt: keep.Attempt{Class: rapid.SampledFrom([]keep.Class{keep.OK, keep.Retrying, keep.Kept, keep.Kept}).Draw(t, "class")},
	}
	if wait := rapid.IntRange(0, 90).Draw(t, "wait"); wait > 0 {
		o.Due = m.model.now().Add(time.Duration(wait) * time.Second)
	}
	j := m.find(ticket.ID)
	want := m.model.finish(j, ticket.Fence, o)
	if err := m.Finish(t.Context(), ticket.ID, ticket.Fence, o); !errors.Is(err, want) {
		t.Fatalf("Finish = %v, want %v", err, want)
	}
	m.touch(j)
}

func (m *machine) change(t *rapid.T) {
	j := some(t, m.model.jobs, "job")
	action := rapid.SampledFrom([]keep.Action{keep.Release, keep.Hold, keep.Retry, keep.Cancel, keep.Hurry}).Draw(t, "action")
	want := m.model.change(j, action)
	if _, err := m.Change(t.Context(), j.ID, action, "by hand"); !errors.Is(err, want) {
		t.Fatalf("Change(%s) = %v, want %v", action, err, want)
	}
	m.touch(j)
}

func (m *machine) settle(t *rapid.T) {
	j := some(t, m.model.jobs, "job")
	var want error
	switch {
	case j.Status.Final():
		j.State, j.Due = "delivered", m.model.now()
	case j.Status == keep.Held:
		j.State = "delivered"
	default:
		want = keep.ErrState
	}
	if _, err := m.Settle(t.Context(), j.ID, "delivered", ""); !errors.Is(err, want) {
		t.Fatalf("Settle = %v, want %v", err, want)
	}
	m.touch(j)
}

func (m *machine) jump(t *rapid.T) {
	m.Pass(rapid.SampledFrom([]time.Duration{
		time.Millisecond, 20 * time.Second, lease, 3 * lease, time.Hour, -20 * time.Second, -time.Hour,
	}).Draw(t, "jump"))
}

// reopen is rare, for it takes long.
func (m *machine) reopen(t *rapid.T) {
	if m.Reopen == nil || rapid.IntRange(0, 9).Draw(t, "reopen") > 0 {
		t.Skip("nothing is reopened")
	}
	m.Engine = m.Reopen()
}
