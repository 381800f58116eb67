package crew

import (
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// step is what is decided about one job: what to write, and what that is called.
type step struct {
	kind   string
	before ledger.Fields // those fields that change, and the state
	after  ledger.Fields
}

// decide turns a wish for a job into what is to be written. The job is in the
// hub's words. A step without a kind changes nothing.
func decide(job *erpnext.DispatchJob, wish ledger.Fields, force bool) (step, error) {
	now := ledger.Of(job)
	want := wish.Unlike(now)
	if want.Empty() {
		return step{}, nil
	}
	if err := mayChange(job, want, force); err != nil {
		return step{}, err
	}
	follow(job, &want)
	if err := lead(job, wish, &want); err != nil {
		return step{}, err
	}
	if err := state(job, &want); err != nil {
		return step{}, err
	}
	want = want.Unlike(now)
	after := want
	after.Status = now.Status
	if want.Status != nil {
		after.Status = want.Status
	}
	return step{kind: kindOf(want), before: now.Only(after), after: after}, nil
}

// mayChange refuses what is fixed: a final job always, one that is pinned or
// under way unless somebody insists.
func mayChange(job *erpnext.DispatchJob, want ledger.Fields, force bool) error {
	refuse := func(code, detail string) error {
		return hub.Fail(hub.Conflict, code, detail, nil, hub.WithState(standing(job)))
	}
	placed := want.Technician != nil || want.Date != nil || want.Start != nil
	moved := placed || want.Order != nil || want.Duration != nil
	unpinned := want.Pinned != nil && !*want.Pinned
	switch {
	case machine.Final(job.Status):
		return refuse("state-conflict", fmt.Sprintf("The work order is %s.", job.Status))
	case force:
		return nil
	case moved && bool(job.Pinned) && !unpinned:
		return refuse("job-pinned", "The work order is pinned to its place.")
	case placed && machine.UnderWay(job.Status):
		return refuse("job-underway", fmt.Sprintf("The work order is %s.", job.Status))
	}
	return nil
}

// follow adds what a change of place brings with it: who has not been told of it
// yet, and what stands for nothing without a technician.
func follow(job *erpnext.DispatchJob, want *ledger.Fields) {
	no, none, zero := false, []string{}, 0
	if want.Technician != nil || want.Date != nil {
		want.Published = &no
	}
	if want.Technician != nil && *want.Technician == "" {
		if want.Assistants == nil {
			want.Assistants = &none
		}
		if want.Order == nil {
			want.Order = &zero
		}
	}
}

// lead keeps the technician and the assistants apart: an assistant who is given
// the job is an assistant no more, and nobody assists himself or nobody.
func lead(job *erpnext.DispatchJob, wish ledger.Fields, want *ledger.Fields) error {
	technician := job.AssignedTech
	if want.Technician != nil {
		technician = *want.Technician
	}
	helpers := *ledger.Of(job).Assistants
	if want.Assistants != nil {
		helpers = *want.Assistants
	}
	switch {
	case technician == "" && len(helpers) > 0 && want.Assistants != nil:
		return invalid("assistants", "there is no technician to assist")
	case technician == "" || !slices.Contains(helpers, technician):
		return nil
	case wish.Assistants != nil:
		return invalid("assistants", "the technician himself is no assistant")
	}
	helpers = slices.DeleteFunc(slices.Clone(helpers), func(name string) bool { return name == technician })
	want.Assistants = &helpers
	return nil
}

// state finds the state that follows from the place: Open without a technician,
// Assigned with one, Scheduled when he has an hour as well. What waits for others
// stays on hold, and work that is handed over in the middle stays as it is.
func state(job *erpnext.DispatchJob, want *ledger.Fields) error {
	if want.Technician == nil && want.Date == nil && want.Start == nil || job.Status == erpnext.JobOnHold {
		return nil
	}
	technician, start := job.AssignedTech, ledger.Clock(job.StartTime)
	if want.Technician != nil {
		technician = *want.Technician
	}
	if want.Start != nil {
		start = *want.Start
	}
	to := erpnext.JobAssigned
	switch {
	case technician == "":
		to = erpnext.JobOpen
	case job.Status == erpnext.JobInProgress || job.Status == erpnext.JobPaused:
		return nil
	case start != "":
		to = erpnext.JobScheduled
	}
	if to == job.Status {
		return nil
	}
	want.Status = &to
	return machine.Check(machine.Ask{From: job.Status, To: to})
}

// kindOf names a change by the most that it does.
func kindOf(want ledger.Fields) string {
	switch {
	case want.Empty():
		return ""
	case want.Technician != nil && *want.Technician == "":
		return ledger.Unassign
	case want.Technician != nil:
		return ledger.Assign
	case want.Date != nil || want.Start != nil || want.Order != nil || want.Duration != nil || want.Group != nil:
		return ledger.Move
	case want.Pinned != nil:
		return ledger.Pin
	}
	return ledger.Assistants
}

// standing is how a job stands, for whoever finds it otherwise than he thought.
func standing(job *erpnext.DispatchJob) map[string]any {
	return map[string]any{
		"job": job.Name, "status": job.Status, "technician": job.AssignedTech, "scheduled_date": job.ScheduledDate,
		"start_time": ledger.Clock(job.StartTime), "pinned": bool(job.Pinned), "modified": job.Modified,
	}
}

func invalid(field, detail string) error {
	return hub.Fail(hub.Invalid, "invalid", "The assignment is not usable.", nil, hub.WithField("/"+field, detail))
}
