package tracking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) error {
	d.mountPositions(r)
	d.stream.Mount(r)
	d.visit.Mount(r)
	d.trail.Mount(r)
	d.tiles.Mount(r)
	d.leaflet.Mount(r)
	return errors.Join(d.customer.Mount(r), d.console.Mount(r))
}

// Run works until ctx ends, then returns nil. What writes down what it has seen
// ends first; then this replica's turn is given to another.
func (d *Desk) Run(ctx context.Context) error {
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var first, last errgroup.Group
	last.Go(func() error { return d.fleet.Run(lasting) })
	last.Go(func() error { return d.source.Run(lasting) })
	first.Go(func() error { return d.agenda.Run(ctx) })
	first.Go(func() error { return d.visit.Run(ctx) })
	first.Go(func() error { return d.trail.Run(ctx) })
	first.Go(func() error { return d.stream.Run(ctx) })
	err := first.Wait()
	end()
	if err = errors.Join(err, last.Wait()); err != nil {
		return fmt.Errorf("tracking: %w", err)
	}
	return nil
}

// Close ends every stream at once; browsers come back to the next process.
func (d *Desk) Close() { d.stream.Close() }

// Changed hears of every change in ERPNext. It never blocks.
func (d *Desk) Changed(doctype, name string) { d.agenda.Changed(doctype, name) }

// Forwarded takes in what Traccar forwarded, and tells in a word what became of
// it. There is no failure that trying again would mend: a position that cannot be
// used now is of no use later.
func (d *Desk) Forwarded(_ context.Context, f traccar.Forwarded) (outcome string) {
	return d.source.Forwarded(f)
}

// Link gives the address under which the customer of a work order watches the
// technician come. The same work order has the same one while it lives.
func (d *Desk) Link(ctx context.Context, job *erpnext.DispatchJob) (url string, err error) {
	return d.customer.Link(ctx, job)
}

// Lead tells whether this replica is the one that listens to Traccar.
func (d *Desk) Lead() bool { return d.source.Lead() }

// patience is how long the live stream may be away before the hub is not well.
const patience = 2 * time.Minute

// Check is what /readyz says of positions: nothing while they come in.
func (d *Desk) Check(context.Context) error {
	state, since := d.source.State()
	if state == "connected" || state == "off" || d.deps.Now().Sub(since) < patience {
		return nil
	}
	return fmt.Errorf("the live stream of positions is %s", state)
}
