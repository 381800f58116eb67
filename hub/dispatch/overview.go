package dispatch

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

type overviewInput struct {
	State string `query:"state" enum:"failed,pending" default:"failed" doc:"failed: the last try failed, or it was given up; pending: not tried yet, or just running"`
	web.Paging
}

// Overdue is an effect, or a move, that is not through.
type Overdue struct {
	Job        string     `json:"job"`
	Effect     string     `json:"effect" doc:"move for a change of state that is not written"`
	State      string     `json:"state" enum:"pending,running,failed"`
	GaveUp     bool       `json:"gave_up" doc:"It is not tried again by itself: mend what the error says, then retry it"`
	Error      string     `json:"error,omitempty"`
	Tries      int        `json:"tries"`
	NextTry    *time.Time `json:"next_try,omitempty"`
	At         time.Time  `json:"at" doc:"When it was set off"`
	Work       string     `json:"work" doc:"The piece of work behind it"`
	Customer   string     `json:"customer,omitempty"`
	Technician string     `json:"technician,omitempty"`
}

// overview answers GET /dispatch/effects: what is not through, over all work
// orders, the newest first.
func (d *Desk) overview(ctx context.Context, in *overviewInput) (*web.Listing[Overdue], error) {
	statuses := []keep.Status{keep.Dead, keep.Held, keep.Pending, keep.Running}
	var found []keep.Job
	for _, kind := range []string{effect.KindEffect, effect.KindMove} {
		for _, status := range statuses {
			some, err := d.overdue(ctx, keep.Filter{Kind: kind, Status: status}, in)
			if err != nil {
				return nil, err
			}
			found = append(found, some...)
		}
	}
	slices.SortFunc(found, func(a, b keep.Job) int { return cmp.Compare(b.ID, a.ID) })
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = found[in.Limit-1].ID
	}
	items := make([]Overdue, 0, len(found))
	for _, work := range found {
		items = append(items, overdueOf(work))
	}
	return web.List(items, next), nil
}

// overdue lists those of one kind and status that are older than the cursor: one
// more than the page holds. Ids rise with time.
func (d *Desk) overdue(ctx context.Context, filter keep.Filter, in *overviewInput) (found []keep.Job, err error) {
	filter.Limit = 200
	for {
		page, next, err := d.Store.Jobs(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, work := range page {
			if asked := (effect.StateOf(work).State == effect.Failed) == (in.State == effect.Failed); asked && (in.Cursor == "" || work.ID < in.Cursor) {
				found = append(found, work)
			}
		}
		if filter.Cursor = next; next == "" || len(found) > in.Limit {
			return found, nil
		}
	}
}

func overdueOf(work keep.Job) Overdue {
	s := effect.StateOf(work)
	if work.Kind == effect.KindMove {
		s.Name = "move"
	}
	return Overdue{
		Job: work.Subject.Name, Effect: s.Name, State: s.State, GaveUp: work.Status == keep.Dead, Error: strings.TrimSpace(s.Error),
		Tries: s.Tries, NextTry: s.NextTry, At: work.Created, Work: work.ID, Customer: work.Subject.Customer, Technician: work.Subject.Technician,
	}
}

// older refuses a move that is told to have happened before the one before it.
func (d *Desk) older(ctx context.Context, id string, at time.Time) error {
	last, known, err := d.engine.Of(ctx, id)
	if err != nil || !known || !at.Before(last.At.Add(-fastBy)) {
		return err
	}
	return hub.Fail(hub.Invalid, "invalid", "That cannot be when it happened.", nil,
		hub.WithField("/at", "must not be before the change of state before it, "+last.At.UTC().Format(time.RFC3339)))
}
