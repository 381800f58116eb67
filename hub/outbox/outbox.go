// Package outbox sends people their SMS and mail, through a gate that is shut
// until somebody opens it on purpose.
//
// Routes: POST /messages, GET /messages, GET /messages/{id},
// POST /messages/{id}/release|cancel|resend and, of the room optout,
// /messages/opt-outs. Events: message.queued, message.held, message.sent,
// message.delivered, message.bounced, message.failed. Systems called: whatever
// Sender each channel was given (Twilio, Mailjet). It remembers every message as
// a job of kind outbox.sms or outbox.email, with its final text, for 90 days;
// what else it remembers stands with the rooms trace, optout and pool, and under
// outbox:recent:<hash>, for ten minutes, what was said to whom about what.
//
// A message is at most one message outside. When nobody knows whether it left
// (the reply was lost, the hub died while it sent), it is put aside as
// "maybe-sent" and never sent again by itself; the provider's report may clear
// it up. A message that was taken in while the gate was shut leaves only by a
// person's decision, whichever hub on the store finds it, and however wide open
// that one's gate is.
package outbox

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/admit"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/outbox/gate"
	"gigafibre.ca/targo-hub/hub/outbox/optout"
	"gigafibre.ca/targo-hub/hub/outbox/pace"
	"gigafibre.ca/targo-hub/hub/outbox/pool"
	"gigafibre.ca/targo-hub/hub/outbox/recent"
	"gigafibre.ca/targo-hub/hub/outbox/settings"
	"gigafibre.ca/targo-hub/hub/outbox/texts"
	"gigafibre.ca/targo-hub/hub/outbox/trace"
	"gigafibre.ca/targo-hub/hub/outbox/watch"
)

// What rooms give to others.
type (
	Config  = settings.Config
	Texts   = texts.Texts // the messages of one feature, in both languages
	Mode    = gate.Mode
	Gate    = gate.Gate
	Verdict = gate.Verdict
)

// The modes.
const (
	Capture   = gate.Capture
	Redirect  = gate.Redirect
	Allowlist = gate.Allowlist
	Live      = gate.Live
)

// ErrClosed is in the chain of what Gate.Closed returns.
var ErrClosed = gate.ErrClosed

// What the room optout gives to others.
type (
	OptOut    = optout.OptOut
	OptChange = optout.Change
	Text      = optout.Text // an SMS that somebody wrote to us
	Keyword   = optout.Keyword
)

// The scopes of an OptOut, and its usual sources.
const (
	ScopeCommercial = optout.Commercial
	ScopeAll        = optout.All
	SourceUnsub     = optout.SourceUnsub
	SourceSpam      = optout.SourceSpam
	SourceBounce    = optout.SourceBounce // the address is no more: nobody's wish
)

// KeywordOf reads a text that is nothing but STOP, ARRÊT, START, AIDE, …
func KeywordOf(text string) Keyword { return optout.KeywordOf(text) }

// NewGate checks the gate's settings, all mistakes at once. Those that concern
// one setting name its key (see config.Wrong).
func NewGate(cfg Config, publicURL string) (*Gate, error) { return cfg.Gate(publicURL) }

// ParseTexts reads texts/<name>.<sms|email>.<fr|en>.txt; all mistakes at once.
func ParseTexts(fsys fs.FS) (*Texts, error) { return texts.Parse(fsys) }

// Channel is the way a message takes.
type Channel = channel.Channel

// The channels.
const (
	SMS   = channel.SMS
	Email = channel.Email
)

// Contact is how a customer is reached, as Deps.Contact finds it.
type Contact = channel.Contact

// Address checks an address and gives its one spelling: E.164 for SMS, the bare
// address with a lower-case ASCII domain for mail.
func Address(way Channel, text string) (string, error) { return channel.Address(way, text) }

// Purpose says why a message is sent. The law wants consent for the one.
type Purpose string

// The purposes.
const (
	Service    Purpose = "service"    // about what the customer has or asked for; the default
	Commercial Purpose = "commercial" // an offer
)

// Message is what somebody wants said. Either Template (with Vars) or Body is
// given. Without a DedupeKey every call is a new message, except that the same
// Template in the same words to the same recipient about the same document is
// said once in ten minutes, unless it is urgent.
type Message struct {
	Channel   Channel
	To        string // a telephone number as people write it, or a mail address; "" for the Customer's own
	Subject   string // mail only; a template brings its own
	Body      string
	HTML      string // mail only, optional
	Template  string // "<prefix>.<name>", see AddTexts
	Vars      map[string]any
	Lang      hub.Lang // when empty the Customer's own where To is, else French
	Customer  string
	Doctype   string // the document that the message is about
	Name      string
	DedupeKey string
	Urgent    bool // neither the night nor earlier messages hold it up; an offer never is
	Purpose   Purpose

	// Secret is "<prefix>.<reference>", see AddSecret: the Veil in the text (or in
	// Vars) stands for a word that is made when the message is handed over.
	Secret string
}

