package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/progress"
)

// AddTexts makes a feature's texts available as "<prefix>.<name>". It is called
// while the hub is put together; a prefix that is taken is a mistake and panics.
func (o *Outbox) AddTexts(prefix string, texts *Texts) {
	if _, taken := o.texts[prefix]; taken {
		panic("outbox: texts of " + prefix + " added twice")
	}
	o.texts[prefix] = texts
}

// Secret makes the word of a reference: a code that opens a door, say. hub.Gone says
// that it opens none any more: who gets it would only wonder.
type Secret func(ctx context.Context, reference string) (word string, err error)

// Veil stands for a secret word wherever a message is kept or shown.
const Veil = "******"

// AddSecret lets messages of a feature carry words that are kept nowhere: neither
// before they are sent nor afterwards can anybody read them here. It is called while
// the hub is put together, as AddTexts is.
func (o *Outbox) AddSecret(prefix string, word Secret) { o.secrets[prefix] = word }

// unveil puts the secret word where the text has the veil.
func (o *Outbox) unveil(ctx context.Context, secret string, texts ...*string) error {
	if secret == "" {
		return nil
	}
	prefix, reference, _ := strings.Cut(secret, ".")
	find := o.secrets[prefix]
	if find == nil {
		return keep.Reject(hub.Fail(hub.Internal, "internal", "Nobody makes the secret word of this message.", nil))
	}
	word, err := find(ctx, reference)
	if hub.IsKind(err, hub.Gone) {
		return keep.Reject(err)
	}
	if err != nil {
		return fmt.Errorf("making the secret word of a message: %w", err)
	}
	for _, text := range texts {
		*text = strings.ReplaceAll(*text, Veil, word)
	}
	return nil
}

// render finds a text by its full name "<prefix>.<name>".
func (o *Outbox) render(full string, way Channel, lang hub.Lang, vars map[string]any) (subject, body string, err error) {
	prefix, name, _ := strings.Cut(full, ".")
	texts := o.texts[prefix]
	if texts == nil {
		return "", "", invalid("/template", "there is no such text")
	}
	return texts.Render(name, way, lang, vars)
}

// Queue stores the message durably before it returns. The same DedupeKey on the
// same channel, or the same text said a moment ago, returns the entry of the
// first call with Duplicate set and stores nothing. A message without an address
// goes to its customer. The errors are hub.Invalid for an address or a text that
// cannot be sent, or a customer who is not reached that way (no-contact),
// hub.NotFound for a customer who is not there, and hub.Conflict (key-taken), with
// the entry of the first call, for a key that stands for another recipient or
// other words.
func (o *Outbox) Queue(ctx context.Context, m Message) (Entry, error) {
	if err := o.reach(ctx, &m); err != nil {
		return Entry{}, err
	}
	if m.Purpose == Commercial {
		m.Urgent = false // no telephone rings at night for an offer, whoever says so
	}
	text, err := o.compose(m)
	if err != nil {
		return Entry{}, err
	}
	job, err := newJob(ctx, m, text)
	if err != nil {
		return Entry{}, err
	}
	stored, said, err := o.saidBefore(ctx, m, text, job.ID)
	fresh := false
	if err == nil && !said {
		stored, fresh, err = o.store.Put(ctx, job)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("queueing a message: %w", err)
	}
	if fresh {
		o.tell(ctx, stored)
	}
	entry, err := o.entry(ctx, stored)
	if entry.Duplicate = !fresh; err == nil && !fresh {
		err = taken(entry, text)
	}
	return entry, err
}

// reach finds the address of a message that is for a customer, and the language.
func (o *Outbox) reach(ctx context.Context, m *Message) error {
	if strings.TrimSpace(m.To) != "" || m.Customer == "" || o.deps.Contact == nil || !m.Channel.Known() {
		return nil
	}
	contact, err := o.deps.Contact(ctx, m.Customer)
	if hub.IsKind(err, hub.NotFound) {
		return hub.Fail(hub.NotFound, "not-found", "There is no such customer.", err, hub.WithField("/customer", "not found"))
	}
	if err != nil {
		return fmt.Errorf("finding the address of customer %s: %w", m.Customer, err)
	}
	m.To = contact.To(m.Channel)
	if m.To == "" {
		detail := map[Channel]string{SMS: "The customer has no mobile number.", Email: "The customer has no mail address."}[m.Channel]
		return hub.Fail(hub.Invalid, "no-contact", detail, nil, hub.WithField("/customer", "not reached on this channel"))
	}
	m.Lang = cmp.Or(m.Lang, contact.Lang)
	return nil
}

