// Package termination ends contracts: it says beforehand what that costs, and then
// does all of it in one call: the contract, the invoice, the services and the
// rebates under them, visits that are not needed any more (with a task for the
// dispatchers where somebody counts on one), the pick-up of our equipment, and what is noted under the customer. A call that dies anywhere is
// carried on with; each step asks for its own trace.
//
// Routes: POST /contract/calculate-termination, POST /contract/terminate,
// GET /contract/{name}/termination.
// Events: contract.terminated, subscription.cancelled.
// Systems called: ERPNext.
// Remembers: one job for each termination, with what was charged and how its steps
// stand; a termination on a day to come is a change of the agenda.
package termination

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/contract/fee"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Kind is the kind of the jobs.
const Kind = "contract.terminate"

// keptFor is how long terminations are kept: for as long as they may be argued
// about.
const keptFor = 10 * 365 * 24 * time.Hour

// Config is what the owner decides about the end of contracts.
type Config struct {
	InstallSeparate bool   `yaml:"install_separate" env:"INSTALL_SEPARATE" doc:"true makes the open balance of a financed installation a debt beside the termination fee; false keeps it under the legal maximum"`
	InstallMonths   int    `yaml:"install_months" env:"INSTALL_MONTHS" default:"24" doc:"months in which a financed installation is paid off, 1 to 120"`
	NoPickup        bool   `yaml:"no_pickup" env:"NO_PICKUP" doc:"true files no visit that fetches the equipment back"`
	PickupGroup     string `yaml:"pickup_group" env:"PICKUP_GROUP" default:"Installation" doc:"group that gets the visit which fetches the equipment back"`
	PickupDays      int    `yaml:"pickup_days" env:"PICKUP_DAYS" default:"7" doc:"days after the end of the contract on which that visit is planned, 0 to 90"`
}

// Validate reports every mistake.
func (c Config) Validate() error {
	var wrong []error
	if c.InstallMonths < 1 || c.InstallMonths > 120 {
		wrong = append(wrong, config.Wrong("install_months", "must be from 1 to 120"))
	}
	if c.PickupDays < 0 || c.PickupDays > 90 {
		wrong = append(wrong, config.Wrong("pickup_days", "must be from 0 to 90"))
	}
	if c.PickupGroup == "" && !c.NoPickup {
		wrong = append(wrong, config.Wrong("pickup_group", "must not be empty"))
	}
	return errors.Join(wrong...)
}

// Store is what the desk needs of hub/keep.
type Store interface {
	saga.Store
	keep.Trail
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Words are the site's own words for the states of visits.
type Words interface {
	In(site string) string // the hub's word
	Out(hub string) string // the site's
}

// Deps is what the desk works with. ERPNext may be nil: the part is switched off
// then. Words may be nil: the site has the hub's.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	News    News
	Bills   *bill.Desk
	Agenda  *agenda.Agenda
	Words   Words
	TasksTo string // user of ERPNext whose tasks the visits called off are; "" for nobody's yet
	Config  Config
	Log     *slog.Logger
	Now     func() time.Time
}

// Desk is where contracts end.
type Desk struct {
	Deps
	clerk  *dossier.Clerk
	teller *saga.Teller[Order, Answer]
}

// Order is what was decided: it does not change any more, however long it takes.
type Order struct {
	Contract string       `json:"contract"`
	On       erpnext.Date `json:"on"`
	Reason   string       `json:"reason"`
	By       string       `json:"by"`
	Key      string       `json:"key"` // of the invoice
	Fee      fee.Fee      `json:"fee"`
	Change   string       `json:"change,omitempty"` // of the agenda, when it was planned
	Visits   []Visit      `json:"visits,omitempty"` // that somebody counted on when it was decided
}

// Answer is what became of it.
type Answer struct {
	Written       bool     `json:"written"` // the contract says so
	Invoice       string   `json:"invoice"`
	Subscription  string   `json:"subscription"`
	Subscriptions []string `json:"subscriptions"`
	Jobs          []string `json:"jobs"`
	Pickup        string   `json:"pickup"`
	DraftsDeleted []string `json:"drafts_deleted,omitempty"`
	DraftsLeft    []string `json:"drafts_left,omitempty"`
	Visits        []Visit  `json:"visits,omitempty"` // that somebody counted on, found since
}

// NewDesk makes a desk, and has the agenda hand it the terminations whose day has
// come.
func NewDesk(d Deps) *Desk {
	desk := &Desk{Deps: d, clerk: dossier.New(d.ERPNext)}
	desk.Log = d.Log.With("room", "termination")
	desk.teller = saga.NewTeller(saga.Story[Order, Answer]{Kind: Kind, Retain: keptFor, Open: desk.open}, d.Store, d.Now, desk.Log)
	d.Agenda.Serve(agenda.Terminate, desk)
	return desk
}

// Work says how terminations are worked off.
func (d *Desk) Work() []keep.Work { return []keep.Work{d.teller.Work()} }

// facts are what the fee depends on. Who is protected by the law is told by the
// contract, where it is silent by the customer; a doubt protects.
func (d *Desk) facts(ctx context.Context, c *erpnext.ServiceContract, on erpnext.Date) (fee.Facts, error) {
	track := c.ContractType
	if track == "" {
		customer, err := d.clerk.Customer(ctx, c.Customer)
		if err != nil {
			return fee.Facts{}, err
		}
		if customer != nil {
			track = customer.CustomerGroup
		}
	}
	f := fee.Facts{
		Track: fee.Residential, Start: c.StartDate, End: c.EndDate, Months: c.DurationMonths, Monthly: c.MonthlyRate,
		InstallFee: c.InstallFee, Benefits: c.Benefits,
		Over:         c.Status == erpnext.ContractCompleted,
		NotInstalled: c.Status != erpnext.ContractActive && (c.StartDate == "" || c.StartDate > on),
	}
	if track == erpnext.Commercial {
		f.Track = fee.Commercial
	}
	if c.Status == erpnext.ContractSigned && c.StartDate == "" && c.EndDate == "" {
		f.Start = prorata.After(on) // the work was never done: nothing has begun
	}
	return f, nil
}

func (d *Desk) fee(ctx context.Context, c *erpnext.ServiceContract, on erpnext.Date) (fee.Fee, error) {
	facts, err := d.facts(ctx, c, on)
	if err != nil {
		return fee.Fee{}, err
	}
	return fee.Of(facts, on, fee.Rules{Separate: d.Config.InstallSeparate, InstallMonths: d.Config.InstallMonths})
}
