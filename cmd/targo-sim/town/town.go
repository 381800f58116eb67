// Package town fills a simulated ERPNext with an invented town: customers at real
// places in Quebec, what they have and what was offered to them, technicians and
// their work. No name, number or address is anybody's: numbers are 555-01xx,
// addresses are at example.com and example.ca; the streets are invented as well
// (room streets). The same moment gives the same town.
//
// It calls nothing but the site that it is given, and remembers nothing.
package town

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town/streets"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/tour"
	"gigafibre.ca/targo-hub/hub"
)

// Sizes of the town.
const (
	Customers = 40
	townSeed  = 20260424 // any number; the same one gives the same town
)

// Company is the name that the documents carry; accounts end in its letter.
const Company = "TARGO"

// Site takes documents, as the simulated ERPNext does: one by one through all of
// its steps, or as a file of exported ones. Nightly does what its scheduler does
// each night.
type Site interface {
	Put(doctype string, doc map[string]any) (name string, err error)
	Import(fixtures []byte) error
	Nightly() error
}

// doc is the values of a document.
type doc = map[string]any

// Town is what was put into a site.
type Town struct {
	site      Site
	rng       *rand.Rand
	today     time.Time
	customers []customer
	quotes    []Offer
	streets   *streets.Map
	round     []string   // jobs of the technician whose day is full
	tour      []tour.Leg // visits of the one whose truck a customer watches
	err       error      // the first failure; nothing is put after it
}

type customer struct {
	name, location, group, lang string
	place                       place
	at                          streets.Point
}

type place struct {
	city, postal string
	lat, lon     float64
	area         string
}

// Fill puts the whole town into a site that has the product's doctypes.
func Fill(s Site, now time.Time) (*Town, error) {
	t := &Town{site: s, rng: rand.New(rand.NewPCG(townSeed, 1)), today: now.In(hub.Local()), streets: Streets()} //nolint:gosec // not a secret
	t.masters()
	t.items()
	t.technicians()
	for i := range Customers {
		t.addCustomer(i)
	}
	t.quotations()
	t.services()
	t.work()
	t.stock()
	t.chains()
	t.agreements()
	t.fullDay()
	t.watched()
	t.night()
	return t, t.err
}

// night lets a night pass: only then does ERPNext call expired what has run out.
func (t *Town) night() {
	if t.err != nil {
		return
	}
	if err := t.site.Nightly(); err != nil {
		t.err = fmt.Errorf("letting a night pass: %w", err)
	}
}

// put stores a document and returns its name; after a failure it does nothing.
func (t *Town) put(doctype string, values doc) string {
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
func (t *Town) day(offset int) string { return t.today.AddDate(0, 0, offset).Format(time.DateOnly) }

// clock is an instant of a day some days from today, as ERPNext writes it.
func (t *Town) clock(offset, hour int) string {
	at := time.Date(t.today.Year(), t.today.Month(), t.today.Day(), hour, 0, 0, 0, t.today.Location())
	return at.AddDate(0, 0, offset).Format(time.DateTime)
}

// addCustomer makes one customer with a place of service. A few are as the
// migration left them: only the fields of the former system, a number shared by
// two, a land line and nothing else, nobody to reach at all.
func (t *Town) addCustomer(i int) {
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
	c.at = t.streets.House(i%len(places()), i/len(places()))
	c.location = t.put("Service Location", doc{
		"customer": c.name, "location_name": "Domicile", "status": "Active",
		"address_line": fmt.Sprintf("%d, %s", 100+7*i, streetNames()[i%len(streetNames())]), "city": p.city, "province": "QC", "postal_code": p.postal,
		"latitude": c.at.Lat, "longitude": c.at.Lon, "connection_type": "FTTH",
		"olt_name": "OLT-" + strings.ToUpper(p.city[:3]), "olt_slot": 1 + i%2, "olt_port": 1 + i%8, "onu_id": 1 + i,
		"contact_name": name, "contact_phone": number,
	})
	t.customers = append(t.customers, c)
}
