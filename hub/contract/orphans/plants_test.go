package orphans_test

import (
	"cmp"
	"maps"
	"slices"
)

// breach is something wrong that was planted.
type breach struct {
	docs []doc
	// finds are the findings, "check name", with "!" in front when a repair is
	// possible.
	finds []string
	// writes are the documents that the repair may change or make, by doctype.
	writes []string
}

// plants is one of each that the checks are for. Each stands alone, at a customer
// of its own.
func plants() map[string]breach {
	all := map[string]breach{}
	maps.Copy(all, contractPlants())
	maps.Copy(all, subscriptionPlants())
	maps.Copy(all, activationPlants())
	maps.Copy(all, jobPlants())
	maps.Copy(all, thingPlants())
	return all
}

func one(s *tale, writes []string, finds ...string) breach { return breach{s.all(), finds, writes} }

func contractPlants() map[string]breach {
	two := active("c6")
	two.set("SUB", doc{"service_contract": "CTR-c6b"})
	other := active("c6b")
	return map[string]breach{
		"no issue":               one(signed("c1").without("ISS").strip("DJ", "source_issue"), []string{"Issue"}, "!contract-without-issue CTR-c1"),
		"no jobs":                one(signed("c2").without("DJ1", "DJ2", "DJ3", "DJ4"), []string{"Dispatch Job"}, "!contract-without-jobs CTR-c2"),
		"no issue, but in force": one(active("c1b").without("ISS").strip("DJ", "source_issue"), nil, "contract-without-issue CTR-c1b"),
		"no subscription": one(signed("c3").set("CTR", doc{"service_subscription": nil}).without("SUB"), []string{"Service Subscription", "Service Contract"},
			"!contract-without-subscription CTR-c3"),
		"what waits costs something else": one(signed("c9b").set("CTR", doc{"service_subscription": nil}).set("SUB", doc{"service_contract": nil, "monthly_price": 20}),
			nil, "contract-without-subscription CTR-c9b", "subscription-without-contract SUB-c9b"),
		"somebody else's subscription": one(signed("c10").set("SUB", doc{"customer": "CUST-signed0"}), nil, "links-disagree CTR-c10"),
		"nothing at all": one(signed("c3b").set("CTR", doc{"service_subscription": nil}).without("SUB", "ISS", "DJ1", "DJ2", "DJ3", "DJ4"),
			[]string{"Service Subscription", "Service Contract", "Issue", "Dispatch Job"},
			"!contract-without-issue CTR-c3b", "!contract-without-jobs CTR-c3b", "!contract-without-subscription CTR-c3b"),
		"no subscription, but in force": one(active("c3c").set("CTR", doc{"service_subscription": nil}).without("SUB", "EQP", "SINV"), nil,
			"contract-without-subscription CTR-c3c"),
		"subscription vanished, one claims": one(active("c4").set("CTR", doc{"service_subscription": "SUB-VOID"}), []string{"Service Contract"},
			"!contract-subscription-dangling CTR-c4"),
		"subscription vanished": one(active("c4b").set("CTR", doc{"service_subscription": "SUB-VOID"}).without("SUB", "EQP", "SINV"), nil,
			"contract-subscription-dangling CTR-c4b"),
		"link missing":                  one(active("c5").set("CTR", doc{"service_subscription": nil}), []string{"Service Contract"}, "!contract-link-missing CTR-c5"),
		"links disagree":                {docs: slices.Concat(two.all(), other.all()), finds: []string{"links-disagree CTR-c6"}},
		"contract outlives its service": one(ended("c7").set("CTR", doc{"status": "Actif"}), nil, "contract-outlives-subscription CTR-c7"),
		"fee not billed":                one(ended("c8").set("CTR", doc{"termination_invoice": nil}), nil, "termination-unbilled CTR-c8"),
	}
}

