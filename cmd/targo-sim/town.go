package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// site takes documents, as the simulated ERPNext does: one by one through all of
// its steps, or as a file of exported ones.
type site interface {
	Put(doctype string, doc map[string]any) (name string, err error)
	Import(fixtures []byte) error
}

// doc is the values of a document.
type doc = map[string]any

// Sizes of the town.
const (
	customerCount = 40
	townSeed      = 20260424 // any number; the same one gives the same town
)

// company is the name that the documents carry; accounts end in its letter.
const company = "TARGO"

// town is filled from nothing: invented people at real places, so that the
// demo has something to show. The same day gives the same town.
type town struct {
	site      site
	rng       *rand.Rand
	today     time.Time
	customers []customer
	quotes    []offer
	err       error // the first failure; nothing is put after it
}

type customer struct {
	name, location, group, lang string
	place                       place
}

type place struct {
	city, postal string
	lat, lon     float64
	area         string
}

// fillTown puts the whole town into a site.
func fillTown(s site, now time.Time) (*town, error) {
	t := &town{site: s, rng: rand.New(rand.NewPCG(townSeed, 1)), today: now.In(hub.Local())} //nolint:gosec // not a secret
	t.masters()
	t.items()
	t.technicians()
	for i := range customerCount {
		t.addCustomer(i)
	}
	t.quotations()
	t.services()
	t.work()
	return t, t.err
}

// put stores a document and returns its name; after a failure it does nothing.
func (t *town) put(doctype string, values doc) string {
	if t.err != nil {
		return ""
	}
	name, err := t.site.Put(doctype, values)
	if err != nil {
		t.err = fmt.Errorf("seeding %s: %w", doctype, err)
	}
	return name
}

// day is a date some days from today.
func (t *town) day(offset int) string { return t.today.AddDate(0, 0, offset).Format(time.DateOnly) }

// clock is an instant of a day some days from today, as ERPNext writes it.
func (t *town) clock(offset, hour int) string {
	at := time.Date(t.today.Year(), t.today.Month(), t.today.Day(), hour, 0, 0, 0, t.today.Location())
	return at.AddDate(0, 0, offset).Format(time.DateTime)
}

// addCustomer makes one customer with a place of service. A few are as the
// migration left them: only the fields of the former system, a number shared by
// two, a land line and nothing else, nobody to reach at all.
func (t *town) addCustomer(i int) {
	p := places()[i%len(places())]
	business := i%8 == 3
	name := first(i) + " " + last(i)
	values := doc{"customer_name": name, "customer_type": "Individual", "customer_group": "Résidentiel", "territory": "Canada", "language": "fr"}
	if business {
		name = businesses()[i/8]
		values["customer_name"], values["customer_type"], values["customer_group"], values["is_commercial"] = name, "Company", "Commercial", 1
	}
	if i%9 == 4 {
		values["language"] = "en"
	}
	number := fmt.Sprintf("+1%s55501%02d", p.area, i)
	mail := mailOf(name)
	switch {
	case i == 12: // a couple with one telephone
		values["mobile_no"], values["email_id"] = fmt.Sprintf("+1%s55501%02d", places()[2].area, 2), mail
	case i == 20:
		values["tel_home"], values["email_billing"] = pretty(number), mail
	case i == 29:
		values["notes"] = "Ni téléphone ni courriel au dossier."
	case i%4 == 1: // from the former system
		values["cell_phone"], values["email_billing"] = pretty(number), mail
		values["legacy_customer_id"] = fmt.Sprint(30000 + 17*i)
	default:
		values["mobile_no"], values["email_id"] = number, mail
	}
	if i == 33 {
		values["sms_opt_out"] = 1
	}
	c := customer{name: t.put("Customer", values), group: values["customer_group"].(string), lang: values["language"].(string), place: p}
	c.location = t.put("Service Location", doc{
		"customer": c.name, "location_name": "Domicile", "status": "Active",
		"address_line": fmt.Sprintf("%d, %s", 100+7*i, streets()[i%len(streets())]), "city": p.city, "province": "QC", "postal_code": p.postal,
		"latitude": p.lat + t.near(), "longitude": p.lon + t.near(), "connection_type": "FTTH",
		"olt_name": "OLT-" + strings.ToUpper(p.city[:3]), "olt_slot": 1 + i%2, "olt_port": 1 + i%8, "onu_id": 1 + i,
		"contact_name": name, "contact_phone": number,
	})
	t.customers = append(t.customers, c)
}

// near is a distance of up to about two kilometres, in degrees.
func (t *town) near() float64 { return float64(int(t.rng.Float64()*40000)-20000) / 1e6 }

// pretty writes +14505550101 as people in Quebec do: (450) 555-0101.
func pretty(number string) string {
	n := strings.TrimPrefix(number, "+1")
	return "(" + n[:3] + ") " + n[3:6] + "-" + n[6:]
}

func mailOf(name string) string {
	plain := strings.NewReplacer("é", "e", "è", "e", "ê", "e", "ë", "e", "î", "i", "ï", "i", "ô", "o", "ç", "c", "à", "a", "É", "e",
		" ", ".", "'", "", "&", "et", "-", "").Replace(strings.ToLower(name))
	domain := "@example.com"
	if len(plain)%2 == 0 {
		domain = "@example.ca"
	}
	return plain + domain
}

