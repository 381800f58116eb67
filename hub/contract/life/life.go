// Package life is what happens to a service between its activation and its end: it
// is suspended and restored, gets another plan, and rests while its customer is
// away. Each is one call of several writes that is carried on with wherever it
// died; each step asks for its own trace. What is to happen on a day to come
// waits on the agenda until midnight of that day in Quebec.
//
// No invoice comes of a suspension: the monthly run leaves out what is not active.
// A plan that changes within a month gives a draft of the difference for the days
// that are left, a draft credit note when the new plan costs less.
//
// Routes: POST /contract/suspend, /contract/restore, /contract/change-plan,
// /contract/vacation.
// Events: subscription.suspended, subscription.restored, subscription.changed.
// Systems called: ERPNext.
// Remembers: one job for each call, with its steps.
package life

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Config is what the owner decides about services.
type Config struct {
	SuspendVIP     bool   `yaml:"suspend_vip" env:"SUSPEND_VIP" doc:"true lets VIP customers be suspended without force"`
	FridayUntil    string `yaml:"friday_until" env:"FRIDAY_UNTIL" default:"12:00" doc:"local time on Fridays after which nobody is suspended without force; off for no such rule"`
	BeforeHolidays bool   `yaml:"before_holidays" env:"BEFORE_HOLIDAYS" doc:"true lets customers be suspended on the day before a holiday without force"`
	Holidays       string `yaml:"holidays" env:"HOLIDAYS" doc:"more holidays, beside those of Quebec's law: YYYY-MM-DD with commas between them"`
	VacationMin    int    `yaml:"vacation_min" env:"VACATION_MIN" default:"14" doc:"shortest vacation, in days, 1 to 366"`
	VacationMax    int    `yaml:"vacation_max" env:"VACATION_MAX" default:"183" doc:"longest vacation, in days, up to 366"`
	VacationsAYear int    `yaml:"vacations_a_year" env:"VACATIONS_A_YEAR" default:"2" doc:"vacations of one subscription that may begin in a calendar year, 1 to 12"`
}

// Validate reports every mistake.
func (c Config) Validate() error {
	var wrong []error
	if _, err := c.rules(); err != nil {
		wrong = append(wrong, err)
	}
	if c.VacationMin < 1 || c.VacationMax > 366 || c.VacationMin > c.VacationMax {
		wrong = append(wrong, config.Wrong("vacation_min", "must be at least 1 and at most vacation_max, which is at most 366"))
	}
	if c.VacationsAYear < 1 || c.VacationsAYear > 12 {
		wrong = append(wrong, config.Wrong("vacations_a_year", "must be from 1 to 12"))
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

// Deps is what the desk works with. ERPNext may be nil: the part is switched off
// then.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	News    News
	Bills   *bill.Desk
	Agenda  *agenda.Agenda
	Config  Config
	Log     *slog.Logger
	Now     func() time.Time
}

// Desk is where services are looked after.
type Desk struct {
	Deps
	rules     rules
	clerk     *dossier.Clerk
	pauses    *saga.Teller[Pause, PauseAnswer]
	plans     *saga.Teller[PlanOrder, PlanAnswer]
	vacations *saga.Teller[Absence, AbsenceAnswer]
}

// The kinds of the jobs.
const (
	KindPause    = "contract.pause"
	KindPlan     = "contract.plan"
	KindVacation = "contract.vacation"
)

// keptFor is how long it is kept what was done to a service.
const keptFor = 10 * 365 * 24 * time.Hour

// answerWithin is how long a caller waits for the whole before being told what is
// done so far.
const answerWithin = 8 * time.Second

// NewDesk makes a desk, and has the agenda hand it the changes whose day has come.
func NewDesk(d Deps) (*Desk, error) {
	rules, err := d.Config.rules()
	if err != nil {
		return nil, err
	}
	desk := &Desk{Deps: d, rules: rules, clerk: dossier.New(d.ERPNext)}
	desk.Log = d.Log.With("room", "life")
	desk.pauses = saga.NewTeller(saga.Story[Pause, PauseAnswer]{Kind: KindPause, Retain: keptFor, Open: desk.openPause}, d.Store, d.Now, desk.Log)
	desk.plans = saga.NewTeller(saga.Story[PlanOrder, PlanAnswer]{Kind: KindPlan, Retain: keptFor, Open: desk.openPlan}, d.Store, d.Now, desk.Log)
	desk.vacations = saga.NewTeller(saga.Story[Absence, AbsenceAnswer]{Kind: KindVacation, Retain: keptFor, Open: desk.openVacation}, d.Store, d.Now, desk.Log)
	d.Agenda.Serve(suspend, ends{desk})
	d.Agenda.Serve(restore, ends{desk})
	d.Agenda.Serve(agenda.Replan, planned{desk})
	return desk, nil
}

// Work says what the desk does in the background.
func (d *Desk) Work() []keep.Work {
	return []keep.Work{d.pauses.Work(), d.plans.Work(), d.vacations.Work()}
}

// subjectOf is what a job about a subscription is filed under.
func subjectOf(s *erpnext.ServiceSubscription) keep.Subject {
	return keep.Subject{Doctype: "Service Subscription", Name: s.Name, Customer: s.Customer}
}

// langOf is the language of a customer; French of one that is gone.
func (d *Desk) langOf(ctx context.Context, name string) (hub.Lang, error) {
	customer, err := d.clerk.Customer(ctx, name)
	if err != nil {
		return "", fmt.Errorf("reading customer %s: %w", name, err)
	}
	if customer == nil {
		return hub.French, nil
	}
	return customer.Contact().Lang, nil
}

// settled waits a little for a story and tells how it stands; one that was given
// up needs a person.
func settled[O, A any](ctx context.Context, teller *saga.Teller[O, A], id string) (saga.Account[A], error) {
	a, err := teller.Await(ctx, id, answerWithin)
	if err != nil || a.State != saga.Failed {
		return a, err
	}
	return a, hub.Fail(hub.Conflict, "state-conflict", "This stopped half-way, and needs a person: "+a.Note, nil,
		hub.WithState(map[string]any{"work": a.Work, "steps": a.Steps}))
}

// refused says what is in the way of a change.
func refused(detail string, state map[string]any) error {
	return hub.Fail(hub.Conflict, "change-refused", detail, nil, hub.WithState(state))
}
