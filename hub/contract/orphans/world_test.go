package orphans_test

import (
	"fmt"
	"maps"
)

// doc is a document as it is laid into a site.
type doc = map[string]any

// tale is one service from the signature on, as its documents: contract, issue,
// four chained jobs, subscription, device.
type tale struct {
	id   string
	docs map[string]doc // by name
	keys []string
}

func (s *tale) name(prefix string) string { return prefix + "-" + s.id }

func (s *tale) add(doctype, name string, fields doc) *tale {
	d := doc{"doctype": doctype, "name": name}
	maps.Copy(d, fields)
	if s.docs[name] == nil {
		s.keys = append(s.keys, name)
	}
	s.docs[name] = d
	return s
}

// set changes a document ("CTR"); nil empties a field.
func (s *tale) set(prefix string, fields doc) *tale {
	maps.Copy(s.docs[s.name(prefix)], fields)
	return s
}

// without takes documents away.
func (s *tale) without(prefixes ...string) *tale {
	for _, prefix := range prefixes {
		delete(s.docs, s.name(prefix))
	}
	return s
}

func (s *tale) all() []doc {
	var docs []doc
	for _, key := range s.keys {
		if s.docs[key] != nil {
			docs = append(docs, s.docs[key])
		}
	}
	return docs
}

// signed is a service that waits for its installation.
func signed(id string) *tale {
	s := &tale{id: id, docs: map[string]doc{}}
	customer, place, contract, issue, sub := s.name("CUST"), s.name("LOC"), s.name("CTR"), s.name("ISS"), s.name("SUB")
	s.add("Customer", customer, doc{"customer_name": "Cliente " + id, "customer_type": "Individual", "cell_phone": "5145550100"})
	s.add("Service Location", place, doc{"customer": customer, "address_line": "1 rue des Essais", "city": "Granby", "status": "Active"})
	s.add("Service Contract", contract, doc{"customer": customer, "service_location": place, "service_subscription": sub, "contract_type": "Résidentiel",
		"status": "Signé", "monthly_rate": 39.95, "quotation": "SAL-QTN-2026-00001", "duration_months": 24})
	s.add("Issue", issue, doc{"subject": "Installation " + id, "customer": customer, "service_contract": contract, "status": "Open"})
	for i := 1; i <= 4; i++ {
		job := doc{"subject": "Étape", "status": "On Hold", "customer": customer, "service_location": place, "service_contract": contract,
			"source_issue": issue, "scheduled_date": "2026-05-21", "step_order": i, "job_type": "Installation", "start_time": "08:00:00"}
		if i == 1 {
			job["status"] = "Open"
		} else {
			before := s.name(fmt.Sprintf("DJ%d", i-1))
			job["depends_on"], job["predecessors"] = before, []any{doc{"doctype": "Dispatch Job Predecessor", "job": before}}
		}
		s.add("Dispatch Job", s.name(fmt.Sprintf("DJ%d", i)), job)
	}
	s.add("Service Subscription", sub, doc{"customer": customer, "service_location": place, "service_contract": contract, "status": "En attente",
		"monthly_price": 39.95, "service_category": "Internet", "plan_name": "Fibre", "item": "FIBRE"})
	return s.add("Service Equipment", s.name("EQP"), doc{"equipment_type": "ONT", "status": "inventory", "serial_number": "SN" + id})
}

// done is a service whose work was finished on the day.
func done(id, day string) *tale {
	s := signed(id)
	for i := 1; i <= 4; i++ {
		s.set(fmt.Sprintf("DJ%d", i), doc{"status": "Completed", "actual_end": fmt.Sprintf("%s 1%d:00:00", day, i)})
	}
	return s.set("ISS", doc{"status": "Closed"})
}

// active is a service in force, with the draft of its first invoice.
func active(id string) *tale {
	s := done(id, "2026-05-10")
	s.set("CTR", doc{"status": "Actif", "start_date": "2026-05-11", "end_date": "2028-05-10"})
	s.set("SUB", doc{"status": "Actif", "start_date": "2026-05-11", "activation_job": s.name("DJ4")})
	s.set("EQP", doc{"status": "active", "customer": s.name("CUST"), "service_location": s.name("LOC"), "subscription": s.name("SUB")})
	return s.add("Sales Invoice", s.name("SINV"), doc{"customer": s.name("CUST"), "company": "TARGO", "service_subscription": s.name("SUB"),
		"custom_hub_key": s.name("SUB") + "/2026-05-11/prorata", "items": []any{doc{"item_code": "FIBRE", "qty": 1, "rate": 27.06, "income_account": "Ventes - T"}}})
}

// ended is a service that was terminated.
func ended(id string) *tale {
	s := active(id)
	s.set("CTR", doc{"status": "Résilié", "termination_date": "2026-05-15", "termination_fee_total": 50, "termination_invoice": s.name("SINV")})
	s.set("SUB", doc{"status": "Annulé", "end_date": "2026-05-15", "cancellation_date": "2026-05-15"})
	return s.set("EQP", doc{"status": "returned", "customer": nil, "service_location": nil, "subscription": nil})
}

// over is a service that goes on when the term of its contract is over.
func over(id string) *tale { return active(id).set("CTR", doc{"status": "Complété"}) }

// once is work that is paid once.
func once(id string) *tale {
	return done(id, "2026-05-10").set("CTR", doc{"status": "Actif", "service_subscription": nil, "monthly_rate": 0}).without("SUB")
}

// rebated is a service with a rebate beside it.
func rebated(id string) *tale {
	s := active(id)
	return s.add("Service Subscription", s.name("REB"), doc{"customer": s.name("CUST"), "service_location": s.name("LOC"), "status": "Actif",
		"monthly_price": -10, "service_category": "Internet", "plan_name": "Rabais", "start_date": "2026-05-11"})
}

// healthy is a population of 24 services in all states, with nothing wrong.
func healthy() []doc {
	var docs []doc
	for i := range 4 {
		for kind, tell := range map[string]func(string) *tale{
			"signed": signed, "active": active, "ended": ended, "over": over, "once": once, "rebated": rebated,
		} {
			docs = append(docs, tell(fmt.Sprintf("%s%d", kind, i)).all()...)
		}
	}
	return docs
}

// legacy is what was imported: wrong in many ways, and nobody's business.
func legacy() []doc {
	var docs []doc
	for i := range 5 {
		s := done(fmt.Sprintf("legacy%d", i), "2026-03-01").without("ISS")
		s.set("CTR", doc{"service_subscription": "SUB-GONE"}).set("DJ4", doc{"status": "Open", "scheduled_date": nil})
		docs = append(docs, s.set("EQP", doc{"status": "active"}).all()...)
	}
	return docs
}
