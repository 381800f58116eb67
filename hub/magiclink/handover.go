package magiclink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

const (
	// unwritten is when a change of hands is looked at that was announced and of
	// which nobody said that it was written: he may have died in between.
	unwritten = 2 * time.Minute
	// quietFor is how long it counts that a technician took a work order himself.
	quietFor = 10 * time.Minute
	abreast  = 8 // work orders are noted at a time
)

// Reassigning is called, before it is written, when work orders go to somebody else;
// jobs are as they were. That they are to be looked at is stored when it returns, so
// that nothing is lost whatever happens then; written has it done now. A technician
// who takes a work order himself (the actor on the context) is not told of it.
func (d *Desk) Reassigning(ctx context.Context, jobs ...*erpnext.DispatchJob) (written func(ctx context.Context), err error) {
	names := make([]string, len(jobs))
	noting, in := errgroup.WithContext(ctx)
	noting.SetLimit(abreast)
	for i, job := range jobs {
		names[i] = job.Name
		noting.Go(func() error { return d.hold(in, job) })
	}
	if err := noting.Wait(); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	work, _, err := d.Store.Put(ctx, keep.Job{
		Kind: kindLook, Payload: payload, Due: time.Now().Add(unwritten), Subject: keep.Subject{Doctype: doctype, Name: names[0], Correlation: hub.RequestID(ctx)},
	})
	if err != nil {
		return nil, fmt.Errorf("storing that %d work orders change hands: %w", len(jobs), err)
	}
	return func(ctx context.Context) {
		if _, err := d.Store.Change(ctx, work.ID, keep.Hurry, "written"); err != nil && !errors.Is(err, keep.ErrState) {
			d.Log.WarnContext(ctx, "links of reassigned work orders end a little later", "work", work.ID, "err", err)
		}
	}, nil
}

// hold notes in whose hands a work order is, unless that is known: whoever looks at
// it next sees that it has changed hands. And it notes who takes it himself.
func (d *Desk) hold(ctx context.Context, job *erpnext.DispatchJob) error {
	actor := hub.ActorOf(ctx)
	return edit(ctx, d.Store, handsKey(job.Name), remember, func(h *hands) (changed bool) {
		if changed = !h.Known; changed {
			h.Known, h.Holder = true, job.AssignedTech
		}
		if actor.Role != hub.RoleTechnician { // a dispatcher decides: who wanted to take it did not get it
			changed, h.Takers = changed || len(h.Takers) > 0, nil
			return changed
		}
		if h.Takers == nil {
			h.Takers = map[string]time.Time{}
		}
		h.Takers[actor.ID] = d.Now().Add(quietFor)
		return true
	})
}

func handsKey(job string) string { return "magiclink:job:" + job }

// Noted is called with every work order that was changed, wherever that was: one
// that changed hands past the hub has the same consequences.
func (d *Desk) Noted(ctx context.Context, job *erpnext.DispatchJob) error {
	var h hands
	if _, err := saga.Recall(ctx, d.Store, handsKey(job.Name), &h); err != nil {
		return err
	}
	if h.Known && h.Holder != job.AssignedTech { // it may have been read before what is known
		now, err := d.job(ctx, job.Name)
		if hub.IsKind(err, hub.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		job = now
	}
	_, err := d.settle(ctx, job, "noted:"+job.Modified.Text, upcoming{})
	return err
}

// Changed is called with every technician who was changed or deleted, wherever that
// was: who does not work any more gets in no more.
func (d *Desk) Changed(ctx context.Context, technician string) error {
	tech, err := erpnext.Get[erpnext.DispatchTechnician](ctx, d.ERPNext, "Dispatch Technician", technician)
	if err != nil && !erpnext.IsNotFound(err) {
		return fmt.Errorf("reading technician %s: %w", technician, err)
	}
	if err == nil && tech.Works() {
		return nil
	}
	return d.Keys.RevokeSubject(ctx, access.Technician, technician)
}

// lookAt sees in whose hands work orders are now.
func (d *Desk) lookAt(ctx context.Context, work keep.Job) (keep.Result, error) {
	var names []string
	if err := json.Unmarshal(work.Payload, &names); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("reading what changes hands: %w", err))
	}
	rows, err := erpnext.ByNames[erpnext.DispatchJob](ctx, d.ERPNext, doctype, names...)
	if err != nil {
		return keep.Result{}, fmt.Errorf("reading %d work orders: %w", len(names), err)
	}
	helpers, err := erpnext.Children[erpnext.JobAssistant](ctx, d.ERPNext, doctype, "Dispatch Job Assistant", names...)
	if err != nil {
		return keep.Result{}, fmt.Errorf("reading the assistants of %d work orders: %w", len(names), err)
	}
	ended, known := 0, upcoming{}
	for _, name := range names {
		job := &erpnext.DispatchJob{} // nobody has one that is deleted
		if i := slices.IndexFunc(rows, func(row erpnext.DispatchJob) bool { return row.Name == name }); i >= 0 {
			job = &rows[i]
		}
		job.Name = name
		job.Assistants = slices.DeleteFunc(slices.Clone(helpers), func(a erpnext.JobAssistant) bool { return a.Parent != name })
		n, err := d.settle(ctx, job, work.ID, known)
		if err != nil {
			return keep.Result{}, err
		}
		ended += n
	}
	return keep.Result{Note: fmt.Sprintf("%d links ended", ended)}, nil
}

