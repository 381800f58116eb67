// Package rechain changes who waits for whom: it takes a work order out of its
// chain, which closes behind it, and makes one wait for others, never in a circle.
//
// Routes: none; the parent package has POST /dispatch/job-delete and
// POST /dispatch/depends-on.
// Events: job.deleted, job-unblocked. Systems called: ERPNext (Dispatch Job, and
// what links to it). Remembers: the audit of deletions, by which a repetition is
// known.
package rechain

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/chain"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/keep"
)

const doctype = "Dispatch Job"

// Deps is what a rechainer is built on.
type Deps struct {
	ERPNext *erpnext.Client
	Words   machine.Words
	Engine  *effect.Engine
	News    effect.News
	Trail   keep.Trail
	Now     func() time.Time

	// Bereaved is told of a work order that is about to be deleted, and leaves a task
	// for people when its service would wait for ever; nil for no tasks.
	Bereaved func(ctx context.Context, job *erpnext.DispatchJob) (task string, err error)
}

// Rechainer changes chains.
type Rechainer struct {
	Deps
	chains chain.Reader
}

// New makes a rechainer.
func New(d Deps) *Rechainer {
	return &Rechainer{Deps: d, chains: chain.Reader{ERPNext: d.ERPNext, Words: d.Words}}
}

// Deleted is what became of a deletion.
type Deleted struct {
	Job       string   `json:"job"`
	Deleted   bool     `json:"deleted" doc:"false when it was deleted before"`
	Rechained []string `json:"rechained" nullable:"false" doc:"Work orders that waited for it, or hung below it, and are linked to its own predecessors or parent now"`
	Unblocked []string `json:"unblocked" nullable:"false" doc:"Those of them that have nothing to wait for any more"`
	Lost      string   `json:"lost,omitempty" doc:"What went with it: answers, devices, materials, moves. The audit has it, too"`
	Task      string   `json:"task,omitempty" doc:"ToDo about the contract, when no work order of it is open any more and its service was not activated"`
}

// Delete takes the work order out of its chain, then deletes it. Nothing is
// changed while documents of others point at it (409 job-linked), nor, unless it
// is forced, while somebody works at it, when it is final or has answers (409
// state-conflict). It may be repeated at any time.
func (r *Rechainer) Delete(ctx context.Context, name string, force bool) (Deleted, error) {
	out := Deleted{Job: name, Rechained: []string{}, Unblocked: []string{}}
	job, err := r.chains.Job(ctx, name)
	if erpnext.IsNotFound(err) {
		return out, r.before(ctx, out, err)
	}
	if err != nil {
		return out, err
	}
	if err := r.mustBeMeant(ctx, name); err != nil {
		return out, err
	}
	lost, err := r.lossesOf(ctx, job)
	if err != nil {
		return out, err
	}
	if err := mustBeWished(ctx, job, lost, force); err != nil {
		return out, err
	}
	if err := r.mustBeFree(ctx, name); err != nil {
		return out, err
	}
	out.Lost = lost.String()
	if err := r.unlink(ctx, job, &out); err != nil {
		return out, err
	}
	if err := r.prepare(ctx, job, &out); err != nil {
		return out, err
	}
	err = r.ERPNext.Delete(ctx, doctype, name)
	if erpnext.IsLink(err) {
		return out, hub.Fail(hub.Conflict, "job-linked", "", err, hub.WithState(map[string]any{
			"job": name, "links": []string{hub.ProblemOf(err).Detail}, "rechained": out.Rechained,
		}))
	}
	if err != nil && !erpnext.IsNotFound(err) {
		return out, fmt.Errorf("deleting work order %s: %w", name, err)
	}
	out.Deleted = true
	return out, r.tell(ctx, job, out)
}

// unlink closes the chain behind the work order, and gives its issue another one
// to show.
func (r *Rechainer) unlink(ctx context.Context, job *erpnext.DispatchJob, out *Deleted) error {
	graph, err := r.chains.Around(ctx, job.Name)
	if err != nil {
		return err
	}
	for _, change := range graph.Without(job.Name) {
		if err := r.rewire(ctx, job.Name, change); err != nil {
			return fmt.Errorf("rechaining %s: %w", change.Job.Name, err)
		}
		out.Rechained = append(out.Rechained, change.Job.Name)
		if change.Open {
			out.Unblocked = append(out.Unblocked, change.Job.Name)
		}
	}
	return r.release(ctx, job)
}

// rewire writes how one work order stands without the one that goes, and opens it
// in the same breath when it has nothing to wait for any more.
func (r *Rechainer) rewire(ctx context.Context, gone string, change chain.Rewire) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	opened := false
	job, err := erpnext.Revise(ctx, r.ERPNext, doctype, change.Job.Name, func(job *erpnext.DispatchJob) (erpnext.Values, error) {
		values := waiting(change.WaitsFor)
		values["parent_job"] = change.Parent
		if opened = change.Open && r.Words.In(job.Status) == erpnext.JobOnHold; opened {
			for field, value := range r.Engine.Opening(id.String()) {
				values[field] = value
			}
		}
		return values, nil
	})
	if err != nil || !opened {
		return err
	}
	r.Words.Read(job)
	return r.Engine.Opened(ctx, job, effect.Move{ID: id.String(), Job: gone, At: r.Now().UTC(), Actor: hub.ActorOf(ctx).String()})
}

// waiting are the fields that say whom a work order waits for: all of them, and
// the first for old clients.
func waiting(names []string) erpnext.Values {
	var job erpnext.DispatchJob
	job.WaitFor(names...)
	return erpnext.Values{"depends_on": job.DependsOn, "predecessors": erpnext.Replace(job.Predecessors)}
}

// release takes the work order off the issue that shows it.
func (r *Rechainer) release(ctx context.Context, job *erpnext.DispatchJob) error {
	issues, err := erpnext.List[erpnext.Issue](ctx, r.ERPNext, erpnext.Query{
		Doctype: "Issue", Fields: []string{"name"}, Filters: []erpnext.Filter{erpnext.Eq("dispatch_job", job.Name)}, Limit: 50,
	})
	if err != nil {
		return fmt.Errorf("looking for the issue of %s: %w", job.Name, err)
	}
	for _, issue := range issues {
		others, err := r.chains.Issue(ctx, issue.Name)
		if err != nil {
			return err
		}
		next := ""
		if open := others.Open(job.Name); len(open) > 0 {
			next = open[0]
		}
		if err := r.ERPNext.Update(ctx, "Issue", issue.Name, erpnext.Values{"dispatch_job": next}, nil); err != nil {
			return fmt.Errorf("taking %s off issue %s: %w", job.Name, issue.Name, err)
		}
	}
	return nil
}
