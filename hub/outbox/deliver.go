package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/admit"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/outbox/fate"
	"gigafibre.ca/targo-hub/hub/outbox/optout"
	"gigafibre.ca/targo-hub/hub/outbox/pace"
)

// Work returns how messages are worked off, one kind per channel. What a
// sender's error means:
//   - it has MaybeSent() true, or is a connectors.Error whose outcome is unknown,
//     or does not say what it is: the message is put aside as maybe-sent;
//   - it has SenderRefused() true: another of our numbers tries;
//   - it has OptedOut() true: the recipient is written to no more;
//   - temporary (a connectors.Error that says so; hub's TooMany, Upstream,
//     Unavailable, Timeout): tried again after 2 s, 5 s and 30 s, or after the
//     provider's own delay, then failed;
//   - anything else: failed at once.
//
// A message that a worker was handing over when it disappeared is maybe-sent,
// at the last try too: so the work counts its tries itself (see deliver).
func (o *Outbox) Work() []keep.Work {
	var works []keep.Work
	for _, way := range []Channel{SMS, Email} {
		works = append(works, keep.Work{
			Kind: way.Kind(), Budget: 45 * time.Second, Do: o.deliver, MaxTries: math.MaxInt32,
			Backoff: []time.Duration{2 * time.Second, 5 * time.Second, 30 * time.Second},
		})
	}
	return works
}

// tries is how often a message is tried: at once, and after each wait.
const tries = 4

// Died hears of every job that was given up and tells the news of messages. It
// goes to the runner's OnDead.
func (o *Outbox) Died(ctx context.Context, job keep.Job, _ error) {
	if !channel.Of(job.Kind).Known() || job.State == StatusMaybeSent {
		return
	}
	if job.State != StatusFailed { // given up by the runner itself
		begun, err := o.trace.Begun(ctx, job.ID)
		word, note := StatusFailed, ""
		if begun || err != nil {
			word, note = StatusMaybeSent, crashedNote
		}
		if _, err := o.store.Settle(ctx, job.ID, word, note); err != nil {
			o.log.WarnContext(ctx, "message that was given up not settled", "message", job.ID, "err", err)
		}
		if word == StatusMaybeSent {
			o.doubted(ctx, job, note, err)
			return
		}
	}
	o.count(job, StatusFailed)
	o.tell(ctx, job, newsOf(hub.MessageFailed, job, map[string]any{"reason": job.Note}))
}

const (
	unknownNote  = "Nobody knows whether it left: the provider's answer was lost. Resend it only after you have checked."
	crashedNote  = "Nobody knows whether it left: the hub stopped while it was being handed over. Resend it only after you have checked."
	restoredNote = "The store was restored from a backup: this may have been sent already. Release it after you have checked."
	shutNote     = "It was queued while the gate let less through (mode %s): release it if it is to go."
	vanishedNote = "Given up: the hub stopped again and again while it worked at this message. It was never handed over."
	nobodyNote   = "The gate is open, but no provider is configured for this channel: the message was kept and not sent."
	dropPatience = 5 * time.Second
)

// sending is one try.
type sending struct {
	job keep.Job
	content
	way    Channel
	letter Letter
	done   outcome
}

// deliver makes one try, unless an earlier one may have sent the message. It says
// itself which try is the last one: the runner gives up a job that was lost at
// its last try without asking anybody, and that try may have handed it over.
func (o *Outbox) deliver(ctx context.Context, job keep.Job) (keep.Result, error) {
	begun, err := o.trace.Begun(ctx, job.ID)
	switch {
	case err != nil:
		return keep.Result{}, err
	case begun: // an earlier worker began and never said how it ended
		return o.unclear(ctx, job, crashedNote, nil)
	case job.Tries >= tries && vanished(job):
		return keep.Result{State: StatusFailed, Note: vanishedNote}, keep.Reject(hub.Fail(hub.Internal, "internal", vanishedNote, nil))
	}
	result, err := o.try(ctx, job)
	if result.State == StatusFailed && job.Tries+1 >= tries {
		err = keep.Reject(err)
	}
	return result, err
}

// vanished tells whether the last worker never said how its try ended.
func vanished(job keep.Job) bool {
	n := len(job.Attempts)
	return n > 0 && job.Attempts[n-1].Class == keep.Lost
}

