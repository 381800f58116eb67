// Package conversation takes the texts that people send us and puts them where
// somebody will answer: as a Communication on the customer's open Issue, or on a
// new one. A text whose number belongs to nobody, or to several customers, is not
// guessed about: it is kept until a person says whose it is.
//
// Routes: GET /conversations, POST /conversations/{id}/assign and
// POST /conversations/{id}/dismiss. Texts themselves arrive at the door (package
// webhooks) and are handed to Desk.Receive.
// Events: message.received for each text, and once more when it had to wait for
// ERPNext; conversation.assigned.
// Systems called: ERPNext (Customer, Issue, Communication).
// Remembers: each text that waits as a job of kind conversation.sms, in a lane for
// its number: held for a person (of a number the last 100, for 90 days), or pending
// while ERPNext does not take it; for a week, under the key
// conversation:pick:<number's hash>, for whom a number was said to speak; under
// conversation:aside:<number's hash> how many of its texts were put aside; and for
// moments that a customer's Issue is being looked for.
//
// Links to pictures are written down, never followed.
package conversation

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// KindSMS is the kind of the jobs of texts that wait for a person.
const KindSMS = "conversation.sms"

// fresh is how long an Issue without a change still is what a customer writes
// about, and how long a number speaks for the customer whom a person picked.
const fresh = 7 * 24 * time.Hour

// Inbound is one text as it came in.
type Inbound struct {
	ID         string    `json:"id"`   // the provider's: the same for every repetition
	From       string    `json:"from"` // E.164, or a short number
	To         string    `json:"to"`   // which of our numbers
	Body       string    `json:"body"` // may be empty
	OptOutType string    `json:"opt_out_type,omitempty"`
	Media      []Media   `json:"media,omitempty"`
	At         time.Time `json:"at"` // when it came in; now when zero
}

// Media is a link to a picture or another file at the provider.
type Media struct {
	URL  string `json:"url"`
	Type string `json:"type,omitempty"` // "image/jpeg"
}

// The states of a text.
const (
	Filed      = "filed"      // it stands in ERPNext
	Unassigned = "unassigned" // it waits for a person
	Waiting    = "waiting"    // ERPNext has not taken it yet; it is tried again
	Assigned   = "assigned"   // a person said whose it is, and it is being filed
	Dismissed  = "dismissed"  // a person said that it is nobody's, or nobody took it up
)

// Outcome is what became of a text. Of a filed one the documents are named, of
// one that waits the conversation.
type Outcome struct {
	State         string `json:"state"`
	Customer      string `json:"customer,omitempty"`
	Issue         string `json:"issue,omitempty"` // none for a bare STOP of a customer without an open Issue
	Communication string `json:"communication,omitempty"`
	Conversation  string `json:"conversation,omitempty"`
}

// The words that are more than words: see Deps.Keyword.
const (
	WordStop  = "stop"
	WordStart = "start"
)

// Store is what the desk needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Desk
	keep.Lists
	keep.Values
	keep.Trail
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what the desk works with. Without ERPNext every text waits for a
// person. Keyword hears of each text before anything else, perhaps more than
// once: it keeps the ledger of opt-outs and tells which word it was ("stop",
// "start", "help", or "" for none); nil looks for none.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	News    News
	Keyword func(ctx context.Context, in Inbound) (word string, err error)
	Now     func() time.Time
	Log     *slog.Logger
}

// Desk is where texts are taken in.
type Desk struct {
	erp     *erpnext.Client
	store   Store
	news    News
	keyword func(ctx context.Context, in Inbound) (word string, err error)
	now     func() time.Time
	log     *slog.Logger
}

// NewDesk makes a desk.
func NewDesk(d Deps) *Desk {
	if d.Keyword == nil {
		d.Keyword = func(context.Context, Inbound) (string, error) { return "", nil }
	}
	return &Desk{erp: d.ERPNext, store: d.Store, news: d.News, keyword: d.Keyword, now: d.Now, log: d.Log.With("part", "conversation")}
}

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/conversations", Guard: web.Staff, Tag: tag, ID: "list-conversations",
		Summary:     "List the conversations that need a person, newest first",
		Description: "A conversation is what one number wrote that is not filed yet. `unassigned`: nobody knows whose it is, or several share the number. `failed`: ERPNext refused it too often; assigning it tries again.",
	}, d.list)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/conversations/{id}/assign", Guard: web.Staff, Tag: tag, ID: "assign-conversation", Calls: true,
		Summary:     "Say whose texts these are",
		Description: "All of them are then written to the customer's open Issue, or a new one, in order. For a week the number speaks for this customer. A repeat answers the same; 409 once the texts are another customer's.",
	}, d.assign)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/conversations/{id}/dismiss", Guard: web.Staff, Tag: tag, ID: "dismiss-conversation",
		Summary: "Put texts aside that are nobody's: advertising, a wrong number",
	}, d.dismiss)
}

// Work returns how texts that waited are filed.
func (d *Desk) Work() []keep.Work {
	return []keep.Work{{Kind: KindSMS, Backoff: backoff[:], MaxTries: mostTries, Refusals: mostRefusals, Do: d.work}}
}
