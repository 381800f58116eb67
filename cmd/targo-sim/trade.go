package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// product is an item of the catalogue; the price is in cents.
type product struct {
	code, name, group, frequency string
	cents                        int64
}

func catalogue() []product {
	return []product{
		{"FIBRE-50", "Internet fibre 50 Mbit/s", "Internet", "Monthly", 3995},
		{"FIBRE-500", "Internet fibre 500 Mbit/s", "Internet", "Monthly", 6995},
		{"FIBRE-1000", "Internet fibre 1 Gbit/s", "Internet", "Monthly", 8495},
		{"FIBRE-AFF", "Internet fibre affaires 1 Gbit/s", "Internet", "Monthly", 19995},
		{"IP-FIXE", "Adresse IP fixe", "Internet", "Monthly", 1000},
		{"TV-BASE", "Télévision, forfait de base", "Télévision", "Monthly", 2495},
		{"TV-PLUS", "Télévision, forfait étendu", "Télévision", "Monthly", 3995},
		{"TEL-RES", "Téléphonie résidentielle", "Téléphonie", "Monthly", 1495},
		{"TEL-AFF", "Ligne téléphonique d'affaires", "Téléphonie", "Monthly", 2995},
		{"DOMAINE", "Nom de domaine et courriels", "Services", "Annual", 12000},
		{"ENTRETIEN", "Entretien du réseau interne", "Services", "Quarterly", 30000},
		{"INSTALL", "Installation standard", "Installation", "One-time", 24000},
		{"INSTALL-S", "Installation simple", "Installation", "One-time", 12000},
		{"ROUTEUR", "Routeur Wi-Fi 6", "Équipement", "One-time", 14900},
		{"CONSTRUCTION", "Étude et construction de la fibre", "Installation", "One-time", 485000},
	}
}

func (t *town) items() {
	for _, p := range catalogue() {
		t.put("Item", doc{
			"item_code": p.code, "item_name": p.name, "description": p.name, "item_group": p.group, "stock_uom": "Nos",
			"is_stock_item": 0, "is_sales_item": 1, "standard_rate": dollars(p.cents), "custom_billing_frequency": p.frequency,
		})
	}
}

// The states that the town's quotations are in.
const (
	draft     = "Draft"
	open      = "Open"
	expired   = "Expired"
	lost      = "Lost"
	ordered   = "Ordered"
	cancelled = "Cancelled"
	accepted  = "Accepted" // signed before; ERPNext calls it Open
)

// offer is a quotation of the town.
type offer struct {
	customer int // place in the town
	kind     string
	state    string
	codes    string
	steps    []step
	name     string // once it exists
}

// step is a row of the order wizard.
type step struct {
	ID        string   `json:"id"`
	Label     string   `json:"label"`
	JobType   string   `json:"job_type"`
	Group     string   `json:"group"`
	DurationH float64  `json:"duration_h"`
	Tags      []string `json:"tags,omitempty"`
	DependsOn []string `json:"depends_on"`
	Offset    int      `json:"offset_days"`
}

const (
	residential = "Résidentiel"
	commercial  = "Commercial"
	project     = "Projet"
)

// offers are every kind in every state, most of them open: those are what a
// newcomer signs.
func offers() []offer {
	list := []offer{
		{customer: 0, kind: residential, state: open, codes: "FIBRE-50 INSTALL"},
		{customer: 1, kind: residential, state: open, codes: "FIBRE-500 TV-BASE INSTALL"},
		{customer: 2, kind: residential, state: open, codes: "FIBRE-500 TEL-RES INSTALL ROUTEUR"},
		{customer: 4, kind: residential, state: open, codes: "FIBRE-1000 TV-PLUS TEL-RES INSTALL ROUTEUR"},
		{customer: 5, kind: residential, state: open, codes: "FIBRE-1000 DOMAINE INSTALL-S"},
		{customer: 6, kind: residential, state: open, codes: "TEL-RES", steps: chain()},
		{customer: 8, kind: residential, state: draft, codes: "FIBRE-50"},
		{customer: 9, kind: residential, state: draft, codes: "FIBRE-500 INSTALL"},
		{customer: 20, kind: residential, state: open, codes: "FIBRE-50 INSTALL-S"},
		{customer: 29, kind: residential, state: open, codes: "FIBRE-50 INSTALL-S"},
		{customer: 3, kind: commercial, state: open, codes: "FIBRE-AFF IP-FIXE TEL-AFF INSTALL"},
		{customer: 11, kind: commercial, state: open, codes: "FIBRE-AFF ENTRETIEN INSTALL"},
		{customer: 19, kind: commercial, state: draft, codes: "FIBRE-AFF DOMAINE"},
		{customer: 27, kind: project, state: open, codes: "CONSTRUCTION FIBRE-AFF IP-FIXE", steps: diamond()},
		{customer: 35, kind: project, state: open, codes: "CONSTRUCTION FIBRE-AFF ENTRETIEN", steps: chain()},
		{customer: 3, kind: project, state: draft, codes: "CONSTRUCTION"},
	}
	for i, kind := range []string{residential, commercial, project} {
		for j, state := range []string{expired, lost, ordered, cancelled, accepted} {
			codes := map[string]string{residential: "FIBRE-500 INSTALL", commercial: "FIBRE-AFF INSTALL", project: "CONSTRUCTION FIBRE-AFF"}[kind]
			who := 12 + j
			if i > 0 {
				who = []int{3, 11, 19, 27, 35}[(i+j)%5]
			}
			list = append(list, offer{customer: who, kind: kind, state: state, codes: codes})
		}
	}
	return list
}

