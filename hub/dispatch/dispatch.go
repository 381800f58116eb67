// Package dispatch is the life of work orders, Dispatch Jobs in ERPNext: they are
// filed as a chain (Planner) or for an issue, shown to dispatchers, given
// to people, claimed, and moved from state to state; what follows from a move is
// done once each, and tried again alone when it fails (Desk).
//
// Its rooms: plan (the chain of a sale), intake (the work order of an issue),
// chain (who waits for whom), rechain (changes of that), machine (which state may
// follow which), effect (moves and what they lead to), deed (the effects on other
// documents and people), task (what only people can decide); and where dispatchers
// work: board, crew (assignments), ledger (what can be undone), notice (plans are
// published), pool, presence.
//
// Routes: POST /dispatch/job-status, /dispatch/claim-job, /dispatch/job-delete,
// /dispatch/from-issue, /dispatch/depends-on, GET /dispatch/effects,
// /dispatch/job/{name}/effects, POST /dispatch/job/{name}/effects/{effect}/retry;
// those of the board, the crew, notices, the pool and presence stand in their rooms.
// Events: job.created, job.moved, job.deleted, job-claimed, job-unblocked,
// effect.died.
// Systems called: ERPNext (Dispatch Job, Dispatch Technician, Dispatch Tag, Issue,
// Checklist Template), and what the effects need.
// Remembers: moves and effects, as jobs (see the room effect); who deleted what.
package dispatch

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/deed"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/intake"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/dispatch/plan"
	"gigafibre.ca/targo-hub/hub/dispatch/rechain"
	"gigafibre.ca/targo-hub/hub/dispatch/task"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

const doctype = "Dispatch Job"

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// What other packages need of the rooms.
type (
	Planner     = plan.Planner
	Order       = plan.Order
	Step        = plan.Step
	Activated   = effect.Activated
	Messages    = deed.Messages
	Hooks       = deed.Hooks
	Words       = machine.Words
	Effect      = effect.Effect
	Move        = effect.Move
	Result      = effect.Result
	Answer      = effect.Answer
	EffectState = effect.State
)

// ParseSteps reads a quotation's wizard steps (see plan.ParseSteps).
func ParseSteps(text string) ([]Step, error) { return plan.ParseSteps(text) }

// Texts are the messages to customers; the outbox knows them under "deed".
func Texts() (*outbox.Texts, error) { return deed.Texts() }

// Store is what the desk needs of hub/keep.
type Store interface {
	effect.Store
	keep.Values
	keep.Trail
}

// Deps is what the desk works with. ERPNext may be nil: what needs it then
// answers that the part is switched off.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	News    News
	Config  Config

	Messages Messages // the outbox; nil: no text goes out
	Hooks    Hooks    // nil: no webhook goes out
	// Activate starts the service after the last work order of its chain; nil: none is.
	Activate func(ctx context.Context, job *erpnext.DispatchJob) (Activated, error)
	Effects  []Effect // more of them
	Brand    string   // who customers and technicians get texts from
	// Link makes the address at which a technician finds a job and his day; nil: the
	// texts to technicians have none.
	Link func(ctx context.Context, technician, job string) (url string, err error)
	// Track makes the address at which the customer sees the technician come; nil: the
	// texts to customers have none.
	Track func(ctx context.Context, job *erpnext.DispatchJob) (url string, err error)
	// Reassigning is called with work orders as they are, before they go to somebody
	// else: what it fails with, nothing is written then. written is called when they
	// are. nil: nobody wants to know.
	Reassigning func(ctx context.Context, jobs ...*erpnext.DispatchJob) (written func(ctx context.Context), err error)
	// Noted is called with every work order that was changed, here or in ERPNext; nil
	// for nobody.
	Noted func(ctx context.Context, job *erpnext.DispatchJob) error

	Now func() time.Time
	Log *slog.Logger
}

// Desk is where work orders are moved.
type Desk struct {
	Deps
	words    Words
	engine   *effect.Engine
	rechains *rechain.Rechainer
	intake   *intake.Intake
	planner  *Planner
	office   *office
}

// NewDesk makes a desk.
func NewDesk(d Deps) (*Desk, error) {
	words, err := machine.ParseWords(d.Config.StatusWords)
	if err != nil {
		return nil, err
	}
	kinds, err := intake.ParseKinds(d.Config.IssueTypes)
	if err != nil {
		return nil, err
	}
	deeds := deed.Effects(deed.Deps{
		ERPNext: d.ERPNext, Words: words, Config: d.Config.Deeds, Messages: d.Messages, Hooks: d.Hooks, Track: d.Track, Brand: d.Brand, Now: d.Now,
	})
	desk := &Desk{Deps: d, words: words}
	desk.engine = effect.New(effect.Deps{
		ERPNext: d.ERPNext, Store: d.Store, News: d.News, Words: words, Effects: append(deeds, d.Effects...), Activate: d.Activate,
		Disconnects: d.Config.disconnects, Now: d.Now, Log: d.Log,
	})
	desk.rechains = rechain.New(rechain.Deps{ERPNext: d.ERPNext, Words: words, Engine: desk.engine, News: d.News, Trail: d.Store, Now: d.Now, Bereaved: desk.tasks().Bereaved})
	desk.intake = intake.New(intake.Deps{ERPNext: d.ERPNext, Words: words, News: d.News, Filer: desk.engine, Kinds: kinds, Now: d.Now})
	desk.planner = plan.New(plan.Deps{ERPNext: d.ERPNext, News: d.News, Words: words, Filer: desk.engine, Now: d.Now})
	desk.office = newOffice(desk)
	return desk, nil
}

// tasks are left for people about what stands still.
func (d *Desk) tasks() task.Desk {
	return task.Desk{ERPNext: d.ERPNext, Words: d.words, To: d.Config.Deeds.TasksTo, Now: d.Now}
}

func (c Config) disconnects(jobType string) bool {
	return slices.ContainsFunc(c.ReasonTypes, func(t string) bool { return strings.EqualFold(t, jobType) })
}

// Planner files the chains of sales, and sees to what follows from a work order
// being filed open.
func (d *Desk) Planner() *Planner { return d.planner }

// Words are the site's words for states.
func (d *Desk) Words() Words { return d.words }

// Work is what the desk does in the background.
func (d *Desk) Work() []keep.Work { return d.engine.Work() }

// Died is told of every piece of work that was given up.
func (d *Desk) Died(ctx context.Context, work keep.Job, err error) { d.engine.Died(ctx, work, err) }

// Noticed is told of every work order that was changed in ERPNext: one that was
// moved there past the hub has the same effects.
func (d *Desk) Noticed(ctx context.Context, job string) error {
	if d.ERPNext == nil {
		return nil
	}
	doc, err := d.engine.Noticed(ctx, job)
	if err != nil || doc == nil || d.Noted == nil {
		return err
	}
	return d.Noted(ctx, doc)
}

// Unblock opens a work order on hold that has nothing to wait for any more.
func (d *Desk) Unblock(ctx context.Context, job string) error {
	_, err := d.engine.Release(ctx, job)
	return err
}

// off refuses while there is no ERPNext.
func (d *Desk) off() error {
	if d.ERPNext == nil {
		return hub.Fail(hub.Unavailable, "part-off", "This needs ERPNext, which is not configured.", nil)
	}
	return nil
}

// Final tells that a state, as the site writes it, is the last one.
func (d *Desk) Final(status string) bool { return machine.Final(d.words.In(status)) }
