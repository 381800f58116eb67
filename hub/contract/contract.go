// Package contract is the service's life after the signature: activation when
// the work is done, suspension, changes, termination, and the nightly look for
// what does not fit together. Every sequence is one call of the hub.
//
// Routes, events and what is remembered: see its rooms, which it puts together.
// Systems called: ERPNext.
//
// Its rooms: activation (POST /contract/activate, and what the last job of a chain
// leads to), bill (drafts of invoices), prorata (what a part of a month costs),
// orphans (what does not fit together: report and repair), termination (the end of
// a contract), fee (what that costs), life (suspension, other plans, vacations),
// agenda (what is to happen on a day to come), dossier (what belongs together).
package contract

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/activation"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/contract/orphans"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// What rooms give to others.
type (
	Activation = activation.Activation // what became of one
	Bill       = bill.Config
	Orphans    = orphans.Config
	Words      = orphans.Words // the site's own for the states of a job
)

// Found is the state of an activation of what was in force already.
const Found = activation.Found

// Config is the contract part of the settings.
type Config struct {
	Bill Bill `yaml:",inline"`
	Late int  `yaml:"late" env:"LATE" default:"35" doc:"days after which an activation that was missed is for a person: nothing is invoiced for what began earlier, 1 to 365"`

	Orphans     Orphans     `yaml:"orphans" envPrefix:"ORPHANS_"`
	Termination Termination `yaml:"termination" envPrefix:"TERMINATION_"`
	Life        Life        `yaml:"life" envPrefix:"LIFE_"`
}

// Validate reports every mistake.
func (c Config) Validate() error {
	var wrong []error
	if c.Late < 1 || c.Late > 365 {
		wrong = append(wrong, config.Wrong("late", "must be from 1 to 365"))
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

// Deps is what the desk works with. ERPNext may be nil: what needs it then
// answers that the part is switched off.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	News    News
	Config  Config
	Final   func(status string) bool // whether a Dispatch Job's status is final; in the hub's own words when nil
	Now     func() time.Time
	Log     *slog.Logger
	TasksTo string // user of ERPNext who gets the tasks that are left for dispatchers; "" for nobody's yet

	// What the look for orphans repairs with; what is nil is left to a person.
	Unblock func(ctx context.Context, job string) error      // releases a job whose predecessors are completed
	Resume  func(ctx context.Context, contract string) error // walks again what a signature leads to
	Words   Words                                            // the hub's own when nil
	Metrics prometheus.Registerer                            // none when nil
}

// Desk is where contracts begin and end.
type Desk struct {
	activation *activation.Desk
	orphans    *orphans.Desk
	plans      *agenda.Agenda
	clerk      *dossier.Clerk
	rooms      []any // each with what it has of Mount, Work and Tasks
}

// NewDesk makes a desk.
func NewDesk(d Deps) (*Desk, error) {
	log := d.Log.With("part", "contract")
	bills := bill.New(d.ERPNext, d.Config.Bill, func() erpnext.Date { return erpnext.DateOf(d.Now()) })
	desk := &Desk{activation: activation.NewDesk(activation.Deps{
		ERPNext: d.ERPNext, Store: d.Store, News: d.News, Bills: bills, Late: d.Config.Late, Final: d.Final, Now: d.Now, Log: log,
	})}
	desk.rooms = []any{desk.activation}
	desk.orphans = desk.inspector(d)
	desk.rooms = append(desk.rooms, desk.orphans)
	desk.plans, desk.clerk = agenda.New(d.Store, d.News, d.Now, log), dossier.New(d.ERPNext)
	more, err := endings(d, desk.plans, bills, log)
	desk.rooms = append(desk.rooms, more...)
	return desk, err
}

// Activate puts the service of a finished job into force: see the room activation.
func (d *Desk) Activate(ctx context.Context, job *erpnext.DispatchJob) (Activation, error) {
	return d.activation.Activate(ctx, job)
}

// CheckBooks asks ERPNext whether invoices can be drawn up as the settings say.
func CheckBooks(ctx context.Context, erp *erpnext.Client, cfg Config) []erpnext.Finding {
	return bill.Check(ctx, erp, cfg.Bill)
}
