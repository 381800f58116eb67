package effect

import (
	"context"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// newFor is how long a work order that the hub did not file counts as new.
const newFor = 24 * time.Hour

// Noticed looks at a work order that was changed in ERPNext: when its state is
// another one than the hub knows, somebody wrote it past the hub, and what
// follows from that follows all the same. Old ones of which the hub never knew
// anything are left alone. It returns the work order in the hub's words, nil when it
// is not there any more.
func (e *Engine) Noticed(ctx context.Context, name string) (*erpnext.DispatchJob, error) {
	job, err := erpnext.Get[erpnext.DispatchJob](ctx, e.ERPNext, doctype, name)
	if erpnext.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	zone, err := e.ERPNext.Zone(ctx)
	if err != nil {
		return nil, err
	}
	e.Words.Read(job)
	state, _ := Known(job)
	strange := !slices.Contains(machine.Statuses(), job.Status)
	if state == job.Status || strange || state == "" && !e.ours(job, zone) {
		return job, nil
	}
	_, err = e.Begin(ctx, Move{
		Job: name, From: state, To: job.Status, At: job.Modified.In(zone).UTC(), Actor: "erpnext", Observed: true, Person: true, Lead: true,
	}, job)
	return job, err
}

// ours tells whether a work order without a known state is one to look after:
// one that is finished and that the hub filed, or one that was made just now.
func (e *Engine) ours(job *erpnext.DispatchJob, zone *time.Location) bool {
	if machine.Final(job.Status) {
		return job.HubKey != ""
	}
	return e.Now().Sub(job.Creation.In(zone)) < newFor
}

// note writes what was said of a move under the work order, where the move has no
// field of its own for it.
func (e *Engine) note() Effect {
	return Effect{
		Name:   NameNote,
		Wanted: func(m Move, _ *erpnext.DispatchJob) bool { return m.Note != "" && m.To != erpnext.JobCompleted },
		Do: func(ctx context.Context, m Move, job *erpnext.DispatchJob) (Result, error) {
			text := fmt.Sprintf("%s : %s (%s, %s)", m.To, m.Note, m.Actor, hub.Moment(m.At, hub.French))
			said, err := e.ERPNext.Comments(ctx, doctype, job.Name)
			if err != nil {
				return Result{}, err
			}
			if slices.ContainsFunc(said, func(c erpnext.Comment) bool { return strings.Contains(html.UnescapeString(c.Content), text) }) {
				return Result{Note: "It stood there already."}, nil
			}
			return Result{}, e.ERPNext.AddComment(ctx, doctype, job.Name, text)
		},
	}
}

// sayFor is for how long it is tried to write under a work order: whoever works off
// the queue waits for it.
const sayFor = 10 * time.Second

// say tells the office, under the work order, that a program of the site breaks down
// over it.
func (e *Engine) say(ctx context.Context, job, name string, err error) {
	why, broken := broke(err)
	if !broken || e.ERPNext == nil {
		return
	}
	ctx, done := context.WithTimeout(ctx, sayFor)
	defer done()
	what := "une suite du changement d'état (" + name + ")"
	if name == nameMove {
		what = "le changement d'état"
	}
	text := fmt.Sprintf("À reprendre : %s. ERPNext échoue à chaque essai (%s), et le hub a abandonné. À corriger dans ERPNext, puis à relancer.", what, why.ExcType)
	if err := e.ERPNext.AddComment(ctx, doctype, job, text); err != nil {
		e.Log.WarnContext(ctx, "remark about a dead effect not written", "job", job, "effect", name, "err", err)
	}
}
