package agenda

import (
	"context"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// other is a work order of another day, or that it is gone.
type other struct {
	visit Visit
	err   error
	until time.Time
}

// Limits of what is known of other days.
const (
	otherFor   = 15 * time.Second
	mostOthers = 1000
)

// other reads one work order; who asks at the same time, or soon again, shares the
// answer.
func (a *Agenda) other(ctx context.Context, name string) (Visit, error) {
	if a.ERPNext == nil {
		return Visit{}, hub.PartOff("ERPNext")
	}
	a.mu.Lock()
	known := a.others[name]
	a.mu.Unlock()
	if a.Now().Before(known.until) {
		return known.visit, known.err
	}
	asked := a.flight.DoChan(name, func() (any, error) {
		// It is not the first caller's alone: his leaving must not fail the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBudget)
		defer cancel()
		return a.ask(ctx, name)
	})
	select {
	case answer := <-asked:
		visit, _ := answer.Val.(Visit)
		return visit, answer.Err
	case <-ctx.Done():
		return Visit{}, fmt.Errorf("reading work order %s: %w", name, ctx.Err())
	}
}

func (a *Agenda) ask(ctx context.Context, name string) (Visit, error) {
	a.mu.Lock()
	news := a.news
	a.mu.Unlock()
	zone, err := a.ERPNext.Zone(ctx)
	if err != nil {
		return Visit{}, fmt.Errorf("reading the zone of the site: %w", err)
	}
	var rows []row
	err = a.ERPNext.List(ctx, erpnext.Query{Doctype: "Dispatch Job", Fields: fields(), Filters: []erpnext.Filter{erpnext.Eq("name", name)}, Limit: 1}, &rows)
	if err != nil {
		return Visit{}, err
	}
	found := other{until: a.Now().Add(otherFor)}
	if len(rows) == 0 {
		found.err = hub.Fail(hub.NotFound, "not-found", "There is no such work order.", nil)
	} else {
		found.visit = a.visit(&rows[0], zone)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if news != a.news {
		return found.visit, found.err
	}
	if len(a.others) >= mostOthers {
		clear(a.others)
	}
	a.others[name] = found
	return found.visit, found.err
}