// settle ends the links of those who do not have the work order any more, and owes
// word to those whom that concerns. Whose it was must be known: else nothing has
// changed. What is to be done is written down first and struck off when it is done:
// whoever comes next goes on with it.
func (d *Desk) settle(ctx context.Context, job *erpnext.DispatchJob, occasion string, known upcoming) (ended int, err error) {
	var todo hands
	key := handsKey(job.Name)
	if err := edit(ctx, d.Store, key, remember, func(h *hands) bool {
		changed := h.pass(job, occasion, d.Now())
		todo = *h
		return changed
	}); err != nil {
		return 0, err
	}
	if len(todo.Ending)+len(todo.Owed) == 0 {
		return 0, nil
	}
	for _, g := range todo.Ending {
		if err := d.Keys.RevokeID(ctx, g.JTI, g.Expires); err != nil {
			return 0, fmt.Errorf("ending a link for %s: %w", job.Name, err)
		}
	}
	for _, debt := range todo.Owed {
		if err := d.pay(ctx, job, debt, known); err != nil {
			return 0, err
		}
	}
	return len(todo.Ending), edit(ctx, d.Store, key, remember, func(h *hands) bool {
		h.Ending = slices.DeleteFunc(h.Ending, func(g grant) bool { return slices.Contains(todo.Ending, g) })
		h.Owed = slices.DeleteFunc(h.Owed, func(o debt) bool { return slices.Contains(todo.Owed, o) })
		return true
	})
}

// pass notes in whose hands the work order is now; false when there is nothing to
// note.
func (h *hands) pass(job *erpnext.DispatchJob, occasion string, now time.Time) (changed bool) {
	if !h.Known {
		h.Known, h.Holder, changed = true, job.AssignedTech, true
	}
	moved := h.Holder != job.AssignedTech
	h.Holder = job.AssignedTech
	if !moved && h.Holder == "" { // in the pool: who was given a link for it keeps it
		return changed
	}
	for _, g := range slices.Clone(h.Grants) {
		if has(job, g.Technician) {
			continue
		}
		h.Grants = slices.DeleteFunc(h.Grants, func(other grant) bool { return other == g })
		changed = true
		if !g.Expires.After(now) {
			continue
		}
		h.Ending = append(h.Ending, g)
		if owed := (debt{Technician: g.Technician, Occasion: occasion, Must: true}); !slices.Contains(h.Owed, owed) {
			h.Owed = append(h.Owed, owed)
		}
		if !slices.Contains(h.Former, g.Technician) {
			h.Former = append(h.Former, g.Technician)
		}
	}
	if moved {
		h.receive(occasion, now)
	}
	return changed || moved
}

// receive owes word to who has the work order now, unless he took it himself. Whoever
// else was about to take it was too late: what comes to him later he does not know.
func (h *hands) receive(occasion string, now time.Time) {
	himself := now.Before(h.Takers[h.Holder])
	h.Takers = nil
	if h.Holder == "" {
		return
	}
	if !himself {
		h.Owed = append(h.Owed, debt{Technician: h.Holder, Occasion: occasion, Must: slices.Contains(h.Former, h.Holder)})
	}
	h.Former = slices.DeleteFunc(h.Former, func(name string) bool { return name == h.Holder })
}

// pay tells somebody of a change, or has him told with the next ones. Who lost a
// work order needs a link to what he has still.
func (d *Desk) pay(ctx context.Context, job *erpnext.DispatchJob, o debt, known upcoming) (err error) {
	name := job.Name
	if o.Technician == job.AssignedTech {
		if !d.tellable(job) {
			return nil
		}
	} else if name, err = d.upcoming(ctx, o.Technician, known); err != nil || name == "" {
		return err
	}
	_, err = d.owe(ctx, o.Technician, name, news{Occasion: o.Occasion, Must: o.Must})
	return err
}

// upcoming is what technicians do next, as it was read for one look at many work
// orders: who lost twenty of them is asked about once.
type upcoming map[string]string

func (d *Desk) upcoming(ctx context.Context, technician string, known upcoming) (job string, err error) {
	job, read := known[technician]
	if !read {
		if job, err = d.next(ctx, technician); err == nil {
			known[technician] = job
		}
	}
	return job, err
}

// tellable tells that people hear of the work order: it is no draft, and not done.
func (d *Desk) tellable(job *erpnext.DispatchJob) bool {
	return bool(job.Published) && !d.Final(job.Status)
}

// next is the work order that a technician does next; "" when he has none.
func (d *Desk) next(ctx context.Context, technician string) (string, error) {
	rows, err := erpnext.List[erpnext.DispatchJob](ctx, d.ERPNext, erpnext.Query{
		Doctype: doctype, Fields: []string{"name", "status", "published", "scheduled_date", "start_time", "route_order"},
		OrderBy: "scheduled_date asc, start_time asc, route_order asc", Limit: 50,
		Filters: []erpnext.Filter{
			erpnext.Eq("assigned_tech", technician), erpnext.Eq("published", 1),
			erpnext.Where("scheduled_date", ">=", erpnext.DateOf(d.Now().In(hub.Local()))),
		},
	})
	if err != nil {
		return "", fmt.Errorf("reading what %s does next: %w", technician, err)
	}
	slices.SortStableFunc(rows, func(a, b erpnext.DispatchJob) int { return a.Turn().Compare(b.Turn()) })
	for i := range rows {
		if d.tellable(&rows[i]) {
			return rows[i].Name, nil
		}
	}
	return "", nil
}
