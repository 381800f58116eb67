package dispatch

import (
	"context"
	"net/http"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/intake"
	"gigafibre.ca/targo-hub/hub/dispatch/rechain"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	office, all := web.Staff.Or(web.Service), web.Staff.Or(web.Service).Or(web.Technician)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/job-status", Guard: all, ID: "dispatch-job-status", Calls: true,
		Summary:     "Move a work order to another state",
		Description: "What may follow is 409 `transition-illegal` otherwise, with the states that may (`state.allowed`). The move is stored before it is written; what follows from it (`effects`) is done once each, and goes on by itself when the answer says `pending` or `failed`. A work order that is there already answers what it answered before.",
	}, d.move)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/dispatch/job/{name}/effects", Guard: all, ID: "dispatch-job-effects", Calls: true,
		Summary: "How the moves of a work order stand, and what follows from them",
	}, d.show)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/dispatch/effects", Guard: office, ID: "dispatch-effects",
		Summary:     "What failed, or is not done yet, over all work orders",
		Description: "The newest first. What has `gave_up` waits for a person; once its reason is mended, `POST /dispatch/job/{name}/effects/{effect}/retry` has it done.",
	}, d.overview)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/job/{name}/effects/{effect}/retry", Guard: web.Staff, ID: "dispatch-effect-retry",
		Summary: "Try an effect again now",
	}, d.again)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/claim-job", Guard: all, ID: "dispatch-claim-job", Calls: true,
		Summary: "Take a work order of the group's queue; 409 names who was faster",
	}, d.claim)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/job-delete", Guard: office, ID: "dispatch-job-delete", Calls: true,
		Summary:     "Delete a work order; its chain closes behind it",
		Description: "Who waited for it waits for its own predecessors. While other documents point at it, it is 409 `job-linked` and nothing is changed. One that somebody works at, that is final or whose checklist has answers is 409 `state-conflict`, with what would be lost (`state.lost`), unless `force` says so; the last two are forced by the staff only. The audit keeps what was lost.",
	}, d.remove)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/from-issue", Guard: office, ID: "dispatch-from-issue", Calls: true, Status: http.StatusCreated,
		Summary: "File the work order that an issue asks for; 409 while there is one, unless forced",
	}, d.file)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/depends-on", Guard: office, ID: "dispatch-depends-on", Calls: true,
		Summary:     "Say whom a work order waits for, and what it is a part of",
		Description: "`depends_on` replaces all predecessors, `parent_job` the parent; what is absent stays. A circle is 422 `chain-circle`.",
	}, d.link)
	d.office.mount(r)
}

type statusOutput struct{ Body Moved }

type effectsInput struct {
	Name string `path:"name" maxLength:"140"`
}

type effectsOutput struct {
	Body struct {
		Job     string           `json:"job"`
		Status  string           `json:"status"`
		Effects []effect.State   `json:"effects" nullable:"false" doc:"Of the last move"`
		Moves   []effect.Account `json:"moves" nullable:"false" doc:"The newest first"`
	}
}

// show answers GET /dispatch/job/{name}/effects.
func (d *Desk) show(ctx context.Context, in *effectsInput) (*effectsOutput, error) {
	if err := d.off(); err != nil {
		return nil, err
	}
	job, err := d.chains().Job(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if actor := hub.ActorOf(ctx); actor.Role == hub.RoleTechnician && !own(actor, job) {
		return nil, hub.Fail(hub.Forbidden, "job-forbidden", "This work order is somebody else's.", nil)
	}
	out := &effectsOutput{}
	out.Body.Job, out.Body.Status, out.Body.Effects = job.Name, job.Status, []effect.State{}
	if out.Body.Moves, err = d.engine.List(ctx, job); err != nil {
		return nil, err
	}
	for i := range out.Body.Moves {
		m := &out.Body.Moves[i]
		m.Error, m.Effects = discreet(ctx, m.Error), shown(ctx, m.Effects)
	}
	if len(out.Body.Moves) > 0 {
		out.Body.Effects = out.Body.Moves[0].Effects
	}
	return out, nil
}

type againInput struct {
	Name   string `path:"name" maxLength:"140"`
	Effect string `path:"effect" maxLength:"60"`
}

type againOutput struct{ Body effect.State }

// again answers POST /dispatch/job/{name}/effects/{effect}/retry.
func (d *Desk) again(ctx context.Context, in *againInput) (*againOutput, error) {
	actor := hub.ActorOf(ctx).String()
	state, err := d.engine.Retry(ctx, in.Name, in.Effect, "tried again by "+actor)
	if err != nil {
		return nil, err
	}
	return &againOutput{Body: state}, d.Store.Audit(ctx, keep.Record{
		Actor: actor, Action: "effect.retry", Doctype: doctype, Name: in.Name, Detail: in.Effect, Request: hub.RequestID(ctx),
	})
}

type removeInput struct {
	Body struct {
		Job   string `json:"job" minLength:"1" maxLength:"140"`
		Force bool   `json:"force,omitempty"`
	}
}

type removeOutput struct{ Body rechain.Deleted }

// remove answers POST /dispatch/job-delete.
func (d *Desk) remove(ctx context.Context, in *removeInput) (*removeOutput, error) {
	if err := d.off(); err != nil {
		return nil, err
	}
	out, err := d.rechains.Delete(ctx, in.Body.Job, in.Body.Force)
	return &removeOutput{Body: out}, err
}

type fileInput struct {
	Body struct {
		Issue string `json:"issue" minLength:"1" maxLength:"140"`
		Force bool   `json:"force,omitempty" doc:"File another one although one is open"`
	}
}

type fileOutput struct{ Body intake.Taken }

// file answers POST /dispatch/from-issue.
func (d *Desk) file(ctx context.Context, in *fileInput) (*fileOutput, error) {
	if err := d.off(); err != nil {
		return nil, err
	}
	out, err := d.intake.Take(ctx, in.Body.Issue, in.Body.Force)
	return &fileOutput{Body: out}, err
}

type linkInput struct {
	Body struct {
		Job       string    `json:"job" minLength:"1" maxLength:"140"`
		DependsOn *[]string `json:"depends_on,omitempty" maxItems:"100" doc:"All predecessors; an empty list for none"`
		Parent    *string   `json:"parent_job,omitempty" maxLength:"140" doc:"Empty for none"`
	}
}

type linkOutput struct{ Body rechain.Linked }

// link answers POST /dispatch/depends-on.
func (d *Desk) link(ctx context.Context, in *linkInput) (*linkOutput, error) {
	if err := d.off(); err != nil {
		return nil, err
	}
	out, err := d.rechains.Link(ctx, in.Body.Job, rechain.Link{WaitsFor: in.Body.DependsOn, Parent: in.Body.Parent})
	if err == nil {
		d.office.linked(ctx, out)
	}
	return &linkOutput{Body: out}, err
}
