// Package plan turns a sold service into work orders, Dispatch Jobs in ERPNext,
// chained so that each waits for those before it.
//
// Routes: none. Events: job.created for each job filed.
// Systems called: ERPNext (Dispatch Job).
// Remembers: nothing; a job that is filed is its own trace.
package plan

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what a planner is built on.
type Deps struct {
	ERPNext *erpnext.Client
	News    News
	Words   machine.Words
	Filer   Filer
	Now     func() time.Time // by which "today" is read
}

// Filer is told of work orders that were filed, and that nothing keeps from being
// begun. It may be told of one again.
type Filer interface {
	Filed(ctx context.Context, jobs ...*erpnext.DispatchJob) error
}

// Planner files the jobs of a chain.
type Planner struct{ Deps }

// New makes a planner.
func New(d Deps) *Planner { return &Planner{d} }

// Order says what a chain is for. Steps wins over Template; with neither the
// fibre installation is taken.
type Order struct {
	Contract string // Service Contract; the chain's identity
	Issue    string // master Issue
	Customer string
	Location string // Service Location, may be empty
	Place    string // the address in words, for the map
	Priority string // low, medium, high; medium when empty
	Template string
	Steps    []Step
}

// PlanFor files every job of the order that is not filed yet and returns the
// names of all of them, in the order of the work. Each job asks for its own
// trace (contract and step), so a call that was cut short is simply repeated.
func (p *Planner) PlanFor(ctx context.Context, o Order) ([]string, error) {
	steps, err := o.steps()
	if err != nil {
		return nil, err
	}
	filed, done, err := p.filed(ctx, o.Contract)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(steps))
	var begun []*erpnext.DispatchJob
	for i, step := range steps {
		name, job := filed[step.ID], p.job(o, step, i+1, waitFor(step, filed, done))
		if name == "" {
			if name, _, err = File(ctx, p.ERPNext, job); err != nil {
				return nil, fmt.Errorf("filing job %q of %s: %w", step.ID, o.Contract, err)
			}
			if job.Name = name; job.HubState == erpnext.JobOpen {
				begun = append(begun, &job)
			}
			filed[step.ID] = name
		} else if job.Name = name; len(step.DependsOn) == 0 {
			begun = append(begun, &job) // by an earlier call, which may have died before it told
		}
		names = append(names, name)
	}
	if err := p.Filer.Filed(ctx, begun...); err != nil {
		return nil, fmt.Errorf("telling of the jobs of %s: %w", o.Contract, err)
	}
	return names, p.announce(ctx, o, steps, filed)
}

// filed maps the step ids of the contract's jobs to their names, and tells which
// of the jobs are finished.
func (p *Planner) filed(ctx context.Context, contract string) (filed map[string]string, done map[string]bool, err error) {
	jobs, err := erpnext.List[filedJob](ctx, p.ERPNext, erpnext.Query{
		Doctype: "Dispatch Job", Filters: []erpnext.Filter{erpnext.Eq("service_contract", contract)}, OrderBy: "step_order asc",
	})
	if err != nil {
		return nil, nil, fmt.Errorf("listing the jobs of %s: %w", contract, err)
	}
	filed, done = make(map[string]string, len(jobs)), make(map[string]bool, len(jobs))
	for _, job := range jobs {
		filed[job.StepID] = job.Name
		done[job.Name] = machine.Final(p.Words.In(job.Status))
	}
	return filed, done, nil
}

// waitFor names the predecessors of a step, finished ones last: when all are
// finished the step waits for nobody.
func waitFor(s Step, filed map[string]string, done map[string]bool) []string {
	open := slices.DeleteFunc(names(s.DependsOn, filed), func(name string) bool { return done[name] })
	if len(open) == 0 {
		return nil
	}
	return append(open, slices.DeleteFunc(names(s.DependsOn, filed), func(name string) bool { return !done[name] })...)
}

