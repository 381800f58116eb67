package effect

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/chain"
	"gigafibre.ca/targo-hub/hub/keep"
)

// The names of the engine's own effects.
const (
	NameUnblock    = "unblock"
	NameActivation = "activation"
	NameNote       = "note"
)

// unblocking opens the work orders that waited for this one alone.
func (e *Engine) unblocking() Effect {
	return Effect{
		Name:   NameUnblock,
		Wanted: func(m Move, _ *erpnext.DispatchJob) bool { return m.To == erpnext.JobCompleted },
		Do:     e.unblock,
	}
}

func (e *Engine) unblock(ctx context.Context, m Move, job *erpnext.DispatchJob) (Result, error) {
	graph, err := e.chains.Around(ctx, job.Name)
	if err != nil {
		return Result{}, err
	}
	dependents := graph.Dependents(job.Name)
	if len(dependents) == 0 {
		return Skip("No work order waits for this one."), nil
	}
	freed := []string{}
	for _, name := range dependents {
		opened, err := e.release(ctx, graph, name, m)
		if err != nil {
			return Result{}, fmt.Errorf("releasing %s: %w", name, err)
		}
		if opened {
			freed = append(freed, name)
		}
	}
	result := Result{Trace: freed, Data: map[string]any{"unblocked": freed}}
	if len(freed) == 0 {
		result.Note = "Those that wait for it wait for others as well."
	}
	return result, nil
}

// release opens one work order if it is on hold and has nothing to wait for any
// more. The move in its hub_state is the trace: whoever wrote it tells of it.
func (e *Engine) release(ctx context.Context, graph *chain.Graph, name string, by Move) (bool, error) {
	mine := false
	job, err := erpnext.Revise(ctx, e.ERPNext, doctype, name, func(job *erpnext.DispatchJob) (erpnext.Values, error) {
		state, move := Known(job)
		if mine = state == erpnext.JobOpen && move == by.ID; mine {
			return nil, nil
		}
		if mine = e.Words.In(job.Status) == erpnext.JobOnHold && graph.Ready(name); !mine {
			return nil, nil
		}
		return e.Opening(by.ID), nil
	})
	if erpnext.IsNotFound(err) {
		return false, nil
	}
	if err != nil || !mine {
		return false, err
	}
	return true, e.Opened(ctx, job, by)
}

// Opening are the fields that open a work order that was on hold; move is the id
// of what opens it.
func (e *Engine) Opening(move string) erpnext.Values {
	return erpnext.Values{"status": e.Words.Out(erpnext.JobOpen), "hub_state": Stamp(erpnext.JobOpen, move)}
}

// Opened tells of a work order that was opened with the fields of Opening, and
// sees to what follows from that. by.Job is what it had waited for.
func (e *Engine) Opened(ctx context.Context, job *erpnext.DispatchJob, by Move) error {
	m := Move{Job: job.Name, From: erpnext.JobOnHold, To: erpnext.JobOpen, At: by.At, Actor: by.Actor, Lead: true, Written: true}
	if _, err := e.put(ctx, m, job, job.Name+"/opened/"+by.ID); err != nil {
		return err
	}
	return e.News.Publish(ctx, hub.NewEvent(hub.TopicJobs, hub.JobUnblocked, hub.JobUnblocked+":"+job.Name+":"+by.ID, map[string]any{
		"job": job.Name, "unblocked_by": by.Job, "at": by.At,
	}))
}

// Release opens a work order that is on hold although all its predecessors are
// completed or gone, as the completion of the last of them would have. It does
// nothing, and says so, where something is still to be waited for.
func (e *Engine) Release(ctx context.Context, name string) (bool, error) {
	graph, err := e.chains.Above(ctx, name)
	if err != nil || !graph.Ready(name) {
		return false, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return false, err
	}
	return e.release(ctx, graph, name, Move{ID: id.String(), At: e.Now().UTC(), Actor: hub.ActorOf(ctx).String()})
}

// activation starts the service once the chain is done.
func (e *Engine) activation() Effect {
	return Effect{
		Name:   NameActivation,
		Wanted: func(m Move, job *erpnext.DispatchJob) bool { return m.To == erpnext.JobCompleted && begins(job) },
		Lane: func(_ Move, job *erpnext.DispatchJob) string {
			if job.ServiceContract != "" {
				return "contract:" + job.ServiceContract
			}
			return "activation:" + job.Customer
		},
		Do: e.activate,
	}
}

// begins tells that a service may begin with the job: a step of a sale's chain,
// or an installation that nothing but its contract, its service or its place links
// to one. A repair or a pick-up begins nothing.
func begins(job *erpnext.DispatchJob) bool {
	step := job.StepID
	if job.ServiceContract == "" {
		step = "" // of nothing that was sold
	}
	linked := job.ServiceContract != "" || job.Subscription != "" || job.Customer != "" && job.ServiceLocation != ""
	return linked && chain.Begins(step, job.JobType)
}

func (e *Engine) activate(ctx context.Context, m Move, job *erpnext.DispatchJob) (Result, error) {
	if !m.Last {
		return Skip("Other work orders of the chain are open."), nil
	}
	if e.Activate == nil {
		return Skip("Nothing activates services here."), nil
	}
	if m.Observed { // who wrote it into ERPNext told the hub nothing: an old day is looked at by a person
		seen := *job
		seen.HubState, job = "", &seen
	}
	made, err := e.Activate(ctx, job)
	if hub.IsKind(err, hub.NotFound) && job.ServiceContract == "" && job.Subscription == "" {
		return Skip("No service waits at this place."), nil
	}
	if forPeople(err) { // two services may be meant, or none, or what is owed cannot be: a person decides
		return Result{}, keep.Reject(err)
	}
	if err != nil {
		return Result{}, err
	}
	result := Result{State: made.State, Note: made.Note, Data: map[string]any{"start": made.Start}}
	if made.Subscription != "" {
		result.Trace, result.Data["activated"] = append(result.Trace, made.Subscription), made.Subscription
	}
	if made.Invoice != "" {
		result.Trace, result.Data["invoice"] = append(result.Trace, made.Invoice), made.Invoice
	}
	return result, nil
}

// forPeople tells a failure that only a person can mend. It must not hold up the
// lane, where a termination may wait.
func forPeople(err error) bool {
	switch hub.ProblemOf(err).Kind {
	case hub.Conflict, hub.NotFound, hub.Invalid, hub.Forbidden:
		return err != nil
	}
	return false
}