// chain is three steps, one after the other.
func chain() []step {
	return []step{
		{ID: "visite", Label: "Visite et mesures", JobType: "Survey", Group: "Installation", DurationH: 1, DependsOn: []string{}},
		{ID: "branchement", Label: "Branchement extérieur", JobType: "Installation", Group: "Fibre", DurationH: 3, Tags: []string{"Fusion"}, DependsOn: []string{"visite"}, Offset: 2},
		{ID: "mise-en-service", Label: "Mise en service", JobType: "Installation", Group: "Support", DurationH: 1, DependsOn: []string{"branchement"}, Offset: 3},
	}
}

// diamond is four steps, of which two run side by side and one waits for both.
func diamond() []step {
	return []step{
		{ID: "etude", Label: "Étude du tracé", JobType: "Survey", Group: "Réseau", DurationH: 4, DependsOn: []string{}},
		{ID: "poteaux", Label: "Pose sur poteaux", JobType: "Installation", Group: "Fibre", DurationH: 8, Tags: []string{"Travail en hauteur"}, DependsOn: []string{"etude"}, Offset: 7},
		{ID: "salle", Label: "Préparation de la salle technique", JobType: "Installation", Group: "Installation", DurationH: 4, DependsOn: []string{"etude"}, Offset: 7},
		{ID: "activation", Label: "Raccordement et activation", JobType: "Installation", Group: "Réseau", DurationH: 2, DependsOn: []string{"poteaux", "salle"}, Offset: 14},
	}
}

func (t *town) quotations() {
	for _, o := range offers() {
		o.name = t.put("Quotation", t.quotation(o))
		switch o.state {
		case cancelled:
			t.put("Quotation", doc{"name": o.name, "docstatus": 2})
		case lost: // ERPNext lets nobody create a lost one
			t.put("Quotation", doc{"name": o.name, "status": lost, "order_lost_reason": "Déménagement annulé", "docstatus": 1})
		case ordered:
			t.order(o)
		}
		t.quotes = append(t.quotes, o)
	}
}

// order makes the Sales Order that turns a quotation into an ordered one.
func (t *town) order(o offer) {
	lines, _ := t.lines(o)
	for _, line := range lines {
		line.(doc)["prevdoc_docname"], line.(doc)["delivery_date"] = o.name, t.day(7)
	}
	t.put("Sales Order", doc{
		"customer": t.customers[o.customer].name, "company": company, "order_type": "Sales", "transaction_date": t.day(-2), "delivery_date": t.day(7),
		"currency": "CAD", "conversion_rate": 1, "selling_price_list": "Standard Selling", "price_list_currency": "CAD", "plc_conversion_rate": 1,
		"items": lines, "docstatus": 1,
	})
}

// quotation writes the document as ERPNext would have left it, totals and the
// two taxes included.
func (t *town) quotation(o offer) doc {
	c := t.customers[o.customer]
	lines, net := t.lines(o)
	tps, tvq := tax(net, 5), tax(net, 9.975)
	values := doc{
		"naming_series": "SAL-QTN-.YYYY.-", "quotation_to": "Customer", "party_name": c.name, "customer_name": c.name, "company": company,
		"order_type": "Sales", "transaction_date": t.day(-3), "valid_till": t.day(27), "currency": "CAD", "conversion_rate": 1,
		"selling_price_list": "Standard Selling", "price_list_currency": "CAD", "plc_conversion_rate": 1, "language": c.lang, "docstatus": 1, "status": open,
		"custom_quote_type": o.kind, "custom_service_location": c.location, "items": lines, "taxes": taxRows(net, tps, tvq),
		"total": dollars(net), "net_total": dollars(net), "base_total": dollars(net), "base_net_total": dollars(net),
		"total_taxes_and_charges": dollars(tps + tvq), "grand_total": dollars(net + tps + tvq), "base_grand_total": dollars(net + tps + tvq),
		"terms": "<p>Prix valides jusqu'à la date indiquée. Contrat sans durée minimale; résiliable en tout temps.</p>",
	}
	switch o.state {
	case draft, lost:
		values["docstatus"], values["status"] = 0, draft
	case expired:
		values["transaction_date"], values["valid_till"], values["status"] = t.day(-60), t.day(-30), expired
	case accepted:
		values["custom_accepted_at"], values["custom_acceptance_method"] = t.clock(-2, 14), "DocuSeal"
		values["custom_signer_ip"] = "198.51.100.7"
		if o.kind == residential {
			values["custom_acceptance_method"] = "JWT"
		}
	}
	if o.steps != nil {
		raw, _ := json.Marshal(o.steps) // plain data, cannot fail
		values["custom_wizard_steps"] = string(raw)
	}
	return values
}

func (t *town) lines(o offer) (rows []any, net int64) {
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

// of counts the town's quotations of a kind and state.
func (t *town) of(kind, state string) (names []string) {
	for _, o := range t.quotes {
		if o.kind == kind && o.state == state {
			names = append(names, o.name)
		}
	}
	return names
}

func (o offer) String() string { return fmt.Sprintf("%s (%s, %s)", o.name, o.kind, o.state) }