// filedJob is what is asked of a job that exists.
type filedJob struct {
	Name   string `json:"name"`
	StepID string `json:"step_id"`
	Status string `json:"status"`
}

// File inserts a work order, or finds the one with its key; fresh tells that it
// was not there. Tags that ERPNext does not know must not keep work from being
// planned: they are written into the notes instead.
func File(ctx context.Context, erp *erpnext.Client, job erpnext.DispatchJob) (name string, fresh bool, err error) {
	listed := true // a moment ago, and it was not there: who was faster since is told by the unique key
	find := func(ctx context.Context) (*erpnext.DispatchJob, error) {
		if listed {
			listed = false
			return nil, nil
		}
		return erpnext.First[erpnext.DispatchJob](ctx, erp, "Dispatch Job", erpnext.Eq("hub_key", job.HubKey))
	}
	create := func(ctx context.Context) (*erpnext.DispatchJob, error) {
		return erpnext.Insert[erpnext.DispatchJob](ctx, erp, "Dispatch Job", job)
	}
	made, fresh, err := erpnext.Ensure(ctx, erp, find, create)
	if erpnext.IsLink(err) && len(job.Tags) > 0 {
		for _, tag := range job.Tags {
			job.Notes += "Étiquette : " + tag.Tag + "\n"
		}
		job.Tags = nil
		made, fresh, err = erpnext.Ensure(ctx, erp, find, create)
	}
	if err != nil {
		return "", false, err
	}
	return made.Name, fresh, nil
}

// job draws up one document. Predecessors are filed before their successors, so
// their names are known.
func (p *Planner) job(o Order, s Step, order int, predecessors []string) erpnext.DispatchJob {
	job := erpnext.DispatchJob{
		HubKey: o.Contract + "/" + s.ID, Subject: erpnext.Line(s.Label), JobType: s.JobType, AssignedGroup: s.Group,
		Status: erpnext.JobOpen, Priority: o.Priority, DurationH: s.DurationH,
		ScheduledDate: erpnext.Date(p.date(s.OffsetDays)),
		Customer:      o.Customer, ServiceLocation: o.Location, Address: o.Place,
		ServiceContract: o.Contract, SourceIssue: o.Issue, StepID: s.ID, StepOrder: order,
		OnOpenWebhook: s.OnOpenWebhook, OnCloseWebhook: s.OnCloseWebhook,
	}
	if job.Priority == "" {
		job.Priority = erpnext.PriorityMedium
	}
	for _, tag := range s.Tags {
		job.Tags = append(job.Tags, erpnext.TagLink{Tag: tag})
	}
	if len(predecessors) > 0 {
		job.Status = erpnext.JobOnHold
		job.WaitFor(predecessors...)
	}
	job.HubState, job.Status = job.Status, p.Words.Out(job.Status)
	return job
}

// date is today plus the offset, as people in Quebec read the calendar: a job
// without a date would fall off every board.
func (p *Planner) date(offset int) string {
	return p.Now().In(hub.Local()).AddDate(0, 0, offset).Format(time.DateOnly)
}

// announce publishes one event per job; its key makes it once, also when the
// call that filed the job died before it could speak.
func (p *Planner) announce(ctx context.Context, o Order, steps []Step, filed map[string]string) error {
	events := make([]hub.Event, 0, len(steps))
	for _, s := range steps {
		events = append(events, hub.NewEvent(hub.TopicJobs, hub.JobCreated, hub.JobCreated+":"+filed[s.ID], map[string]any{
			"job": filed[s.ID], "subject": s.Label, "assigned_group": s.Group, "contract": o.Contract,
			"customer": o.Customer, "scheduled_date": p.date(s.OffsetDays), "depends_on": names(s.DependsOn, filed),
		}))
	}
	return p.News.Publish(ctx, events...)
}

func names(ids []string, filed map[string]string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, filed[id])
	}
	return out
}
