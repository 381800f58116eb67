package town

import "maps"

// chains gives six customers a signed contract, one of each template, whose first
// visits wait to be claimed. The last one's only visit was done past the hub: its
// service was never switched on, nor billed.
func (t *Town) chains() {
	plan := catalogue()[0]
	for i, each := range templates() {
		c := t.customers[18+3*i]
		t.chain(c, t.contract(c, doc{"install_template": each.name, "monthly_rate": dollars(plan.cents)}), each, 0)
	}
	c := t.customers[36]
	t.chain(c, t.contract(c, doc{"install_template": "test_single", "monthly_rate": dollars(plan.cents)}), templates()[4], 1)
}

// installation is the contract, the chain of jobs and the pending subscription
// of an accepted quotation. Its first job is done.
func (t *Town) installation(o Offer) {
	c := t.customers[o.customer]
	values := doc{"quotation": o.Name, "install_template": "fiber_install", "monthly_rate": 69.95}
	if o.Kind != Residential {
		values["contract_type"], values["signature_method"] = "Commercial", "DocuSeal"
	}
	t.chain(c, t.contract(c, values), templates()[0], 1)
}

// contract is one that a customer signed two days ago, for two years.
func (t *Town) contract(c customer, more doc) string {
	values := doc{
		"customer": c.name, "service_location": c.location, "contract_type": Residential, "status": "Signé", "start_date": t.day(-2),
		"end_date": t.months(24), "duration_months": 24, "signature_method": "JWT", "signed_at": t.clock(-2, 14), "signer_name": c.name,
		"signer_ip": "198.51.100.7",
	}
	maps.Copy(values, more)
	return t.put("Service Contract", values)
}

// chain gives a contract its pending subscription, its issue and its jobs, of which
// the first ones are done.
func (t *Town) chain(c customer, contract string, way template, done int) {
	sub := t.running(c, catalogue()[0], doc{"status": "En attente", "service_contract": contract, "contract_duration": 24, "display_order": 10})
	t.put("Service Contract", doc{"name": contract, "service_subscription": sub})
	issue := t.put("Issue", doc{
		"subject": "Installation " + contract, "customer": c.name, "status": "Open", "priority": "Medium", "description": "Installation",
		"opening_date": t.day(-2), "service_location": c.location, "service_contract": contract,
	})
	names := map[string]string{}
	for i, v := range way.visits {
		values := t.job(c, doc{
			"subject": v.label, "job_type": v.kind, "assigned_group": v.group, "source_issue": issue, "status": "Open", "priority": "medium",
			"scheduled_date": t.day(i - done), "duration_h": 1 + float64(i%2), "service_contract": contract, "subscription": sub,
			"step_order": i + 1, "step_id": v.id, "hub_key": contract + "/" + v.id,
		})
		t.waiting(values, v, names, i-done)
		names[v.id] = t.put("Dispatch Job", values)
	}
}

// waiting says whether a job is done, waits, or can be claimed; place counts from the
// first one that is not done.
func (t *Town) waiting(job doc, v visit, names map[string]string, place int) {
	if place < 0 {
		job["status"], job["actual_end"] = "Completed", t.clock(-1, 16)
	}
	if len(v.after) == 0 {
		return
	}
	var rows []any
	for _, id := range v.after {
		rows = append(rows, doc{"job": names[id]})
	}
	job["depends_on"], job["predecessors"] = names[v.after[0]], rows
	if place > 0 {
		job["status"] = "On Hold"
	}
}

