package census

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
)

// complete reads what the rows name or lack: what they name and is not there is
// then known not to exist.
func (r *Reader) complete(ctx context.Context, c *Census) (*Census, error) {
	c.Index()
	waiting, err := beside[Subscription](ctx, r, by{"Service Subscription", "customer"}, c.lonely(), erpnext.Eq("status", erpnext.StatusPending))
	if err != nil {
		return nil, err
	}
	c.Subscriptions = append(c.Subscriptions, waiting...)
	c.Index()
	var named, pointing []*Contract
	var linked, under []*Subscription
	var tasks []*Job
	var waits map[string][]string
	group, inner := errgroup.WithContext(ctx)
	fetch(group, &named, func() ([]*Contract, error) {
		return beside[Contract](inner, r, by{"Service Contract", "name"}, c.contractsNamed())
	})
	fetch(group, &pointing, func() ([]*Contract, error) {
		return beside[Contract](inner, r, by{"Service Contract", "service_subscription"}, c.contractless())
	})
	fetch(group, &linked, func() ([]*Subscription, error) {
		return beside[Subscription](inner, r, by{"Service Subscription", "name"}, c.subscriptionsNamed())
	})
	fetch(group, &under, func() ([]*Subscription, error) {
		return beside[Subscription](inner, r, by{"Service Subscription", "service_contract"}, c.subscriptionless())
	})
	fetch(group, &tasks, func() ([]*Job, error) {
		return beside[Job](inner, r, by{"Dispatch Job", "source_issue"}, c.openIssues())
	})
	fetch(group, &waits, func() (map[string][]string, error) { return r.waits(inner, c.chained()) })
	fetch(group, &c.Invoices, func() ([]*Invoice, error) {
		return having[Invoice](inner, r, by{"Sales Invoice", "service_subscription"}, c.billable())
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	c.Contracts = slices.Concat(c.Contracts, named, pointing)
	c.Subscriptions = slices.Concat(c.Subscriptions, linked, under)
	c.Jobs = append(c.Jobs, tasks...)
	return r.chains(ctx, c.Index(), waits)
}

// chains tells every job whom it waits for, and reads those predecessors that are
// not among the jobs yet.
func (r *Reader) chains(ctx context.Context, c *Census, waits map[string][]string) (*Census, error) {
	var unknown []string
	for _, job := range c.Jobs {
		job.Waits = waits[job.Name]
		if job.DependsOn != "" && !slices.Contains(job.Waits, job.DependsOn) {
			job.Waits = append(job.Waits, job.DependsOn)
		}
		for _, name := range job.Waits {
			if c.Job(name) == nil && !job.Final() {
				unknown = append(unknown, name)
			}
		}
	}
	found, err := beside[Job](ctx, r, by{"Dispatch Job", "name"}, unknown)
	c.Jobs = append(c.Jobs, found...)
	return c.Index(), err
}

// waits reads the predecessors of the jobs.
func (r *Reader) waits(ctx context.Context, jobs []string) (map[string][]string, error) {
	rows, err := erpnext.Children[erpnext.Predecessor](ctx, r.ERPNext, "Dispatch Job", "Dispatch Job Predecessor", jobs...)
	waits := make(map[string][]string, len(jobs))
	for _, p := range rows {
		waits[p.Parent] = append(waits[p.Parent], p.Job)
	}
	return waits, err
}

// contractsNamed are the contracts that were not read, but that rows name.
func (c *Census) contractsNamed() (names []string) {
	add := func(name string) {
		if c.Contract(name) == nil {
			names = append(names, name)
		}
	}
	for _, s := range c.Subscriptions {
		add(s.ServiceContract)
	}
	for _, j := range c.Jobs {
		if !j.Final() {
			add(j.ServiceContract)
		}
	}
	return names
}

// lonely are the customers of contracts without a subscription: one may wait at
// the address that nobody linked.
func (c *Census) lonely() (customers []string) {
	for _, k := range c.Contracts {
		if k.Live() && k.ServiceSubscription == "" && len(c.Under(k.Name)) == 0 {
			customers = append(customers, k.Customer)
		}
	}
	return customers
}

// contractless are the subscriptions that name no contract, and that no contract
// that was read names.
func (c *Census) contractless() (names []string) {
	for _, s := range c.Subscriptions {
		if s.Status != erpnext.StatusCancelled && s.ServiceContract == "" && len(c.PointingTo(s.Name)) == 0 {
			names = append(names, s.Name)
		}
	}
	return names
}

// subscriptionsNamed are those that were not read, but that rows name.
func (c *Census) subscriptionsNamed() (names []string) {
	for _, k := range c.Contracts {
		if c.Subscription(k.ServiceSubscription) == nil {
			names = append(names, k.ServiceSubscription)
		}
	}
	for _, d := range c.Devices {
		if c.Subscription(d.Subscription) == nil {
			names = append(names, d.Subscription)
		}
	}
	return names
}

// subscriptionless are the contracts that none of the subscriptions that were
// read belongs to.
func (c *Census) subscriptionless() (names []string) {
	for _, k := range c.Contracts {
		if k.Live() && len(c.Under(k.Name)) == 0 {
			names = append(names, k.Name)
		}
	}
	return names
}

func (c *Census) openIssues() (names []string) {
	for _, i := range c.Issues {
		if i.Open() {
			names = append(names, i.Name)
		}
	}
	return names
}

// chained are the jobs whose predecessors matter: those that wait, and those of a
// contract whose service has not begun.
func (c *Census) chained() (names []string) {
	pending := map[string]bool{}
	for _, s := range c.Subscriptions {
		if s.Status == erpnext.StatusPending {
			pending[s.ServiceContract] = true
			for _, k := range c.PointingTo(s.Name) {
				pending[k.Name] = true
			}
		}
	}
	for _, j := range c.Jobs {
		if !j.Final() || (j.ServiceContract != "" && pending[j.ServiceContract]) {
			names = append(names, j.Name)
		}
	}
	return names
}

// billable are the subscriptions that an invoice should be there of.
func (c *Census) billable() (names []string) {
	for _, s := range c.Subscriptions {
		if c.Began(s) {
			names = append(names, s.Name)
		}
	}
	return names
}

// Began tells that the hub began the service lately, in the middle of a month, so
// that a part of that month is to be invoiced; rebates at the address may leave
// nothing of it.
func (c *Census) Began(s *Subscription) bool {
	if s.Status != erpnext.StatusActive || s.ActivationJob == "" || s.StartDate == "" || s.Rebate() ||
		prorata.Whole(s.StartDate) || !c.Recent(s.StartDate.Time()) {
		return false
	}
	net := s.first()
	for _, other := range c.at[place{s.Customer, s.ServiceLocation}] {
		if other.Rebate() && other.Status == erpnext.StatusActive && other.StartDate == s.StartDate {
			net = net.Plus(other.first())
		}
	}
	return net.IsPositive()
}
