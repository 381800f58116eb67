package agenda

import (
	"context"
	"time"
)

// Who looks at one visit sees what ERPNext says of it, nearly: the hub is not told of
// all that is changed there, and a customer must not watch a truck whose visit is over.
const (
	fresh    = 10 * time.Second // so long what was read counts for a look, unless something changed since
	apart    = time.Second      // between two readings for looks
	patience = 2 * time.Second  // so long a look waits for a reading; then what is known has to do
)

// lately is the day as it was at most fresh ago, while ERPNext answers. All who look
// share one reading.
func (a *Agenda) lately(ctx context.Context) *sheet {
	s := a.sheet.Load()
	if a.ERPNext == nil || a.Now().Sub(s.asOf) < fresh && !s.asOf.Before(a.changedAt()) {
		return s
	}
	read := a.flight.DoChan("\x00day", func() (any, error) {
		if a.triedLately() {
			return nil, nil
		}
		err := a.Refresh(context.WithoutCancel(ctx))
		outcome := "ok"
		if err != nil { // Run says so
			outcome = "failed"
		}
		a.reads.WithLabelValues(outcome).Inc()
		return nil, nil
	})
	rest := time.NewTimer(patience)
	defer rest.Stop()
	select {
	case <-read:
	case <-rest.C:
	case <-ctx.Done():
	}
	return a.sheet.Load()
}

// triedLately keeps looks from asking an ERPNext that is away without end, or one that
// changes all the time.
func (a *Agenda) triedLately() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	now, rest := a.Now(), mend
	if a.changed.After(a.tried) {
		rest = apart
	}
	if now.Sub(a.tried) < rest {
		return true
	}
	a.tried = now
	return false
}

// changedAt is when somebody told of a change last.
func (a *Agenda) changedAt() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changed
}
