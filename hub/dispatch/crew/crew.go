// Package crew gives work to people: a job to its technician and assistants, on a
// day and at an hour, and back again. What a dispatcher did he can take back.
//
// Routes: POST /dispatch/assign, POST /dispatch/unassign, POST /dispatch/undo,
// GET /dispatch/actions.
// Events: job.assigned.
// Systems called: ERPNext (Dispatch Job, Dispatch Technician).
// Remembers: what the room ledger does.
package crew

import (
	"context"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

const doctype = "Dispatch Job"

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what a crew works with.
type Deps struct {
	ERPNext *erpnext.Client // nil: every route answers that the part is off
	Words   machine.Words
	Ledger  *ledger.Ledger
	News    News
	// Rechain makes a job wait for others, for undoing a change of that; nil when
	// that is not possible.
	Rechain func(ctx context.Context, job string, waitsFor []string) error
	// Reassigning is called with jobs as they are before they go to somebody else, and
	// written when they are; what it fails with, nothing is written then. nil: nobody
	// wants to know.
	Reassigning func(ctx context.Context, jobs ...*erpnext.DispatchJob) (written func(ctx context.Context), err error)
	Now         func() time.Time
	Log         *slog.Logger
}

// Crew gives jobs to technicians.
type Crew struct {
	Deps
}

// New makes a crew.
func New(deps Deps) *Crew { return &Crew{deps} }

// Acted records a change that another part made for a dispatcher, so that he can
// take it back with the others. It is a comfort: that it could not be stored is
// logged and nothing else.
func (c *Crew) Acted(ctx context.Context, kind string, changes ...ledger.Change) string {
	ctx = context.WithoutCancel(ctx) // the change was made, whether the caller still waits or not
	id, err := c.Ledger.Record(ctx, hub.ActorOf(ctx), kind, changes...)
	if err != nil {
		c.Log.WarnContext(ctx, "action not recorded, it cannot be undone", "kind", kind, "jobs", len(changes), "err", err)
	}
	return id
}

func (c *Crew) off() error {
	if c.ERPNext == nil {
		return hub.PartOff("ERPNext")
	}
	return nil
}

// tell publishes how jobs stand after a change; nobody waits for it.
func (c *Crew) tell(ctx context.Context, items []Outcome) {
	ctx = context.WithoutCancel(ctx)
	var events []hub.Event
	for _, item := range items {
		if item.State != done {
			continue
		}
		events = append(events, hub.NewEvent(hub.TopicJobs, hub.JobAssigned, "", map[string]any{
			"job": item.Job, "kind": item.Kind, "technician": item.job.AssignedTech, "group": item.job.AssignedGroup, "status": item.Status,
			"scheduled_date": item.job.ScheduledDate, "start_time": ledger.Clock(item.job.StartTime), "by": hub.ActorOf(ctx).ID, "at": c.Now().UTC(),
		}))
	}
	if len(events) == 0 {
		return
	}
	if err := c.News.Publish(ctx, events...); err != nil {
		c.Log.WarnContext(ctx, "events not published", "event", hub.JobAssigned, "jobs", len(events), "err", err)
	}
}
