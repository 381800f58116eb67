package census

import (
	"cmp"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// Census is what stood in ERPNext, all rows in the order of their names.
type Census struct {
	Now           time.Time
	Late          int // days after which nothing is activated or invoiced by itself
	Contracts     []*Contract
	Subscriptions []*Subscription
	Jobs          []*Job
	Issues        []*Issue
	Devices       []*Device
	Invoices      []*Invoice
	Ignored       map[string]int // documents of the legacy import that were not read, by doctype

	contracts     map[string]*Contract
	subscriptions map[string]*Subscription
	jobs          map[string]*Job
	pointers      map[string][]*Contract     // by the subscription that they name
	under         map[string][]*Subscription // by the contract that they name
	chain         map[string][]*Job          // by contract
	tasks         map[string][]*Job          // by issue
	requests      map[string][]*Issue        // by contract
	bills         map[string][]*Invoice      // by subscription
	at            map[place][]*Subscription
}

// place is where a customer has services.
type place struct{ customer, location string }

// Contract finds one; nil says that ERPNext has none of the name.
func (c *Census) Contract(name string) *Contract { return c.contracts[name] }

// Subscription finds one; nil says that ERPNext has none of the name.
func (c *Census) Subscription(name string) *Subscription { return c.subscriptions[name] }

// Job finds one; nil says that ERPNext has none of the name.
func (c *Census) Job(name string) *Job { return c.jobs[name] }

// PointingTo lists the contracts that name the subscription as theirs.
func (c *Census) PointingTo(subscription string) []*Contract { return c.pointers[subscription] }

// Under lists the subscriptions that name the contract as theirs.
func (c *Census) Under(contract string) []*Subscription { return c.under[contract] }

// Chain lists the jobs of the contract.
func (c *Census) Chain(contract string) []*Job { return c.chain[contract] }

// Tasks lists the jobs of the issue.
func (c *Census) Tasks(issue string) []*Job { return c.tasks[issue] }

// Requests lists the issues of the contract.
func (c *Census) Requests(contract string) []*Issue { return c.requests[contract] }

// Neighbours lists the subscriptions of the same customer at the same address, itself
// among them.
func (c *Census) Neighbours(s *Subscription) []*Subscription {
	return c.at[place{s.Customer, s.ServiceLocation}]
}

// Waiting lists the subscriptions that wait for the customer of the contract at its
// address, and belong to no contract.
func (c *Census) Waiting(k *Contract) []*Subscription {
	return slices.DeleteFunc(slices.Clone(c.at[place{k.Customer, k.ServiceLocation}]), func(s *Subscription) bool {
		return s.Status != erpnext.StatusPending || s.Rebate() || s.ServiceContract != "" || len(c.PointingTo(s.Name)) > 0
	})
}

// Billed lists the invoices of the subscription.
func (c *Census) Billed(subscription string) []*Invoice { return c.bills[subscription] }

// Today is the day that people have.
func (c *Census) Today() erpnext.Date { return erpnext.DateOf(c.Now) }

// Recent tells that the instant is no longer ago than what is still made up for.
func (c *Census) Recent(at time.Time) bool { return at.After(c.Now.AddDate(0, 0, -c.Late)) }

// Index sorts the rows and makes them findable; it is called again when rows were
// added.
func (c *Census) Index() *Census {
	c.Contracts, c.contracts = unique(c.Contracts)
	c.Subscriptions, c.subscriptions = unique(c.Subscriptions)
	c.Jobs, c.jobs = unique(c.Jobs)
	c.Issues, _ = unique(c.Issues)
	c.Devices, _ = unique(c.Devices)
	c.Invoices, _ = unique(c.Invoices)
	c.pointers = grouped(c.Contracts, func(k *Contract) string { return k.ServiceSubscription })
	c.under = grouped(c.Subscriptions, func(s *Subscription) string { return s.ServiceContract })
	c.chain = grouped(c.Jobs, func(j *Job) string { return j.ServiceContract })
	c.tasks = grouped(c.Jobs, func(j *Job) string { return j.SourceIssue })
	c.requests = grouped(c.Issues, func(i *Issue) string { return i.ServiceContract })
	c.bills = grouped(c.Invoices, func(i *Invoice) string { return i.ServiceSubscription })
	c.at = map[place][]*Subscription{}
	for _, s := range c.Subscriptions {
		c.at[place{s.Customer, s.ServiceLocation}] = append(c.at[place{s.Customer, s.ServiceLocation}], s)
	}
	return c
}

type row interface{ head() *Head }

// unique keeps one row of each name: the first, which is judged if any of them is.
func unique[R row](rows []R) ([]R, map[string]R) {
	slices.SortStableFunc(rows, func(a, b R) int { return cmp.Compare(a.head().Name, b.head().Name) })
	rows = slices.CompactFunc(rows, func(a, b R) bool {
		if a.head().Name != b.head().Name {
			return false
		}
		a.head().Beside = a.head().Beside && b.head().Beside
		return true
	})
	named := make(map[string]R, len(rows))
	for _, r := range rows {
		named[r.head().Name] = r
	}
	return rows, named
}

func grouped[R row](rows []R, by func(R) string) map[string][]R {
	groups := map[string][]R{}
	for _, r := range rows {
		if key := by(r); key != "" {
			groups[key] = append(groups[key], r)
		}
	}
	return groups
}
