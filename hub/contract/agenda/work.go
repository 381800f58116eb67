package agenda

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// keptFor is how long it is remembered what was planned.
const keptFor = 10 * 365 * 24 * time.Hour

// Work says how changes are carried out when their day begins.
func (a *Agenda) Work() []keep.Work {
	return []keep.Work{{
		Kind: Kind, Concurrency: 4, Budget: time.Minute, Backoff: saga.Patience(), MaxTries: 1000, Retain: keptFor, Do: a.work,
	}}
}

// work hands the change over. The day is read by the calendar once more: a person
// may hurry a job, but not the date.
func (a *Agenda) work(ctx context.Context, job keep.Job) (keep.Result, error) {
	var c Change
	if err := json.Unmarshal(job.Payload, &c); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("reading the change: %w", err))
	}
	if early := c.On.Time().Sub(a.now()); early > 0 {
		return keep.Result{}, keep.Postpone(early, "its day has not begun")
	}
	doer := a.doers[c.Kind]
	if doer == nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("nobody carries out changes of kind %q", c.Kind))
	}
	work, err := doer.Begin(ctx, job.ID, c)
	switch {
	case err == nil:
		return keep.Result{State: work}, nil
	case hub.IsKind(err, hub.Conflict) || hub.IsKind(err, hub.NotFound) || hub.IsKind(err, hub.Invalid):
		entry, bad := a.entry(job)
		if bad == nil {
			bad = a.tell(ctx, hub.ChangeFailed, entry, hub.ProblemOf(err).Code)
		}
		if bad != nil {
			return keep.Result{}, bad
		}
		return keep.Result{}, keep.Reject(err)
	}
	return keep.Result{}, err
}

// tell publishes the news of a change once.
func (a *Agenda) tell(ctx context.Context, name string, e Entry, reason string) error {
	data := map[string]any{"change": e.ID, "kind": e.Kind, "contract": e.Contract, "subscription": e.Subscription, "on": e.On}
	if reason != "" {
		data["reason"] = reason
	}
	return a.news.Publish(ctx, hub.NewEvent(hub.TopicDocuments, name, name+":"+e.ID, data))
}

// Mount registers the routes.
func (a *Agenda) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/contract/changes", Guard: web.Staff.Or(web.Service), Tag: "contract",
		ID: "contract-changes", Summary: "What is planned for a contract or a subscription, and what became of it",
	}, a.list)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/changes/{id}/cancel", Guard: web.Staff.Or(web.Service), Tag: "contract", Calls: true,
		ID: "contract-change-cancel", Summary: "Call off a change whose day has not come",
		Description: "Both ends of a vacation are called off together. A repeat answers the same; 409 once the day has come.",
	}, a.cancel)
}

type listInput struct {
	Contract     string `query:"contract" maxLength:"140"`
	Subscription string `query:"subscription" maxLength:"140"`
}

func (a *Agenda) list(ctx context.Context, in *listInput) (*web.Listing[Entry], error) {
	if in.Contract == "" && in.Subscription == "" {
		return nil, hub.Fail(hub.Invalid, "invalid", "Whose changes?", nil, hub.WithField("/contract", "name a contract or a subscription"))
	}
	entries, err := a.For(ctx, in.Contract, in.Subscription)
	if err != nil {
		return nil, err
	}
	return web.List(entries, ""), nil
}

type cancelInput struct {
	ID   string `path:"id" maxLength:"140"`
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

type entryOutput struct{ Body Entry }

func (a *Agenda) cancel(ctx context.Context, in *cancelInput) (*entryOutput, error) {
	entry, err := a.Cancel(ctx, in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	return &entryOutput{Body: entry}, nil
}

// digest tells two orders apart.
func digest(order json.RawMessage) string {
	sum := sha256.Sum256(order)
	return hex.EncodeToString(sum[:6])
}