func (o *Outbox) try(ctx context.Context, job keep.Job) (keep.Result, error) {
	s := &sending{job: job, way: channel.Of(job.Kind)}
	if err := json.Unmarshal(job.Payload, &s.content); err != nil {
		return keep.Result{State: StatusFailed, Note: "The stored message cannot be read."}, keep.Reject(err)
	}
	about := admit.Case{
		ID: job.ID, Way: s.way, To: s.To, Customer: job.Subject.Customer, Commercial: s.commercial(), Urgent: s.Urgent,
	}
	verdict, err := o.lets(ctx, s)
	switch {
	case err != nil:
		return keep.Result{State: StatusFailed}, err
	case !verdict.Pass:
		return o.hold(ctx, job, verdict.Reason+o.rules.Besides(ctx, about)), nil
	}
	ruling, err := o.rules.Judge(ctx, about)
	switch {
	case err != nil:
		return keep.Result{State: StatusFailed}, err
	case ruling.Action == admit.Refuse:
		return keep.Result{State: StatusFailed, Note: ruling.Reason}, keep.Reject(hub.Fail(hub.Conflict, "opted-out", ruling.Reason, nil))
	case ruling.Action == admit.Hold:
		return o.hold(ctx, job, ruling.Reason), nil
	case ruling.Action == admit.Wait:
		return o.wait(job, ruling.For, ruling.Reason)
	}
	s.letter, s.done.Basis = s.content.letter(job, verdict.To), ruling.Basis
	if err := o.unveil(ctx, s.Secret, &s.letter.Subject, &s.letter.Body, &s.letter.HTML); err != nil {
		return keep.Result{State: StatusFailed, Note: hub.ProblemOf(err).Detail}, err
	}
	if s.letter.To != s.To {
		s.done.RedirectedTo = s.letter.To
	}
	return o.hand(ctx, s)
}

// lets asks whether the message may go by itself, or by a person's word: neither
// what was taken in behind a shut gate nor what may have left before a restore
// does without.
func (o *Outbox) lets(ctx context.Context, s *sending) (Verdict, error) {
	verdict := o.judge(s.way, s.To)
	if !verdict.Pass {
		return verdict, nil
	}
	if o.gate.Wider(s.Mode) {
		released, err := o.trace.LetGo(ctx, s.job.ID)
		if err != nil || !released {
			return Verdict{Reason: fmt.Sprintf(shutNote, s.Mode)}, err
		}
	}
	doubtful, err := o.trace.Doubtful(ctx, s.job)
	if err != nil || doubtful {
		return Verdict{Reason: restoredNote}, err
	}
	return verdict, nil
}

// judge asks the gate, and whether there is anybody to send.
func (o *Outbox) judge(way Channel, to string) Verdict {
	verdict := o.gate.Judge(way, to)
	if verdict.Pass && o.deps.Senders[way] == nil {
		return Verdict{Reason: nobodyNote}
	}
	return verdict
}

// hand gives the letter to the provider between two traces: one that it began,
// and the outcome of the job.
func (o *Outbox) hand(ctx context.Context, s *sending) (keep.Result, error) {
	from, wait, err := o.pace(ctx, s)
	switch {
	case err != nil:
		return keep.Result{State: StatusFailed}, err
	case wait > 0:
		return o.wait(s.job, wait, "Waits: too many messages at once, to this recipient or from this number.")
	}
	if err := o.trace.Begin(ctx, s.job.ID, s.job.Fence); err != nil {
		o.retract(ctx, s.job) // it may have been noted all the same
		return keep.Result{State: StatusFailed}, fmt.Errorf("noting that a message is handed over: %w", err)
	}
	for _, s.letter.From = range from {
		s.done.Receipt, err = o.deps.Senders[s.way].Send(ctx, s.letter)
		if what, _ := fate.Of(err); err == nil || what != fate.BadSender {
			break
		}
		o.bench(ctx, s.letter.From, fate.Reason(err))
	}
	return o.judged(ctx, s, err)
}

// queueing is the span over which messages ask again that wait for a number of
// ours: not all at once, or a mass mailing would keep the store busy with asking.
const queueing = 2 * time.Second

// pace chooses our numbers for an SMS, the first to be tried in front, and asks
// whether it is too soon for one more. The number's allowance comes first: a
// message that waits for it must not use up its recipient's. What is urgent does
// not wait behind a mass mailing.
func (o *Outbox) pace(ctx context.Context, s *sending) (from []string, wait time.Duration, err error) {
	if s.way != SMS {
		return []string{""}, 0, nil
	}
	recipient := channel.Key(SMS, s.To)
	if from, err = o.pool.Order(ctx, recipient); err != nil {
		return nil, 0, err
	}
	if !s.Urgent {
		wait, err = o.meter.Sender(ctx, from[0], hub.SMSSegments(s.letter.Body))
		if wait > 0 || err != nil {
			return nil, wait + pace.Spread(s.job.ID, queueing), err
		}
	}
	wait, err = o.meter.Recipient(ctx, recipient, s.Urgent)
	return from, wait, err
}

