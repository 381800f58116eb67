package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/outbox/progress"
)

// Get returns one message.
func (o *Outbox) Get(ctx context.Context, id string) (Entry, error) {
	job, err := o.job(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	return o.entry(ctx, job)
}

// List returns a page of messages, newest first, and the cursor of the next
// page. With Wait it returns as soon as there is a match; a search for a text
// cannot wait, for it reads all messages.
func (o *Outbox) List(ctx context.Context, s Search) (entries []Entry, next string, err error) {
	filter, lanes, err := s.filter()
	if err != nil {
		return nil, "", err
	}
	if s.Wait <= 0 {
		return o.pages(ctx, filter, lanes)
	}
	if s.Text != "" {
		return nil, "", hub.Fail(hub.Invalid, "invalid", "A search for a text cannot wait.", nil, hub.WithField("/wait", "cannot go with q"))
	}
	err = o.watch.Until(ctx, s.Wait, func(ctx context.Context) (found bool, err error) {
		entries, next, err = o.pages(ctx, filter, lanes)
		return len(entries) > 0, err
	})
	if err != nil {
		return nil, "", err
	}
	return entries, next, nil
}

// pages merges the lanes of one recipient: what is urgent has one of its own. A
// page may then hold up to twice as much as was asked for; its cursor is that of
// each lane, "-" where that lane has ended.
func (o *Outbox) pages(ctx context.Context, filter keep.Filter, lanes []string) ([]Entry, string, error) {
	if len(lanes) == 0 {
		return o.page(ctx, filter)
	}
	cursors := strings.Split(filter.Cursor, "~")
	if filter.Cursor == "" {
		cursors = make([]string, len(lanes))
	}
	if len(cursors) != len(lanes) {
		return nil, "", hub.Fail(hub.Invalid, "invalid", "The cursor is of another list.", nil, hub.WithField("/cursor", "of another list"))
	}
	var all []Entry
	more := false
	for i, lane := range lanes {
		if cursors[i] == "-" {
			continue
		}
		filter.Lane, filter.Cursor = lane, cursors[i]
		entries, next, err := o.page(ctx, filter)
		if err != nil {
			return nil, "", err
		}
		all = append(all, entries...)
		cursors[i], more = cmp.Or(next, "-"), more || next != ""
	}
	slices.SortStableFunc(all, func(a, b Entry) int { return b.CreatedAt.Compare(a.CreatedAt) })
	if !more {
		return all, "", nil
	}
	return all, strings.Join(cursors, "~"), nil
}

func (o *Outbox) page(ctx context.Context, filter keep.Filter) ([]Entry, string, error) {
	jobs, next, err := o.store.Jobs(ctx, filter)
	if err != nil {
		return nil, "", fmt.Errorf("listing messages: %w", err)
	}
	entries := make([]Entry, 0, len(jobs))
	for _, job := range jobs {
		entry, err := o.entry(ctx, job)
		if err != nil {
			return nil, "", err
		}
		entries = append(entries, entry)
	}
	return entries, next, nil
}

// Release sends a captured message through the gate again. While the gate still
// keeps it, nothing changes and the error is hub.Conflict.
func (o *Outbox) Release(ctx context.Context, id, reason string) (Entry, error) {
	return o.decide(ctx, id, decision{"message.release", reason, func(job keep.Job) (keep.Action, error) {
		switch {
		case progress.Of(job) == StatusMaybeSent:
			return "", conflict(job, "It may have left already: resend it if it did not.", nil)
		case job.Status != keep.Held:
			return "", conflict(job, "Only a captured message can be released.", nil)
		}
		return keep.Release, o.passes(job)
	}})
}

// Resend sends a message again that is maybe-sent, failed, cancelled or even
// sent: a person has decided that one more is right.
func (o *Outbox) Resend(ctx context.Context, id, reason string) (Entry, error) {
	return o.decide(ctx, id, decision{"message.resend", reason, func(job keep.Job) (keep.Action, error) {
		switch {
		case job.Status == keep.Held:
			return "", conflict(job, "It was never sent: release it.", nil)
		case !job.Status.Final():
			return "", conflict(job, "It is still on its way.", nil)
		}
		if err := o.passes(job); err != nil {
			return "", err
		}
		err := o.trace.Permit(ctx, id, job.Fence)
		if errors.Is(err, keep.ErrStale) {
			return "", conflict(job, "It was changed meanwhile.", err)
		}
		return keep.Retry, err
	}})
}

// Cancel stops a message that waits or was put aside.
func (o *Outbox) Cancel(ctx context.Context, id, reason string) (Entry, error) {
	return o.decide(ctx, id, decision{"message.cancel", reason, func(job keep.Job) (keep.Action, error) {
		if job.Status != keep.Pending && job.Status != keep.Held {
			return "", conflict(job, "Only a message that waits or was put aside can be cancelled.", nil)
		}
		return keep.Cancel, nil
	}})
}

// decision is what a person wants done with a message: what it is called in the
// audit, why, and whether the message allows it.
type decision struct {
	name, reason string
	allowed      func(job keep.Job) (keep.Action, error)
}

// decide carries a decision out, one at a time for a message.
func (o *Outbox) decide(ctx context.Context, id string, d decision) (Entry, error) {
	if d.reason = strings.TrimSpace(d.reason); len([]rune(d.reason)) < 3 {
		return Entry{}, hub.Fail(hub.Invalid, "invalid", "A reason is needed.", nil,
			hub.WithField("/reason", "at least 3 characters"))
	}
	if _, err := o.job(ctx, id); err != nil {
		return Entry{}, err
	}
	end, err := o.trace.Turn(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	defer end()
	job, err := o.job(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	action, err := d.allowed(job)
	if err != nil {
		return Entry{}, err
	}
	return o.change(ctx, job, action, d)
}

// passes asks the gate before a person's decision is carried out, so that the
// answer says at once that nothing will leave.
func (o *Outbox) passes(job keep.Job) error {
	entry, err := entryOf(job)
	if err != nil {
		return err
	}
	verdict := o.judge(entry.Channel, entry.To)
	if verdict.Pass {
		return nil
	}
	if job.Status != keep.Held { // it is not the gate that has kept this one
		why := "the gate (mode " + string(o.gate.Mode()) + ") would only keep it."
		if verdict.Reason == nobodyNote {
			why = "no provider is configured for this channel."
		}
		verdict.Reason = "It stays " + entry.Status + ": " + why
	}
	return hub.Fail(hub.Conflict, "state-conflict", verdict.Reason, nil, hub.WithState(map[string]any{
		"status": entry.Status, "mode": string(o.gate.Mode()),
	}))
}

// change carries a decision out. It is on record first: nothing leaves by a
// person's decision of which nobody can tell whose it was.
func (o *Outbox) change(ctx context.Context, job keep.Job, action keep.Action, d decision) (Entry, error) {
	err := o.store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: d.name, Doctype: "Message", Name: job.ID,
		Detail: d.reason, Request: hub.RequestID(ctx),
	})
	if err != nil {
		return Entry{}, fmt.Errorf("recording %s of %s: %w", d.name, job.ID, err)
	}
	if action != keep.Cancel { // told before, because the worker may be faster than we are
		if err := o.trace.Released(ctx, job.ID); err != nil {
			return Entry{}, err
		}
		o.publish(ctx, job, newsOf(hub.MessageQueued, job, map[string]any{"status": StatusQueued}))
	}
	changed, err := o.store.Change(ctx, job.ID, action, d.reason)
	if errors.Is(err, keep.ErrState) {
		return Entry{}, conflict(job, "The status of the message forbids this.", err)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("changing message %s: %w", job.ID, err)
	}
	return o.entry(ctx, changed)
}

// job reads a message's job; other jobs are not found here.
func (o *Outbox) job(ctx context.Context, id string) (keep.Job, error) {
	job, err := o.store.Job(ctx, id)
	if err != nil {
		return keep.Job{}, fmt.Errorf("reading message %s: %w", id, err)
	}
	if !channel.Of(job.Kind).Known() {
		return keep.Job{}, keep.ErrNotFound
	}
	return job, nil
}

func conflict(job keep.Job, detail string, cause error) error {
	return hub.Fail(hub.Conflict, "state-conflict", detail, cause,
		hub.WithState(map[string]any{"status": progress.Of(job)}))
}
