package dispatch

import (
	"context"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// reopened is the state to which a work order goes that is to be opened again: one
// that has predecessors still to be done waits for them.
func (d *Desk) reopened(ctx context.Context, job *erpnext.DispatchJob, to, reason string) (state string, waits bool, err error) {
	if to == erpnext.JobOpen && job.Status == erpnext.JobOnHold {
		same, err := d.repeats(ctx, job, reason)
		if same {
			to = erpnext.JobOnHold
		}
		return to, same, err
	}
	if to != erpnext.JobOpen || !machine.Final(job.Status) || len(job.WaitsFor()) == 0 {
		return to, false, nil
	}
	graph, err := d.chains().Above(ctx, job.Name)
	if err != nil || !graph.Waits(job.Name) {
		return to, false, err
	}
	return erpnext.JobOnHold, true, nil
}

// repeats tells that somebody asks again for the opening that put the work order on
// hold, as the answer was lost: his reason is no reason to release it.
func (d *Desk) repeats(ctx context.Context, job *erpnext.DispatchJob, reason string) (bool, error) {
	state, id := effect.Known(job)
	if state != erpnext.JobOnHold || id == "" || reason == "" || reason != job.ReopenReason {
		return false, nil
	}
	last, known, err := d.engine.Of(ctx, id)
	return known && machine.Final(last.From) && last.Actor == hub.ActorOf(ctx).String() && d.Now().Sub(last.At) < soon, err
}

// soon is for how long the same words mean the same opening.
const soon = 10 * time.Minute

// onHold says why a work order that was to be opened is on hold. Its last
// predecessor may have been completed just before it was: then it is opened.
func (d *Desk) onHold(ctx context.Context, out *Moved) error {
	opened, err := d.engine.Release(ctx, out.Job)
	if opened {
		out.Status = erpnext.JobOpen
		return err
	}
	out.Note = "It is opened again, and waits for its predecessors."
	return err
}

// plain is the answer about a job of which the hub knows no move.
func plain(job *erpnext.DispatchJob) Moved {
	return Moved{Job: job.Name, Status: job.Status, State: effect.Done, Unblocked: []string{}, Effects: []effect.State{}}
}

func either(known *string, text string) *string {
	if known != nil || text == "" {
		return known
	}
	return &text
}

// discreet keeps ERPNext's reasons from technicians: they are made for the office.
func discreet(ctx context.Context, reason string) string {
	if reason != "" && hub.ActorOf(ctx).Role == hub.RoleTechnician {
		return "The office sees why."
	}
	return reason
}

func shown(ctx context.Context, states []effect.State) []effect.State {
	out := slices.Clone(states)
	for i := range out {
		out[i].Error = discreet(ctx, out[i].Error)
	}
	return out
}
