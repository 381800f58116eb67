// Package outbox sends people their SMS and mail, through a gate that is shut
// until somebody opens it on purpose.
//
// Routes: POST /messages, GET /messages, GET /messages/{id} and
// POST /messages/{id}/release|cancel|resend. Events: message.queued,
// message.held, message.sent, message.failed. Systems called: whatever Sender
// each channel was given (Twilio, Mailjet). It remembers every message as a job
// of kind outbox.sms or outbox.email, with its final text, and, under the key
// outbox:handing:<id>, that a message is being handed to the provider.
//
// A message is at most one message outside. When nobody knows whether it left
// (the reply was lost, the hub died while it sent), it is put aside as
// "maybe-sent" and never sent again by itself.
package outbox

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Channel is the way a message takes.
type Channel string

// The channels.
const (
	SMS   Channel = "sms"
	Email Channel = "email"
)

// kindPrefix begins the kind of every message's job.
const kindPrefix = "outbox."

func (c Channel) kind() string { return kindPrefix + string(c) }

func (c Channel) known() bool { return c == SMS || c == Email }

func channelOf(kind string) Channel { return Channel(strings.TrimPrefix(kind, kindPrefix)) }

// Message is what somebody wants said. Either Template (with Vars) or Body is
// given. Without a DedupeKey every call is a new message.
type Message struct {
	Channel   Channel
	To        string // a telephone number as people write it, or a mail address
	Subject   string // mail only; a template brings its own
	Body      string
	HTML      string // mail only, optional
	Template  string // "<prefix>.<name>", see AddTexts
	Vars      map[string]any
	Lang      hub.Lang // French when empty
	Customer  string
	Doctype   string // the document that the message is about
	Name      string
	DedupeKey string
	Urgent    bool // kept with the message: a later rule about quiet hours must let it through
}

// Letter is what a sender gets: the final text and address.
type Letter struct {
	ID      string // the message's id; pass it on where the provider takes a reference
	Channel Channel
	To      string
	Subject string
	Body    string
	HTML    string
}

// Receipt is what the provider answered.
type Receipt struct {
	ProviderID string `json:"provider_id,omitempty"`
	Segments   int    `json:"segments,omitempty"` // SMS only
}

// Sender hands one letter to a provider. Its error decides what follows: see
// Work.
type Sender interface {
	Send(ctx context.Context, letter Letter) (Receipt, error)
}

// Publisher tells the news.
type Publisher interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Store is what the outbox needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Desk
	keep.Lists
	keep.Values
	keep.Radio
	keep.Trail
}

// Deps is what the outbox works with.
type Deps struct {
	Store     Store
	Senders   map[Channel]Sender // a channel without one captures
	Events    Publisher
	Log       *slog.Logger
	Brand     string // subject of mails that bring none
	PublicURL string // its host is what Config.LiveAck must repeat
	Metrics   prometheus.Registerer
}

// Outbox takes messages in and sends what the gate lets through.
type Outbox struct {
	store   Store
	senders map[Channel]Sender
	events  Publisher
	log     *slog.Logger
	gate    *Gate
	texts   map[string]*Texts
	handled *prometheus.CounterVec
	brand   string
}

// New makes an outbox. A wrong gate is an error: better no hub than one that
// writes to customers by mistake.
func New(cfg Config, deps Deps) (*Outbox, error) {
	gate, err := NewGate(cfg, deps.PublicURL)
	if err != nil {
		return nil, err
	}
	o := &Outbox{
		store: deps.Store, senders: deps.Senders, events: deps.Events, log: deps.Log,
		gate: gate, texts: map[string]*Texts{}, brand: cmp.Or(deps.Brand, "Message"),
		handled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_outbox_messages_total", Help: "Messages by what became of a try.",
		}, []string{"channel", "outcome"}),
	}
	if deps.Metrics != nil {
		deps.Metrics.MustRegister(o.handled)
	}
	o.log.Info("outbox gate set", "mode", string(gate.mode), "allowed", len(gate.allow))
	return o, nil
}

// AddTexts makes a feature's texts available as "<prefix>.<name>". It is called
// while the hub is put together; a prefix that is taken is a mistake and panics.
func (o *Outbox) AddTexts(prefix string, texts *Texts) {
	if _, taken := o.texts[prefix]; taken {
		panic("outbox: texts of " + prefix + " added twice")
	}
	o.texts[prefix] = texts
}

// Queue stores the message durably before it returns. The same DedupeKey on the
// same channel returns the entry of the first call and stores nothing. The
// errors are hub.Invalid for an address or a text that cannot be sent.
func (o *Outbox) Queue(ctx context.Context, m Message) (Entry, error) {
	text, err := o.compose(m)
	if err != nil {
		return Entry{}, err
	}
	payload, err := json.Marshal(text)
	if err != nil {
		return Entry{}, hub.Fail(hub.Invalid, "invalid", "The values cannot be stored.", err)
	}
	job, fresh, err := o.store.Put(ctx, keep.Job{
		Kind: m.Channel.kind(), Lane: laneOf(m.Channel, text.To), Dedupe: m.DedupeKey, Payload: payload,
		Subject: keep.Subject{
			Doctype: m.Doctype, Name: m.Name, Customer: m.Customer, Correlation: hub.RequestID(ctx),
		},
	})
	if err != nil {
		return Entry{}, fmt.Errorf("queueing a message: %w", err)
	}
	if fresh {
		o.tell(ctx, job)
	}
	return o.entry(ctx, job)
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
	if err := o.events.Publish(ctx, news...); err != nil {
		o.log.WarnContext(ctx, "events not published", "message", job.ID, "err", err)
	}
}