func first(i int) string {
	names := strings.Fields("Amélie Benoît Camille Denis Élise Francis Geneviève Hugo Isabelle Julien Karine Louis Maude Nicolas " +
		"Océane Philippe Rosalie Samuel Thérèse Vincent William Yvette Zoé Emma")
	return names[i%len(names)]
}

func last(i int) string {
	names := strings.Fields("Tremblay Gagnon Roy Côté Bouchard Gauthier Morin Lavoie Fortin Ouellet Pelletier Bélanger Lévesque Bergeron " +
		"Leblanc Paquette Girard Simard Boucher")
	return names[(i*5+i/19)%len(names)]
}

func businesses() []string {
	return []string{"Ferme du Ruisseau Clair", "Garage Beauséjour", "Boulangerie La Miche d'Or", "Clinique du Boisé", "Érablière du Grand Rang"}
}

func streets() []string {
	return []string{"rue Principale", "rang des Érables", "chemin de la Rivière", "rue des Pins", "montée du Moulin", "rue de l'Église"}
}

func places() []place {
	return []place{
		{"Huntingdon", "J0S 1H0", 45.0853, -74.1722, "450"}, {"Ormstown", "J0S 1K0", 45.1253, -73.9989, "450"},
		{"Hemmingford", "J0L 1H0", 45.0497, -73.5867, "450"}, {"Howick", "J0S 1G0", 45.1853, -73.8500, "450"},
		{"Saint-Chrysostome", "J0S 1R0", 45.1011, -73.7664, "450"}, {"Saint-Anicet", "J0S 1M0", 45.1403, -74.3544, "450"},
		{"Rimouski", "G5L 1A1", 48.4489, -68.5239, "418"}, {"Drummondville", "J2B 1A1", 45.8803, -72.4843, "819"},
	}
}

// masters are what the documents point to. They are imported as a set-up site's
// export would be; accounts carry the company's letter.
func (t *town) masters() {
	records := []doc{
		{"doctype": "Company", "name": company, "company_name": company, "abbr": "T", "default_currency": "CAD", "country": "Canada"},
		{"doctype": "Warehouse", "name": "Entrepôt - T", "warehouse_name": "Entrepôt", "company": company},
		{"doctype": "Cost Center", "name": "Principal - T", "cost_center_name": "Principal", "company": company, "parent_cost_center": company + " - T"},
		{"doctype": "Customer Group", "name": "Résidentiel", "customer_group_name": "Résidentiel", "parent_customer_group": "All Customer Groups"},
	}
	for _, name := range []string{"Internet", "Télévision", "Téléphonie", "Installation", "Équipement"} {
		records = append(records, doc{"doctype": "Item Group", "name": name, "item_group_name": name, "parent_item_group": "All Item Groups"})
	}
	for _, each := range [][3]string{{"TPS", "Tax", "Impôts"}, {"TVQ", "Tax", "Impôts"}, {"Ventes", "Income Account", "Revenus"}, {"Comptes clients", "Receivable", "Actif"}} {
		records = append(records, doc{
			"doctype": "Account", "name": each[0] + " - T", "account_name": each[0], "account_type": each[1], "company": company,
			"account_currency": "CAD", "parent_account": each[2] + " - T",
		})
	}
	raw, _ := json.Marshal(records) // plain data, cannot fail
	if err := t.site.Import(raw); err != nil {
		t.err = fmt.Errorf("importing the masters: %w", err)
	}
	t.put("Company", doc{"name": company, "default_income_account": "Ventes - T", "default_receivable_account": "Comptes clients - T", "cost_center": "Principal - T"})
	t.put("Global Defaults", doc{"default_company": company, "default_currency": "CAD"})
	t.put("Selling Settings", doc{"cust_master_name": "Customer Name"})
	for _, tag := range []doc{
		{"label": "Fusion", "color": "#2563eb", "category": "skill"}, {"label": "Travail en hauteur", "color": "#dc2626", "category": "certification"},
		{"label": "Télévision", "color": "#7c3aed", "category": "skill"}, {"label": "Anglais", "color": "#0891b2", "category": "skill"},
	} {
		t.put("Dispatch Tag", tag)
	}
}

// technicians are six people in the four groups that jobs are queued for.
func (t *town) technicians() {
	for i, each := range []struct{ name, group, status, tag string }{
		{"Marc-André Caron", "Fibre", "available", "Fusion"}, {"Sylvie Poulin", "Installation", "en route", "Télévision"},
		{"Jonathan Dubé", "Installation", "available", "Anglais"}, {"Mélanie Thibault", "Réseau", "busy", "Fusion"},
		{"Éric Desrosiers", "Fibre", "paused", "Travail en hauteur"}, {"Nadia Arsenault", "Support", "available", "Anglais"},
	} {
		p := places()[i]
		t.put("Dispatch Technician", doc{
			"technician_id": fmt.Sprintf("TECH-%02d", i+1), "full_name": each.name, "status": each.status, "assigned_group": each.group,
			"phone": fmt.Sprintf("+1514555019%d", i), "email": mailOf(each.name), "color": fmt.Sprintf("#%02x7f%02x", 40*i, 220-40*i),
			"traccar_device_id": fmt.Sprint(501 + i), "home_base_latitude": p.lat, "home_base_longitude": p.lon, "home_base_address": p.city + " QC",
			"resource_type": "human", "active": 1, "max_daily_hours": 8, "tags": []any{doc{"tag": each.tag, "level": 1 + i%5}},
		})
	}
}
