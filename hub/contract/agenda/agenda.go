// Package agenda keeps what is to happen to a contract or subscription on a day to
// come: a change of plan, the two ends of a vacation, a termination. Each is a job
// that is due when that day begins for people in Quebec; then it is handed to the
// room that carries it out. Until then it can be called off.
//
// Routes: GET /contract/changes, POST /contract/changes/{id}/cancel.
// Events: change.planned, change.cancelled, change.failed.
// Systems called: none by itself.
// Remembers: one job for each change.
package agenda

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Kind is the kind of the jobs.
const Kind = "contract.dated"

// The kinds of changes.
const (
	Replan    = "plan" // a subscription gets another plan
	Suspend   = "suspend"
	Restore   = "restore"
	Terminate = "terminate"
)

// The states of a change.
const (
	Planned   = "planned"
	Running   = "pending" // the day has come; it is being carried out
	Done      = "done"
	Failed    = "failed"
	Cancelled = "cancelled"
)

// Change is something that is to happen on a day.
type Change struct {
	Kind         string          `json:"kind"`
	Contract     string          `json:"contract"`
	Subscription string          `json:"subscription,omitempty"`
	Customer     string          `json:"customer,omitempty"`
	On           erpnext.Date    `json:"on"`
	Reason       string          `json:"reason"`
	By           string          `json:"by"`              // who wished it
	Group        string          `json:"group,omitempty"` // changes of one group are called off together
	Order        json.RawMessage `json:"order"`           // what the doer needs to know
}

// Entry is a change as it stands.
type Entry struct {
	ID           string          `json:"id"`
	Kind         string          `json:"kind" enum:"plan,suspend,restore,terminate"`
	Contract     string          `json:"contract"`
	Subscription string          `json:"subscription"`
	On           erpnext.Date    `json:"on" doc:"The day on which it happens, from midnight in Quebec"`
	State        string          `json:"state" enum:"planned,pending,done,failed,cancelled"`
	Reason       string          `json:"reason"`
	By           string          `json:"by"`
	Group        string          `json:"group,omitempty"`
	Order        json.RawMessage `json:"order,omitempty"`
	Note         string          `json:"note,omitempty"`
	Work         string          `json:"work,omitempty" doc:"The job that carries it out, once the day has come"`
}

// Doer carries a kind of change out.
type Doer interface {
	// Begin starts it and returns the job that carries it; a repeat is the same job.
	// A Conflict, NotFound or Invalid says that it cannot be any more.
	Begin(ctx context.Context, id string, c Change) (work string, err error)
	// CallOff is asked before the changes of a group are cancelled, and again on every
	// repeat; it undoes what was written ahead of them, or refuses.
	CallOff(ctx context.Context, group []Entry) error
}

// Store is what the agenda needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Desk
	keep.Lists
	keep.Trail
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Agenda is the list of what is to come.
type Agenda struct {
	store Store
	news  News
	now   func() time.Time
	log   *slog.Logger
	doers map[string]Doer
}

// New makes an agenda; the doers are named with Serve before any work runs.
func New(store Store, news News, now func() time.Time, log *slog.Logger) *Agenda {
	return &Agenda{store: store, news: news, now: now, log: log.With("room", "agenda"), doers: map[string]Doer{}}
}

// Serve names who carries out a kind of change.
func (a *Agenda) Serve(kind string, doer Doer) { a.doers[kind] = doer }

// Today is the day that people in Quebec have.
func (a *Agenda) Today() erpnext.Date { return erpnext.DateOf(a.now()) }

// Day reads a day of a request that is not past; today when it is empty. The
// pointer says which member it is.
func (a *Agenda) Day(text, pointer string) (erpnext.Date, error) {
	on, today := erpnext.Date(text), a.Today()
	switch {
	case text == "":
		return today, nil
	case on.Time().IsZero():
		return "", hub.Fail(hub.Invalid, "invalid", "The date is no day of the calendar.", nil, hub.WithField(pointer, "write YYYY-MM-DD"))
	case on < today:
		return "", hub.Fail(hub.Invalid, "invalid", "The day is past.", nil, hub.WithField(pointer, "today or later"))
	}
	return on, nil
}

