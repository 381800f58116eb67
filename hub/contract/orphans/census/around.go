package census

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
)

// Around reads one document of the doctype, as it is now, and what it hangs
// together with. One that is gone is an empty census.
func (r *Reader) Around(ctx context.Context, doctype, name string) (*Census, error) {
	c := &Census{Now: r.Now(), Late: r.Late}
	contracts, err := r.seed(ctx, c, doctype, []string{name})
	if err != nil {
		return nil, err
	}
	if len(contracts) > 0 {
		if err := r.stories(ctx, c, contracts); err != nil {
			return nil, err
		}
	}
	return r.complete(ctx, c)
}

// seed reads the document itself and returns the contracts that it belongs to.
func (r *Reader) seed(ctx context.Context, c *Census, doctype string, name []string) (contracts []string, err error) {
	switch doctype {
	case "Service Contract":
		contracts = name
	case "Service Subscription":
		if c.Subscriptions, err = having[Subscription](ctx, r, by{doctype, "name"}, name); err != nil {
			return nil, err
		}
		pointing, err := having[Contract](ctx, r, by{"Service Contract", "service_subscription"}, name)
		for _, k := range pointing {
			contracts = append(contracts, k.Name)
		}
		for _, s := range c.Subscriptions {
			contracts = append(contracts, s.ServiceContract)
		}
		return distinct(contracts), err
	case "Dispatch Job":
		c.Jobs, err = having[Job](ctx, r, by{doctype, "name"}, name)
		for _, j := range c.Jobs {
			contracts = append(contracts, j.ServiceContract)
		}
	case "Issue":
		c.Issues, err = having[Issue](ctx, r, by{doctype, "name"}, name)
	case "Service Equipment":
		c.Devices, err = having[Device](ctx, r, by{doctype, "name"}, name, erpnext.Eq("status", erpnext.EquipmentActive))
	default:
		err = fmt.Errorf("nothing is known of documents of the doctype %s", doctype)
	}
	return distinct(contracts), err
}

// stories reads the contracts with all that belongs to them.
func (r *Reader) stories(ctx context.Context, c *Census, contracts []string) error {
	var subscriptions []*Subscription
	var jobs []*Job
	group, inner := errgroup.WithContext(ctx)
	fetch(group, &c.Contracts, func() ([]*Contract, error) {
		return having[Contract](inner, r, by{"Service Contract", "name"}, contracts)
	})
	fetch(group, &subscriptions, func() ([]*Subscription, error) {
		return having[Subscription](inner, r, by{"Service Subscription", "service_contract"}, contracts)
	})
	fetch(group, &jobs, func() ([]*Job, error) {
		return having[Job](inner, r, by{"Dispatch Job", "service_contract"}, contracts)
	})
	fetch(group, &c.Issues, func() ([]*Issue, error) { return having[Issue](inner, r, by{"Issue", "service_contract"}, contracts) })
	if err := group.Wait(); err != nil {
		return err
	}
	c.Subscriptions, c.Jobs = append(c.Subscriptions, subscriptions...), append(c.Jobs, jobs...)
	return nil
}
