package town

import (
	"encoding/json"
	"fmt"
	"strconv"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town/tour"
)

// masters are what the documents point to. They are imported as a set-up site's
// export would be; accounts carry the company's letter.
func (t *Town) masters() {
	records := []doc{
		{"doctype": "Company", "name": Company, "company_name": Company, "abbr": "T", "default_currency": "CAD", "country": "Canada"},
		{"doctype": "Warehouse", "name": "Entrepôt - T", "warehouse_name": "Entrepôt", "company": Company},
		{"doctype": "Cost Center", "name": "Principal - T", "cost_center_name": "Principal", "company": Company, "parent_cost_center": Company + " - T"},
		{"doctype": "Customer Group", "name": "Résidentiel", "customer_group_name": "Résidentiel", "parent_customer_group": "All Customer Groups"},
	}
	for _, name := range []string{"Internet", "Télévision", "Téléphonie", "Installation", "Équipement"} {
		records = append(records, doc{"doctype": "Item Group", "name": name, "item_group_name": name, "parent_item_group": "All Item Groups"})
	}
	records = append(records, vans()...)
	for _, each := range [][3]string{
		{"TPS", "Tax", "Impôts"}, {"TVQ", "Tax", "Impôts"}, {"TPS à payer", "Tax", "Impôts"}, {"TVQ à payer", "Tax", "Impôts"},
		{"Ventes", "Income Account", "Revenus"}, {"Comptes clients", "Receivable", "Actif"}, {"Ajustement de stock", "Stock Adjustment", "Charges"},
		{"Comptes fournisseurs", "Payable", "Passif"}, {"Achats", "Expense Account", "Charges"},
	} {
		records = append(records, doc{
			"doctype": "Account", "name": each[0] + " - T", "account_name": each[0], "account_type": each[1], "company": Company,
			"account_currency": "CAD", "parent_account": each[2] + " - T",
		})
	}
	raw, _ := json.Marshal(records) // plain data, cannot fail
	if err := t.site.Import(raw); err != nil {
		t.err = fmt.Errorf("importing the masters: %w", err)
	}
	t.put("Company", doc{"name": Company, "default_income_account": "Ventes - T", "default_receivable_account": "Comptes clients - T", "cost_center": "Principal - T", "stock_adjustment_account": "Ajustement de stock - T",
		"default_payable_account": "Comptes fournisseurs - T", "default_expense_account": "Achats - T"})
	for _, supplier := range []doc{
		{"supplier_name": "Câbles et Fibres Untel inc.", "supplier_type": "Company", "tax_id": "123456789 RT 0001"},
		{"supplier_name": "Quincaillerie du Rang", "supplier_type": "Company"},
	} {
		t.put("Supplier", supplier)
	}
	t.put("Global Defaults", doc{"default_company": Company, "default_currency": "CAD"})
	t.put("Selling Settings", doc{"cust_master_name": "Customer Name", "allow_negative_rates_for_items": 1}) // rebates are lines below zero
	for _, tag := range []doc{
		{"label": "Fusion", "color": "#2563eb", "category": "skill"}, {"label": "Travail en hauteur", "color": "#dc2626", "category": "certification"},
		{"label": "Télévision", "color": "#7c3aed", "category": "skill"}, {"label": "Anglais", "color": "#0891b2", "category": "skill"},
	} {
		t.put("Dispatch Tag", tag)
	}
}

// technicians are six people in the four groups that jobs are queued for.
func (t *Town) technicians() {
	for i, each := range []struct{ name, group, status, tag string }{
		{"Marc-André Caron", "Fibre", "available", "Fusion"}, {"Sylvie Poulin", "Installation", "available", "Télévision"},
		{"Jonathan Dubé", "Installation", "en route", "Anglais"}, {"Mélanie Thibault", "Réseau", "busy", "Fusion"},
		{"Éric Desrosiers", "Fibre", "paused", "Travail en hauteur"}, {"Nadia Arsenault", "Support", "available", "Anglais"},
	} {
		p, home, id := places()[i], t.streets.House(i, Home), fmt.Sprintf("TECH-%02d", i+1)
		t.put("Dispatch Technician", doc{
			"technician_id": id, "full_name": each.name, "status": each.status, "assigned_group": each.group,
			"phone": fmt.Sprintf("+1514555019%d", i), "email": mailOf(each.name), "color": fmt.Sprintf("#%02x7f%02x", 40*i, 220-40*i),
			"traccar_device_id": Devices()[i].key(), "home_base_latitude": home.Lat, "home_base_longitude": home.Lon, "home_base_address": p.city + " QC",
			"warehouse": van(i), "resource_type": "human", "active": 1, "max_daily_hours": 8, "tags": []any{doc{"tag": each.tag, "level": 1 + i%5}},
		})
		t.put("Dispatch Technician", tour.Portrait(t.put, id))
	}
}

// Home is the number of the house that a technician has in the place of his own
// number.
const Home = 20

// Phone is what a telephone calls itself that pushes positions into the demo.
const Phone = "telephone-demo"

// Device is a tracker in Traccar and whose it is in ERPNext.
type Device struct {
	ID             int64
	UniqueID, Name string
	Technician     string
	own            bool // ERPNext knows it by its UniqueID
}

// key is what ERPNext calls the device: the number that Traccar gives it, or what it
// calls itself.
func (d Device) key() string {
	if d.own {
		return d.UniqueID
	}
	return strconv.FormatInt(d.ID, 10)
}

// Devices are a tracker in each van; the last technician carries a telephone.
func Devices() []Device {
	var list []Device
	for i := range technicianCount {
		d := Device{ID: int64(501 + i), UniqueID: fmt.Sprintf("86000000000%04d", 501+i), Name: fmt.Sprintf("Camion %d", i+1), Technician: fmt.Sprintf("TECH-%02d", i+1)}
		if i == technicianCount-1 {
			d.UniqueID, d.Name, d.own = Phone, "Téléphone", true
		}
		list = append(list, d)
	}
	return list
}
