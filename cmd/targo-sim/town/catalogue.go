package town

import "fmt"

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

// technicianCount is how many technicians, and vans, there are.
const technicianCount = 6

// van is the warehouse that a technician drives, counted from 0.
func van(i int) string { return fmt.Sprintf("Camion TECH-%02d - T", i+1) }

// vans are the warehouses on wheels.
func vans() []doc {
	list := []doc{{"doctype": "Warehouse", "name": "Camions - T", "warehouse_name": "Camions", "company": Company, "is_group": 1}}
	for i := range technicianCount {
		list = append(list, doc{
			"doctype": "Warehouse", "name": van(i), "warehouse_name": fmt.Sprintf("Camion TECH-%02d", i+1), "company": Company, "parent_warehouse": "Camions - T",
		})
	}
	return list
}

// stock lays materials into the vans and says what a visit is asked at its end.
func (t *Town) stock() {
	for _, each := range []struct{ code, name string }{
		{"CABLE-DROP", "Câble de branchement, le mètre"}, {"CONNECTEUR", "Connecteur optique SC/APC"}, {"PRISE-OPT", "Prise optique murale"},
	} {
		t.put("Item", doc{
			"item_code": each.code, "item_name": each.name, "description": each.name, "item_group": "Équipement", "stock_uom": "Nos", "is_stock_item": 1,
			"custom_billing_frequency": "One-time",
		})
	}
	for i := range technicianCount {
		t.put("Stock Entry", doc{
			"stock_entry_type": "Material Receipt", "company": Company, "docstatus": 1, "custom_hub_key": fmt.Sprintf("town/van-%d", i+1),
			"items": []any{
				doc{"item_code": "CABLE-DROP", "qty": 200, "basic_rate": 0.6, "t_warehouse": van(i)},
				doc{"item_code": "CONNECTEUR", "qty": 20, "basic_rate": 3.5, "t_warehouse": van(i)},
				doc{"item_code": "PRISE-OPT", "qty": 5, "basic_rate": 8, "t_warehouse": van(i)},
			},
		})
	}
	t.put("Checklist Template", doc{"template_name": "Réparation", "job_type": "Repair", "items": []any{
		doc{"label": "Cause trouvée", "required": 1, "answer_type": "text"},
		doc{"label": "Puissance reçue (dBm)", "required": 0, "answer_type": "number"},
	}})
	t.put("Checklist Template", doc{"template_name": "Survey", "job_type": "Survey", "items": []any{
		doc{"label": "Longueur du branchement (m)", "required": 1, "answer_type": "number"},
		doc{"label": "Photo de la façade", "required": 0, "answer_type": "photo"},
	}})
}
