package town

import (
	"encoding/json"
	"math"
	"strings"
)

// validDays is how long an open quotation can still be signed: longer than any
// demo runs.
const validDays = 30

func (t *Town) quotations() {
	for _, o := range Offers() {
		o.Name = t.put("Quotation", t.quotation(o))
		switch o.State {
		case Cancelled:
			t.put("Quotation", doc{"name": o.Name, "docstatus": 2})
		case Lost: // ERPNext lets nobody create a lost one
			t.put("Quotation", doc{"name": o.Name, "status": Lost, "order_lost_reason": "Déménagement annulé", "docstatus": 1})
		case Ordered:
			t.order(o)
		}
		t.quotes = append(t.quotes, o)
	}
}

// order makes the Sales Order that turns a quotation into an ordered one.
func (t *Town) order(o Offer) {
	lines, _ := t.lines(o)
	for _, line := range lines {
		line.(doc)["prevdoc_docname"], line.(doc)["delivery_date"] = o.Name, t.day(7)
	}
	t.put("Sales Order", doc{
		"customer": t.customers[o.customer].name, "company": Company, "order_type": "Sales", "transaction_date": t.day(-2), "delivery_date": t.day(7),
		"currency": "CAD", "conversion_rate": 1, "selling_price_list": "Standard Selling", "price_list_currency": "CAD", "plc_conversion_rate": 1,
		"items": lines, "docstatus": 1,
	})
}

// quotation writes the document as ERPNext would have left it, totals and the
// two taxes included.
func (t *Town) quotation(o Offer) doc {
	c := t.customers[o.customer]
	lines, net := t.lines(o)
	tps, tvq := tax(net, 5), tax(net, 9.975)
	values := doc{
		"naming_series": "SAL-QTN-.YYYY.-", "quotation_to": "Customer", "party_name": c.name, "customer_name": c.name, "company": Company,
		"order_type": "Sales", "transaction_date": t.day(-3), "valid_till": t.day(validDays), "currency": "CAD", "conversion_rate": 1,
		"selling_price_list": "Standard Selling", "price_list_currency": "CAD", "plc_conversion_rate": 1, "language": c.lang, "docstatus": 1, "status": Open,
		"custom_quote_type": o.Kind, "custom_service_location": c.location, "items": lines, "taxes": taxRows(net, tps, tvq),
		"total": dollars(net), "net_total": dollars(net), "base_total": dollars(net), "base_net_total": dollars(net),
		"total_taxes_and_charges": dollars(tps + tvq), "grand_total": dollars(net + tps + tvq), "base_grand_total": dollars(net + tps + tvq),
		"terms": "<p>Prix valides jusqu'à la date indiquée. Contrat sans durée minimale; résiliable en tout temps.</p>",
	}
	switch o.State {
	case Draft, Lost:
		values["docstatus"], values["status"] = 0, Draft
	case Expired:
		values["transaction_date"], values["valid_till"], values["status"] = t.day(-60), t.day(-30), Expired
	case Accepted:
		values["custom_accepted_at"], values["custom_acceptance_method"] = t.clock(-2, 14), "DocuSeal"
		values["custom_signer_ip"] = "198.51.100.7"
		if o.Kind == Residential {
			values["custom_acceptance_method"] = "JWT"
		}
	}
	if o.steps != nil {
		raw, _ := json.Marshal(o.steps) // plain data, cannot fail
		values["custom_wizard_steps"] = string(raw)
	}
	return values
}

func (t *Town) lines(o Offer) (rows []any, net int64) {
	for code := range strings.FieldsSeq(o.codes) {
		for _, p := range catalogue() {
			if p.code != code {
				continue
			}
			net += p.cents
			rows = append(rows, doc{
				"item_code": p.code, "item_name": p.name, "description": p.name, "item_group": p.group, "qty": 1, "uom": "Nos", "stock_uom": "Nos",
				"conversion_factor": 1, "rate": dollars(p.cents), "amount": dollars(p.cents), "base_rate": dollars(p.cents), "base_amount": dollars(p.cents),
				"net_rate": dollars(p.cents), "net_amount": dollars(p.cents), "custom_billing_frequency": p.frequency,
			})
		}
	}
	return rows, net
}

func taxRows(net, tps, tvq int64) []any {
	row := func(head, text string, rate float64, amount, total int64) doc {
		return doc{
			"charge_type": "On Net Total", "account_head": head, "description": text, "rate": rate,
			"tax_amount": dollars(amount), "base_tax_amount": dollars(amount), "total": dollars(total), "base_total": dollars(total),
		}
	}
	return []any{
		row("TPS - T", "TPS 5 %", 5, tps, net+tps),
		row("TVQ - T", "TVQ 9,975 %", 9.975, tvq, net+tps+tvq),
	}
}

// tax is a percentage of an amount, rounded to the cent.
func tax(cents int64, percent float64) int64 {
	return int64(math.Round(float64(cents) * percent / 100))
}

func dollars(cents int64) float64 { return float64(cents) / 100 }