// Reason trims a reason, which has to be given.
func Reason(text string) (string, error) {
	if text = strings.TrimSpace(text); utf8.RuneCountInString(text) < 3 {
		return "", hub.Fail(hub.Invalid, "invalid", "The reason is missing.", nil, hub.WithField("/reason", "write at least 3 characters"))
	}
	return text, nil
}

// Plan stores a change. The same one twice is one.
func (a *Agenda) Plan(ctx context.Context, c Change) (Entry, error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return Entry{}, fmt.Errorf("writing the change of %s: %w", c.Contract, err)
	}
	// A change that was carried out is over: the same one on a day to come is another.
	key := strings.Join([]string{c.Kind, c.Contract, c.Subscription, string(c.On), c.Group, digest(c.Order)}, "/")
	subject := keep.Subject{Doctype: "Service Contract", Name: c.Contract, Customer: c.Customer, Correlation: hub.RequestID(ctx)}
	if c.Contract == "" {
		subject.Doctype, subject.Name = "Service Subscription", c.Subscription
	}
	job, _, err := saga.Put(ctx, a.store, keep.Job{Kind: Kind, Dedupe: key, Due: c.On.Time(), Payload: payload, Subject: subject})
	if err != nil {
		return Entry{}, fmt.Errorf("storing the change of %s: %w", subject.Name, err)
	}
	job.Payload = payload
	entry, err := a.entry(job)
	if err == nil {
		err = a.tell(ctx, hub.ChangePlanned, entry, "")
	}
	return entry, err
}

// For lists the changes of a contract or of a subscription (either may be ""),
// those that were planned last first.
func (a *Agenda) For(ctx context.Context, contract, subscription string) ([]Entry, error) {
	entries, cursor := []Entry{}, ""
	for {
		page, next, err := a.store.Jobs(ctx, keep.Filter{Kind: Kind, Text: cmp.Or(subscription, contract), Limit: 200, Cursor: cursor})
		if err != nil {
			return nil, fmt.Errorf("listing the changes: %w", err)
		}
		for _, job := range page {
			entry, err := a.Entry(ctx, job.ID)
			if err != nil {
				return nil, err
			}
			if (contract == "" || entry.Contract == contract) && (subscription == "" || entry.Subscription == subscription) {
				entries = append(entries, entry)
			}
		}
		if cursor = next; cursor == "" {
			return entries, nil
		}
	}
}

// Entry reads one change; ErrNotFound of hub/keep when there is none of the id.
func (a *Agenda) Entry(ctx context.Context, id string) (Entry, error) {
	job, err := a.store.Job(ctx, id)
	if err == nil && job.Kind != Kind {
		err = keep.ErrNotFound
	}
	if err != nil {
		return Entry{}, err
	}
	return a.entry(job)
}

func (a *Agenda) entry(job keep.Job) (Entry, error) {
	var c Change
	if err := json.Unmarshal(job.Payload, &c); err != nil {
		return Entry{}, fmt.Errorf("reading change %s: %w", job.ID, err)
	}
	e := Entry{
		ID: job.ID, Kind: c.Kind, Contract: c.Contract, Subscription: c.Subscription, On: c.On, Reason: c.Reason, By: c.By, Group: c.Group,
		Order: c.Order, Note: job.Note, State: Planned,
	}
	switch job.Status {
	case keep.Done:
		e.State, e.Work = Done, job.State
	case keep.Dead:
		e.State = Failed
	case keep.Cancelled:
		e.State = Cancelled
	case keep.Pending, keep.Held, keep.Running: // one that runs before its day was hurried, and is put off
		if !a.now().Before(c.On.Time()) {
			e.State = Running
		}
	}
	return e, nil
}
