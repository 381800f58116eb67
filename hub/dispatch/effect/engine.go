package effect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/chain"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// The kinds of work.
const (
	KindMove   = "dispatch.move"
	KindEffect = "dispatch.effect"
)

const doctype = "Dispatch Job"

// keepFor is how long moves and what they led to can be looked up.
const keepFor = 400 * 24 * time.Hour

// Store is what the engine needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Lists
	keep.Desk
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Activated is what became of the service that a chain was for.
type Activated struct {
	Subscription string       `json:"subscription"`
	Invoice      string       `json:"invoice"` // a draft; "" for none
	Start        erpnext.Date `json:"start"`
	State        string       `json:"state"` // Skipped when there was nothing to activate
	Note         string       `json:"note"`
}

// Deps is what the engine is built on.
type Deps struct {
	ERPNext *erpnext.Client
	Store   Store
	News    News
	Words   machine.Words
	Effects []Effect // besides the engine's own

	// Activate starts the service after the last work order of its chain; nil where
	// nothing is activated. It asks for its own traces.
	Activate func(ctx context.Context, job *erpnext.DispatchJob) (Activated, error)
	// Disconnects tells of which job types a completion needs a reason.
	Disconnects func(jobType string) bool

	Now func() time.Time
	Log *slog.Logger
}

// Engine stores moves, writes them, and sees to what they lead to.
type Engine struct {
	Deps
	chains  chain.Reader
	effects []Effect
}

// New makes an engine. The engine's own effects come first: the chain goes on
// whatever else fails.
func New(d Deps) *Engine {
	e := &Engine{Deps: d, chains: chain.Reader{ERPNext: d.ERPNext, Words: d.Words}}
	e.effects = append([]Effect{e.unblocking(), e.activation()}, d.Effects...)
	e.effects = append(e.effects, e.note())
	return e
}

// Work says how moves and effects are worked off. ERPNext may be away for days;
// what it refuses again and again is for a person: whoever asked for the move still
// waits for the answer, and hears of it.
func (e *Engine) Work() []keep.Work {
	moves := keep.Work{
		Kind: KindMove, Concurrency: 4, Budget: time.Minute, Backoff: saga.Patience(), MaxTries: 1000, Refusals: 3,
		Retain: keepFor, Do: e.move,
	}
	effects := moves
	effects.Kind, effects.Do, effects.Concurrency, effects.Budget, effects.Refusals = KindEffect, e.run, 8, 2*time.Minute, 12
	return []keep.Work{moves, effects}
}

// Begin stores a move before anything of it is written. The same move of the
// same state of the document is one, whoever asks for it; when it waits for its
// next try, being asked again hurries it.
func (e *Engine) Begin(ctx context.Context, m Move, job *erpnext.DispatchJob) (keep.Job, error) {
	work, err := e.put(ctx, m, job, fmt.Sprintf("%s/%s/%s", m.Job, m.To, job.Modified.Text))
	if err != nil || work.Status != keep.Pending || work.Tries == 0 {
		return work, err
	}
	if sooner, err := e.Store.Change(ctx, work.ID, keep.Hurry, "asked for again"); err == nil || !errors.Is(err, keep.ErrState) {
		return sooner, err
	}
	return work, nil // it runs now
}

func (e *Engine) put(ctx context.Context, m Move, job *erpnext.DispatchJob, dedupe string) (keep.Job, error) {
	payload, err := json.Marshal(m)
	if err != nil {
		return keep.Job{}, err
	}
	stored, _, err := saga.Put(ctx, e.Store, keep.Job{
		Kind: KindMove, Lane: lane(job), Dedupe: dedupe, Payload: payload, Subject: e.subject(ctx, job),
	})
	if err != nil {
		return keep.Job{}, fmt.Errorf("storing the move of %s: %w", m.Job, err)
	}
	return stored, nil
}

// Filed tells of work orders that were just filed, open: what follows from being
// opened follows once, however often it is told.
func (e *Engine) Filed(ctx context.Context, jobs ...*erpnext.DispatchJob) error {
	for _, job := range jobs {
		if e.Words.In(job.Status) != erpnext.JobOpen || !e.anything(job) {
			continue
		}
		m := Move{Job: job.Name, To: erpnext.JobOpen, At: e.Now().UTC(), Actor: hub.ActorOf(ctx).String(), Lead: true, Written: true}
		if _, err := e.put(ctx, m, job, job.Name+"/filed"); err != nil {
			return err
		}
	}
	return nil
}

// anything tells whether an effect wants to know that the job was filed.
func (e *Engine) anything(job *erpnext.DispatchJob) bool {
	return len(e.wanted(Move{Job: job.Name, To: erpnext.JobOpen}, job)) > 0
}

// wanted lists the effects of a move, in their order.
func (e *Engine) wanted(m Move, job *erpnext.DispatchJob) []Effect {
	var out []Effect
	for _, effect := range e.effects {
		if effect.Wanted(m, job) {
			out = append(out, effect)
		}
	}
	return out
}

// lane is shared by the jobs of one chain, so that of two completions the second
// sees the first.
func lane(job *erpnext.DispatchJob) string {
	switch {
	case job.ServiceContract != "":
		return "dispatch:" + job.ServiceContract
	case job.SourceIssue != "":
		return "dispatch:" + job.SourceIssue
	}
	return "dispatch:" + job.Name
}

func (e *Engine) subject(ctx context.Context, job *erpnext.DispatchJob) keep.Subject {
	return keep.Subject{
		Doctype: doctype, Name: job.Name, Customer: job.Customer, Technician: job.AssignedTech, Correlation: hub.RequestID(ctx),
	}
}

// Died publishes that an effect was given up, and has the office read of it under
// the work order when that is because of a program of the site. It is told of every job that died.
func (e *Engine) Died(ctx context.Context, work keep.Job, err error) {
	if work.Kind != KindEffect && work.Kind != KindMove {
		return
	}
	_, name, _ := strings.Cut(work.Dedupe, "/")
	if work.Kind == KindMove {
		name = nameMove
	}
	event := hub.NewEvent(hub.TopicJobs, hub.EffectDied, "", map[string]any{
		"job": work.Subject.Name, "effect": name, "reason": hub.ProblemOf(err).Code,
	})
	if err := e.News.Publish(ctx, event); err != nil {
		e.Log.WarnContext(ctx, "news of a dead effect not published", "work", work.ID, "err", err)
	}
	e.say(ctx, work.Subject.Name, name, err)
}

const nameMove = "move"
