// Package deed is what a work order's change of state does elsewhere: devices
// change hands, materials leave the van, the customer's issue is closed, who asked
// for it gets a webhook, the customer gets a text, and people get a task where
// something stands still.
//
// Each effect asks for its own trace before it does anything: a line of the
// device's history, the key of the stock entry, the issue's state, the id of the
// webhook, the key of the message, the reference in the task. So it may be tried
// again after any failure, and makes exactly one of everything.
//
// What only a person can mend (a device that works at another customer's) is told
// in words and not tried again by itself; all else is.
//
// It is a room of package dispatch: no routes, no events. Systems called: ERPNext
// (Service Equipment, Stock Entry, Issue, ToDo ...), the receivers of webhooks.
// It remembers nothing.
package deed

import (
	"context"
	"embed"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/standardwebhooks"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

//go:embed texts
var files embed.FS

// Texts are the messages to customers; the outbox knows them under "deed".
func Texts() (*outbox.Texts, error) { return outbox.ParseTexts(files) }

// Config is the part of the settings that concerns the effects.
type Config struct {
	TasksTo       string        `yaml:"tasks_to" env:"TASKS_TO" doc:"user of ERPNext who gets a task when a cancelled or deleted work order leaves others, or a service, waiting, and when a completed one is opened again; empty for a task that is nobody's yet"`
	ArrivalWindow time.Duration `yaml:"arrival_window" env:"ARRIVAL_WINDOW" default:"2h" doc:"how long after its start a visit is announced for, when the technician gave no hour"`
}

// Validate finds what cannot work.
func (c Config) Validate() error {
	if c.ArrivalWindow < 0 || c.ArrivalWindow > 12*time.Hour {
		return config.Wrong("arrival_window", "must be from 0s to 12h")
	}
	return nil
}

// Messages is the outbox.
type Messages interface {
	Queue(ctx context.Context, m outbox.Message) (outbox.Entry, error)
}

// Hooks sends webhooks; its failures are *connectors.Error.
type Hooks interface {
	Send(ctx context.Context, w standardwebhooks.Webhook) error
}

// Deps is what the effects are given.
type Deps struct {
	ERPNext  *erpnext.Client
	Words    machine.Words
	Config   Config
	Messages Messages // nil: no text goes out
	Hooks    Hooks    // nil: no webhook goes out
	// Track gives the link under which the customer sees the technician come; nil,
	// or "", for none.
	Track func(ctx context.Context, job *erpnext.DispatchJob) (url string, err error)
	Brand string // who the customer gets texts from
	Now   func() time.Time
}

type desk struct{ Deps }

// Effects lists them.
func Effects(deps Deps) []effect.Effect {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	d := &desk{deps}
	return []effect.Effect{
		{Name: "equipment", Wanted: d.hasEquipment, Do: d.equipment},
		{Name: "materials", Wanted: d.hasMaterials, Do: d.materials},
		{Name: "issue", Wanted: d.hasIssue, Lane: laneOfIssue, Do: d.issue},
		{Name: "on_open_webhook", Wanted: d.opens, Do: d.onOpen},
		{Name: "on_close_webhook", Wanted: d.closes, Do: d.onClose},
		{Name: "customer_sms", Wanted: d.sets, Do: d.customerSMS},
		{Name: "dispatcher_task", Wanted: d.needsPeople, Do: d.dispatcherTask},
	}
}

// technician is who did the work.
func technician(m effect.Move, job *erpnext.DispatchJob) string {
	if id, ok := strings.CutPrefix(m.Actor, string(hub.RoleTechnician)+":"); ok && job.AssignedTech == "" {
		return id
	}
	return job.AssignedTech
}

// clock is an instant as the site writes it.
func (d *desk) clock(ctx context.Context, at time.Time) (erpnext.Datetime, error) {
	zone, err := d.ERPNext.Zone(ctx)
	return erpnext.AtIn(at, zone), err
}

// findings is what became of the rows of a table: each is tried, whatever becomes
// of the others.
type findings struct {
	notes, trace []string
	mend         []string // what a person has to mend
	cause, again error
}

// add takes the end of one row. Only what a person must mend has a word for it.
func (f *findings) add(name, note string, err error) {
	if name != "" && err == nil {
		f.trace = append(f.trace, name)
	}
	if note != "" {
		f.notes = append(f.notes, note)
	}
	switch p := hub.ProblemOf(err); {
	case err == nil:
	case p.Kind == hub.Conflict || p.Kind == hub.Invalid:
		f.mend, f.cause = append(f.mend, p.Detail), err
	case f.again == nil:
		f.again = err
	}
}

// result gives the last word: what may heal by itself is tried again first.
func (f *findings) result() (effect.Result, error) {
	r := effect.Result{Note: strings.Join(f.notes, " "), Trace: f.trace}
	switch {
	case f.again != nil:
		return r, f.again
	case len(f.mend) > 0:
		p := *hub.ProblemOf(f.cause)
		p.Detail = strings.Join(f.mend, " ")
		return r, keep.Reject(&p)
	case len(f.trace) == 0:
		r.State = effect.Skipped
	}
	return r, nil
}
