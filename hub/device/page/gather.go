package page

import (
	"context"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/find"
)

// tie is what the cards around a device hang on.
type tie struct {
	customer, location, subscription, line string
}

func tieOf(row *find.Row) tie {
	line := row.GPONSerial
	if line == "" {
		line = row.SerialNumber
	}
	return tie{row.Customer, row.ServiceLocation, row.Subscription, line}
}

// answer is what a call brought.
type answer[T any] struct {
	value T
	err   error
	at    time.Time
}

// facts is what was found out about a device, for whoever asks.
type facts struct {
	known     *memory // as it was last seen; nil when never
	row       *find.Row
	deviceErr error
	at        time.Time // of the row
	around
}

// around is what hangs on the ties of a device.
type around struct {
	services answer[[]erpnext.ServiceSubscription]
	issues   answer[[]erpnext.Issue]
	jobs     answer[[]erpnext.DispatchJob]
	line     answer[any]
}

// gather reads all of it. What was remembered is asked at once; it counts when the
// device says that it still hangs there.
func (d *Desk) gather(ctx context.Context, c find.Code, known *memory) (*facts, error) {
	// Others may wait for the same: who asked first may leave.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), callBudget)
	defer stop()
	f := &facts{known: known}
	var guess tie
	ahead, leave := context.WithCancel(ctx)
	defer leave()
	guessed := make(chan around, 1)
	if known != nil {
		guess = tieOf(&known.Row)
		go func() { guessed <- d.around(ahead, guess) }()
	}
	found := within(ctx, d.Now, func(ctx context.Context) (find.Found, error) { return d.device(ctx, c, known) })
	f.at, f.deviceErr = found.at, found.err
	if found.err == nil {
		row, err := found.value.One("/serial")
		if err != nil {
			d.forget(ctx, c, known)
			return nil, err
		}
		f.row = row
	}
	switch {
	case known != nil && (f.row == nil || tieOf(f.row) == guess):
		f.around = <-guessed
	case f.row != nil:
		leave()
		f.around = d.around(ctx, tieOf(f.row))
	}
	d.remember(ctx, c, f)
	return f, nil
}

// device finds the device: by its name, when that is remembered, or when it is what
// was given. Not every device has a code.
func (d *Desk) device(ctx context.Context, c find.Code, known *memory) (find.Found, error) {
	if known != nil {
		if found, err := d.finder.Again(ctx, c, known.Row.Name); err != nil || len(found.Rows) > 0 {
			return found, err
		}
	}
	found, err := d.finder.By(ctx, c)
	if err != nil || len(found.Rows) > 0 {
		return found, err
	}
	row, err := d.finder.Named(ctx, c.Given)
	if err != nil || row == nil {
		return found, err
	}
	return find.Found{Rows: []find.Row{*row}}, nil
}

// around reads what hangs on the ties, all at once.
func (d *Desk) around(ctx context.Context, t tie) around {
	var a around
	var work sync.WaitGroup
	work.Go(func() {
		a.services = within(ctx, d.Now, func(ctx context.Context) ([]erpnext.ServiceSubscription, error) { return d.services(ctx, t) })
	})
	work.Go(func() {
		a.issues = within(ctx, d.Now, func(ctx context.Context) ([]erpnext.Issue, error) { return d.openIssues(ctx, t) })
	})
	work.Go(func() {
		a.jobs = within(ctx, d.Now, func(ctx context.Context) ([]erpnext.DispatchJob, error) { return d.visits(ctx, t) })
	})
	work.Go(func() { a.line = within(ctx, d.Now, func(ctx context.Context) (any, error) { return d.state(ctx, t) }) })
	work.Wait()
	return a
}

// within gives a call the time of a card. One that does not come back is left
// behind.
func within[T any](ctx context.Context, now func() time.Time, call func(context.Context) (T, error)) answer[T] {
	ctx, stop := context.WithTimeout(ctx, cardBudget)
	come := make(chan answer[T], 1)
	go func() {
		defer stop()
		come <- attempt(ctx, now, call)
	}()
	select {
	case a := <-come:
		return a
	case <-ctx.Done():
		select { // both at once: what came counts
		case a := <-come:
			return a
		default:
			return answer[T]{err: ctx.Err(), at: now().UTC()}
		}
	}
}

// attempt turns a panic of what is called into its failure: a card, not the hub.
func attempt[T any](ctx context.Context, now func() time.Time, call func(context.Context) (T, error)) (a answer[T]) {
	defer func() {
		if v := recover(); v != nil {
			a.err = hub.Recovered(v)
		}
	}()
	a.value, a.err = call(ctx)
	a.at = now().UTC()
	return a
}
