// Package page shows a device with all that hangs on it: seven cards that are read
// at once and stand for themselves. What cannot be read is shown as it was last
// seen, with the time, or said in words; nothing that is away blanks the rest.
//
// One call reads the device with its customer and its place. What is around it
// (services, issues, visits, the line) hangs on those: what was remembered of the
// device is asked at the same time, and asked again where it has moved since. So a
// page costs one round of calls, not two.
//
// It is a room of package device: no routes, no events. Systems called: ERPNext
// (Service Equipment, Service Subscription, Issue, Dispatch Job), and what tells
// the state of the line. It remembers how each device was last seen, seven days,
// without secrets, and writes an audit line whenever it shows a Wi-Fi password.
package page

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/singleflight"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/card"
	"gigafibre.ca/targo-hub/hub/device/find"
	"gigafibre.ca/targo-hub/hub/device/sight"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// Card is one side of a device.
type Card = card.Card

// Page is a device with its seven cards, in their order.
type Page struct {
	Serial string
	Cards  []Card
}

// Store remembers, and keeps the audit.
type Store interface {
	keep.Values
	keep.Trail
}

// Deps is what the desk is given.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	Clerk   sight.Clerk
	// OLT tells the state of the line of an ONU; nil while nothing can.
	OLT func(ctx context.Context, serial string) (any, error)
	Now func() time.Time
	Log *slog.Logger
}

// Desk shows devices.
type Desk struct {
	Deps
	finder find.Finder
	flight singleflight.Group
}

// New makes a desk.
func New(deps Deps) *Desk { return &Desk{Deps: deps, finder: find.Finder{ERPNext: deps.ERPNext}} }

// The budgets: of each card, of all calls, of the page. The later ones leave time
// to bring home what has come, and to answer within three seconds.
const (
	cardBudget = 2 * time.Second
	callBudget = 2500 * time.Millisecond
	pageBudget = 2800 * time.Millisecond
)

// Look shows the device of a serial number (or another code) to whoever asks: a
// technician sees whose it is only where he has a visit. Everybody who looks at
// the same device at once shares the calls.
//
// An unknown device is equipment-not-found, several are equipment-ambiguous; both
// only when ERPNext said so.
func (d *Desk) Look(ctx context.Context, code string) (Page, error) {
	c, err := find.Read(code)
	if err != nil {
		return Page{}, err
	}
	ctx, stop := context.WithTimeout(ctx, pageBudget)
	defer stop()
	actor := hub.ActorOf(ctx)
	known := d.recall(ctx, c)
	seen := d.eyes(ctx, actor, known)
	shared := d.flight.DoChan(c.Key(), func() (any, error) { return d.gather(ctx, c, known) })
	select {
	case <-ctx.Done():
		return d.dress(ctx, c, &facts{known: known, deviceErr: ctx.Err(), at: d.Now().UTC()}, seen), nil
	case done := <-shared:
		if done.Err != nil {
			return Page{}, done.Err
		}
		return d.dress(ctx, c, done.Val.(*facts), seen), nil
	}
}

// langOf is the language of the words on a page.
func langOf(ctx context.Context) hub.Lang {
	if lang := web.CallerOf(ctx).Lang; lang != "" {
		return lang
	}
	if lang := hub.ActorOf(ctx).Lang; lang != "" {
		return lang
	}
	return hub.French
}