// newJob packs a message.
func newJob(ctx context.Context, m Message, text content) (keep.Job, error) {
	payload, err := json.Marshal(text)
	if err != nil {
		return keep.Job{}, hub.Fail(hub.Invalid, "invalid", "The values cannot be stored.", err)
	}
	if len(payload) > maxPayload {
		return keep.Job{}, invalid("/vars", "the message is too long")
	}
	id, err := uuid.NewV7()
	if err != nil {
		return keep.Job{}, fmt.Errorf("queueing a message: %w", err)
	}
	return keep.Job{
		ID: id.String(), Kind: m.Channel.Kind(), Lane: laneOf(m.Channel, text.To, m.Urgent), Dedupe: m.DedupeKey, Payload: payload,
		Subject: keep.Subject{
			Doctype: m.Doctype, Name: m.Name, Customer: m.Customer, Correlation: hub.RequestID(ctx),
		},
	}, nil
}

// taken refuses to pass an earlier message off for one that says something else.
func taken(first Entry, text content) error {
	if text.says(content{To: first.To, Subject: first.Subject, Body: first.Body, HTML: first.HTML}) {
		return nil
	}
	return hub.Fail(hub.Conflict, "key-taken", "Another message has this key: it is to somebody else, or in other words.", nil,
		hub.WithState(map[string]any{"id": first.ID, "status": first.Status}))
}

// saidBefore finds the message by which the same words went to the same person
// about the same document a moment ago; else it notes that this one does. Only
// the last message counts: who moves a visit and moves it back says three things.
func (o *Outbox) saidBefore(ctx context.Context, m Message, text content, id string) (keep.Job, bool, error) {
	if m.Template == "" || m.Name == "" || m.DedupeKey != "" || m.Urgent {
		return keep.Job{}, false, nil
	}
	saying := fmt.Sprintf("%q %q %q %q %q", m.Channel, m.Template, text.To, m.Doctype, m.Name)
	last, said, err := o.recent.Said(ctx, saying, id, func(id string) (keep.Job, bool, error) {
		job, err := o.job(ctx, id)
		if err != nil {
			return job, false, err
		}
		s, err := sendingOf(job)
		if err != nil {
			return job, false, err
		}
		// One that was given up or cancelled has said nothing: no reason to be silent.
		status := progress.Of(job)
		return job, s.says(text) && status != StatusFailed && status != StatusCancelled, nil
	})
	if said {
		o.count(last, "duplicate")
		o.log.InfoContext(ctx, "message dropped: the same was said just now", "message", last.ID, "channel", string(m.Channel))
	}
	return last, said, err
}

// tell publishes news of a message. The worker can be faster than the call that
// queued the message, so whoever is first says that it was queued: the key lets
// that be said once, and it comes before what follows from it.
func (o *Outbox) tell(ctx context.Context, job keep.Job, news ...hub.Event) {
	first := newsOf(hub.MessageQueued, job, map[string]any{"status": StatusQueued})
	first.Key = hub.MessageQueued + ":" + job.ID
	o.publish(ctx, job, append([]hub.Event{first}, news...)...)
}

func (o *Outbox) publish(ctx context.Context, job keep.Job, news ...hub.Event) {
	if err := o.deps.Events.Publish(ctx, news...); err != nil {
		o.log.WarnContext(ctx, "events not published", "message", job.ID, "err", err)
	}
}

// OptOut records that somebody does not want messages: a word he wrote, a link
// he followed, or a provider's verdict that stands for it. What he takes back
// later, by OptIn, counts whatever comes in which order.
func (o *Outbox) OptOut(ctx context.Context, out OptOut) error { return o.ledger.Add(ctx, out) }

// OptIn takes opt-outs back: those of the scope, all of the address when it is
// empty; with the source START those only that came by text.
func (o *Outbox) OptIn(ctx context.Context, in OptOut) error { return o.ledger.Lift(ctx, in) }

// Heard reads the keyword (STOP, ARRÊT, START, AIDE, …) of an SMS that somebody
// wrote to us and keeps what it says. The same text may be heard twice.
func (o *Outbox) Heard(ctx context.Context, text Text) (Keyword, error) {
	return o.ledger.Heard(ctx, text)
}
