package crew

import (
	"context"
	"net/http"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes.
func (c *Crew) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/assign", Guard: web.Staff.Or(web.Service), Tag: "dispatch", ID: "dispatch-assign", Calls: true,
		Summary: "Give jobs to technicians, or move them",
		Description: "One job (`job`, …) or several (`jobs`: each with its own outcome; who was faster with one does not hold up the others). Members that are absent stay as they are; `technician: null` takes the job back. " +
			"The state follows: Open without a technician, Assigned with one, Scheduled when there is an hour too; On Hold stays. `modified`, as the board showed it, makes it 409 when the job was changed since. " +
			"Pinned jobs (409 `job-pinned`) and those under way (409 `job-underway`) are moved only with `force`. " +
			"`warnings` tell of what refuses nothing: another visit at that time, a day too long or over, a technician of another group or away. " +
			"A published job that goes to somebody else, or to another day, becomes a draft (`published: false`, warning `draft`): publish it, then its technician is told. Who lost it is told by himself, at once when he has other work.",
	}, c.assign)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/unassign", Guard: web.Staff.Or(web.Service), Tag: "dispatch", ID: "dispatch-unassign", Calls: true,
		Summary: "Take jobs back into the pool", Description: "The same as an assignment to nobody: the assistants leave as well.",
	}, c.unassign)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/dispatch/undo", Guard: web.Staff, Tag: "dispatch", ID: "dispatch-undo", Calls: true,
		Summary: "Take back what the caller did last on the board",
		Description: "Or the `action` that is named, of the last 30. Each job must still be as the action left it, or be as before already; else nothing is written and 409 `undo-changed` says what changed since. " +
			"Everybody has his own actions. No technician is told by SMS.",
	}, c.undo)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/dispatch/actions", Guard: web.Staff, Tag: "dispatch", ID: "dispatch-actions",
		Summary: "What the caller did on the board and can undo, the last first",
	}, c.actions)
}

type assignOutput struct {
	Body struct {
		Action string    `json:"action" doc:"names what was done, for undo; empty when nothing was"`
		Items  []Outcome `json:"items" nullable:"false" doc:"in the order of the request"`
	}
}

func (c *Crew) assign(ctx context.Context, in *assignInput) (*assignOutput, error) {
	wishes, force, err := in.wishes()
	if err != nil {
		return nil, err
	}
	return c.granted(ctx, wishes, force)
}

func (c *Crew) unassign(ctx context.Context, in *unassignInput) (*assignOutput, error) {
	wishes, err := in.wishes()
	if err != nil {
		return nil, err
	}
	return c.granted(ctx, wishes, in.Body.Force)
}

func (c *Crew) granted(ctx context.Context, wishes []Wish, force bool) (out *assignOutput, err error) {
	out = &assignOutput{}
	out.Body.Action, out.Body.Items, err = c.Assign(ctx, wishes, force)
	return out, err
}

type undoInput struct {
	Body struct {
		Action string `json:"action,omitempty" maxLength:"40" doc:"the last one when absent"`
	}
}

type undoOutput struct {
	Body struct {
		Action string    `json:"action"`
		Kind   string    `json:"kind"`
		Items  []Outcome `json:"items" nullable:"false"`
	}
}

func (c *Crew) undo(ctx context.Context, in *undoInput) (*undoOutput, error) {
	action, items, err := c.Undo(ctx, in.Body.Action)
	if err != nil {
		return nil, err
	}
	out := &undoOutput{}
	out.Body.Action, out.Body.Kind, out.Body.Items = action.ID, action.Kind, items
	return out, nil
}

func (c *Crew) actions(ctx context.Context, _ *struct{}) (*web.Listing[ledger.Action], error) {
	actions, err := c.Ledger.Actions(ctx, hub.ActorOf(ctx))
	return web.List(actions, ""), err
}