// agreements are running contracts, each of which the law ends differently, and
// services with a promotion, a rebate and an old complaint.
func (t *Town) agreements() {
	for i, each := range []struct {
		who, elapsed int
		kind         string
		plan         product
		install      float64
		benefit      doc
	}{
		{who: 3, elapsed: 10, kind: Commercial, plan: catalogue()[3]},
		{who: 5, elapsed: 10, kind: Residential, plan: catalogue()[1], benefit: doc{
			"description": "Routeur Wi-Fi 6", "kind": "goods_rebate", "regular_price": 149, "granted_price": 0, "economy": 149,
		}},
		{who: 8, elapsed: 5, kind: Residential, plan: catalogue()[2], benefit: doc{
			"description": "10 $ par mois de moins", "kind": "service_discount", "regular_price": 84.95, "granted_price": 74.95, "economy": 10,
		}},
		{who: 9, elapsed: 7, kind: Residential, plan: catalogue()[0], install: 240, benefit: doc{
			"description": "Installation payée en 24 mois", "kind": "install_waiver", "regular_price": 240, "granted_price": 0, "economy": 240,
		}},
		{who: 14, elapsed: 18, kind: Residential, plan: catalogue()[1], benefit: doc{
			"description": "Carte-cadeau", "kind": "gift", "regular_price": 60, "granted_price": 0, "economy": 60,
		}},
	} {
		c := t.customers[each.who]
		values := doc{
			"contract_type": each.kind, "status": "Actif", "start_date": t.months(-each.elapsed), "end_date": t.months(24 - each.elapsed),
			"monthly_rate": dollars(each.plan.cents), "install_fee": each.install, "signed_at": t.clock(-31*each.elapsed, 10),
		}
		if each.benefit != nil {
			values["benefits"], values["total_benefits"] = []any{each.benefit}, each.benefit["economy"]
		}
		contract := t.contract(c, values)
		sub := t.running(c, each.plan, doc{"service_contract": contract, "start_date": t.months(-each.elapsed), "contract_duration": 24, "display_order": 10 * (i + 2)})
		t.put("Service Contract", doc{"name": contract, "service_subscription": sub})
		t.installed(c, contract, sub, each.elapsed)
	}
	c := t.customers[17]
	t.running(c, catalogue()[5], doc{"service_category": "IPTV", "start_date": t.day(-840), "legacy_service_id": "41001", "promo_amount": 5, "promo_end_date": t.day(45), "display_order": 20})
	t.running(c, catalogue()[5], doc{"service_category": "IPTV", "plan_name": "Rabais fidélité", "monthly_price": -5, "start_date": t.day(-840), "legacy_service_id": "41002", "display_order": 21})
	for i, subject := range []string{"Le téléphone coupe pendant les appels", "Nouvelle prise au sous-sol"} {
		c := t.customers[25+3*i]
		t.put("Issue", doc{
			"subject": subject, "customer": c.name, "status": "Open", "priority": "Medium", "description": subject,
			"opening_date": t.day(-i), "service_location": c.location,
		})
	}
}

// installed is the work that a running service began with, some months ago.
func (t *Town) installed(c customer, contract, sub string, elapsed int) {
	issue := t.put("Issue", doc{
		"subject": "Installation " + contract, "customer": c.name, "status": "Closed", "priority": "Medium", "description": "Installation",
		"opening_date": t.months(-elapsed), "service_location": c.location, "service_contract": contract,
	})
	job := t.put("Dispatch Job", t.job(c, doc{
		"subject": "Installation", "job_type": "Installation", "assigned_group": "Installation", "source_issue": issue, "status": "Completed", "priority": "medium",
		"scheduled_date": t.months(-elapsed), "duration_h": 2, "service_contract": contract, "subscription": sub,
	}))
	t.put("Dispatch Job", doc{"name": job, "actual_end": t.months(-elapsed) + " 15:00:00"})
	t.put("Service Subscription", doc{"name": sub, "activation_job": job})
}

// running is a service that a customer has; more may say otherwise.
func (t *Town) running(c customer, plan product, more doc) string {
	values := doc{
		"customer": c.name, "service_location": c.location, "service_category": "Internet", "plan_name": plan.name, "item": plan.code,
		"monthly_price": dollars(plan.cents), "billing_cycle": "Monthly", "status": "Actif",
	}
	maps.Copy(values, more)
	return t.put("Service Subscription", values)
}

// months is a day so many months from today; the 31st of a short month is its last
// day.
func (t *Town) months(n int) string {
	d := t.today.AddDate(0, n, 0)
	if d.Day() != t.today.Day() {
		d = d.AddDate(0, 0, -d.Day())
	}
	return d.Format("2006-01-02")
}
