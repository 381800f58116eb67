// Package board shows dispatchers all of their work at once: jobs with what
// surrounds them, who may be given them, and what waits for somebody.
//
// Routes: GET /dispatch/board. Events: none. Systems called: ERPNext (Dispatch
// Job and its tables, Dispatch Technician, Dispatch Tag). Remembers: nothing.
package board

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// Board reads everything that a dispatcher sees at once. It costs seven calls to
// ERPNext, whatever its size, and an eighth when a job waits for one that the board
// does not show: names of customers, addresses and issues come joined
// with the jobs, tags joined with the technicians, and each of the jobs' tables is
// read for all jobs at once.
type Board struct {
	erp   *erpnext.Client
	words machine.Words
	now   func() time.Time
	most  int // jobs
}

// New makes a board; words are the site's own for the states of jobs, now is the
// clock by which "today" is read.
func New(erp *erpnext.Client, words machine.Words, now func() time.Time) *Board {
	return &Board{erp: erp, words: words, now: now, most: boardJobs}
}

// Limits of one board. Of more jobs than these the oldest are left out, and the
// answer says so.
const (
	boardJobs = 2000
	boardRows = 20_000 // of tags, predecessors, assistants, answers, technicians
	boardDays = 7      // shown when nothing else is asked for
	boardSpan = 92     // days at most
)

// Of is which part of the work to show: the days from From to To, both
// included, and of one group when Group is given. Unfinished work of days before
// From is shown too: it must not fall off the board.
type Of struct {
	From, To erpnext.Date
	Group    string
}

// Read reads the board. A zero From is today, a zero To a week after From.
func (b *Board) Read(ctx context.Context, of Of) (*Sheet, error) {
	if b.erp == nil {
		return nil, hub.PartOff("ERPNext")
	}
	of, err := of.bounded(b.now())
	if err != nil {
		return nil, err
	}
	sheet := &Sheet{From: of.From, To: of.To, Group: of.Group, Positions: []Position{}}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() (err error) { sheet.Technicians, err = b.technicians(ctx); return err })
	work.Go(func() (err error) { sheet.Tags, err = b.tags(ctx); return err })
	work.Go(func() (err error) { sheet.Jobs, sheet.More, err = b.cards(ctx, of); return err })
	if err := work.Wait(); err != nil {
		return nil, err
	}
	sheet.Technicians, sheet.Unassigned = column(sheet.Technicians, sheet.Jobs), pool(sheet.Jobs)
	return sheet, nil
}

// bounded fills in the days that were left out and refuses what cannot be.
func (of Of) bounded(now time.Time) (Of, error) {
	wrong := func(field, why string) error {
		return hub.Fail(hub.Invalid, "invalid", "The days of the board are not usable.", nil, hub.WithField("query/"+field, why))
	}
	if of.From == "" {
		of.From = erpnext.DateOf(now)
	}
	from := of.From.Time()
	if from.IsZero() {
		return of, wrong("from", "expected a day as YYYY-MM-DD")
	}
	if of.To == "" {
		of.To = erpnext.DateOf(from.AddDate(0, 0, boardDays-1))
	}
	to := of.To.Time()
	switch {
	case to.IsZero():
		return of, wrong("to", "expected a day as YYYY-MM-DD")
	case to.Before(from):
		return of, wrong("to", "must not be before from")
	case to.After(from.AddDate(0, 0, boardSpan)):
		return of, wrong("to", fmt.Sprintf("at most %d days after from", boardSpan))
	}
	return of, nil
}

// pool groups what nobody was given yet by its day, in the order of the board.
func pool(cards []Card) []Pool {
	pools, at := []Pool{}, map[erpnext.Date]int{}
	for _, c := range cards {
		if c.AssignedTech != "" || machine.Final(c.Status) {
			continue
		}
		i, known := at[c.ScheduledDate]
		if !known {
			i = len(pools)
			at[c.ScheduledDate] = i
			pools = append(pools, Pool{Date: c.ScheduledDate})
		}
		pools[i].Jobs = append(pools[i].Jobs, c.Name)
	}
	return pools
}
