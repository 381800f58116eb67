package rechain

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// The names of a deletion in the audit: that it is about to happen, and that it
// has happened.
const (
	actionBegun = "job.delete-begun"
	actionDone  = "job.delete"
)

// repeatedWithin is for how long a deletion that is asked for again, by the same
// person, is taken for the one that was carried out.
const repeatedWithin = 30 * time.Second

// mustBeMeant refuses what the caller has just deleted, though it is there: what
// has its name now is another one, as ERPNext gives the last number of a series out
// again, and the wish may be the old one, whose answer was lost.
func (r *Rechainer) mustBeMeant(ctx context.Context, name string) error {
	page, _, err := r.Trail.Audits(ctx, keep.AuditFilter{
		Actor: hub.ActorOf(ctx).String(), Action: actionDone, Doctype: doctype, Name: name, Since: r.Now().Add(-repeatedWithin), Limit: 1,
	})
	if err != nil {
		return fmt.Errorf("looking for the deletion of %s: %w", name, err)
	}
	if len(page) == 0 {
		return nil
	}
	return hub.Fail(hub.Conflict, "state-conflict", "You have just deleted "+name+", and ERPNext gave its number out again. To delete the new work order, ask again in half a minute.", nil,
		hub.WithState(map[string]any{"job": name, "deleted_at": page[0].At}))
}

// before tells whether a work order that is not there was deleted by the hub. One
// that died between the deletion and the news of it is told of now.
func (r *Rechainer) before(ctx context.Context, out Deleted, missing error) error {
	for _, action := range []string{actionDone, actionBegun} {
		page, _, err := r.Trail.Audits(ctx, keep.AuditFilter{Action: action, Doctype: doctype, Name: out.Job, Limit: 1})
		if err != nil {
			return fmt.Errorf("looking for the deletion of %s: %w", out.Job, err)
		}
		if len(page) > 0 && action == actionBegun {
			return r.tell(ctx, &erpnext.DispatchJob{Doc: erpnext.Doc{Name: out.Job}, Subject: page[0].Detail}, out)
		}
		if len(page) > 0 {
			return nil
		}
	}
	return missing
}

// prepare does what could not be done any more once the work order is gone.
func (r *Rechainer) prepare(ctx context.Context, job *erpnext.DispatchJob, out *Deleted) (err error) {
	if r.Bereaved != nil {
		if out.Task, err = r.Bereaved(ctx, job); err != nil {
			return err
		}
	}
	return r.Trail.Audit(ctx, r.record(ctx, actionBegun, job, out.Lost))
}

func (r *Rechainer) record(ctx context.Context, action string, job *erpnext.DispatchJob, lost string) keep.Record {
	detail := job.Subject
	if lost != "" {
		detail += " (lost: " + lost + ")"
	}
	return keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: action, Doctype: doctype, Name: job.Name, Detail: detail, Request: hub.RequestID(ctx),
	}
}

// tell writes down that the work order is gone, and publishes it.
func (r *Rechainer) tell(ctx context.Context, job *erpnext.DispatchJob, out Deleted) error {
	audited := r.Trail.Audit(ctx, r.record(ctx, actionDone, job, out.Lost))
	return errors.Join(audited, r.News.Publish(ctx, hub.NewEvent(hub.TopicJobs, hub.JobDeleted, hub.JobDeleted+":"+job.Name, map[string]any{
		"job": job.Name, "rechained": out.Rechained, "unblocked": out.Unblocked,
	})))
}
