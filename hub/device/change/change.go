// Package change has devices change hands: one is added, put into service on a
// visit or taken back, or takes the place of another. Each is stored before it is
// answered and walked step by step; a step looks for its own trace (the key of the
// device, a line of its history, a row of the work order) before it writes. So
// whatever fails or dies in the middle, exactly one of everything exists in the
// end.
//
// It is a room of package device: no routes. Events: equipment.moved. Systems
// called: ERPNext (Service Equipment, Dispatch Job, Service Contract). It remembers
// the changes with their outcomes, as jobs of the kind device.change.
package change

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/find"
	"gigafibre.ca/targo-hub/hub/device/sight"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Kind is the kind of the jobs that carry changes.
const Kind = "device.change"

// News is told of devices that moved.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Store carries the changes, and keeps the audit.
type Store interface {
	saga.Store
	keep.Trail
}

// Deps is what the desk is given.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	News    News
	Clerk   sight.Clerk
	Now     func() time.Time
	Log     *slog.Logger
}

// Desk takes orders.
type Desk struct {
	Deps
	finder find.Finder
	teller *saga.Teller[order, outcome]
}

// keptFor is how long a phone may ask again with the same key.
const keptFor = 30 * 24 * time.Hour

// New makes a desk.
func New(deps Deps) *Desk {
	d := &Desk{Deps: deps, finder: find.Finder{ERPNext: deps.ERPNext}}
	d.teller = saga.NewTeller(saga.Story[order, outcome]{Kind: Kind, Retain: keptFor, Open: d.open}, deps.Store, deps.Now, deps.Log)
	return d
}

// Work says how changes are worked off.
func (d *Desk) Work() keep.Work { return d.teller.Work() }

// Link carries out an order; it may be asked again with the same key until it is
// answered. A conflict says what is in the way, and changes nothing.
func (d *Desk) Link(ctx context.Context, o LinkOrder) (Changed, error) {
	if err := o.check(); err != nil {
		return Changed{}, err
	}
	return d.carry(ctx, wish{o.Order, kindLink, asked(o.Equipment, o.Action, o.Confirm), func(ctx context.Context) (order, error) { return d.planLink(ctx, o) }})
}

// Swap carries out an order, as Link does.
func (d *Desk) Swap(ctx context.Context, o SwapOrder) (Changed, error) {
	if err := o.check(); err != nil {
		return Changed{}, err
	}
	return d.carry(ctx, wish{o.Order, kindSwap, asked(o.Old, o.New, o.Reason, o.Condition, o.Notes, o.Confirm), func(ctx context.Context) (order, error) { return d.planSwap(ctx, o) }})
}

// Create carries out an order, as Link does. A device that is there already is
// refused with that one.
func (d *Desk) Create(ctx context.Context, o CreateOrder) (Changed, error) {
	if err := scanned(o.Source); err != nil {
		return Changed{}, err
	}
	return d.carry(ctx, wish{o.Order, kindCreate, asked(o.Type, o.Brand, o.Model, o.Serial, o.MAC, o.Barcode), func(ctx context.Context) (order, error) { return d.planCreate(ctx, o) }})
}

// answerWithin is how long a caller waits for the whole.
const answerWithin = 6 * time.Second

// wish is a change that somebody asks for.
type wish struct {
	Order
	kind  string
	asked string // what for, as asked tells it
	plan  func(context.Context) (order, error)
}

// carry stores the change, or finds the one that there is, and waits for it. Only
// what is new is planned: what has begun is carried on with as it was decided.
func (d *Desk) carry(ctx context.Context, o wish) (Changed, error) {
	if o.Key == "" {
		o.Key = uuid.NewString()
	}
	job, err := d.stored(ctx, o)
	if err != nil {
		return Changed{}, err
	}
	account, err := d.teller.Await(ctx, job.ID, answerWithin)
	if err != nil {
		return Changed{}, err
	}
	switch account.State {
	case saga.Done:
		return Changed{account.Answer.Equipment, account.Answer.Old, o.Job, account.Steps, account.Work}, nil
	case saga.Failed: // it was planned well, and somebody was faster
		if _, err := o.plan(ctx); err != nil {
			return Changed{}, err
		}
		return Changed{}, hub.Fail(hub.Conflict, "state-conflict", "The change was given up: "+account.Note, nil,
			hub.WithState(map[string]any{"work": account.Work, "steps": account.Steps}))
	}
	return Changed{}, hub.Fail(hub.Unavailable, "unavailable", "The change is stored and goes on by itself; ask again with the same key.", nil,
		hub.WithRetryAfter(2*time.Second), hub.WithState(map[string]any{"work": account.Work}))
}

// stored gives the job of the wish. A key that stood for another wish is refused:
// else the answer would be about a device that nobody asked for.
func (d *Desk) stored(ctx context.Context, o wish) (keep.Job, error) {
	key := o.kind + ":" + trace(o.Order)
	job, found, err := d.teller.Known(ctx, key)
	if err == nil && (!found || job.Status == keep.Cancelled) {
		job, err = d.begin(ctx, key, o)
	}
	if err != nil {
		return keep.Job{}, err
	}
	before, err := d.teller.Order(job)
	switch {
	case err != nil:
		return keep.Job{}, err
	case before.Asked != o.asked:
		return keep.Job{}, hub.Fail(hub.Invalid, "idempotency-mismatch", "This key was used for another change.", nil)
	case !found:
		return job, nil
	}
	return d.teller.Resume(ctx, job)
}

// begin plans the change and stores it.
func (d *Desk) begin(ctx context.Context, key string, o wish) (keep.Job, error) {
	planned, err := o.plan(ctx)
	if err != nil {
		return keep.Job{}, err
	}
	planned.Key, planned.Asked = trace(o.Order), o.asked
	if planned.At = o.At.UTC(); o.At.IsZero() {
		planned.At = d.Now().UTC()
	}
	if planned.From != "" { // taken from where it works: somebody said so
		err = d.Store.Audit(ctx, keep.Record{
			Actor: o.By, Action: "equipment.takeover", Doctype: doctype, Name: planned.Device,
			Detail: fmt.Sprintf("from %s for %s", planned.From, planned.Job), Request: hub.RequestID(ctx),
		})
		if err != nil {
			return keep.Job{}, err
		}
	}
	lane := ""
	if planned.Job != "" {
		lane = "device:" + planned.Job
	}
	return d.teller.Begin(ctx, saga.Wish[order]{
		Key: key, Lane: lane, Order: planned,
		Subject: keep.Subject{Doctype: "Dispatch Job", Name: planned.Job, Customer: planned.Customer, Technician: planned.Technician},
	})
}
