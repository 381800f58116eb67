package rule

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
)

const contracts = "Service Contract"

func contractRules() []Rule {
	return []Rule{
		{"contract-without-issue", Error, contracts, view.withoutIssue},
		{"contract-without-jobs", Error, contracts, view.withoutJobs},
		{"contract-without-subscription", Error, contracts, view.withoutSubscription},
		{"contract-subscription-dangling", Error, contracts, view.danglingSubscription},
		{"contract-link-missing", Error, contracts, view.linkMissing},
		{"links-disagree", Error, contracts, view.linksDisagree},
		{"contract-outlives-subscription", Warning, contracts, view.outlivesSubscription},
		{"termination-unbilled", Error, contracts, view.terminationUnbilled},
	}
}

// each finds among the contracts that are judged and live.
func (v view) each(find func(k *census.Contract) (Finding, bool)) (found []Finding) {
	for _, k := range v.Contracts {
		if k.Beside || !k.Live() {
			continue
		}
		if f, wrong := find(k); wrong {
			found = append(found, f)
		}
	}
	return found
}

// resumable tells that what the signature leads to can be walked again. It is not
// for a contract whose service has begun: nobody installs it twice.
func (v view) resumable(k *census.Contract) bool {
	return k.Status == erpnext.ContractSigned && k.Quotation != "" &&
		!slices.ContainsFunc(v.own(k), func(s *census.Subscription) bool { return s.Status != erpnext.StatusPending })
}

// own are the subscriptions of the contract, whichever side says so.
func (v view) own(k *census.Contract) []*census.Subscription {
	own := slices.Clone(v.Under(k.Name))
	if s := v.Subscription(k.ServiceSubscription); s != nil && !slices.Contains(own, s) {
		own = append(own, s)
	}
	return own
}

// main is the one subscription that names the contract and has not ended;
// rebates stand beside it.
func (v view) main(k *census.Contract) (main *census.Subscription, live int) {
	for _, s := range v.Under(k.Name) {
		if s.Status != erpnext.StatusCancelled && !s.Rebate() {
			main, live = s, live+1
		}
	}
	return main, live
}

// missing begins a finding about what a signature should have led to.
func (v view) missing(k *census.Contract) Finding {
	f := v.about(k.Head)
	switch {
	case v.resumable(k):
		f = f.told(Resume, k.Name)
	case slices.ContainsFunc(v.own(k), (*census.Subscription).Running):
		f.Severity = Warning // the customer has the service all the same
	}
	return f
}

func (v view) withoutIssue() []Finding {
	return v.each(func(k *census.Contract) (Finding, bool) { return v.missing(k), len(v.Requests(k.Name)) == 0 })
}

func (v view) withoutJobs() []Finding {
	return v.each(func(k *census.Contract) (Finding, bool) { return v.missing(k), len(v.Chain(k.Name)) == 0 })
}

// withoutSubscription leaves alone a sale of which nothing is billed again and
// again: it has a quotation, and no monthly rate. Where a service waits at the
// address already, no second one is made: it is the contract's if it is alone and
// costs what was signed, else a person has to say.
func (v view) withoutSubscription() []Finding {
	return v.each(func(k *census.Contract) (Finding, bool) {
		once := k.MonthlyRate.IsZero() && k.Quotation != ""
		if k.ServiceSubscription != "" || len(v.Under(k.Name)) > 0 || once {
			return Finding{}, false
		}
		waiting := v.Waiting(k)
		if len(waiting) == 0 {
			return v.missing(k), true
		}
		f := v.about(k.Head)
		for _, s := range waiting {
			f.With = append(f.With, s.Name)
		}
		if len(waiting) == 1 && waiting[0].MonthlyPrice.Equal(k.MonthlyRate.Decimal) {
			f = f.mended(k.Head, erpnext.Values{"service_subscription": waiting[0].Name})
		}
		return f, true
	})
}

// danglingSubscription: the contract names a subscription that is not there.
func (v view) danglingSubscription() []Finding {
	return v.each(func(k *census.Contract) (Finding, bool) {
		if k.ServiceSubscription == "" || v.Subscription(k.ServiceSubscription) != nil {
			return Finding{}, false
		}
		f := v.about(k.Head, k.ServiceSubscription)
		if main, live := v.main(k); live == 1 {
			return f.mended(k.Head, erpnext.Values{"service_subscription": main.Name}), true
		}
		if len(v.Under(k.Name)) == 0 && v.resumable(k) {
			f = f.told(Resume, k.Name)
		}
		return f, true
	})
}

// linkMissing: a subscription names the contract, which names none.
func (v view) linkMissing() []Finding {
	return v.each(func(k *census.Contract) (Finding, bool) {
		if k.ServiceSubscription != "" {
			return Finding{}, false
		}
		main, live := v.main(k)
		f := v.about(k.Head)
		for _, s := range v.Under(k.Name) {
			if s.Status != erpnext.StatusCancelled {
				f.With = append(f.With, s.Name)
			}
		}
		if live == 1 {
			f = f.mended(k.Head, erpnext.Values{"service_subscription": main.Name})
			f.With = []string{main.Name}
		}
		return f, len(f.With) > 0
	})
}

// linksDisagree: the contract's subscription is another customer's, or says that it
// is another contract's, which lives too.
func (v view) linksDisagree() []Finding {
	return v.each(func(k *census.Contract) (Finding, bool) {
		s := v.Subscription(k.ServiceSubscription)
		if s != nil && s.Status != erpnext.StatusCancelled && s.Customer != k.Customer {
			return v.about(k.Head, s.Name, s.Customer), true
		}
		if s == nil || s.ServiceContract == "" || s.ServiceContract == k.Name || s.Status == erpnext.StatusCancelled {
			return Finding{}, false
		}
		other := v.Contract(s.ServiceContract)
		return v.about(k.Head, s.Name, s.ServiceContract), other != nil && !other.Final()
	})
}

// outlivesSubscription: the service was cancelled, the contract was not ended.
func (v view) outlivesSubscription() []Finding {
	return v.each(func(k *census.Contract) (Finding, bool) {
		s := v.Subscription(k.ServiceSubscription)
		_, live := v.main(k)
		if s == nil || s.Status != erpnext.StatusCancelled || live > 0 {
			return Finding{}, false
		}
		return v.about(k.Head, s.Name), true
	})
}

// terminationUnbilled: a fee stands on an ended contract, and no invoice has it.
func (v view) terminationUnbilled() (found []Finding) {
	for _, k := range v.Contracts {
		if !k.Beside && k.Status == erpnext.ContractTerminated && k.TerminationInvoice == "" && k.TerminationFee.IsPositive() {
			found = append(found, v.about(k.Head, k.TerminationFee.String()))
		}
	}
	return found
}
