package rule

import (
	"cmp"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
)

const subscriptions = "Service Subscription"

func subscriptionRules() []Rule {
	return []Rule{
		{"subscription-contract-dangling", Error, subscriptions, view.danglingContract},
		{"subscription-without-contract", Warning, subscriptions, view.withoutContract},
		{"subscription-outlives-contract", Error, subscriptions, view.outlivesContract},
		{"subscription-without-start", Error, subscriptions, view.withoutStart},
		{"subscription-without-location", Error, subscriptions, view.withoutLocation},
		{"subscriptions-pending-twice", Warning, subscriptions, view.pendingTwice},
	}
}

// of finds among the subscriptions that are judged and have not ended.
func (v view) of(find func(s *census.Subscription) (Finding, bool)) (found []Finding) {
	for _, s := range v.Subscriptions {
		if s.Beside || s.Status == erpnext.StatusCancelled {
			continue
		}
		if f, wrong := find(s); wrong {
			found = append(found, f)
		}
	}
	return found
}

// claimants are the live contracts that name the subscription as theirs.
func (v view) claimants(s *census.Subscription) []*census.Contract {
	return slices.DeleteFunc(slices.Clone(v.PointingTo(s.Name)), func(k *census.Contract) bool { return !k.Live() })
}

// given is f with the subscription given to the one live contract that claims it.
func (v view) given(f Finding, s *census.Subscription) (Finding, bool) {
	claimants := v.claimants(s)
	if len(claimants) != 1 || claimants[0].Customer != s.Customer {
		return f, false
	}
	f.With = append(f.With, claimants[0].Name)
	return f.mended(s.Head, erpnext.Values{"service_contract": claimants[0].Name}), true
}

// danglingContract: the subscription names a contract that is not there.
func (v view) danglingContract() []Finding {
	return v.of(func(s *census.Subscription) (Finding, bool) {
		if s.ServiceContract == "" || v.Contract(s.ServiceContract) != nil {
			return Finding{}, false
		}
		f, _ := v.given(v.about(s.Head, s.ServiceContract), s)
		return f, true
	})
}

// withoutContract leaves alone rebates: a contract is signed for the service that
// they lower, and one that lowers nothing is no breach of this kind. But a rebate
// that a contract names as its own is found like any other. One whose only
// contract has ended is of outlivesContract.
func (v view) withoutContract() (found []Finding) {
	for _, s := range v.Subscriptions {
		claimed := len(v.claimants(s)) > 0 // by a contract that is judged, then it is too
		if s.Beside && !claimed || s.Status == erpnext.StatusCancelled || s.ServiceContract != "" {
			continue
		}
		if !claimed && (len(v.PointingTo(s.Name)) > 0 || s.Rebate()) {
			continue
		}
		f, _ := v.given(v.about(s.Head), s)
		found = append(found, f)
	}
	return found
}

// outlivesContract: the contract has ended, the service has not. Whose service
// goes on under a new contract gets that one. A service outlives the term of its
// contract, as most do, unless the settings say otherwise.
func (v view) outlivesContract() []Finding {
	return v.of(func(s *census.Subscription) (Finding, bool) {
		k := v.contractOf(s)
		if k == nil || !k.Final() {
			return Finding{}, false
		}
		f := v.about(s.Head, k.Name)
		if f, given := v.given(f, s); given {
			return f, true
		}
		if k.Status == erpnext.ContractCompleted && !v.EndCompleted {
			f.Severity = Warning
			return f, s.Status == erpnext.StatusPending // nobody waits for the service of a term that is over
		}
		end := cmp.Or(k.TerminationDate, k.EndDate, v.Today())
		if k.Status == erpnext.ContractTerminated {
			end = cmp.Or(k.TerminationDate, v.Today())
		}
		return f.mended(s.Head, erpnext.Values{
			"status": erpnext.StatusCancelled, "end_date": cmp.Or(s.EndDate, end), "cancellation_date": cmp.Or(s.CancellationDate, end),
		}), true
	})
}

// contractOf is the contract that the subscription names, or the only one that
// names it.
func (v view) contractOf(s *census.Subscription) *census.Contract {
	if s.ServiceContract != "" {
		return v.Contract(s.ServiceContract)
	}
	if pointing := v.PointingTo(s.Name); len(pointing) == 1 {
		return pointing[0]
	}
	return nil
}

// withoutStart: the service runs, and nobody knows since when. The job that began
// it knows.
func (v view) withoutStart() []Finding {
	return v.of(func(s *census.Subscription) (Finding, bool) {
		if !s.Running() || s.StartDate != "" {
			return Finding{}, false
		}
		job := v.Job(s.ActivationJob)
		if job == nil || job.Status != erpnext.JobCompleted || job.ActualEnd.IsZero() {
			return v.about(s.Head), true
		}
		return v.about(s.Head, job.Name).mended(s.Head, erpnext.Values{"start_date": prorata.Start(job.ActualEnd.Time)}), true
	})
}

// withoutLocation: the service runs nowhere. Its contract says where.
func (v view) withoutLocation() []Finding {
	return v.of(func(s *census.Subscription) (Finding, bool) {
		if !s.Running() || s.ServiceLocation != "" {
			return Finding{}, false
		}
		k := v.contractOf(s)
		if k == nil || k.ServiceLocation == "" || k.Customer != s.Customer {
			return v.about(s.Head), true
		}
		return v.about(s.Head, k.Name).mended(s.Head, erpnext.Values{"service_location": k.ServiceLocation}), true
	})
}

// pendingTwice: two services wait at one address; which of them the work there is
// for, only their contracts can tell.
func (v view) pendingTwice() []Finding {
	return v.of(func(s *census.Subscription) (Finding, bool) {
		f := v.about(s.Head)
		for _, other := range v.Neighbours(s) {
			if other.Status != erpnext.StatusPending || other.Rebate() {
				continue
			}
			if !other.Beside && other.Name < s.Name {
				return f, false // that one tells it
			}
			if other != s {
				f.With = append(f.With, other.Name)
			}
		}
		return f, s.Status == erpnext.StatusPending && !s.Rebate() && len(f.With) > 0
	})
}
