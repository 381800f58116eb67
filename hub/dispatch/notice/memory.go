package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// Knows tells whether the technician was told of the work order as it stands.
func (n *Notices) Knows(ctx context.Context, technician string, job *erpnext.DispatchJob) (bool, error) {
	m, _, err := n.recall(ctx, technician)
	was, told := m.Jobs[job.Name]
	return told && was == lineOf(&planned{DispatchJob: *job}), err
}

// settled tells that there is nothing to say.
func (m memory) settled(o Order, p *person) bool {
	return m.Sent && m.knows(o, p) || m.Number == 0 && len(p.jobs) == 0
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
