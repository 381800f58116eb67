package rechain

import (
	"context"
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/chain"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
)

// Link is whom a work order waits for, and what it is a part of. nil leaves the
// one or the other as it is.
type Link struct {
	WaitsFor *[]string
	Parent   *string
}

// Linked is how a work order stands in its chain.
type Linked struct {
	Job       string   `json:"job"`
	Status    string   `json:"status"`
	DependsOn []string `json:"depends_on" nullable:"false"`
	Parent    string   `json:"parent_job"`

	before erpnext.DispatchJob
}

// Before is the work order as it was.
func (l Linked) Before() erpnext.DispatchJob { return l.before }

// Link writes whom the work order waits for. A circle is refused (422
// chain-circle); so is a change of one that is under way or final. Who has
// something to wait for now is put on hold, who has nothing left is opened.
func (r *Rechainer) Link(ctx context.Context, name string, link Link) (out Linked, err error) {
	err = r.ERPNext.Alone(ctx, "dispatch-chains", func(ctx context.Context) error {
		out, err = r.link(ctx, name, link)
		return err
	})
	return out, err
}

func (r *Rechainer) link(ctx context.Context, name string, link Link) (Linked, error) {
	was, err := r.movable(ctx, name)
	if err != nil {
		return Linked{}, err
	}
	waitsFor, parent := was.WaitsFor(), was.ParentJob
	if link.WaitsFor != nil {
		waitsFor = unique(*link.WaitsFor)
	}
	if link.Parent != nil {
		parent = *link.Parent
	}
	graph, err := r.sound(ctx, name, waitsFor, parent)
	if err != nil {
		return Linked{}, err
	}
	job, err := r.write(ctx, was, waitsFor, parent, graph.Blocked(waitsFor))
	if err != nil {
		return Linked{}, err
	}
	out := Linked{Job: name, Status: job.Status, DependsOn: waitsFor, Parent: parent, before: *was}
	if _, err := r.sound(ctx, name, waitsFor, parent); hub.HasCode(err, "chain-circle") {
		// another hub wrote the other half of a circle meanwhile
		_, back := r.write(ctx, job, was.WaitsFor(), was.ParentJob, was.Status == erpnext.JobOnHold)
		return Linked{}, fmt.Errorf("%w (taken back: %v)", err, back == nil)
	}
	if job.Status != erpnext.JobOnHold {
		return out, nil
	}
	opened, err := r.Engine.Release(ctx, name)
	if opened {
		out.Status = erpnext.JobOpen
	}
	return out, err
}

// movable reads a work order that nobody has begun.
func (r *Rechainer) movable(ctx context.Context, name string) (*erpnext.DispatchJob, error) {
	job, err := r.chains.Job(ctx, name)
	if err != nil {
		return nil, err
	}
	waiting := []string{erpnext.JobOpen, erpnext.JobAssigned, erpnext.JobScheduled, erpnext.JobOnHold}
	if !slices.Contains(waiting, job.Status) {
		return nil, hub.Fail(hub.Conflict, "state-conflict", "The work order is under way, or final.", nil,
			hub.WithState(map[string]any{"job": name, "status": job.Status}))
	}
	return job, nil
}

// sound refuses predecessors that are not there, and circles.
func (r *Rechainer) sound(ctx context.Context, name string, waitsFor []string, parent string) (*chain.Graph, error) {
	graph, err := r.chains.Above(ctx, append(slices.Clone(waitsFor), name)...)
	if err != nil {
		return nil, err
	}
	for i, before := range waitsFor {
		if _, known := graph.Job(before); !known {
			return nil, hub.Fail(hub.Invalid, "invalid", "There is no such work order.", nil,
				hub.WithField(fmt.Sprintf("/depends_on/%d", i), "must name a work order"))
		}
	}
	if path := graph.Circle(name, waitsFor); path != nil {
		return nil, circle("Work orders would wait for each other in a circle.", path)
	}
	return graph, r.tree(ctx, name, parent)
}

// tree refuses a parent that hangs below its own child.
func (r *Rechainer) tree(ctx context.Context, name, parent string) error {
	if parent == name {
		return hub.Fail(hub.Invalid, "invalid", "A work order is no part of itself.", nil, hub.WithField("/parent_job", "must name another work order"))
	}
	path := []string{name}
	for at := parent; at != ""; {
		path = append(path, at)
		if at == name {
			return circle("Work orders would be parts of each other in a circle.", path)
		}
		job, err := r.chains.Job(ctx, at)
		if erpnext.IsNotFound(err) || err == nil && slices.Contains(path[:len(path)-1], at) {
			return hub.Fail(hub.Invalid, "invalid", "There is no such work order.", err, hub.WithField("/parent_job", "must name a work order"))
		}
		if err != nil {
			return err
		}
		at = job.ParentJob
	}
	return nil
}

func circle(why string, path []string) error {
	return hub.Fail(hub.Invalid, "chain-circle", why, nil,
		hub.WithState(map[string]any{"circle": path}))
}

// write writes under the lock of the document as it was read.
func (r *Rechainer) write(ctx context.Context, was *erpnext.DispatchJob, waitsFor []string, parent string, hold bool) (*erpnext.DispatchJob, error) {
	values := waiting(waitsFor)
	values["modified"], values["parent_job"] = was.Modified, parent
	if hold && was.Status != erpnext.JobOnHold {
		values["status"], values["hub_state"] = r.Words.Out(erpnext.JobOnHold), effect.Stamp(erpnext.JobOnHold, "")
	}
	job := &erpnext.DispatchJob{}
	err := r.ERPNext.Update(ctx, doctype, was.Name, values, job)
	if erpnext.IsConflict(err) {
		return nil, hub.Fail(hub.Conflict, "document-changed", "The work order was changed meanwhile.", err)
	}
	if err != nil {
		return nil, fmt.Errorf("linking work order %s: %w", was.Name, err)
	}
	r.Words.Read(job)
	return job, nil
}

func unique(names []string) []string {
	out := []string{}
	for _, name := range names {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
