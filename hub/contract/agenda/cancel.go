package agenda

import (
	"context"
	"errors"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Cancel calls off a change with all of its group. What is cancelled already stays
// so; what has begun cannot be called off any more (change-refused).
func (a *Agenda) Cancel(ctx context.Context, id, reason string) (Entry, error) {
	entry, err := a.Entry(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	if entry.State != Planned && entry.State != Cancelled {
		return entry, hub.Fail(hub.Conflict, "change-refused", "The day has come: the change can no longer be called off.", nil,
			hub.WithState(map[string]any{"change": entry.ID, "state": entry.State, "on": entry.On}))
	}
	group := []Entry{entry}
	if entry.Group != "" {
		if group, err = a.group(ctx, entry); err != nil {
			return entry, err
		}
	}
	if doer := a.doers[entry.Kind]; doer != nil {
		if err := doer.CallOff(ctx, group); err != nil {
			return entry, err
		}
	}
	for _, e := range group {
		if err := a.drop(ctx, e, reason); err != nil {
			return entry, err
		}
	}
	return a.Entry(ctx, id)
}

// group lists the changes that are called off together.
func (a *Agenda) group(ctx context.Context, of Entry) ([]Entry, error) {
	all, err := a.For(ctx, of.Contract, of.Subscription)
	if err != nil {
		return nil, err
	}
	var group []Entry
	for _, e := range all {
		if e.Group == of.Group {
			group = append(group, e)
		}
	}
	return group, nil
}

// drop cancels one change that has not begun.
func (a *Agenda) drop(ctx context.Context, e Entry, reason string) error {
	if e.State != Planned && e.State != Cancelled {
		return nil
	}
	if err := a.strike(ctx, e, reason); err != nil {
		return err
	}
	if err := a.store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: "change.cancel", Doctype: "Service Contract", Name: e.Contract,
		Detail: e.Kind + " " + string(e.On) + " " + e.Subscription + ": " + reason, Request: hub.RequestID(ctx),
	}); err != nil {
		return err
	}
	return a.tell(ctx, hub.ChangeCancelled, e, reason)
}

// strike cancels the job. One that a worker is looking at in this moment is tried
// again: before its day it is only put off.
func (a *Agenda) strike(ctx context.Context, e Entry, reason string) error {
	for tries := 0; ; tries++ {
		_, err := a.store.Change(ctx, e.ID, keep.Cancel, reason)
		if err == nil || !errors.Is(err, keep.ErrState) {
			return err
		}
		job, err := a.store.Job(ctx, e.ID)
		switch {
		case err != nil || job.Status == keep.Cancelled:
			return err
		case job.Status.Final() || tries == strikes:
			return hub.Fail(hub.Conflict, "change-refused", "The change has begun in this moment.", nil,
				hub.WithState(map[string]any{"change": e.ID, "on": e.On}))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(strikeAgain):
		}
	}
}

// How often, and after what pause, a job that is being looked at is tried again.
const (
	strikes     = 50
	strikeAgain = 20 * time.Millisecond
)

// Drop cancels what is still planned for a contract or a subscription and fits; it
// returns the ids.
func (a *Agenda) Drop(ctx context.Context, contract, subscription, reason string, fits func(Entry) bool) ([]string, error) {
	entries, err := a.For(ctx, contract, subscription)
	if err != nil {
		return nil, err
	}
	var dropped []string
	for _, e := range entries {
		if e.State != Planned || !fits(e) {
			continue
		}
		err := a.drop(ctx, e, reason)
		if hub.HasCode(err, "change-refused") { // it has begun, and will find out by itself
			continue
		}
		if err != nil {
			return dropped, err
		}
		dropped = append(dropped, e.ID)
	}
	return dropped, nil
}