func subscriptionPlants() map[string]breach {
	renewed := active("s6")
	renewed.set("CTR", doc{"status": "Complété"})
	renewed.add("Service Contract", "CTR-s6b", doc{"customer": "CUST-s6", "service_subscription": "SUB-s6", "status": "Actif", "monthly_rate": 39.95})
	renewed.add("Issue", "ISS-s6b", doc{"subject": "Renouvellement", "service_contract": "CTR-s6b", "status": "Closed"})
	renewed.add("Dispatch Job", "DJ1-s6b", doc{"subject": "Rien", "service_contract": "CTR-s6b", "status": "Completed", "scheduled_date": "2026-05-02",
		"source_issue": "ISS-s6b", "actual_end": "2026-05-02 10:00:00", "start_time": "08:00:00"})
	twice := signed("s9").add("Service Subscription", "SUB-s9b", doc{"customer": "CUST-s9", "service_location": "LOC-s9", "status": "En attente",
		"monthly_price": 20, "service_category": "IPTV", "plan_name": "Télé", "service_contract": "CTR-s9"})
	return map[string]breach{
		"contract vanished, one claims": one(active("s1").set("SUB", doc{"service_contract": "CTR-VOID"}), []string{"Service Subscription"},
			"!subscription-contract-dangling SUB-s1"),
		"contract vanished": one(active("s2").set("SUB", doc{"service_contract": "CTR-VOID"}).without("CTR", "ISS", "DJ1", "DJ2", "DJ3"), nil,
			"subscription-contract-dangling SUB-s2"),
		"no contract, one claims": one(active("s3").set("SUB", doc{"service_contract": nil}), []string{"Service Subscription"},
			"!subscription-without-contract SUB-s3"),
		"no contract": one(active("s4").set("SUB", doc{"service_contract": nil}).without("CTR", "ISS", "DJ1", "DJ2", "DJ3"), nil,
			"subscription-without-contract SUB-s4"),
		"no contract, a rebate beside it": one(rebated("s10").set("SUB", doc{"service_contract": nil}).without("CTR", "ISS", "DJ1", "DJ2", "DJ3"), nil,
			"subscription-without-contract SUB-s10"),
		"a rebate alone": one(rebated("s11").without("SUB", "SINV", "EQP", "CTR", "ISS", "DJ1", "DJ2", "DJ3", "DJ4"), nil),
		"outlives its contract": one(ended("s5").set("SUB", doc{"status": "Actif", "end_date": nil, "cancellation_date": nil}), []string{"Service Subscription"},
			"!subscription-outlives-contract SUB-s5"),
		"renewed": one(renewed, []string{"Service Subscription"}, "!subscription-outlives-contract SUB-s6"),
		"waits for a term that is over": one(over("s6c").set("SUB", doc{"status": "En attente", "start_date": nil}), nil,
			"subscription-outlives-contract SUB-s6c"),
		"no start":         one(active("s7").set("SUB", doc{"start_date": nil}), []string{"Service Subscription"}, "!subscription-without-start SUB-s7"),
		"no start, no job": one(active("s7b").set("SUB", doc{"start_date": nil, "activation_job": nil}), nil, "subscription-without-start SUB-s7b"),
		"no location":      one(active("s8").set("SUB", doc{"service_location": nil}), []string{"Service Subscription"}, "!subscription-without-location SUB-s8"),
		"two wait":         one(twice, nil, "subscriptions-pending-twice SUB-s9"),
	}
}

