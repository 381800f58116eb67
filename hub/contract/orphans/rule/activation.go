package rule

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
)

func activationRules() []Rule {
	return []Rule{
		{"activation-missed", Error, subscriptions, view.activationMissed},
		{"installation-abandoned", Warning, subscriptions, view.abandoned},
		{"activation-unbilled", Error, subscriptions, view.unbilled},
		{"activation-unfinished", Error, subscriptions, view.unfinished},
	}
}

// chain is the work that a service waits for.
type chain struct {
	last   *census.Job // that was finished
	ends   int         // jobs that no other one waits for
	done   int         // of these, those that were completed
	closed bool        // nothing is left to do
}

func (v view) work(k *census.Contract) chain {
	jobs := v.Chain(k.Name)
	c := chain{closed: len(jobs) > 0}
	for _, j := range jobs {
		c.closed = c.closed && j.Final()
		if slices.ContainsFunc(jobs, func(other *census.Job) bool { return slices.Contains(other.Waits, j.Name) }) {
			continue
		}
		c.ends++
		if j.Status != erpnext.JobCompleted {
			continue
		}
		c.done++
		if c.last == nil || !j.Ended().Before(c.last.Ended()) {
			c.last = j
		}
	}
	return c
}

// waiting finds among the pending subscriptions of live contracts all of whose
// jobs are final.
func (v view) waiting(find func(s *census.Subscription, c chain) (Finding, bool)) []Finding {
	return v.of(func(s *census.Subscription) (Finding, bool) {
		k := v.contractOf(s)
		if s.Status != erpnext.StatusPending || k == nil || !k.Live() {
			return Finding{}, false
		}
		c := v.work(k)
		if !c.closed {
			return Finding{}, false
		}
		return find(s, c)
	})
}

// activationMissed: the work is done, the customer has the service, and nobody
// bills it. What was done long ago is for a person, as is work of which a part was
// called off.
func (v view) activationMissed() []Finding {
	return v.waiting(func(s *census.Subscription, c chain) (Finding, bool) {
		if c.done == 0 {
			return Finding{}, false
		}
		f := v.about(s.Head, c.last.Name)
		if c.done == c.ends && v.Recent(c.last.Ended()) {
			f = f.told(Activate, c.last.Name)
		}
		return f, true
	})
}

// abandoned: all of the work was called off, and the service still waits for it.
func (v view) abandoned() []Finding {
	return v.waiting(func(s *census.Subscription, c chain) (Finding, bool) { return v.about(s.Head), c.done == 0 })
}

// unbilled: the hub began the service, and its first part of a month stands on no
// invoice.
func (v view) unbilled() []Finding {
	return v.of(func(s *census.Subscription) (Finding, bool) {
		invoices := v.Billed(s.Name)
		counts := func(i *census.Invoice) bool { return i.DocStatus != erpnext.Cancelled }
		if !v.Began(s) || slices.ContainsFunc(invoices, counts) {
			return Finding{}, false
		}
		f := v.about(s.Head, string(s.StartDate))
		if len(invoices) == 0 { // what a person has cancelled is not drawn up again
			f = f.told(Activate, s.ActivationJob)
		}
		return f, true
	})
}

// unfinished: the service is in force, its contract does not know.
func (v view) unfinished() []Finding {
	return v.of(func(s *census.Subscription) (Finding, bool) {
		k := v.contractOf(s)
		if s.Status != erpnext.StatusActive || s.Rebate() || k == nil || k.Status != erpnext.ContractSigned {
			return Finding{}, false
		}
		f := v.about(s.Head, k.Name)
		if s.ActivationJob != "" {
			f = f.told(Activate, s.ActivationJob)
		}
		return f, true
	})
}
