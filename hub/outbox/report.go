package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/outbox/optout"
	"gigafibre.ca/targo-hub/hub/outbox/progress"
)

// ErrUnknownMessage says that a report is about no message of ours.
var ErrUnknownMessage = hub.Fail(hub.NotFound, "not-found", "There is no such message.", nil)

// Report is what a provider says became of a message.
type Report struct {
	Channel     Channel
	ProviderID  string
	MessageID   string // our id, where the provider gives it back
	Status      string // sent, delivered, undelivered, failed, bounced, opened, clicked; others are no news
	Code        string // the provider's own, of a failure
	Reason      string // in plain words
	At          time.Time
	OptedOut    bool // it failed because the recipient has stopped the sender (Twilio: 21610)
	SenderFault bool // it failed because of our number or its registration
}

// codeOptedOut is Twilio's: the carrier or Twilio itself blocks the sender for
// this recipient until he writes START.
const codeOptedOut = "21610"

// Report moves a message on. Reports come in any order, twice, and at the same
// instant on several replicas: what is behind where the message stands changes
// nothing. A message that nobody knew to have left is cleared up by it. The
// errors are ErrUnknownMessage, and hub.Unavailable for a message that is being
// handed over this moment: the report is to be given again later.
func (o *Outbox) Report(ctx context.Context, r Report) error {
	word, news := progress.Reported(r.Status)
	if !news {
		return nil
	}
	id, err := o.find(ctx, r)
	if err != nil {
		return err
	}
	if _, err := o.reported(ctx, id); err != nil {
		return err // before anything is written for a message that is not ours
	}
	end, err := o.trace.Turn(ctx, id)
	if err != nil {
		return err
	}
	defer end()
	job, err := o.reported(ctx, id)
	if err != nil {
		return err
	}
	if !job.Status.Final() {
		if job.Status == keep.Held {
			return nil // of an earlier sending
		}
		return hub.Fail(hub.Unavailable, "unavailable", "The message is still being handed over.", nil, hub.WithRetryAfter(2*time.Second))
	}
	s, err := sendingOf(job)
	if err != nil {
		return err
	}
	if !s.isAbout(r) {
		return nil
	}
	return o.settle(ctx, s, word, r)
}

// settle records the word and what follows from it. Each step can be done twice:
// a report that was cut short comes again.
func (o *Outbox) settle(ctx context.Context, s *sending, word string, r Report) error {
	now := progress.Of(s.job)
	if now != word && !progress.Follows(now, word, s.way == Email) {
		return nil
	}
	if err := o.learn(ctx, s, r); err != nil {
		return err
	}
	note := reportNote(now, word, r)
	if now != word {
		if _, err := o.store.Settle(ctx, s.job.ID, word, note); err != nil {
			return fmt.Errorf("settling message %s: %w", s.job.ID, err)
		}
		o.count(s.job, word)
		s.job.Note = note
	}
	o.announce(ctx, s.job, word, cmp.Or(r.ProviderID, s.done.ProviderID))
	return nil
}

// learn keeps what a failure says about the recipient and about our number.
func (o *Outbox) learn(ctx context.Context, s *sending, r Report) error {
	if r.SenderFault && s.done.From != "" {
		o.bench(ctx, s.done.From, cmp.Or(r.Reason, r.Code))
	}
	if !r.OptedOut && r.Code != codeOptedOut {
		return nil
	}
	return o.ledger.Add(ctx, OptOut{
		Channel: s.way, Address: cmp.Or(s.done.RedirectedTo, s.To), Scope: optout.All, Source: optout.SourceBlocked,
		Sender: s.done.From, At: r.At,
	})
}

func reportNote(now, word string, r Report) string {
	switch {
	case word == StatusUndelivered || word == StatusBounced:
		reason := cmp.Or(r.Reason, "no reason was given")
		if r.Code != "" {
			reason += " (" + r.Code + ")"
		}
		return "The provider reports that it did not arrive: " + reason + "."
	case now == StatusMaybeSent:
		return "It left after all: the provider has reported on it."
	}
	return ""
}

// announce tells the news of a report, once.
func (o *Outbox) announce(ctx context.Context, job keep.Job, word, providerID string) {
	names := map[string]string{
		StatusSent: hub.MessageSent, StatusDelivered: hub.MessageDelivered,
		StatusUndelivered: hub.MessageFailed, StatusBounced: hub.MessageBounced,
	}
	name, known := names[word]
	if !known || word == StatusSent && job.State != StatusMaybeSent {
		return
	}
	more := map[string]any{"status": word}
	if job.Note != "" {
		more["reason"] = job.Note
	}
	news := newsOf(name, job, more)
	news.Key = name + ":" + job.ID + ":" + word + ":" + providerID
	o.tell(ctx, job, news)
}

func (o *Outbox) find(ctx context.Context, r Report) (string, error) {
	switch {
	case r.MessageID == "":
	case uuid.Validate(r.MessageID) != nil: // another program's on the same account
		return "", ErrUnknownMessage
	default:
		return r.MessageID, nil
	}
	id, err := o.trace.Find(ctx, r.ProviderID)
	if errors.Is(err, keep.ErrNotFound) {
		return "", ErrUnknownMessage
	}
	return id, err
}

func (o *Outbox) reported(ctx context.Context, id string) (keep.Job, error) {
	job, err := o.job(ctx, id)
	if errors.Is(err, keep.ErrNotFound) {
		return keep.Job{}, ErrUnknownMessage
	}
	return job, err
}

func sendingOf(job keep.Job) (*sending, error) {
	s := &sending{job: job, way: channel.Of(job.Kind)}
	if err := json.Unmarshal(job.Payload, &s.content); err != nil {
		return nil, fmt.Errorf("decoding message %s: %w", job.ID, err)
	}
	if len(job.Result) > 0 {
		if err := json.Unmarshal(job.Result, &s.done); err != nil {
			return nil, fmt.Errorf("decoding the outcome of message %s: %w", job.ID, err)
		}
	}
	return s, nil
}

// isAbout tells whether a report speaks of the last sending of the message, not
// of one before a person had it sent again. The provider's id of a sending whose
// answer was lost is not known: it is one that was not known before.
func (s *sending) isAbout(r Report) bool {
	if r.Channel != "" && r.Channel != s.way {
		return false
	}
	if s.done.ProviderID == "" || r.ProviderID == "" {
		return true
	}
	return (s.done.ProviderID == r.ProviderID) != (progress.Of(s.job) == StatusMaybeSent)
}
