package town

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

func (t *Town) items() {
	for _, p := range catalogue() {
		t.put("Item", doc{
			"item_code": p.code, "item_name": p.name, "description": p.name, "item_group": p.group, "stock_uom": "Nos",
			"is_stock_item": 0, "is_sales_item": 1, "standard_rate": dollars(p.cents), "custom_billing_frequency": p.frequency,
		})
	}
}
