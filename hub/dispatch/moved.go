package dispatch

import (
	"context"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/saga"
)

// MoveOrder asks for a change of state. The actor on the context asks for it.
type MoveOrder struct {
	Job        string
	Status     string     // in the hub's words or the site's
	At         *time.Time // when it happened; nil is now
	Note       string
	Disconnect string // why a service is taken away
	Reason     string // of a reopening or a release
	Checklist  []effect.Answer
	Lang       hub.Lang

	Key string // the same key is the same order, whatever has happened since
}

// NeedsReason tells that work of the type is completed with the reason of the
// disconnection only.
func (d *Desk) NeedsReason(jobType string) bool { return d.Config.disconnects(jobType) }

// orderFor is how long it is remembered which move an order became.
const orderFor = 8 * 24 * time.Hour

// Move moves a work order as POST /dispatch/job-status does, for features that have
// a queue of their own: it returns once the state is written, and does not wait for
// what follows. While it is only stored, it is hub.Unavailable: ask again with the
// same key. That something else has happened since is hub.Conflict.
func (d *Desk) Move(ctx context.Context, o MoveOrder) (Moved, error) {
	out, err := d.carry(ctx, o, func(id string) (effect.Account, error) {
		if _, err := saga.Await(ctx, d.Store, id, answerWithin/2); err != nil {
			return effect.Account{}, err
		}
		return d.engine.Await(ctx, id, 0)
	})
	switch p := hub.ProblemOf(err); {
	case err == nil && out.State != effect.Done:
		return out, hub.Fail(hub.Unavailable, "upstream-unavailable", "The change of state is stored, and not written yet.", nil, hub.WithRetryAfter(time.Second))
	case err != nil && p.Kind == hub.Invalid && len(p.Fields) == 1 && p.Fields[0].Pointer == "/at":
		return out, hub.Fail(hub.Conflict, "state-conflict", "Something else has happened since: the time "+p.Fields[0].Detail+".", err)
	}
	return out, err
}

// carry stores the move, unless it is known, and tells how it stands.
func (d *Desk) carry(ctx context.Context, o MoveOrder, await func(id string) (effect.Account, error)) (Moved, error) {
	if err := d.off(); err != nil {
		return Moved{}, err
	}
	to, err := d.words.Status(o.Status)
	if err != nil {
		return Moved{}, err
	}
	job, err := d.chains().Job(ctx, o.Job)
	if err != nil {
		return Moved{}, err
	}
	id, err := d.ordered(ctx, o.Key)
	if err != nil {
		return Moved{}, err
	}
	waits := false
	if id == "" {
		if err := may(hub.ActorOf(ctx), job, to); err != nil {
			return Moved{}, err
		}
		if to, waits, err = d.reopened(ctx, job, to, o.Reason); err != nil {
			return Moved{}, err
		}
		if id, err = d.stored(ctx, o, job, to); err != nil || id == "" {
			return plain(job), err
		}
	}
	account, err := await(id)
	if hub.IsKind(err, hub.NotFound) {
		return plain(job), nil // another hub moved it, with another store
	}
	if err != nil {
		return Moved{}, err
	}
	out, err := d.answer(ctx, job, to, id, account)
	if err == nil && waits && out.Status == erpnext.JobOnHold {
		err = d.onHold(ctx, &out)
	}
	return out, err
}

// ordered is the move that an order became before; "" when there is none.
func (d *Desk) ordered(ctx context.Context, key string) (id string, err error) {
	if key == "" {
		return "", nil
	}
	_, err = saga.Recall(ctx, d.Store, orderKey(key), &id)
	return id, err
}

// stored is the move that the order becomes, and remembers it by the order's key;
// "" when there is nothing to be done.
func (d *Desk) stored(ctx context.Context, o MoveOrder, job *erpnext.DispatchJob, to string) (id string, err error) {
	if id = d.known(job, to); id == "" {
		if id, err = d.begin(ctx, o, job, to); err != nil || id == "" {
			return "", err
		}
	}
	if o.Key != "" {
		err = saga.Remember(ctx, d.Store, orderKey(o.Key), id, orderFor)
	}
	return id, err
}

func orderKey(key string) string { return "dispatch:order:" + key }

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
