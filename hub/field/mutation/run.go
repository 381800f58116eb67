package mutation

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

const doctype = "Dispatch Job"

// outcome is what is remembered of a mutation.
type outcome struct {
	State   string          `json:"state"`
	Outcome json.RawMessage `json:"outcome,omitempty"`
	Theirs  *Standing       `json:"theirs,omitempty"` // of a conflict
	Error   *Refusal        `json:"error,omitempty"`
}

// work works a mutation off. Whatever its end is, the next one of the work order
// follows: only what passes by itself holds it up.
func (d *Desk) work(ctx context.Context, job keep.Job) (keep.Result, error) {
	var m Mutation
	if err := json.Unmarshal(job.Payload, &m); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("reading the mutation: %w", err))
	}
	ctx = hub.WithActor(ctx, m.Actor())
	made, err := d.apply(ctx, m)
	out := outcome{State: verdict(err, job), Error: refusal(err)}
	if out.State == Retry {
		return keep.Result{}, err
	}
	if out.Theirs, err = d.tell(ctx, m, out, err); err != nil && verdict(err, job) == Retry {
		return keep.Result{}, err
	}
	if err != nil { // the phone shows it all the same, and the event was published
		d.Log.ErrorContext(ctx, "remark about a mutation was not written", "job", m.Job, "kind", m.Kind, "error_code", hub.ProblemOf(err).Code)
	}
	if made != nil {
		if out.Outcome, err = json.Marshal(made); err != nil {
			return keep.Result{}, fmt.Errorf("writing the outcome of %s: %w", m.ID, err)
		}
	}
	body, err := json.Marshal(out)
	if len(body) > keep.ResultMax { // the state alone counts then
		body, err = json.Marshal(outcome{State: out.State, Error: out.Error})
	}
	return keep.Result{State: out.State, Body: body}, err
}

// tell tells the office what it has to look at: a conflict, of which its own version
// is returned, and what was given up through no mistake of the technician's.
func (d *Desk) tell(ctx context.Context, m Mutation, out outcome, why error) (*Standing, error) {
	p := hub.ProblemOf(why)
	switch ours := p.Kind.Status() >= http.StatusInternalServerError && p.Code != "part-off"; {
	case out.State == Conflict:
		return d.conflict(ctx, m, why)
	case out.State == Rejected && ours:
		level := slog.LevelError
		if p.Code == "erpnext-refused" { // by the rules of the site: nothing of ours is broken
			level = slog.LevelWarn
		}
		d.Log.Log(ctx, level, "mutation was given up", "job", m.Job, "kind", m.Kind, "error_code", p.Code)
		if err := d.announce(ctx, m, p.Code); err != nil {
			return nil, err
		}
		return nil, d.remark(ctx, m, told("À reprendre", m, p))
	case out.State == Rejected:
		d.Log.InfoContext(ctx, "mutation was refused", "job", m.Job, "kind", m.Kind, "error_code", p.Code)
	}
	return nil, nil
}

// apply does the mutation, if the work order is the technician's at this moment.
func (d *Desk) apply(ctx context.Context, m Mutation) (any, error) {
	job, err := erpnext.Get[erpnext.DispatchJob](ctx, d.ERPNext, doctype, m.Job)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "job-not-found", "", err)
	}
	if err != nil {
		return nil, err
	}
	if m.another(job) {
		return nil, hub.Fail(hub.NotFound, "job-not-found", "The work order is another one than that which was seen.", nil)
	}
	if err := d.owns(ctx, m, job); err != nil {
		return nil, err
	}
	take := d.Kinds[m.Kind]
	if take == nil { // a hub that is being replaced had it
		return nil, hub.PartOff("the part of the hub that does this")
	}
	return take(ctx, m)
}

// another tells that the work order is not the one that the technician saw: a
// database compares names without letter case, and ERPNext gives the number of a
// work order that was deleted out again.
func (m Mutation) another(job *erpnext.DispatchJob) bool {
	return job.Name != m.Job || m.BaseModified != "" && second(m.BaseModified) < second(job.Creation.Text)
}

// second is a time of ERPNext without what is behind its seconds.
func second(text string) string { return text[:min(len(text), len(time.DateTime))] }

// owns refuses what is somebody else's work. That the technician once had it is a
// conflict, whatever link he comes with now.
func (d *Desk) owns(ctx context.Context, m Mutation, job *erpnext.DispatchJob) error {
	err := m.Owns(job.AssignedTech, job.Assistants)
	if !hub.IsKind(err, hub.Forbidden) || d.Had == nil {
		return err
	}
	had, bad := d.Had(ctx, m.Technician, m.Job)
	switch {
	case bad != nil:
		return bad
	case had:
		return givenAway()
	}
	return err
}

// Owns refuses what is somebody else's work. That it was the technician's when his
// link was made is a conflict: what he did there is kept for the office.
func (m Mutation) Owns(lead string, assistants []erpnext.JobAssistant) error {
	helps := slices.ContainsFunc(assistants, func(a erpnext.JobAssistant) bool { return a.Technician == m.Technician })
	switch {
	case lead == m.Technician, helps, lead == "" && m.Link == m.Job:
		return nil
	case m.Link == m.Job:
		return givenAway()
	}
	return hub.Fail(hub.Forbidden, "job-forbidden", "This work order is somebody else's.", nil)
}

func givenAway() error {
	return hub.Fail(hub.Conflict, "job-taken", "The work order was given to somebody else meanwhile.", nil)
}

func refusal(err error) *Refusal {
	if err == nil {
		return nil
	}
	p := hub.ProblemOf(err)
	return &Refusal{Code: p.Code, Detail: p.Detail, Errors: p.Fields, State: p.State}
}

// refused is the result of a mutation that was refused.
func refused(state string, err error, lang hub.Lang) *Result {
	return (&Result{State: state, Error: refusal(err)}).in(lang)
}

// in gives the refusal its title.
func (r *Result) in(lang hub.Lang) *Result {
	if r.Error != nil {
		row, _ := hub.Problem(r.Error.Code)
		r.Error.Title = row.Title(lang)
	}
	return r
}

// resultOf is the end of a mutation as its telephone is told.
func resultOf(job keep.Job, known bool, lang hub.Lang) *Result {
	var out outcome
	switch {
	case job.Status != keep.Done:
		return (&Result{State: Rejected, Error: &Refusal{Code: givenUp(job), Detail: "It was given up; the office can take it up again."}}).in(lang)
	case len(job.Result) > 0 && json.Unmarshal(job.Result, &out) != nil:
		out = outcome{}
	}
	r := &Result{State: cmp.Or(out.State, job.State, Applied), Outcome: out.Outcome, Error: out.Error}
	if out.Theirs != nil {
		r.Document, _ = json.Marshal(out.Theirs) // of plain texts and numbers
	}
	if known && r.State == Applied {
		r.State = Duplicate
	}
	return r.in(lang)
}

// givenUp is the code of why a mutation was given up: by a person, or after all
// tries.
func givenUp(job keep.Job) string {
	if n := len(job.Attempts); job.Status == keep.Dead && n > 0 {
		if _, listed := hub.Problem(job.Attempts[n-1].Code); listed {
			return job.Attempts[n-1].Code
		}
	}
	return "state-conflict"
}
