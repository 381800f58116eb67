package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract"
)

func unpaid() doc { return doc{"subscription": "SUB-1", "reason": "impayé"} }

func forced(body doc) doc { body["force"] = true; return body }

func (p *plant) service(name string) string {
	return p.read("Service Subscription", name, "status", "suspended_on", "suspension_reason")
}

func TestSuspendedAndRestored(t *testing.T) {
	t.Parallel()
	p := openOn(t, erpnextsim.V15)
	answer := p.must(post, "/contract/suspend", unpaid())
	if answer["status"] != "Suspendu" || answer["state"] != "done" || answer["contract"] != "CTR-1" || steps(answer) != "subscriptions done, changes skipped, comment done, event done" {
		t.Errorf("answer: %v", answer)
	}
	again := p.must(post, "/contract/suspend", unpaid())
	if diff := cmp.Diff(answer, again); diff != "" {
		t.Errorf("the second answer differs:\n%s", diff)
	}
	got := []string{p.service("SUB-1"), p.service("SUB-R"), p.service("SUB-X"), p.read("Service Contract", "CTR-1", "status"),
		fmt.Sprint(p.events(hub.SubscriptionSuspended), p.count("Comment", doc{"content": "impayé"}), p.count("Sales Invoice", nil))}
	want := []string{"Suspendu 2026-06-15 impayé", "Suspendu 2026-06-15 impayé", "Actif - -", "Actif", "2 1 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("suspended (-want +got):\n%s", diff)
	}
	back := p.must(post, "/contract/restore", doc{"contract": "CTR-1", "reason": "payé"})
	if back["status"] != "Actif" || p.service("SUB-1") != "Actif - -" || p.service("SUB-R") != "Actif - -" || p.events(hub.SubscriptionRestored) != 2 {
		t.Errorf("restored: %v %s %s", back, p.service("SUB-1"), p.service("SUB-R"))
	}
	p.must(post, "/contract/suspend", doc{"contract": "CTR-1", "reason": "encore impayé"}) // another time, another job
	if p.service("SUB-R") != "Suspendu 2026-06-15 encore impayé" || len(p.jobs("contract.pause")) != 3 {
		t.Errorf("%s, jobs %d", p.service("SUB-R"), len(p.jobs("contract.pause")))
	}
}

func TestWhoAndWhenIsNotSuspended(t *testing.T) {
	t.Parallel()
	p := open(t, func(c *contract.Config) { c.Life.Holidays = "2026-08-11" })
	for at, why := range map[string]string{
		"2026-06-19 11:59": "", "2026-06-19 12:00": "Friday", "2026-06-19 23:59": "Friday", "2026-06-20 09:00": "",
		"2026-06-23 09:00": "holiday", "2026-06-24 09:00": "", "2026-12-24 09:00": "holiday", "2026-12-31 23:30": "holiday",
		"2026-04-02 09:00": "holiday", "2026-04-05 10:00": "holiday", "2026-05-17 10:00": "holiday", "2026-09-06 10:00": "holiday", "2026-10-11 10:00": "holiday",
		"2026-06-30 10:00": "holiday", "2026-08-10 10:00": "holiday", "2026-03-06 11:30": "",
		"2026-10-30 16:00": "Friday", // in Quebec; elsewhere the day is over
	} {
		p.clock(at)
		if why == "" {
			p.must(post, "/contract/suspend", unpaid())
			p.must(post, "/contract/restore", unpaid())
			continue
		}
		answer := p.refuses(409, "change-refused", "/contract/suspend", unpaid())
		if detail, _ := answer["detail"].(string); !strings.Contains(detail, why) || p.service("SUB-1") != "Actif - -" {
			t.Errorf("%s: %v, %s", at, answer, p.service("SUB-1"))
		}
	}
	p.clock("2026-06-15 10:00")
	p.put("Customer", doc{"name": "CUST-1", "is_vip": 1})
	p.refuses(409, "change-refused", "/contract/suspend", unpaid())
	p.must(post, "/contract/suspend", forced(unpaid()))
	if p.service("SUB-1") != "Suspendu 2026-06-15 impayé" {
		t.Errorf("forced: %s", p.service("SUB-1"))
	}
}

func TestSuspensionIsRefused(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.refuses(404, "subscription-not-found", "/contract/suspend", doc{"subscription": "SUB-9", "reason": "impayé"})
	p.refuses(404, "contract-not-found", "/contract/restore", doc{"contract": "CTR-9", "reason": "payé"})
	p.refuses(422, "invalid", "/contract/suspend", doc{"reason": "impayé"})
	p.refuses(422, "invalid", "/contract/suspend", doc{"contract": "CTR-1", "subscription": "SUB-1", "reason": "impayé"})
	p.refuses(422, "invalid", "/contract/suspend", doc{"subscription": "SUB-1", "reason": "   "})
	for _, status := range []string{"En attente", "Annulé"} {
		p.put("Service Subscription", doc{"name": "SUB-X", "status": status})
		p.refuses(409, "change-refused", "/contract/suspend", doc{"subscription": "SUB-X", "reason": "impayé"})
		p.refuses(409, "change-refused", "/contract/restore", doc{"subscription": "SUB-X", "reason": "payé"})
	}
	p.put("Service Contract", doc{"name": "CTR-1", "status": "Complété"}) // a service outlives its term
	p.must(post, "/contract/suspend", unpaid())
	p.must(post, "/contract/restore", unpaid())
	p.must(post, "/contract/suspend", unpaid())
	p.put("Service Contract", doc{"name": "CTR-1", "status": "Résilié"})
	p.refuses(409, "contract-not-open", "/contract/restore", unpaid())
}

// TestARebateIsUnderOnePlan shows that a rebate whose plan is not clear, and that
// of another contract, stay.
func TestARebateIsUnderOnePlan(t *testing.T) {
	t.Parallel()
	p := open(t)
	beside := func(name string, order int, price float64, contract any) {
		p.put("Service Subscription", doc{"name": name, "customer": "CUST-1", "service_location": "LOC-1", "service_category": "VoIP", "plan_name": name,
			"monthly_price": price, "status": "Actif", "display_order": order, "service_contract": contract})
	}
	p.put("Service Contract", doc{"name": "CTR-2", "customer": "CUST-1", "status": "Actif"})
	beside("SUB-T", 20, 19.95, "CTR-2")
	beside("SUB-S", 20, 9.95, nil)
	beside("SUB-Q", 30, -5, nil)     // under SUB-T or SUB-S
	beside("SUB-O", 12, -5, "CTR-2") // stands under SUB-1, but is another contract's
	beside("SUB-F", 10, 29.95, nil)  // the plan before SUB-1
	p.put("Service Subscription", doc{"name": "SUB-F", "status": "Annulé"})
	answer := p.must(post, "/contract/suspend", doc{"subscription": "SUB-1", "reason": "impayé"})
	if diff := cmp.Diff([]any{"SUB-1", "SUB-R"}, answer["subscriptions"]); diff != "" {
		t.Errorf("of SUB-1 (-want +got):\n%s", diff)
	}
	answer = p.must(post, "/contract/suspend", doc{"contract": "CTR-2", "reason": "impayé"})
	if diff := cmp.Diff([]any{"SUB-O", "SUB-T"}, answer["subscriptions"]); diff != "" {
		t.Errorf("of CTR-2 (-want +got):\n%s", diff)
	}
}
