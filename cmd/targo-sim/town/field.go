package town

import (
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town/round"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/tour"
)

// services gives every third customer a running subscription with its devices;
// serial numbers and addresses are invented (the MAC's first octet says so).
func (t *Town) services() {
	plans := []product{catalogue()[0], catalogue()[1], catalogue()[2]}
	for i, c := range t.customers {
		if i%3 != 1 {
			continue
		}
		plan := plans[i%len(plans)]
		sub := t.running(c, plan, doc{
			"speed_down": 500, "speed_up": 500, "start_date": t.day(-900 - i), "display_order": 10, "legacy_service_id": fmt.Sprint(40000 + i),
		})
		t.devices(i, c, sub)
	}
	for i := range 3 { // in the van
		t.put("Service Equipment", doc{
			"equipment_type": "ONT", "brand": "Fibrelux", "model": "FX-2", "serial_number": fmt.Sprintf("ZZTG%08X", 0x5000+i),
			"mac_address": t.mac(), "status": "inventory", "held_by_technician": fmt.Sprintf("TECH-%02d", 1+i),
		})
	}
}

func (t *Town) devices(i int, c customer, sub string) {
	serial := fmt.Sprintf("ZZTG%08X", 0x1000+i*0x11)
	t.put("Service Equipment", doc{
		"equipment_type": "ONT", "brand": "Fibrelux", "model": "FX-2", "serial_number": serial, "gpon_serial": serial, "mac_address": t.mac(),
		"barcode": fmt.Sprintf("FX2%06d", 1000+i), "firmware_version": "1.4.2", "status": "active", "customer": c.name, "service_location": c.location,
		"subscription": sub, "olt_name": "OLT-" + c.place.city[:3], "olt_slot": 1 + i%2, "olt_port": 1 + i%8, "onu_id": 1 + i,
	})
	t.put("Service Equipment", doc{
		"equipment_type": "Router", "brand": "Nordik", "model": "AX-18", "serial_number": fmt.Sprintf("NK%07d", 400000+i), "mac_address": t.mac(),
		"wifi_ssid": fmt.Sprintf("Maison-%d", 100+i), "wifi_password": fmt.Sprintf("invente-%05d", t.rng.IntN(100000)), "status": "active",
		"customer": c.name, "service_location": c.location, "subscription": sub,
	})
}

// mac is a locally administered address: no maker has it.
func (t *Town) mac() string {
	return fmt.Sprintf("02:7A:%02X:%02X:%02X:%02X", t.rng.IntN(256), t.rng.IntN(256), t.rng.IntN(256), t.rng.IntN(256))
}

// work is what the accepted quotations have led to, and a few repairs.
func (t *Town) work() {
	for _, o := range t.quotes {
		if o.State == Accepted {
			t.installation(o)
		}
	}
	for i, each := range []struct {
		who            int
		subject, group string
	}{
		{1, "Internet lent le soir", "Support"}, {7, "Plus de signal depuis l'orage", "Fibre"},
		{13, "Déplacer la prise optique", "Installation"}, {22, "TV : image figée", "Installation"},
	} {
		c := t.customers[each.who]
		issue := t.put("Issue", doc{
			"subject": each.subject, "customer": c.name, "status": "Open", "priority": "Medium", "description": each.subject,
			"opening_date": t.day(-1 - i), "service_location": c.location, "assigned_group": each.group,
		})
		t.put("Dispatch Job", t.job(c, doc{
			"subject": each.subject, "job_type": "Repair", "assigned_group": each.group, "source_issue": issue, "status": "Open",
			"priority": []string{"medium", "high"}[i%2], "scheduled_date": t.day(i), "duration_h": 1.5,
		}))
	}
}

// fullDay gives one technician visits from morning to evening.
func (t *Town) fullDay() {
	plan := round.Plan{Put: t.put, Today: t.today}
	for _, i := range []int{2, 26, 10, 32, 16, 8, 24} { // within reach of each other; no other technician goes there
		c := t.customers[i]
		plan.Stops = append(plan.Stops, round.Stop{Customer: c.name, Location: c.location, Address: c.place.city + " QC", Lat: c.at.Lat, Lon: c.at.Lon})
	}
	t.round = plan.Fill()
}

// Round is whose day is full, and the first visit of it.
func (t *Town) Round() (technician, job string) { return round.Technician, t.round[0] }

// watched gives the technician of the tour visits, the first of which he is on his
// way to.
func (t *Town) watched() {
	plan := tour.Plan{Put: t.put, Now: t.today, Streets: t.streets, From: t.streets.House(3, 30)}
	for _, i := range []int{9, 4, 11, 0, 5} { // each in another place; the second one reads English
		c := t.customers[i]
		plan.Stops = append(plan.Stops, tour.Stop{Customer: c.name, Location: c.location, Address: c.place.city + " QC", At: c.at})
	}
	t.tour = plan.Fill()
}

// Tour is how the technician of the room tour spends the day, visit by visit; he is
// on his way to the first one.
func (t *Town) Tour() []tour.Leg { return t.tour }

// Labels are the serial numbers of devices worth a scan on that day: one in the
// van, and one whose box lies there too although it is at work elsewhere.
func Labels() []string { return []string{round.DeviceInVan, round.Taken} }

// job adds what every job at a customer's has.
func (t *Town) job(c customer, values doc) doc {
	values["customer"], values["service_location"], values["published"] = c.name, c.location, 1
	values["address"] = c.place.city + " QC"
	values["latitude"], values["longitude"] = c.at.Lat, c.at.Lon
	if values["status"] == "Completed" {
		values["actual_end"] = t.today.AddDate(0, 0, -1).Format(time.DateTime)
	}
	return values
}

// visit is a job of a chain; after names the visits that come before it.
type visit struct {
	id, label, kind, group string
	after                  []string
}

// template is how an installation goes, visit by visit.
type template struct {
	name   string
	visits []visit
}

// templates are the product's six.
func templates() []template {
	return []template{
		{"fiber_install", []visit{
			{id: "network", label: "Préparation du réseau", kind: "Installation", group: "Réseau"},
			{"drop", "Branchement extérieur et fusion", "Installation", "Fibre", []string{"network"}},
			{"indoor", "Installation intérieure et lecture de l'ONT", "Installation", "Installation", []string{"drop"}},
			{"activation", "Activation et appel au client", "Installation", "Support", []string{"indoor"}},
		}},
		{"phone_service", []visit{
			{id: "number", label: "Attribution ou transfert du numéro", kind: "Telephony", group: "Support"},
			{"phone", "Installation du téléphone IP", "Telephony", "Installation", []string{"number"}},
		}},
		{"move_service", []visit{
			{id: "remove", label: "Retrait à l'ancienne adresse", kind: "Removal", group: "Installation"},
			{id: "drop", label: "Branchement à la nouvelle adresse", kind: "Move", group: "Fibre"},
			{"indoor", "Réinstallation intérieure", "Move", "Installation", []string{"remove", "drop"}},
		}},
		{"repair_service", []visit{
			{id: "diagnose", label: "Diagnostic à distance", kind: "Repair", group: "Support"},
			{"repair", "Réparation sur place", "Repair", "Installation", []string{"diagnose"}},
		}},
		{"test_single", []visit{{id: "only", label: "Essai : une tâche", kind: "Installation", group: "Support"}}},
		{"test_parallel", []visit{
			{id: "first", label: "Essai : première tâche", kind: "Installation", group: "Support"},
			{"left", "Essai : tâche de gauche", "Installation", "Fibre", []string{"first"}},
			{"right", "Essai : tâche de droite", "Installation", "Réseau", []string{"first"}},
		}},
	}
}
