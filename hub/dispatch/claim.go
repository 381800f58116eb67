package dispatch

import (
	"context"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

type claimInput struct {
	Body struct {
		Job        string `json:"job" minLength:"1" maxLength:"140"`
		Technician string `json:"technician,omitempty" maxLength:"140" doc:"Who takes it; a technician's own token says so itself"`
	}
}

// Claimed says who has a work order.
type Claimed struct {
	Job        string    `json:"job"`
	Technician string    `json:"technician"`
	Group      string    `json:"group"`
	Status     string    `json:"status"`
	At         time.Time `json:"at"`
}

type claimOutput struct{ Body Claimed }

// claim answers POST /dispatch/claim-job.
func (d *Desk) claim(ctx context.Context, in *claimInput) (*claimOutput, error) {
	if err := d.off(); err != nil {
		return nil, err
	}
	id, actor := in.Body.Technician, hub.ActorOf(ctx)
	if actor.Role == hub.RoleTechnician {
		if id != "" && id != actor.ID {
			return nil, hub.Fail(hub.Forbidden, "job-forbidden", "A technician claims for himself only.", nil)
		}
		if actor.Job != "" && actor.Job != in.Body.Job {
			return nil, hub.Fail(hub.Forbidden, "job-forbidden", "This link is for another work order.", nil)
		}
		id = actor.ID
	}
	if id == "" {
		return nil, hub.Fail(hub.Invalid, "invalid", "Who claims it?", nil, hub.WithField("/technician", "name the technician"))
	}
	tech, err := d.technician(ctx, id)
	if err != nil {
		return nil, err
	}
	claimed, err := d.Claim(ctx, in.Body.Job, tech)
	return &claimOutput{Body: claimed}, err
}

// technician reads somebody who may take work.
func (d *Desk) technician(ctx context.Context, id string) (*erpnext.DispatchTechnician, error) {
	tech, err := erpnext.Get[erpnext.DispatchTechnician](ctx, d.ERPNext, "Dispatch Technician", id)
	if erpnext.IsNotFound(err) || err == nil && !bool(tech.Active) {
		return nil, hub.Fail(hub.Invalid, "invalid", "There is no such technician at work.", err, hub.WithField("/technician", "must name an active technician"))
	}
	if err != nil {
		return nil, fmt.Errorf("reading technician %s: %w", id, err)
	}
	return tech, nil
}

// Claim gives a work order of a group's queue to who is first. Of several at once,
// through however many hubs, exactly one gets it: it is written under the lock of
// the document as it was read. Who has it already gets the same answer again.
func (d *Desk) Claim(ctx context.Context, name string, tech *erpnext.DispatchTechnician) (Claimed, error) {
	taken, fresh := "", false
	written := func(context.Context) {}
	job, err := erpnext.Revise(ctx, d.ERPNext, doctype, name, func(was *erpnext.DispatchJob) (values erpnext.Values, err error) {
		job := *was
		d.words.Read(&job)
		if taken, fresh = "", false; job.AssignedTech == tech.Name {
			return nil, nil
		}
		if taken = job.AssignedTech; taken != "" {
			return nil, nil
		}
		if err := d.claimable(ctx, &job, tech); err != nil {
			return nil, err
		}
		if d.Reassigning != nil {
			if written, err = d.Reassigning(ctx, &job); err != nil {
				return nil, err
			}
		}
		fresh = true
		return erpnext.Values{
			"assigned_tech": tech.Name, "status": d.words.Out(erpnext.JobAssigned), "hub_state": effect.Stamp(erpnext.JobAssigned, ""),
		}, nil
	})
	written(context.WithoutCancel(ctx)) // perhaps it is, whatever was heard of it
	switch {
	case erpnext.IsNotFound(err):
		return Claimed{}, hub.Fail(hub.NotFound, "job-not-found", "", err)
	case erpnext.IsTimestampMismatch(err):
		return Claimed{}, hub.Fail(hub.Conflict, "document-changed", "The work order is being changed by others.", err)
	case err != nil:
		return Claimed{}, fmt.Errorf("claiming %s: %w", name, err)
	case taken != "":
		return Claimed{}, d.taken(ctx, job.Name, taken)
	}
	d.words.Read(job)
	out := Claimed{Job: job.Name, Technician: tech.Name, Group: job.AssignedGroup, Status: job.Status, At: d.Now().UTC()}
	if !fresh {
		return out, nil
	}
	return out, d.News.Publish(ctx, hub.NewEvent(hub.TopicJobs, hub.JobClaimed, hub.JobClaimed+":"+job.Name+":"+job.Modified.Text, map[string]any{
		"job": out.Job, "technician": out.Technician, "group": out.Group, "at": out.At,
	}))
}

// claimable refuses a work order of another group, and one that cannot be
// assigned.
func (d *Desk) claimable(ctx context.Context, job *erpnext.DispatchJob, tech *erpnext.DispatchTechnician) error {
	if job.AssignedGroup != "" && job.AssignedGroup != tech.AssignedGroup {
		if hub.ActorOf(ctx).Role == hub.RoleTechnician {
			return hub.Fail(hub.Forbidden, "job-forbidden", "This work order waits for another group.", nil)
		}
		return hub.Fail(hub.Conflict, "state-conflict", "This work order waits for another group.", nil,
			hub.WithState(map[string]any{"job": job.Name, "group": job.AssignedGroup}))
	}
	if job.Status == erpnext.JobAssigned { // to nobody, which is a slip
		return nil
	}
	return machine.Check(machine.Ask{From: job.Status, To: erpnext.JobAssigned})
}

// taken tells who was faster.
func (d *Desk) taken(ctx context.Context, job, winner string) error {
	state := map[string]any{"job": job, "technician": winner, "technician_name": winner}
	if tech, err := erpnext.Get[erpnext.DispatchTechnician](ctx, d.ERPNext, "Dispatch Technician", winner); err == nil && tech.FullName != "" {
		state["technician_name"] = tech.FullName
	}
	return hub.Fail(hub.Conflict, "job-taken", fmt.Sprintf("%s has this work order.", state["technician_name"]), nil, hub.WithState(state))
}
