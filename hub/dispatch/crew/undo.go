package crew

import (
	"context"
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// undone is the kind of an outcome of undoing.
const undone = "undo"

// Undo takes back what the caller did last, or the action that is named, of the
// last 30. Every job must still be as the action left it, or be as before already:
// an undo that was cut short is simply repeated. Else nothing is written, and the
// refusal says what changed since. Nobody is told by SMS.
func (c *Crew) Undo(ctx context.Context, id string) (*ledger.Action, []Outcome, error) {
	if err := c.off(); err != nil {
		return nil, nil, err
	}
	by := hub.ActorOf(ctx)
	action, err := c.action(ctx, by, id)
	if err != nil {
		return nil, nil, err
	}
	names, fields := make([]string, len(action.Changes)), make([]ledger.Fields, len(action.Changes))
	for i, change := range action.Changes {
		names[i], fields[i] = change.Job, change.Before
	}
	s, err := c.scene(ctx, names, people(fields...), action.Kind == ledger.DependsOn)
	if err != nil {
		return nil, nil, err
	}
	if err := s.untouched(action); err != nil {
		return nil, nil, err
	}
	items := c.restore(ctx, s, action.Changes)
	ctx = context.WithoutCancel(ctx) // it is written, whether the caller still waits or not
	c.tell(ctx, items)
	var back []string
	for _, item := range items {
		if item.err == nil {
			back = append(back, item.Job)
		}
	}
	if err := c.Ledger.TakeBack(ctx, by, action.ID, back...); err != nil {
		c.Log.WarnContext(ctx, "undone action not forgotten", "action", action.ID, "err", err)
	}
	if len(items) == 1 && items[0].err != nil {
		return nil, nil, items[0].err
	}
	return action, items, nil
}

// action finds what is to be undone.
func (c *Crew) action(ctx context.Context, by hub.Actor, id string) (*ledger.Action, error) {
	actions, err := c.Ledger.Actions(ctx, by)
	if err != nil {
		return nil, err
	}
	for i := range actions {
		if id == "" || actions[i].ID == id {
			return &actions[i], nil
		}
	}
	if id == "" {
		return nil, hub.Fail(hub.Conflict, "nothing-to-undo", "There is nothing of yours to undo.", nil)
	}
	return nil, hub.Fail(hub.NotFound, "not-found", "There is no such action of yours.", nil)
}

// untouched refuses to undo what was changed since.
func (s *scene) untouched(action *ledger.Action) error {
	since := map[string]any{}
	for _, change := range action.Changes {
		job := s.jobs[change.Job]
		if job == nil {
			since[change.Job] = "deleted"
		} else if d := unlike(change.After, job); len(d) > 0 && !back(change, job) {
			since[change.Job] = d
		}
	}
	if len(since) == 0 {
		return nil
	}
	return hub.Fail(hub.Conflict, "undo-changed", "Something was changed since: the action is not undone.", nil,
		hub.WithState(map[string]any{"action": action.ID, "changed": since}))
}

// back tells that the job is as it was before the change: an earlier try, or a
// person, put it back.
func back(change ledger.Change, job *erpnext.DispatchJob) bool {
	return len(unlike(change.Before, job)) == 0
}

// unlike tells what of the fields is otherwise now. While nobody has set out the
// state does not count: it follows from the place, and from who is waited for.
func unlike(left ledger.Fields, job *erpnext.DispatchJob) []ledger.Difference {
	if left.Status != nil && planning(*left.Status) && planning(job.Status) {
		left.Status = nil
	}
	return left.Differences(ledger.Of(job))
}

// planning tells that nobody has set out for the job.
func planning(status string) bool { return !machine.UnderWay(status) && !machine.Final(status) }

// restore puts the jobs back, each as it was.
func (c *Crew) restore(ctx context.Context, s *scene, changes []ledger.Change) []Outcome {
	items := make([]Outcome, len(changes))
	var orders []*order
	for i, change := range changes {
		job := s.jobs[change.Job]
		if back(change, job) {
			items[i] = outcome(unchanged, job)
			continue
		}
		switch fields, err := s.former(job, change); {
		case err != nil:
			items[i] = refusal(change.Job, err)
		case fields.WaitsFor != nil:
			items[i] = c.rechain(ctx, job, *fields.WaitsFor)
		default:
			orders = append(orders, &order{at: i, job: job, do: step{kind: undone, after: fields}})
		}
	}
	c.write(ctx, orders)
	for _, o := range orders {
		items[o.at] = o.outcome()
	}
	return items
}

// former finds what a job is put back to: the state in which it was, or, when that
// was changed meanwhile, the one that follows from its place.
func (s *scene) former(job *erpnext.DispatchJob, change ledger.Change) (ledger.Fields, error) {
	before := change.Before
	err := s.fit(job, before)
	switch {
	case err != nil || before.WaitsFor != nil:
	case before.Status == nil || change.After.Status == nil || job.Status != *change.After.Status:
		before.Status = nil
		err = state(job, &before)
	case *before.Status != job.Status && !planning(*before.Status):
		err = hub.Fail(hub.Conflict, "state-conflict", fmt.Sprintf("A work order does not become %s by undoing.", *before.Status), nil,
			hub.WithState(standing(job)))
	}
	return before, err
}

// rechain has a job wait for whom it waited for before.
func (c *Crew) rechain(ctx context.Context, job *erpnext.DispatchJob, waitsFor []string) Outcome {
	if c.Rechain == nil {
		return refusal(job.Name, hub.Fail(hub.Conflict, "state-conflict", "This change cannot be undone here.", nil))
	}
	if err := c.Rechain(ctx, job.Name, slices.Clone(waitsFor)); err != nil {
		return refusal(job.Name, err)
	}
	now, err := erpnext.Get[erpnext.DispatchJob](ctx, c.ERPNext, doctype, job.Name)
	if err != nil {
		return refusal(job.Name, fmt.Errorf("reading %s anew: %w", job.Name, err))
	}
	c.Words.Read(now)
	out := outcome(done, now)
	out.Kind = undone
	return out
}
