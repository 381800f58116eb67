// Package device looks after the equipment at customers': it finds a device by what
// stands on its label, adds it, puts it into service on a visit, takes it back, has
// it take the place of another, and shows it with all that hangs on it.
//
// Routes: GET /equipment/lookup, POST /equipment, POST /equipment/link,
// POST /equipment/swap, GET /device/{serial}; for the staff, and for technicians as
// far as their visits go. Events: equipment.moved. Systems called: ERPNext (Service
// Equipment, Service Subscription, Service Contract, Issue, Dispatch Job), and what
// tells the state of a line.
//
// It remembers the changes as jobs (device.change), how each device was last seen
// (seven days, without secrets) and what a technician could see (twelve hours), and
// writes an audit line whenever it shows a Wi-Fi password or takes a device from
// where it works.
//
// Its rooms: find (codes), sight (who may see what), lookup (a scan), change (what
// is written), page and card (the seven cards).
package device

import (
	"context"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/card"
	"gigafibre.ca/targo-hub/hub/device/change"
	"gigafibre.ca/targo-hub/hub/device/lookup"
	"gigafibre.ca/targo-hub/hub/device/page"
	"gigafibre.ca/targo-hub/hub/device/sight"
	"gigafibre.ca/targo-hub/hub/keep"
)

// What others give and get.
type (
	Order       = change.Order
	LinkOrder   = change.LinkOrder
	SwapOrder   = change.SwapOrder
	CreateOrder = change.CreateOrder
	Changed     = change.Changed
	Found       = lookup.Found
	Page        = page.Page
	Card        = card.Card
	Fact        = card.Fact
	Store       = change.Store
	News        = change.News
)

// Deps is what the desk is given.
type Deps struct {
	ERPNext *erpnext.Client // nil: the part is off
	Store   Store
	News    News
	// OLT tells the state of the line of an ONU by its serial number, as JSON; nil
	// while nothing can.
	OLT func(ctx context.Context, serial string) (any, error)
	// Final are the states in which a work order is over, as the site writes them;
	// Completed and Cancelled when empty.
	Final []string
	Now   func() time.Time // nil: the clock
	Log   *slog.Logger     // nil: nothing is logged
}

// Desk looks after devices.
type Desk struct {
	on      bool
	scans   lookup.Desk
	changes *change.Desk
	pages   *page.Desk
}

// NewDesk makes a desk.
func NewDesk(deps Deps) *Desk {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	clerk := sight.Clerk{ERPNext: deps.ERPNext, Final: deps.Final, Now: deps.Now}
	pages := page.New(page.Deps{ERPNext: deps.ERPNext, Store: deps.Store, Clerk: clerk, OLT: deps.OLT, Now: deps.Now, Log: deps.Log})
	return &Desk{
		on:      deps.ERPNext != nil,
		scans:   lookup.Desk{ERPNext: deps.ERPNext, Clerk: clerk, Seen: pages.Seen},
		changes: change.New(change.Deps{ERPNext: deps.ERPNext, Store: deps.Store, News: deps.News, Clerk: clerk, Now: deps.Now, Log: deps.Log}),
		pages:   pages,
	}
}

// Work says what is worked off in the background.
func (d *Desk) Work() []keep.Work { return []keep.Work{d.changes.Work()} }

// Lookup finds out which device a code is, for the actor on ctx; job may be "".
func (d *Desk) Lookup(ctx context.Context, code, job string) (Found, error) {
	if err := d.off(); err != nil {
		return Found{}, err
	}
	return d.scans.Find(ctx, code, job)
}

// Look shows a device with its seven cards, within three seconds whatever is away,
// as the actor on ctx may see it.
func (d *Desk) Look(ctx context.Context, serial string) (Page, error) {
	if err := d.off(); err != nil {
		return Page{}, err
	}
	return d.pages.Look(ctx, serial)
}

// Create adds a device and, when a visit is named, puts it into service there. The
// kinds of failures are those of Link; equipment-exists names the one that is there.
func (d *Desk) Create(ctx context.Context, o CreateOrder) (Changed, error) {
	if err := d.off(); err != nil {
		return Changed{}, err
	}
	return d.changes.Create(ctx, o)
}

// Link puts a device into service on a visit, or takes it back. hub.Conflict and
// hub.Invalid change nothing and stay so; hub.Unavailable is not finished, and is
// asked for again with the same key.
func (d *Desk) Link(ctx context.Context, o LinkOrder) (Changed, error) {
	if err := d.off(); err != nil {
		return Changed{}, err
	}
	return d.changes.Link(ctx, o)
}

// Swap has a device take the place of another; as Link.
func (d *Desk) Swap(ctx context.Context, o SwapOrder) (Changed, error) {
	if err := d.off(); err != nil {
		return Changed{}, err
	}
	return d.changes.Swap(ctx, o)
}

func (d *Desk) off() error {
	if !d.on {
		return hub.PartOff("ERPNext")
	}
	return nil
}
