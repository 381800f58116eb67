package activation_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/contract/activation"
	"gigafibre.ca/targo-hub/hub/saga"
)

const period = " (du 24 au 30\u00a0avril 2026, 7\u00a0jours sur 30): 1 × "

// TestRebatesBeginWithTheirPlan activates what goes with the subscription, and
// leaves alone what does not.
func TestRebatesBeginWithTheirPlan(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	p.usual()
	p.subscription("SUB-R1", doc{"plan_name": "Rabais fidélité", "item": nil, "monthly_price": -10, "display_order": 11, "service_contract": "CTR-1"})
	p.subscription("SUB-R2", doc{"plan_name": "Rabais autopaiement", "item": nil, "monthly_price": -5, "display_order": 12}) // under the plan
	p.subscription("SUB-T", doc{"plan_name": "Télé", "monthly_price": 25, "display_order": 20, "service_contract": "CTR-1"}) // of the contract
	p.subscription("SUB-X", doc{"plan_name": "Téléphonie", "monthly_price": 15, "display_order": 30})                        // nobody's yet
	p.subscription("SUB-R3", doc{"plan_name": "Rabais téléphonie", "item": nil, "monthly_price": -3, "display_order": 31})   // under that one
	p.subscription("SUB-C", doc{"monthly_price": -7, "display_order": 11, "service_contract": "CTR-1", "status": "Annulé"})
	out := p.activate(p.job("DJ-2"))
	if diff := cmp.Diff([]string{
		"Fibre 500" + period + "9.32", "Rabais fidélité" + period + "-2.33", "Rabais autopaiement" + period + "-1.17", "Télé" + period + "5.83",
	}, p.lines()); diff != "" || out.Amount.String() != "11.65" {
		t.Errorf("%s for lines (-want +got):\n%s", out.Amount, diff)
	}
	for name, status := range map[string]string{
		"SUB-R1": "Actif", "SUB-R2": "Actif", "SUB-T": "Actif", "SUB-X": "En attente", "SUB-R3": "En attente", "SUB-C": "Annulé",
	} {
		want := doc{"status": status}
		if status == "Actif" {
			want["start_date"], want["activation_job"], want["service_contract"] = "2026-04-24", "DJ-2", "CTR-1"
		}
		got := p.read("Service Subscription", name, "status", "start_date", "activation_job")
		if status == "Actif" {
			got = p.read("Service Subscription", name, "status", "start_date", "activation_job", "service_contract")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if again := p.activate(p.job("DJ-2")); again.State != activation.Found || len(p.invoices()) != 1 {
		t.Errorf("a repeat: %+v", again)
	}
}

// TestPrices bills what a subscription costs, whatever way it is written.
func TestPrices(t *testing.T) {
	t.Parallel()
	p, n := open(t, "2026-04-23 16:00"), 0
	for name, c := range map[string]struct {
		change doc
		amount string
	}{
		"paid once a year":                {doc{"billing_cycle": "Annual"}, "9.32"}, // the price is a month's
		"paid every quarter":              {doc{"billing_cycle": "Quarterly"}, "9.32"},
		"paid twice a year":               {doc{"billing_cycle": "Semi-annual"}, "9.32"},
		"no cycle":                        {doc{"billing_cycle": nil}, "9.32"},
		"a promotion for good":            {doc{"promo_amount": 10}, "6.99"},
		"one that ends within":            {doc{"promo_amount": 10, "promo_end_date": "2026-04-26"}, "8.32"},
		"one that is over":                {doc{"promo_amount": 10, "promo_end_date": "2026-04-01"}, "9.32"},
		"one that makes it free":          {doc{"promo_amount": 60}, "0.00"},
		"nothing":                         {doc{"monthly_price": 0}, "0.00"},
		"no price":                        {doc{"monthly_price": nil}, "0.00"},
		"without an item":                 {doc{"item": nil}, "9.32"},
		"a subscription below zero alone": {doc{"monthly_price": -5}, "0.00"},
	} {
		n++
		p.begin(n, "2026-04-23 16:00")
		p.subscription("SUB-1", c.change)
		p.contract("CTR-1", "SUB-1")
		out := p.activate(p.job("DJ-1"))
		if out.Amount.String() != c.amount || (out.Invoice == "") != (c.amount == "0.00") || p.read("Service Subscription", "SUB-1", "status")["status"] != "Actif" {
			t.Errorf("%s: %s (%q), %+v", name, out.Amount, out.Invoice, out.Steps)
		}
		if out.Invoice == "" && (out.Steps[4].State != saga.Skipped || out.Steps[4].Note == "") {
			t.Errorf("%s: nobody says why: %+v", name, out.Steps[4])
		}
	}
}

// quotation sells two routers, an installation, an option that nobody took, a gift
// and the plan.
func (p *plant) quotation(changes ...doc) string {
	line := func(item string, qty, rate float64, frequency string, more ...doc) doc {
		return with(doc{"item_code": item, "qty": qty, "rate": rate, "custom_billing_frequency": frequency}, more...)
	}
	return p.put("Quotation", with(doc{"name": "SAL-1", "quotation_to": "Customer", "party_name": "CUST-1", "company": "TARGO",
		"items": []any{
			line("FIBRE", 1, 39.95, "Monthly"), line("ROUTEUR", 2, 60, "One-time"), line("POSE", 1, 120, "One-time"),
			line("ROUTEUR", 1, 500, "One-time", doc{"is_alternative": 1}), line("ROUTEUR", 1, 0, "One-time"),
		}}, changes...))
}

func TestWhatIsPaidOnce(t *testing.T) {
	t.Parallel()
	plan, routers, work := "Fibre 500"+period+"9.32", "Article ROUTEUR: 2 × 60.00", "Article POSE: 1 × 120.00"
	for name, c := range map[string]struct {
		at              string
		contract, quote doc
		want            []string
	}{
		"on the same invoice":      {"2026-04-23 16:00", doc{}, doc{}, []string{plan, routers, work}},
		"installation is financed": {"2026-04-23 16:00", doc{"install_fee": 120}, doc{}, []string{plan, routers}},
		"installation is waived": {"2026-04-23 16:00", doc{"benefits": []any{doc{"description": "Pose offerte", "kind": "install_waiver", "regular_price": 120}}},
			doc{}, []string{plan, routers}},
		"installation at half the price": {"2026-04-23 16:00",
			doc{"benefits": []any{doc{"description": "Pose", "kind": "install_waiver", "regular_price": 240, "granted_price": 120}}}, doc{}, []string{plan, routers, work}},
		"alone when it starts on the 1st": {"2026-04-30 16:00", doc{}, doc{}, []string{routers, work}},
		"a discount that does not divide": {"2026-04-23 16:00", doc{}, doc{"apply_discount_on": "Net Total", "discount_amount": 0.2},
			[]string{plan, "Article ROUTEUR ×\u00a02: 1 × 119.97", "Article POSE: 1 × 119.97"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, c.at)
			p.quotation(c.quote)
			p.subscription("SUB-1")
			p.contract("CTR-1", "SUB-1", doc{"quotation": "SAL-1"}, c.contract)
			job := p.job("DJ-1")
			p.activate(job)
			if diff := cmp.Diff(c.want, p.lines()); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
			if p.activate(job); len(p.invoices()) != 1 {
				t.Errorf("a repeat makes %d invoices", len(p.invoices()))
			}
		})
	}
}

// TestADepositIsForAPerson bills the month alone, and says so.
func TestADepositIsForAPerson(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	deposit := p.put("Sales Invoice", doc{"customer": "CUST-1", "company": "TARGO", "due_date": "2026-05-01",
		"items": []any{doc{"item_code": "POSE", "qty": 1, "rate": 50, "income_account": "Ventes - T"}}})
	p.quotation(doc{"custom_deposit_invoice": deposit})
	p.subscription("SUB-1")
	p.contract("CTR-1", "SUB-1", doc{"quotation": "SAL-1"})
	out := p.activate(p.job("DJ-1"))
	if got := p.read("Sales Invoice", out.Invoice, "remarks", "net_total"); got["net_total"] != 9.32 || got["remarks"] != "Lignes uniques à régler avec l’acompte "+deposit+"." {
		t.Errorf("%v", got)
	}
}

// TestWorkThatIsPaidOnce has a contract that sells nothing by the month.
func TestWorkThatIsPaidOnce(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	p.quotation(doc{"items": []any{doc{"item_code": "POSE", "qty": 1, "rate": 85, "custom_billing_frequency": "One-time"}}})
	p.contract("CTR-1", "", doc{"quotation": "SAL-1", "install_template": "repair_service"})
	out := p.activate(p.job("DJ-1"))
	if diff := cmp.Diff([]string{"Article POSE: 1 × 85.00"}, p.lines()); diff != "" || out.Subscription != "" || out.Total.String() != "97.73" {
		t.Errorf("%+v, lines (-want +got):\n%s", out, diff)
	}
	if again := p.activate(p.job("DJ-1")); again.Invoice != out.Invoice || again.State != activation.Found {
		t.Errorf("a repeat: %+v", again)
	}
}

func TestLinesSpeakTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	p.subscription("SUB-1", doc{"customer": "CUST-2", "service_location": nil})
	p.contract("CTR-1", "SUB-1", doc{"customer": "CUST-2", "service_location": nil})
	out := p.activate(p.job("DJ-1", doc{"customer": "CUST-2", "service_location": nil}))
	if diff := cmp.Diff([]string{"Fibre 500 (24–30\u00a0April 2026, 7 of 30\u00a0days): 1 × 9.32"}, p.lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if out.Steps[3].State != saga.Skipped {
		t.Errorf("there is no address: %+v", out.Steps[3])
	}
}
