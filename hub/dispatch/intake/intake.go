// Package intake files the work order that an issue of the help desk asks for.
//
// Routes: none; the parent package has POST /dispatch/from-issue.
// Events: job.created. Systems called: ERPNext (Issue, Dispatch Job, Service
// Location). Remembers: nothing; the work order with its key is its own trace.
package intake

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/dispatch/plan"
)

// Deps is what an intake is built on.
type Deps struct {
	ERPNext *erpnext.Client
	Words   machine.Words
	News    plan.News
	Filer   plan.Filer
	Kinds   Kinds
	Now     func() time.Time
}

// Intake files work orders for issues.
type Intake struct{ Deps }

// New makes an intake.
func New(d Deps) *Intake { return &Intake{d} }

// Taken is the work order that an issue led to.
type Taken struct {
	Job           string  `json:"job"`
	Issue         string  `json:"issue"`
	JobType       string  `json:"job_type"`
	AssignedGroup string  `json:"assigned_group"`
	Status        string  `json:"status"`
	ScheduledDate string  `json:"scheduled_date"`
	DurationH     float64 `json:"duration_h"`
}

// triesAtOnce is how many work orders of one issue may be forced at one time.
const triesAtOnce = 5

// Take files the work order. While one of the same type is open for the issue it
// is refused (409 job-duplicate), unless it is forced.
func (in *Intake) Take(ctx context.Context, name string, force bool) (Taken, error) {
	issue, err := erpnext.Get[erpnext.Issue](ctx, in.ERPNext, "Issue", name)
	if erpnext.IsNotFound(err) {
		return Taken{}, hub.Fail(hub.NotFound, "not-found", "There is no such issue.", err)
	}
	if err != nil {
		return Taken{}, fmt.Errorf("reading issue %s: %w", name, err)
	}
	if issue.Status == erpnext.IssueClosed && !force {
		return Taken{}, hub.Fail(hub.Conflict, "state-conflict", "The issue is closed.", nil, hub.WithState(map[string]any{"issue": name, "status": issue.Status}))
	}
	job, err := in.draw(ctx, issue)
	if err != nil {
		return Taken{}, err
	}
	filed, err := erpnext.List[erpnext.DispatchJob](ctx, in.ERPNext, erpnext.Query{
		Doctype: "Dispatch Job", Fields: []string{"name", "job_type", "status", "hub_key", "service_contract", "step_id"},
		Filters: []erpnext.Filter{erpnext.Eq("source_issue", name)}, Limit: 500,
	})
	if err != nil {
		return Taken{}, fmt.Errorf("listing the work orders of %s: %w", name, err)
	}
	twin := slices.IndexFunc(filed, func(j erpnext.DispatchJob) bool {
		return j.JobType == job.JobType && !machine.Final(in.Words.In(j.Status))
	})
	if twin >= 0 && !force {
		return Taken{}, in.duplicate(ctx, issue, filed[twin].Name)
	}
	if err := in.underWay(name, filed); err != nil && !force {
		return Taken{}, err
	}
	key := name + "/" + job.JobType + "/"
	first := next(filed, key)
	for n := first; ; n++ {
		job.HubKey = key + strconv.Itoa(n)
		var fresh bool
		if job.Name, fresh, err = plan.File(ctx, in.ERPNext, job); err != nil {
			return Taken{}, fmt.Errorf("filing the work order of %s: %w", name, err)
		}
		switch {
		case fresh:
			return in.announce(ctx, issue, job)
		case !force || n == first+triesAtOnce:
			return Taken{}, in.duplicate(ctx, issue, job.Name)
		}
	}
}

// next is the first number that no work order of the issue has had, those counted
// that are there: one that was deleted in between leaves a gap.
func next(filed []erpnext.DispatchJob, key string) int {
	n := 1
	for _, job := range filed {
		if last, err := strconv.Atoi(strings.TrimPrefix(job.HubKey, key)); err == nil {
			n = max(n, last+1)
		}
	}
	return n
}

// duplicate refuses, after it has seen to what an earlier call may have left
// undone.
func (in *Intake) duplicate(ctx context.Context, issue *erpnext.Issue, job string) error {
	open, err := erpnext.Get[erpnext.DispatchJob](ctx, in.ERPNext, "Dispatch Job", job)
	if err != nil {
		return fmt.Errorf("reading work order %s: %w", job, err)
	}
	if strings.HasPrefix(open.HubKey, issue.Name+"/") {
		if _, err := in.announce(ctx, issue, *open); err != nil {
			return err
		}
	}
	return hub.Fail(hub.Conflict, "job-duplicate", "A work order of this type is open for the issue.", nil,
		hub.WithState(map[string]any{"job": job, "job_type": open.JobType, "status": in.Words.In(open.Status)}))
}

// announce links the issue with its work order, stamps that somebody answered,
// and tells of it. All of it may be done again.
func (in *Intake) announce(ctx context.Context, issue *erpnext.Issue, job erpnext.DispatchJob) (Taken, error) {
	zone, err := in.ERPNext.Zone(ctx)
	if err != nil {
		return Taken{}, err
	}
	_, err = erpnext.Revise(ctx, in.ERPNext, "Issue", issue.Name, func(now *erpnext.Issue) (erpnext.Values, error) {
		values := erpnext.Values{}
		if now.DispatchJob == "" {
			values["dispatch_job"] = job.Name
		}
		if now.FirstResponse.IsZero() {
			values["first_responded_on"] = erpnext.AtIn(in.Now(), zone)
		}
		if len(values) == 0 {
			return nil, nil
		}
		return values, nil
	})
	if err != nil {
		return Taken{}, fmt.Errorf("linking issue %s: %w", issue.Name, err)
	}
	if err := in.Filer.Filed(ctx, &job); err != nil {
		return Taken{}, err
	}
	taken := Taken{
		Job: job.Name, Issue: issue.Name, JobType: job.JobType, AssignedGroup: job.AssignedGroup, DurationH: job.DurationH,
		Status: in.Words.In(job.Status), ScheduledDate: string(job.ScheduledDate),
	}
	return taken, in.News.Publish(ctx, hub.NewEvent(hub.TopicJobs, hub.JobCreated, hub.JobCreated+":"+job.Name, map[string]any{
		"job": job.Name, "subject": job.Subject, "assigned_group": job.AssignedGroup, "contract": job.ServiceContract,
		"customer": job.Customer, "scheduled_date": job.ScheduledDate, "depends_on": []string{}, "issue": issue.Name,
	}))
}
