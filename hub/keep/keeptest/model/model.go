// Package model compares an engine with a model of it: what an engine does to
// jobs in the plainest words, and a machine (pgregory.net/rapid) that drives both
// through the same random steps.
package model

import (
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

const lease = time.Minute

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
	if class == keep.Kept {
		if n := len(j.Attempts); n > 0 && j.Attempts[n-1].Class == keep.Kept {
			return // one takes the place of the other
		}
		j.Tries--
	}
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
