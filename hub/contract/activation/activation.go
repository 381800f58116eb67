// Package activation puts a service into force when its work is done: the
// subscription and what hangs on it become Actif from tomorrow, the contract gets
// its dates, the location is Active, and the part of the month that is left is
// drawn up as a draft invoice, with what the quotation sold once.
//
// Routes: POST /contract/activate. Events: subscription.activated.
// Systems called: ERPNext. Remembers: the job of an activation that somebody asked
// for by hand; everything else is found again in ERPNext.
//
// Which subscription it is is read from the job's contract. Where old work has no
// contract, the one pending subscription of the customer at the address is taken
// if there is exactly one; else nothing is guessed, and the failure names them.
//
// Each step asks for its own trace, so any call may be repeated, by anybody, and
// bills once: in this process calls about one contract go one after the other, two
// hubs are kept apart by the lock of each document and by the invoice's unique key.
package activation

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Store is what the desk needs of hub/keep.
type Store interface {
	saga.Store
	keep.Desk
	keep.Trail
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Bills draws up drafts of invoices.
type Bills interface {
	Make(ctx context.Context, o bill.Order) (invoice *erpnext.SalesInvoice, fresh bool, err error)
}

// Deps is what the desk works with. ERPNext may be nil: the part is then off.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	News    News
	Bills   Bills
	Late    int                      // days after which what was missed is for a person
	Final   func(status string) bool // whether a job's status is final; in the hub's own words when nil
	Now     func() time.Time
	Log     *slog.Logger
}

// Desk activates.
type Desk struct {
	erp    *erpnext.Client
	store  Store
	news   News
	bills  Bills
	late   int
	final  func(status string) bool
	now    func() time.Time
	teller *saga.Teller[Wish, Activation]
}

// NewDesk makes a desk.
func NewDesk(d Deps) *Desk {
	desk := &Desk{erp: d.ERPNext, store: d.Store, news: d.News, bills: d.Bills, late: d.Late, final: d.Final, now: d.Now}
	if desk.final == nil {
		desk.final = func(status string) bool { return erpnext.DispatchJob{Status: status}.Final() }
	}
	desk.teller = saga.NewTeller(saga.Story[Wish, Activation]{Kind: Kind, Retain: keepFor, Open: desk.open}, d.Store, d.Now, d.Log)
	return desk
}

// The states of an activation.
const (
	Activated = "activated" // by this call, or one that it carried on with
	Found     = "found"     // it was in force already
	Pending   = "pending"   // stored, and still being worked on
)

// Activation is what became of it. What does not exist is empty.
type Activation struct {
	State        string           `json:"state" enum:"activated,found,pending"`
	Contract     string           `json:"contract"`
	Subscription string           `json:"subscription"`
	Job          string           `json:"job,omitempty" doc:"The Dispatch Job that brought it about"`
	Start        erpnext.Date     `json:"start_date" doc:"First day that is paid for"`
	Invoice      string           `json:"invoice" doc:"Draft of the invoice; empty when nothing is to be paid before the next month"`
	Amount       hub.Money        `json:"amount" doc:"Of that invoice, before tax"`
	Taxes        Taxes            `json:"taxes"`
	Total        hub.Money        `json:"total"`
	Steps        []saga.StepState `json:"steps" nullable:"false"`
}

// Taxes are those of the invoice.
type Taxes struct {
	TPS hub.Money `json:"tps"`
	TVQ hub.Money `json:"tvq"`
}

// Activate puts the service of a finished job into force. The job is as it was
// stored: its actual end, where it has one, is the day of the activation, so that
// a try that comes days later starts the service on the same day. An error tells
// that something is missing yet; what exists is told beside it.
func (d *Desk) Activate(ctx context.Context, job *erpnext.DispatchJob) (Activation, error) {
	if d.erp == nil {
		return Activation{}, off()
	}
	var out Activation
	err := d.erp.Alone(ctx, lane(job.ServiceContract, job.Customer), func(ctx context.Context) error {
		f, err := d.locate(ctx, Wish{}, job)
		if err != nil {
			return err
		}
		f.out = &out
		noted := func(_ context.Context, state saga.StepState) error {
			out.Steps = append(out.Steps, state)
			return nil
		}
		return begun(saga.Walk{Now: d.now, Noted: noted}.Through(ctx, d.steps(f)))
	})
	if err != nil {
		return out, fmt.Errorf("activating by %s: %w", job.Name, err)
	}
	return out, nil
}

// begun keeps a document that a step misses (the item of an invoice) apart from a
// subscription that is not there: a caller may take the latter as nothing to do.
func begun(err error) error {
	if !hub.IsKind(err, hub.NotFound) {
		return err
	}
	return hub.Fail(hub.Upstream, "upstream-failed", "The activation needs what is not there. "+hub.ProblemOf(err).Detail, err)
}

// lane keeps the writers of one contract, or of one customer's old work, apart.
func lane(contract, customer string) string {
	if contract != "" {
		return "contract:" + contract
	}
	return "customer:" + cmp.Or(customer, "unknown")
}

// off says that ERPNext is not configured.
func off() error {
	return hub.Fail(hub.Unavailable, "part-off", "This needs ERPNext, which is not configured.", nil)
}
