package outbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// wakeEvery is how often a waiting search looks again: the news of a message can
// be a moment ahead of its record.
const wakeEvery = 200 * time.Millisecond

// Get returns one message.
func (o *Outbox) Get(ctx context.Context, id string) (Entry, error) {
	job, err := o.job(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	return entryOf(job)
}

// List returns a page of messages, newest first, and the cursor of the next
// page. With Wait it returns as soon as there is a match.
func (o *Outbox) List(ctx context.Context, s Search) ([]Entry, string, error) {
	filter, err := s.filter()
	if err != nil {
		return nil, "", err
	}
	if s.Wait <= 0 {
		return o.page(ctx, filter)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	news, err := o.store.Subscribe(ctx, keep.WakeEvents) // every change of a message is an event
	if err != nil {
		return nil, "", fmt.Errorf("waiting for a message: %w", err)
	}
	end := time.NewTimer(s.Wait)
	defer end.Stop()
	tick := time.NewTicker(wakeEvery)
	defer tick.Stop()
	for {
		entries, next, err := o.page(ctx, filter)
		if err != nil || len(entries) > 0 {
			return entries, next, err
		}
		select {
		case <-ctx.Done():
			return nil, "", fmt.Errorf("waiting for a message: %w", ctx.Err())
		case <-end.C:
			return entries, next, nil
		case _, open := <-news:
			if !open {
				news = nil
			}
		case <-tick.C:
		}
	}
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
	job, err := o.job(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	switch {
	case statusOf(job) == StatusMaybeSent:
		return Entry{}, conflict(job, "It may have left already: resend it if it did not.", nil)
	case job.Status != keep.Held:
		return Entry{}, conflict(job, "Only a captured message can be released.", nil)
	}
	if err := o.passes(job); err != nil {
		return Entry{}, err
	}
	return o.change(ctx, job, keep.Release, "message.release", reason)
}

// Resend sends a message again that is maybe-sent, failed, cancelled or even
// sent: a person has decided that one more is right.
func (o *Outbox) Resend(ctx context.Context, id, reason string) (Entry, error) {
	job, err := o.job(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	action := keep.Retry
	switch {
	case statusOf(job) == StatusMaybeSent:
		action = keep.Release
	case job.Status == keep.Held:
		return Entry{}, conflict(job, "It was never sent: release it.", nil)
	case !job.Status.Final():
		return Entry{}, conflict(job, "It is still on its way.", nil)
	}
	if err := o.passes(job); err != nil {
		return Entry{}, err
	}
	if err := o.store.Drop(ctx, handingKey(id)); err != nil {
		return Entry{}, fmt.Errorf("resending message %s: %w", id, err)
	}
	return o.change(ctx, job, action, "message.resend", reason)
}

// Cancel stops a message that waits or was put aside.
func (o *Outbox) Cancel(ctx context.Context, id, reason string) (Entry, error) {
	job, err := o.job(ctx, id)
	if err != nil {
		return Entry{}, err
	}
	return o.change(ctx, job, keep.Cancel, "message.cancel", reason)
}

// passes asks the gate before a person's decision is carried out, so that the
// answer says at once that nothing will leave.
func (o *Outbox) passes(job keep.Job) error {
	entry, err := entryOf(job)
	if err != nil {
		return err
	}
	verdict := o.gate.Judge(entry.Channel, entry.To)
	if verdict.Pass && o.senders[entry.Channel] == nil {
		verdict = Verdict{Reason: nobodyNote}
	}
	if verdict.Pass {
		return nil
	}
	return hub.Fail(hub.Conflict, "state-conflict", verdict.Reason, nil, hub.WithState(map[string]any{
		"status": entry.Status, "mode": string(o.gate.mode),
	}))
}

func (o *Outbox) change(ctx context.Context, job keep.Job, action keep.Action, name, reason string) (Entry, error) {
	reason = strings.TrimSpace(reason)
	if len([]rune(reason)) < 3 {
		return Entry{}, hub.Fail(hub.Invalid, "invalid", "A reason is needed.", nil,
			hub.WithField("/reason", "at least 3 characters"))
	}
	if action != keep.Cancel { // told before, because the worker may be faster than we are
		o.publish(ctx, job, newsOf(hub.MessageQueued, job, map[string]any{"status": StatusQueued}))
	}
	changed, err := o.store.Change(ctx, job.ID, action, reason)
	if errors.Is(err, keep.ErrState) {
		return Entry{}, conflict(job, "The status of the message forbids this.", err)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("changing message %s: %w", job.ID, err)
	}
	err = o.store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: name, Doctype: "Message", Name: job.ID,
		Detail: reason, Request: hub.RequestID(ctx),
	})
	if err != nil {
		return Entry{}, fmt.Errorf("recording %s of %s: %w", name, job.ID, err)
	}
	return o.entry(ctx, changed)
}

// job reads a message's job; other jobs are not found here.
func (o *Outbox) job(ctx context.Context, id string) (keep.Job, error) {
	job, err := o.store.Job(ctx, id)
	if err != nil {
		return keep.Job{}, fmt.Errorf("reading message %s: %w", id, err)
	}
	if !channelOf(job.Kind).known() {
		return keep.Job{}, keep.ErrNotFound
	}
	return job, nil
}

func conflict(job keep.Job, detail string, cause error) error {
	return hub.Fail(hub.Conflict, "state-conflict", detail, cause,
		hub.WithState(map[string]any{"status": statusOf(job)}))
}
