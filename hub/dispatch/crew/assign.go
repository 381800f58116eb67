package crew

import (
	"context"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/caution"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// Wish is what shall become of a job.
type Wish struct {
	Job      string
	Fields   ledger.Fields
	Modified string // as the wisher saw the job; "" for whatever it is
}

// Outcome is what became of a wish.
type Outcome struct {
	Job        string            `json:"job"`
	State      string            `json:"state" enum:"done,unchanged,refused" doc:"refused: nothing was written, error says why"`
	Kind       string            `json:"kind,omitempty" doc:"assign, unassign, move, pin, assistants"`
	Status     string            `json:"status,omitempty"`
	Technician *string           `json:"technician,omitempty" doc:"empty for nobody; like all that follows, absent when refused"`
	Assistants *[]string         `json:"assistants,omitempty"`
	Date       *erpnext.Date     `json:"scheduled_date,omitempty"`
	Start      *string           `json:"start_time,omitempty" doc:"HH:MM:SS, empty when open"`
	Published  *bool             `json:"published,omitempty"`
	Modified   string            `json:"modified,omitempty" doc:"send it back unchanged with the next change"`
	Warnings   []caution.Warning `json:"warnings,omitempty" doc:"what the dispatcher may not have seen; nothing is refused for it"`
	Error      *Refusal          `json:"error,omitempty"`

	err    error
	change ledger.Change
	job    *erpnext.DispatchJob
}

// Refusal is why a wish was not granted: the problem that a call for this job
// alone would have answered.
type Refusal struct {
	Code   string         `json:"code"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Errors []hub.Field    `json:"errors,omitempty"`
	State  map[string]any `json:"state,omitempty" doc:"how the job stands"`
}

// The states of an outcome.
const (
	done      = "done"
	unchanged = "unchanged"
	refused   = "refused"
)

// Assign grants wishes, each job by itself: who was faster with one job does not
// hold up the others. A wish for one job alone that is refused is the error. What
// was granted is one action of the caller; its id is "" when nothing was.
func (c *Crew) Assign(ctx context.Context, wishes []Wish, force bool) (action string, items []Outcome, err error) {
	if err := c.off(); err != nil {
		return "", nil, err
	}
	names, fields := make([]string, len(wishes)), make([]ledger.Fields, len(wishes))
	for i, w := range wishes {
		names[i], fields[i] = w.Job, w.Fields
	}
	s, err := c.scene(ctx, names, people(fields...), false)
	if err != nil {
		return "", nil, err
	}
	items = c.grant(ctx, s, wishes, force)
	action = c.account(ctx, items)
	if len(items) == 1 && items[0].err != nil {
		return "", nil, items[0].err
	}
	c.warn(ctx, items)
	return action, items, nil
}

// warn says what the dispatcher may not have seen about the places of the jobs.
func (c *Crew) warn(ctx context.Context, items []Outcome) {
	placed := func(i Outcome) bool {
		return i.State == unchanged && !machine.Final(i.Status) || i.State == done && (i.Kind == ledger.Assign || i.Kind == ledger.Move)
	}
	var jobs []*erpnext.DispatchJob
	for _, item := range items {
		if placed(item) {
			jobs = append(jobs, item.job)
		}
	}
	warnings := caution.New(c.ERPNext, c.Words, c.Now, c.Log).Look(ctx, jobs...)
	for i, item := range items {
		if placed(item) {
			items[i].Warnings = warnings[item.Job]
			if item.unpublished() {
				items[i].Warnings = append(items[i].Warnings, caution.Unpublished())
			}
		}
	}
}

// unpublished tells that somebody has the job, and that it became a draft just now.
func (i Outcome) unpublished() bool {
	was, now := i.change.Before.Published, i.change.After.Published
	return i.job.AssignedTech != "" && was != nil && *was && now != nil && !*now
}

// account tells and records what was done.
func (c *Crew) account(ctx context.Context, items []Outcome) (action string) {
	c.tell(ctx, items)
	var changes []ledger.Change
	kind := ""
	for _, item := range items {
		if item.State == done {
			changes = append(changes, item.change)
			if kind == "" || item.Kind == ledger.Assign {
				kind = item.Kind
			}
		}
	}
	return c.Acted(ctx, kind, changes...)
}

// grant does what is wished: what can be meant is written together.
func (c *Crew) grant(ctx context.Context, s *scene, wishes []Wish, force bool) []Outcome {
	items := make([]Outcome, len(wishes))
	var orders []*order
	for i, w := range wishes {
		job, do, err := s.grantable(w, force)
		switch {
		case err != nil:
			items[i] = refusal(w.Job, err)
		case do.kind == "":
			items[i] = outcome(unchanged, job)
		default:
			orders = append(orders, &order{at: i, job: job, do: do})
		}
	}
	c.write(ctx, orders)
	for _, o := range orders {
		items[o.at] = o.outcome()
	}
	return items
}

// grantable decides what a wish does to its job; no kind is nothing.
func (s *scene) grantable(w Wish, force bool) (*erpnext.DispatchJob, step, error) {
	job, err := s.job(w.Job)
	if err != nil {
		return nil, step{}, err
	}
	if !as(job, w.Modified) {
		return nil, step{}, changed(job)
	}
	do, err := decide(job, w.Fields, force)
	if err == nil {
		err = s.fit(job, do.after)
	}
	return job, do, err
}

// as tells whether the job is as somebody saw it, in either form of the instant.
func as(job *erpnext.DispatchJob, modified string) bool {
	if modified == "" || modified == job.Modified.Text {
		return true
	}
	seen := erpnext.Datetime{Text: modified}.In(hub.Local())
	return !seen.IsZero() && seen.Equal(job.Modified.Time)
}

func outcome(state string, job *erpnext.DispatchJob) Outcome {
	now := ledger.Of(job)
	return Outcome{
		Job: job.Name, State: state, Status: job.Status, Technician: now.Technician, Assistants: now.Assistants,
		Date: now.Date, Start: now.Start, Published: now.Published, Modified: job.Modified.Text, job: job,
	}
}

func refusal(job string, err error) Outcome {
	p := hub.ProblemOf(err)
	return Outcome{Job: job, State: refused, err: err, Error: &Refusal{
		Code: p.Code, Status: p.Kind.Status(), Detail: p.Detail, Errors: p.Fields, State: p.State,
	}}
}
