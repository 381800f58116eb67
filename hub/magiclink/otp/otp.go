// Package otp lets people in by a code of six digits that is sent to the telephone
// or the mail address that ERPNext knows of them: technicians (purpose tech) to
// their work, customers (portal) to their pages.
//
// Nobody learns here whom the hub knows: who asks for a code gets the same answer
// after the same work, and whether somebody gets one is decided afterwards. A code
// is compared with what is stored under the identifier, which for a stranger is the
// like of what it is for others.
//
// It is a room of package magiclink.
// Routes: POST /otp/send, POST /otp/verify, GET /otp and POST /otp, all Public.
// Events: none. Systems called: ERPNext (Dispatch Technician, Customer).
// Remembers: otp:code:<hash of purpose and identifier>, the hash of the newest code,
// the tries at it, when codes were asked for and, for a day, wrong guesses; as jobs (magiclink.code), the wishes
// for a code, for a day.
package otp

import (
	"context"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/web"
)

// Keys makes tokens, and secrets that are derived from the keys of tokens.
type Keys interface {
	Mint(ctx context.Context, g access.Grant) (token string, c access.Claims, err error)
	Secret(purpose string) ([]byte, error)
}

// Store is what codes need of hub/keep.
type Store interface {
	keep.Queue
	keep.Values
	keep.Rates
	keep.Trail
}

// Mail takes messages.
type Mail interface {
	Queue(ctx context.Context, m outbox.Message) (outbox.Entry, error)
}

// Deps is what a desk of codes works with.
type Deps struct {
	ERPNext *erpnext.Client // nil: every route answers that the part is off
	Keys    Keys
	Store   Store
	Mail    Mail
	Prefix  string                   // of what the outbox knows: the text <prefix>.code, and the secret words (see Word)
	Public  func(path string) string // absolute address of a path of the hub
	Brand   string                   // who writes
	Office  string                   // telephone of the office; "" shows none
	PerHour int                      // codes that are sent in an hour to all together; 0 for no limit
	Spread  time.Duration            // codes are made so much later at most, by chance: what follows an answer tells nothing either
	Until   func() time.Time         // when a technician's token ends that is made now
	Now     func() time.Time
	Log     *slog.Logger
}

// The limits.
const (
	life      = 10 * time.Minute // of a code
	mostTries = 5                // at a code
	resend    = time.Minute      // between two codes for an identifier
	mostSends = 3                // codes for an identifier in sendsIn
	sendsIn   = 15 * time.Minute
	// mostMissed wrong guesses at codes that were valid, in missedIn, and there are no
	// more codes for the identifier: whoever has many addresses and much time would
	// guess one some day. A right one begins anew.
	mostMissed = 20
	missedIn   = 24 * time.Hour
	asksHour   = 20 // wishes for a code by the hour, from an address
	triesHour  = 60 // tries by the hour, from an address: over all identifiers

	portalLife = 12 * time.Hour // of a customer's token
)

// Desk sends codes and checks them.
type Desk struct {
	Deps
	pages *template.Template
	ours  *http.CrossOriginProtection // keeps the forms of other sites out
}

// NewDesk makes a desk. It fails when the page cannot be read.
func NewDesk(d Deps) (*Desk, error) {
	desk := &Desk{Deps: d, ours: http.NewCrossOriginProtection()}
	var err error
	if desk.pages, err = template.ParseFS(files, "pages/*.html"); err != nil {
		return nil, err
	}
	if u, err := url.Parse(d.Public("/")); err == nil && u.Host != "" {
		return desk, desk.ours.AddTrustedOrigin(u.Scheme + "://" + u.Host)
	}
	return desk, nil
}

// Work is what the desk does in the background. A code that cannot be sent while it
// is valid is not sent.
func (d *Desk) Work() []keep.Work {
	return []keep.Work{{
		Kind: kind, Concurrency: 4, Budget: 30 * time.Second, Retain: 24 * time.Hour, MaxTries: 12,
		Backoff: []time.Duration{time.Second, 5 * time.Second, 20 * time.Second, time.Minute}, Do: d.make,
	}}
}

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	d.mountCalls(r)
	d.mountPage(r)
}

func (d *Desk) off() error {
	if d.ERPNext == nil {
		return hub.PartOff("ERPNext")
	}
	return nil
}
