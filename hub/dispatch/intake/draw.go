package intake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// draw makes the document.
func (in *Intake) draw(ctx context.Context, issue *erpnext.Issue) (erpnext.DispatchJob, error) {
	kind := in.Kinds.Of(issue.IssueType)
	job := erpnext.DispatchJob{
		Subject: erpnext.Line(cmp.Or(issue.Subject, issue.IssueType, issue.Name)), JobType: kind.JobType, DurationH: kind.Hours,
		Status: in.Words.Out(erpnext.JobOpen), HubState: erpnext.JobOpen, Priority: priority(issue.Priority),
		ScheduledDate: erpnext.DateOf(in.Now()), SourceIssue: issue.Name, Customer: issue.Customer,
		ServiceLocation: issue.ServiceLocation, // not its contract: the chain of a sale ends with its own last step
		AssignedGroup:   cmp.Or(issue.AssignedGroup, kind.Group()),
	}
	for _, tag := range kind.Tags {
		job.Tags = append(job.Tags, erpnext.TagLink{Tag: tag})
	}
	if job.ServiceLocation == "" {
		return job, nil
	}
	place, err := erpnext.Get[erpnext.ServiceLocation](ctx, in.ERPNext, "Service Location", job.ServiceLocation)
	if erpnext.IsNotFound(err) { // an old issue: no reason not to send somebody
		job.ServiceLocation = ""
		return job, nil
	}
	if err != nil {
		return job, fmt.Errorf("reading the place of %s: %w", issue.Name, err)
	}
	job.Address, job.Customer = strings.Trim(place.AddressLine+", "+place.City, ", "), cmp.Or(job.Customer, place.Customer)
	return job, nil
}

// underWay refuses the issue of a sale while its chain is under way: it is closed
// when the chain is done, and a repair in it would keep it open.
func (in *Intake) underWay(issue string, filed []erpnext.DispatchJob) error {
	at := slices.IndexFunc(filed, func(j erpnext.DispatchJob) bool {
		return j.ServiceContract != "" && j.StepID != "" && !machine.Final(in.Words.In(j.Status))
	})
	if at < 0 {
		return nil
	}
	step := filed[at]
	return hub.Fail(hub.Conflict, "state-conflict",
		"This is the issue of "+step.ServiceContract+", of which the work orders are under way: it closes when they are done. Open an issue of its own, or force it.", nil,
		hub.WithState(map[string]any{"issue": issue, "contract": step.ServiceContract, "job": step.Name, "status": in.Words.In(step.Status)}))
}

// priority puts the help desk's word into that of the board.
func priority(text string) string {
	switch strings.ToLower(text) {
	case "low", "high", "urgent":
		return strings.ToLower(text)
	}
	return erpnext.PriorityMedium
}
