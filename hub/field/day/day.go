// Package day is what a technician reads of his work: his work orders of some
// days with everything around them, so that they can be worked off without a
// network.
//
// Routes: none; the parent package and the pages have them. Events: none. Systems
// called: ERPNext (Dispatch Job and its tables, Service Location, Service Equipment,
// Customer, Issue, Dispatch Technician, Checklist Template, Comment), a bounded
// number of calls whatever the size. Remembers: nothing.
package day

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
)

// States are the words for the states of work orders: the hub's and the site's.
type States interface {
	In(word string) string         // the hub's word
	All(states ...string) []string // the site's
	Next(state string) []string    // that may follow, in the hub's
}

// Deps is what the desk works with.
type Deps struct {
	ERPNext *erpnext.Client // nil: the part is switched off
	States  States
	// NeedsReason tells of which types of work a completion has to say why; nil: of
	// none.
	NeedsReason func(jobType string) bool
	// Shown hears which work orders a technician reads as his own; nil: nobody does.
	Shown func(ctx context.Context, technician string, jobs []string)
	Now   func() time.Time
}

// Desk reads work orders for technicians.
type Desk struct{ Deps }

// New makes a desk.
func New(d Deps) *Desk { return &Desk{d} }

// Sheet is the work of some days.
type Sheet struct {
	Today erpnext.Date `json:"today"`
	From  erpnext.Date `json:"from"`
	To    erpnext.Date `json:"to"`
	AsOf  time.Time    `json:"as_of" doc:"When it was read"`
	Jobs  []Job        `json:"items" nullable:"false" doc:"Today's, the one to do now first; then upcoming ones, then those that are done"`
	More  bool         `json:"more" doc:"There are more: narrow the days"`
}

// Limits of one sheet.
const (
	mostJobs = 100
	span     = 31 // days
)

// Day reads the work orders of the technician from the first day to the last, and
// what he has not finished of days before. A zero from is today, a zero to is
// the day after.
func (d *Desk) Day(ctx context.Context, actor hub.Actor, from, to erpnext.Date) (Sheet, error) {
	s := Sheet{Today: erpnext.DateOf(d.Now()), From: from, To: to, AsOf: d.Now().UTC(), Jobs: []Job{}}
	if d.ERPNext == nil {
		return s, hub.PartOff("ERPNext")
	}
	if err := errors.Join(mayRead(actor), s.bound()); err != nil {
		return s, err
	}
	rows, err := d.rows(ctx, actor.ID, s)
	if err != nil {
		return s, err
	}
	if s.More = len(rows) > mostJobs; s.More {
		rows = rows[:mostJobs]
	}
	s.Jobs, err = d.furnish(ctx, actor.ID, rows)
	if err != nil {
		return s, err
	}
	order(s.Jobs)
	return s, nil
}

// Job reads one work order of the technician.
func (d *Desk) Job(ctx context.Context, actor hub.Actor, name string) (Job, error) {
	if err := mayRead(actor); err != nil {
		return Job{}, err
	}
	jobs, there, err := d.read(ctx, actor, name)
	if err == nil {
		err = missed(there, len(jobs))
	}
	if err != nil {
		return Job{}, err
	}
	return jobs[0], nil
}

// missed says why none was found.
func missed(there bool, found int) error {
	switch {
	case found > 0:
		return nil
	case there:
		return hub.Fail(hub.Forbidden, "job-forbidden", "This work order is somebody else's.", nil)
	}
	return hub.Fail(hub.NotFound, "job-not-found", "", nil)
}

// mayRead refuses a link that was made for something else.
func mayRead(actor hub.Actor) error {
	if !access.May(actor, access.JobRead) {
		return hub.Fail(hub.Forbidden, "forbidden", "The link does not carry the right to read work orders.", nil)
	}
	return nil
}

// Jobs reads work orders by name, in no special order; those that are not the
// technician's are left out.
func (d *Desk) Jobs(ctx context.Context, actor hub.Actor, names ...string) ([]Job, error) {
	jobs, _, err := d.read(ctx, actor, names...)
	return jobs, err
}

// read reads those of the work orders that are the technician's; there tells that
// any of them exists.
func (d *Desk) read(ctx context.Context, actor hub.Actor, names ...string) (jobs []Job, there bool, err error) {
	rows, there, err := d.own(ctx, actor, names)
	if err != nil {
		return nil, there, err
	}
	jobs, err = d.furnish(ctx, actor.ID, rows)
	return jobs, there, err
}

// own reads them without what lies around them.
func (d *Desk) own(ctx context.Context, actor hub.Actor, names []string) (rows []row, there bool, err error) {
	if d.ERPNext == nil {
		return nil, false, hub.PartOff("ERPNext")
	}
	rows, err = d.named(ctx, names)
	if err != nil {
		return nil, false, err
	}
	team, err := erpnext.Children[erpnext.JobAssistant](ctx, d.ERPNext, doctype, "Dispatch Job Assistant", names...)
	if err != nil {
		return nil, false, fmt.Errorf("reading who assists: %w", err)
	}
	there = len(rows) > 0
	rows = slices.DeleteFunc(rows, func(r row) bool {
		helps := slices.ContainsFunc(team, func(a erpnext.JobAssistant) bool { return a.Parent == r.Name && a.Technician == actor.ID })
		free := r.AssignedTech == "" && actor.Job == r.Name // the link that he was given is for it
		return r.AssignedTech != actor.ID && !helps && !free
	})
	return rows, there, nil
}

// bound fills in the days that were left out, and refuses what cannot be.
func (s *Sheet) bound() error {
	wrong := func(field, why string) error {
		return hub.Fail(hub.Invalid, "invalid", "These days cannot be shown.", nil, hub.WithField("query/"+field, why))
	}
	s.From = cmp.Or(s.From, s.Today)
	from := s.From.Time()
	if from.IsZero() {
		return wrong("from", "expected a day as YYYY-MM-DD")
	}
	s.To = cmp.Or(s.To, max(s.From, erpnext.DateOf(s.Today.Time().AddDate(0, 0, 1))))
	to := s.To.Time()
	switch {
	case to.IsZero():
		return wrong("to", "expected a day as YYYY-MM-DD")
	case to.Before(from):
		return wrong("to", "must not be before from")
	case to.After(from.AddDate(0, 0, span)):
		return wrong("to", fmt.Sprintf("at most %d days after from", span))
	}
	return nil
}

// order sorts: today's, what is under way first; then as visits follow each other. The
// first that can be worked on is the next one.
func order(jobs []Job) {
	part := map[string]int{Today: 0, Upcoming: 1, Done: 2}
	slices.SortStableFunc(jobs, func(a, b Job) int {
		return cmp.Or(cmp.Compare(part[a.When], part[b.When]), cmp.Compare(idle(a), idle(b)), turn(a).Compare(turn(b)))
	})
	for i := range jobs {
		if jobs[i].When == Today && jobs[i].Status != erpnext.JobOnHold {
			jobs[i].NextUp = true
			return
		}
	}
}

func turn(j Job) erpnext.Turn {
	return erpnext.Turn{Date: j.Date, Start: j.Start, Route: j.RouteOrder, Name: j.Name}
}

// idle is 0 for a work order that somebody is on the way to, or works on.
func idle(j Job) int {
	switch j.Status {
	case erpnext.JobInProgress:
		return 0
	case erpnext.JobEnRoute, erpnext.JobPaused:
		return 1
	case erpnext.JobOnHold:
		return 3
	}
	return 2
}