func activationPlants() map[string]breach {
	mixed := done("a3", "2026-05-12").set("DJ4", doc{"status": "Cancelled", "depends_on": "DJ2-a3", "predecessors": nil})
	return map[string]breach{
		"missed": one(done("a1", "2026-05-12"), []string{"Service Subscription", "Service Contract", "Sales Invoice"}, "!activation-missed SUB-a1"),
		"missed, a rebate with it": one(done("a1b", "2026-05-12").add("Service Subscription", "REB-a1b", doc{"customer": "CUST-a1b",
			"service_location": "LOC-a1b", "service_contract": "CTR-a1b", "status": "En attente", "monthly_price": -5, "service_category": "Internet",
			"plan_name": "Rabais"}), []string{"Service Subscription", "Service Subscription", "Service Contract", "Sales Invoice"},
			"!activation-missed REB-a1b", "!activation-missed SUB-a1b"),
		"missed long ago":   one(done("a2", "2026-04-02"), nil, "activation-missed SUB-a2"),
		"a part called off": one(mixed.set("ISS", doc{"status": "Resolved"}), nil, "activation-missed SUB-a3"),
		"all called off": one(done("a4", "2026-05-12").set("DJ1", doc{"status": "Cancelled"}).set("DJ2", doc{"status": "Cancelled"}).
			set("DJ3", doc{"status": "Cancelled"}).set("DJ4", doc{"status": "Cancelled"}), nil, "installation-abandoned SUB-a4"),
		"not billed": one(active("a5").without("SINV"), []string{"Sales Invoice"}, "!activation-unbilled SUB-a5"),
		"half activated": one(active("a6").set("CTR", doc{"status": "Signé", "start_date": nil, "end_date": nil}), []string{"Service Contract"},
			"!activation-unfinished SUB-a6"),
	}
}

func jobPlants() map[string]breach {
	ring := signed("j6").set("DJ1", doc{"status": "On Hold", "depends_on": "DJ4-j6"})
	return map[string]breach{
		"no date": one(signed("j1").set("DJ2", doc{"scheduled_date": nil}), []string{"Dispatch Job"}, "!job-without-date DJ2-j1"),
		"not released": one(signed("j2").set("DJ1", doc{"status": "Completed", "actual_end": "2026-05-18 10:00:00"}), []string{"Dispatch Job"},
			"!job-hold-ready DJ2-j2"),
		"waits for what was cancelled": one(signed("j3").set("DJ1", doc{"status": "Cancelled"}), nil, "job-hold-stuck DJ2-j3"),
		"waits for what is gone":       one(signed("j3b").without("DJ1"), nil, "job-hold-stuck DJ2-j3b"),
		"ahead":                        one(signed("j4").set("DJ3", doc{"status": "Open"}), []string{"Dispatch Job"}, "!job-ahead DJ3-j4"),
		"ahead, and taken":             one(signed("j5").set("DJ3", doc{"status": "Scheduled"}), nil, "job-ahead DJ3-j5"),
		"ring":                         one(ring, nil, "job-cycle DJ1-j6"),
		"planned after the end":        one(ended("j7").set("DJ4", doc{"status": "Open", "actual_end": nil}), nil, "job-outlives-contract DJ4-j7"),
	}
}

func thingPlants() map[string]breach {
	return map[string]breach{
		"issue open":      one(active("t1").set("ISS", doc{"status": "Open"}), []string{"Issue"}, "!issue-left-open ISS-t1"),
		"device nowhere":  one(active("t2").set("EQP", doc{"service_location": nil}), []string{"Service Equipment"}, "!equipment-without-place EQP-t2"),
		"device nobody's": one(active("t3").set("EQP", doc{"service_location": nil, "customer": nil, "subscription": nil}), nil, "equipment-without-place EQP-t3"),
		"device not fetched": one(ended("t4").set("EQP", doc{"status": "active", "customer": "CUST-t4", "service_location": "LOC-t4", "subscription": "SUB-t4"}), nil,
			"equipment-of-cancelled EQP-t4"),
	}
}

// strip empties a field of all documents whose name begins so.
func (s *tale) strip(prefix, field string) *tale {
	for name, d := range s.docs {
		if len(name) > len(prefix) && name[:len(prefix)] == prefix {
			d[field] = nil
		}
	}
	return s
}

// sown are the documents and the findings of all plants, in order.
func sown(all map[string]breach) (docs []doc, finds []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		docs, finds = append(docs, all[name].docs...), append(finds, all[name].finds...)
	}
	slices.SortFunc(finds, func(a, b string) int { return cmp.Compare(bare(a), bare(b)) })
	return docs, finds
}

// bare is a finding without the sign that it can be repaired.
func bare(find string) string {
	if find[0] == '!' {
		return find[1:]
	}
	return find
}