// judged decides what the provider's answer means for the message.
func (o *Outbox) judged(ctx context.Context, s *sending, err error) (keep.Result, error) {
	what, wait := fate.Taken, time.Duration(0)
	if err != nil {
		what, wait = fate.Of(err)
	}
	switch what {
	case fate.Taken:
		return o.sent(ctx, s), nil
	case fate.Unknown:
		return o.unclear(ctx, s.job, unknownNote, err)
	}
	o.retract(ctx, s.job)
	switch what {
	case fate.Closed:
		return o.hold(ctx, s.job, fate.Reason(err)), nil
	case fate.Suppressed:
		stop := OptOut{Channel: s.way, Address: s.letter.To, Scope: optout.All, Source: optout.SourceBlocked, Sender: s.letter.From}
		if err := o.ledger.Add(ctx, stop); err != nil {
			o.log.WarnContext(ctx, "opt-out not recorded", "message", s.job.ID, "err", err)
		}
	case fate.Temporary:
		o.count(s.job, "retry")
		return keep.Result{State: StatusFailed, Note: fate.Reason(err)}, keep.Later(wait, err)
	}
	return keep.Result{State: StatusFailed, Note: fate.Reason(err)}, keep.Reject(err)
}

func (o *Outbox) sent(ctx context.Context, s *sending) keep.Result {
	s.done.From = s.letter.From
	body, err := json.Marshal(s.done)
	if err != nil {
		body = nil
	}
	if err := o.trace.Known(ctx, s.done.ProviderID, s.job.ID); err != nil {
		o.log.WarnContext(ctx, "provider's id not noted", "message", s.job.ID, "err", err)
	}
	o.count(s.job, StatusSent)
	o.tell(ctx, s.job, newsOf(hub.MessageSent, s.job, nil))
	return keep.Result{State: StatusSent, Body: body}
}

// retract removes the trace of a try that surely did not send. When it cannot,
// the next try finds the trace and asks a person: the safe side.
func (o *Outbox) retract(ctx context.Context, job keep.Job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropPatience)
	defer cancel()
	if err := o.trace.Retract(ctx, job.ID, job.Fence); err != nil {
		o.log.WarnContext(ctx, "trace of a try not removed", "message", job.ID, "err", err)
	}
}

// bench lets a number of ours rest that carriers do not take.
func (o *Outbox) bench(ctx context.Context, sender, reason string) {
	o.log.WarnContext(ctx, "sender rests", "sender", hub.Phone(sender), "reason", reason)
	if err := o.pool.Bench(ctx, sender, reason); err != nil {
		o.log.WarnContext(ctx, "resting sender not noted", "err", err)
	}
}

// unclear puts aside a message that may have left. The job is final: only a
// person's decision sends it again, only a report of the provider clears it up.
func (o *Outbox) unclear(ctx context.Context, job keep.Job, note string, cause error) (keep.Result, error) {
	o.doubted(ctx, job, note, cause)
	if cause == nil {
		cause = hub.Fail(hub.Conflict, "outcome-unknown", note, nil)
	}
	return keep.Result{State: StatusMaybeSent, Note: note}, keep.Reject(cause)
}

// doubted tells the news of a message of which nobody knows whether it left.
func (o *Outbox) doubted(ctx context.Context, job keep.Job, note string, cause error) {
	o.count(job, StatusMaybeSent)
	o.log.WarnContext(ctx, "message may have left", "message", job.ID, "channel", string(channel.Of(job.Kind)), "err", cause)
	o.tell(ctx, job, newsOf(hub.MessageHeld, job, map[string]any{"reason": note, "status": StatusMaybeSent}))
}

func (o *Outbox) hold(ctx context.Context, job keep.Job, reason string) keep.Result {
	o.count(job, StatusCaptured)
	o.tell(ctx, job, newsOf(hub.MessageHeld, job, map[string]any{"reason": reason, "status": StatusCaptured}))
	return keep.Result{State: StatusCaptured, Note: reason, Hold: true}
}

func (o *Outbox) wait(job keep.Job, wait time.Duration, reason string) (keep.Result, error) {
	o.count(job, "waiting")
	return keep.Result{}, keep.Postpone(wait, reason)
}

func (o *Outbox) count(job keep.Job, outcome string) {
	o.handled.WithLabelValues(string(channel.Of(job.Kind)), outcome).Inc()
}
