package agenda

import (
	"bytes"
	"context"
	"slices"
	"time"
)

// channel is on which replicas tell each other that something changed.
const channel = "tracking:agenda"

const (
	settle  = 500 * time.Millisecond // changes come in swarms
	pause   = 2 * time.Second        // between two readings that changes ask for
	mend    = 5 * time.Second        // until a reading that failed is tried again
	publish = 5 * time.Second        // for one message to the others
)

// Changed is told of every change in ERPNext. The agenda knows it within some
// seconds, on every replica. It never blocks.
func (a *Agenda) Changed(doctype, name string) {
	if !matters(doctype) {
		return
	}
	a.forget(name)
	a.told.Store(true)
	a.hurry()
}

func matters(doctype string) bool {
	return slices.Contains([]string{"", "Dispatch Job", "Dispatch Technician", "Dispatch Settings", "Service Location"}, doctype)
}

// forget drops what is known of a work order of another day, of all of them without
// a name.
func (a *Agenda) forget(name string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.news++
	a.flight.Forget(name) // who asks from now on does not get what is being read
	if a.changed = a.Now(); name == "" {
		clear(a.others)
	}
	delete(a.others, name)
}

// hurry has ERPNext read soon.
func (a *Agenda) hurry() {
	select {
	case a.wake <- struct{}{}:
	default: // it will be
	}
}

// Run keeps the agenda fresh until ctx ends.
func (a *Agenda) Run(ctx context.Context) error {
	if a.ERPNext == nil {
		<-ctx.Done()
		return nil
	}
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		a.listen(ctx)
	}()
	defer func() { <-listening }()
	for {
		again := a.round(ctx)
		if !a.rest(ctx, again) {
			return nil
		}
	}
}

// round reads once, and says after how long to read again without a reason.
func (a *Agenda) round(ctx context.Context) time.Duration {
	a.tell(ctx)
	err := a.Refresh(ctx)
	switch {
	case ctx.Err() != nil:
		return 0
	case err != nil:
		a.reads.WithLabelValues("failed").Inc()
		if !a.failing {
			a.Log.WarnContext(ctx, "the day's visits cannot be read", "err", err)
		}
		a.failing = true
		return min(mend, a.Every)
	case a.failing:
		a.Log.InfoContext(ctx, "the day's visits can be read again")
	}
	a.failing = false
	a.reads.WithLabelValues("ok").Inc()
	return a.Every
}

// rest waits until it is time to read again; false when there is no next time.
// Readings that changes ask for are kept apart.
func (a *Agenda) rest(ctx context.Context, most time.Duration) bool {
	if !sleep(ctx, min(most, pause)) {
		return false
	}
	tick := time.NewTimer(most - min(most, pause))
	defer tick.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-tick.C:
		return true
	case <-a.wake:
		return sleep(ctx, settle)
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// tell tells the other replicas to read, too. They do so anyway within a.Every.
func (a *Agenda) tell(ctx context.Context) {
	if a.Radio == nil || !a.told.Swap(false) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, publish)
	defer cancel()
	if err := a.Radio.Publish(ctx, channel, a.self); err != nil && ctx.Err() == nil {
		a.Log.WarnContext(ctx, "the other replicas were not told of a change", "err", err)
	}
}

// listen hears of changes that other replicas were told of.
func (a *Agenda) listen(ctx context.Context) {
	for a.Radio != nil && ctx.Err() == nil {
		heard, err := a.Radio.Subscribe(ctx, channel)
		if err == nil {
			for said := range heard {
				if !bytes.Equal(said, a.self) {
					a.forget("")
					a.hurry()
				}
			}
		}
		if !sleep(ctx, mend) {
			return
		}
		a.hurry() // something may have been said meanwhile
	}
}