// Letter is what a sender gets: the final text and address.
type Letter struct {
	ID      string // the message's id; pass it on where the provider takes a reference
	Channel Channel
	From    string // our number for this recipient, "" when Deps.Pool is empty
	To      string
	Subject string
	Body    string
	HTML    string
	Headers map[string]string // mail only: further headers
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
	keep.Rates
	keep.Trail
}

// Deps is what the outbox works with.
type Deps struct {
	Store     Store
	Senders   map[Channel]Sender // a channel without one captures
	Pool      []string           // our numbers for SMS; empty: the sender's own choice
	Events    Publisher
	Log       *slog.Logger
	Brand     string // subject of mails that bring none; who signs, unless Config.Identity says
	PublicURL string // its host is what Config.LiveAck must repeat
	Metrics   prometheus.Registerer
	Now       func() time.Time // time.Now when nil

	// Contact finds how a customer is reached, for messages without an address;
	// hub.NotFound when there is no such customer. nil: every message needs one.
	Contact func(ctx context.Context, customer string) (Contact, error)
	// Consent finds on what ground a commercial message may be sent ("contract",
	// "express 2026-03-14"). Without it, and without a ground, none is.
	Consent func(ctx context.Context, customer string, way Channel, to string) (basis string, ok bool, err error)
	// Stopped tells whether the customer's record says no to commercial messages
	// on the channel; nil when there are no such records.
	Stopped func(ctx context.Context, customer string, way Channel) (bool, error)
	// OptChanged hears of every opt-out and opt-in, perhaps twice; nil for nobody.
	OptChanged func(ctx context.Context, change OptChange) error
}

// Outbox takes messages in and sends what the gate lets through.
type Outbox struct {
	cfg     Config
	deps    Deps
	store   Store
	log     *slog.Logger
	gate    *Gate
	meter   *pace.Meter
	pool    *pool.Pool
	trace   *trace.Trace
	ledger  *optout.Ledger
	rules   *admit.Rules
	recent  *recent.Memory
	watch   *watch.Post
	texts   map[string]*Texts
	secrets map[string]Secret
	handled *prometheus.CounterVec
}

// New makes an outbox. A wrong gate is an error: better no hub than one that
// writes to customers by mistake.
func New(cfg Config, deps Deps) (*Outbox, error) {
	guard, err := NewGate(cfg, deps.PublicURL)
	if err := errors.Join(err, cfg.Validate()); err != nil {
		return nil, err
	}
	hours, err := pace.ParseHours(cfg.QuietHours)
	if err != nil {
		return nil, err
	}
	deps.Brand = cmp.Or(deps.Brand, "Message")
	cfg.Identity = cmp.Or(cfg.Identity, deps.Brand)
	if deps.Now == nil {
		deps.Now = time.Now
	}
	o := &Outbox{
		cfg: cfg, deps: deps, store: deps.Store, log: deps.Log, gate: guard,
		meter:  pace.NewMeter(deps.Store, pace.Limits{PerRecipient: cfg.PerRecipient, PerSender: cfg.PerSender}),
		pool:   pool.New(deps.Store, deps.Pool),
		trace:  trace.New(deps.Store),
		ledger: optout.NewLedger(deps.Store, deps.Now, deps.OptChanged),
		recent: recent.New(deps.Store),
		watch:  watch.New(deps.Store),
		texts:  map[string]*Texts{}, secrets: map[string]Secret{},
		handled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_outbox_messages_total", Help: "Messages by what became of a try, and by what providers reported.",
		}, []string{"channel", "outcome"}),
	}
	o.rules = &admit.Rules{
		Ledger: o.ledger, Hours: hours, Consent: deps.Consent, Stopped: deps.Stopped, Now: deps.Now,
	}
	if deps.Metrics != nil {
		deps.Metrics.MustRegister(o.handled)
	}
	o.log.Info("outbox gate set", "mode", string(guard.Mode()), "allowed", len(cfg.Allow))
	return o, nil
}

// Gate returns the gate, whose Closed the connectors to providers are given.
func (o *Outbox) Gate() *Gate { return o.gate }
