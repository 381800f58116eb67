package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/keep"
)

// memory is what a technician was told. Number counts the messages; a message that
// is begun is written down before it is queued, so that it goes out once whatever
// happens in between.
type memory struct {
	Number int             `json:"number"`
	Sent   bool            `json:"sent"` // message Number is queued
	Jobs   map[string]line `json:"jobs"` // by name
	At     time.Time       `json:"at"`   // of the last message: what was so then he can see behind its link
}

// line is what he was told of a job.
type line struct {
	Day   erpnext.Date `json:"day"`
	Start string       `json:"start"`
	Type  string       `json:"type"`
}

// forgotten is after how many days it does not matter any more what was said of a
// day.
const forgotten = 14

// Knows tells when the technician heard from here last, if he was told of the work
// order as it stands; zero when he was not.
func (n *Notices) Knows(ctx context.Context, technician string, job *erpnext.DispatchJob) (at time.Time, err error) {
	m, _, err := n.recall(ctx, technician)
	if was, told := m.Jobs[job.Name]; !told || was != lineOf(&planned{DispatchJob: *job}) {
		return time.Time{}, err
	}
	if m.At.IsZero() { // before such times were noted, or by others
		m.At = time.Unix(0, 0)
	}
	return m.At, err
}

// Learn notes that the technician was told by another message that his work has
// changed, and of these work orders: publishing tells him neither of them again, nor
// that others are not his any more.
func (n *Notices) Learn(ctx context.Context, technician string, jobs ...*erpnext.DispatchJob) error {
	for range attempts {
		m, version, err := n.recall(ctx, technician)
		if err != nil {
			return err
		}
		now, err := erpnext.ByNames[erpnext.DispatchJob](ctx, n.ERPNext, "Dispatch Job", slices.Sorted(maps.Keys(m.Jobs))...)
		if err != nil {
			return fmt.Errorf("reading what %s was told of: %w", technician, err)
		}
		knows := map[string]line{}
		for _, job := range now {
			if job.AssignedTech == technician {
				knows[job.Name] = m.Jobs[job.Name]
			}
		}
		for _, job := range jobs {
			if bool(job.Published) {
				knows[job.Name] = lineOf(&planned{DispatchJob: *job})
			}
		}
		m.Jobs = knows
		if err = n.remember(ctx, technician, version, m); !errors.Is(err, keep.ErrStale) {
			return err
		}
	}
	return fmt.Errorf("noting what %s was told: %w", technician, keep.ErrStale)
}

// settled tells that there is nothing to say.
func (m memory) settled(o Order, p *person) bool {
	return (m.Sent || m.Number == 0) && m.knows(o, p)
}

// owes tells whether he was told of jobs of these days that he has no more; of
// those that are named, when some are.
func (m memory) owes(o Order, p *person) bool {
	for name, line := range m.Jobs {
		within := line.Day >= o.From && line.Day <= o.To
		if within && (len(o.Jobs) == 0 || slices.Contains(o.Jobs, name)) && !p.has(name) {
			return true
		}
	}
	return false
}

// knows tells whether he was told exactly these days. Work that he has finished
// meanwhile is no news to him.
func (m memory) knows(o Order, p *person) bool {
	for _, job := range p.jobs {
		if m.Jobs[job.Name] != lineOf(job) {
			return false
		}
	}
	for name, was := range m.Jobs {
		within := was.Day >= o.From && was.Day <= o.To
		now := p.lost[name]
		finished := now.Status == erpnext.JobCompleted && now.AssignedTech == p.Name
		if within && !p.has(name) && !finished {
			return false
		}
	}
	return true
}

// after is what he knows when he has read the message: of other days what he knew
// before, as long as they matter.
func (n *Notices) after(m memory, o Order, p *person) map[string]line {
	oldest := erpnext.DateOf(n.Now().AddDate(0, 0, -forgotten))
	knows := map[string]line{}
	for name, was := range m.Jobs {
		within := was.Day >= o.From && was.Day <= o.To
		if (!within || p.has(name)) && was.Day >= oldest {
			knows[name] = was
		}
	}
	for _, job := range p.jobs {
		knows[job.Name] = lineOf(job)
	}
	return knows
}

func lineOf(job *planned) line {
	return line{Day: job.ScheduledDate, Start: ledger.Clock(job.StartTime), Type: job.JobType}
}

func (n *Notices) recall(ctx context.Context, technician string) (m memory, version int64, err error) {
	raw, version, err := n.Store.Value(ctx, keyOf(technician))
	switch {
	case errors.Is(err, keep.ErrNotFound):
		return memory{}, 0, nil
	case err != nil:
		return memory{}, 0, fmt.Errorf("reading what %s was told: %w", technician, err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return memory{}, 0, fmt.Errorf("reading what %s was told: %w", technician, err)
	}
	return m, version, nil
}

// remember keeps the memory for ever: its number must never be used twice, and
// there are no more of them than technicians.
func (n *Notices) remember(ctx context.Context, technician string, version int64, m memory) error {
	raw, err := json.Marshal(m)
	if err == nil {
		_, err = n.Store.Swap(ctx, keyOf(technician), version, raw, time.Duration(0))
	}
	if err != nil {
		return fmt.Errorf("noting what %s was told: %w", technician, err)
	}
	return nil
}

func keyOf(technician string) string { return "dispatch:told:" + technician }
