package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Work returns how messages are worked off, one kind per channel. What a
// sender's error means:
//   - it has MaybeSent() true, or is a connectors.Error whose outcome is unknown,
//     or does not say what it is: the message is put aside as maybe-sent;
//   - temporary (a connectors.Error that says so; hub's TooMany, Upstream,
//     Unavailable, Timeout): tried again after 2 s, 5 s and 30 s, or after the
//     provider's own delay, then failed;
//   - anything else: failed at once.
func (o *Outbox) Work() []keep.Work {
	var works []keep.Work
	for _, channel := range []Channel{SMS, Email} {
		works = append(works, keep.Work{
			Kind: channel.kind(), Budget: 45 * time.Second, Do: o.deliver,
			Backoff: []time.Duration{2 * time.Second, 5 * time.Second, 30 * time.Second},
		})
	}
	return works
}

// Died hears of every job that was given up and tells the news of messages. It
// goes to the runner's OnDead.
func (o *Outbox) Died(ctx context.Context, job keep.Job, _ error) {
	if !channelOf(job.Kind).known() {
		return
	}
	o.count(job, StatusFailed)
	o.tell(ctx, job, newsOf(hub.MessageFailed, job, map[string]any{"reason": job.Note}))
}

const (
	unknownNote  = "Nobody knows whether it left: the provider's answer was lost. Resend it only after you have checked."
	crashedNote  = "Nobody knows whether it left: the hub stopped while it was being handed over. Resend it only after you have checked."
	nobodyNote   = "The gate is open, but no provider is configured for this channel: the message was kept and not sent."
	handingFor   = 90 * 24 * time.Hour
	dropPatience = 5 * time.Second
)

func handingKey(id string) string { return "outbox:handing:" + id }

func (o *Outbox) deliver(ctx context.Context, job keep.Job) (keep.Result, error) {
	var c content
	if err := json.Unmarshal(job.Payload, &c); err != nil {
		return keep.Result{Note: "The stored message cannot be read."}, keep.Reject(err)
	}
	channel := channelOf(job.Kind)
	_, _, err := o.store.Value(ctx, handingKey(job.ID))
	switch {
	case err == nil: // an earlier worker began and never said how it ended
		return o.hold(ctx, job, StatusMaybeSent, crashedNote), nil
	case !errors.Is(err, keep.ErrNotFound):
		return keep.Result{}, fmt.Errorf("looking for an earlier try: %w", err)
	}
	verdict := o.gate.Judge(channel, c.To)
	sender := o.senders[channel]
	if verdict.Pass && sender == nil {
		verdict = Verdict{Reason: nobodyNote}
	}
	if !verdict.Pass {
		return o.hold(ctx, job, StatusCaptured, verdict.Reason), nil
	}
	letter := addressed(Letter{
		ID: job.ID, Channel: channel, To: c.To, Subject: c.Subject, Body: c.Body, HTML: c.HTML,
	}, verdict.To, c.Lang)
	return o.hand(ctx, job, letter, c.To)
}

// hand gives the letter to the provider between two traces: one that it began,
// and the outcome of the job.
func (o *Outbox) hand(ctx context.Context, job keep.Job, letter Letter, asked string) (keep.Result, error) {
	if _, err := o.store.Swap(ctx, handingKey(job.ID), keep.AnyVersion, []byte("1"), handingFor); err != nil {
		o.forget(ctx, job.ID) // it may have been noted all the same
		return keep.Result{}, fmt.Errorf("noting that a message is handed over: %w", err)
	}
	receipt, err := o.senders[letter.Channel].Send(ctx, letter)
	if err != nil && !taken(err) {
		return o.refused(ctx, job, err)
	}
	done := outcome{Receipt: receipt}
	if letter.To != asked {
		done.RedirectedTo = letter.To
	}
	body, err := json.Marshal(done)
	if err != nil {
		body = nil
	}
	o.count(job, StatusSent)
	o.tell(ctx, job, newsOf(hub.MessageSent, job, nil))
	return keep.Result{State: StatusSent, Body: body}, nil
}

// refused decides what a sender's error means for the message.
func (o *Outbox) refused(ctx context.Context, job keep.Job, err error) (keep.Result, error) {
	fate, wait := classify(err)
	if fate == unknown {
		o.log.WarnContext(ctx, "message may have left", "message", job.ID,
			"channel", string(channelOf(job.Kind)), "err", err)
		return o.hold(ctx, job, StatusMaybeSent, unknownNote), nil
	}
	o.forget(ctx, job.ID)
	if fate == permanent {
		return keep.Result{Note: reasonOf(err)}, keep.Reject(err)
	}
	o.count(job, "retry")
	return keep.Result{Note: reasonOf(err)}, keep.Later(wait, err)
}

// forget removes the trace of a try that surely did not send. When it cannot,
// the next try finds the trace and asks a person: the safe side.
func (o *Outbox) forget(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropPatience)
	defer cancel()
	if err := o.store.Drop(ctx, handingKey(id)); err != nil {
		o.log.WarnContext(ctx, "trace of a try not removed", "message", id, "err", err)
	}
}

func (o *Outbox) hold(ctx context.Context, job keep.Job, state, reason string) keep.Result {
	o.count(job, state)
	o.tell(ctx, job, newsOf(hub.MessageHeld, job, map[string]any{"reason": reason, "status": state}))
	return keep.Result{State: state, Note: reason, Hold: true}
}

func (o *Outbox) count(job keep.Job, outcome string) {
	o.handled.WithLabelValues(string(channelOf(job.Kind)), outcome).Inc()
}

// taken tells whether the provider surely has the message although the call
// failed: its answer could not be read.
func taken(err error) bool {
	e, ok := connectors.AsError(err)
	return ok && e.Outcome == connectors.Applied
}

type fate int

const (
	unknown   fate = iota // the message may have left
	temporary             // it did not leave; trying again can help
	permanent             // it did not leave; trying again cannot help
)

// classify reads a sender's error. An error that says nothing about itself
// might have happened after the provider took the message.
func classify(err error) (fate, time.Duration) {
	var maybe interface{ MaybeSent() bool }
	if errors.As(err, &maybe) && maybe.MaybeSent() {
		return unknown, 0
	}
	if e, ok := connectors.AsError(err); ok {
		switch {
		case e.Outcome == connectors.Unknown:
			return unknown, 0
		case e.Temporary:
			return temporary, e.RetryAfter
		}
		return permanent, 0
	}
	var explained interface{ Problem() *hub.Error }
	if !errors.As(err, &explained) {
		return unknown, 0
	}
	switch p := hub.ProblemOf(err); p.Kind {
	case hub.TooMany, hub.Upstream, hub.Unavailable, hub.Timeout:
		return temporary, p.RetryAfter
	case hub.Internal:
		return unknown, 0
	default:
		return permanent, 0
	}
}

// reasonOf puts a refusal in words for the staff, without upstream text that was
// not made for people.
func reasonOf(err error) string {
	if e, ok := connectors.AsError(err); ok && e.Reason != "" {
		if e.Code != "" {
			return fmt.Sprintf("The provider refused it: %s (%s).", e.Reason, e.Code)
		}
		return fmt.Sprintf("The provider refused it: %s.", e.Reason)
	}
	if p := hub.ProblemOf(err); p.Detail != "" {
		return p.Detail
	}
	return "The provider refused it."
}
