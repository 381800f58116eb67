// Package round gives a technician of the simulated town a full day: visits of
// three kinds of work with door codes, contacts and checklists, devices in the
// van and at the customers', one of which is in use elsewhere, and work for
// tomorrow. It calls nothing but the site that it is given, and remembers
// nothing.
package round

import (
	"fmt"
	"maps"
	"time"
)

// Whose day it is, who helps, and what the first visits are. The devices in the
// van are DeviceInVan; Taken is at a customer's and in use there, though its box
// lies in the van too.
const (
	Technician  = "TECH-02"
	Assistant   = "TECH-03"
	DeviceInVan = "ZZTG00005010" // hexadecimal, the last eight
	Taken       = "NK0400777"
)

// Doc is the values of a document.
type Doc = map[string]any

// Stop is a customer with a place of service.
type Stop struct {
	Customer, Location, Address string
	Lat, Lon                    float64
}

// Plan is what a day is made of. Put stores a document and returns its name.
type Plan struct {
	Put   func(doctype string, values Doc) string
	Today time.Time
	Stops []Stop // at least seven
}

// visit is a job of the plan.
type visit struct {
	stop           int
	day            int
	start, subject string
	kind           string
	hours          float64
	notes          string
	more           Doc
}

// Fill lays out the day and returns the names of its jobs, in order.
func (p Plan) Fill() []string {
	p.templates()
	p.places()
	p.devices()
	var names []string
	for i, v := range p.visits() {
		s := p.Stops[v.stop]
		issue := p.Put("Issue", Doc{
			"subject": v.subject, "customer": s.Customer, "status": "Open", "priority": "Medium", "description": v.subject,
			"opening_date": p.date(-2), "service_location": s.Location,
		})
		values := Doc{
			"subject": v.subject, "job_type": v.kind, "status": "Scheduled", "priority": "medium", "assigned_tech": Technician,
			"assigned_group": "Installation", "source_issue": issue, "customer": s.Customer, "service_location": s.Location, "address": s.Address,
			"latitude": s.Lat, "longitude": s.Lon, "scheduled_date": p.date(v.day), "start_time": v.start, "duration_h": v.hours,
			"route_order": i + 1, "published": 1, "notes": v.notes,
		}
		maps.Copy(values, v.more)
		names = append(names, p.Put("Dispatch Job", values))
	}
	return names
}

// visits are four for today, one done yesterday, and two for tomorrow.
func (p Plan) visits() []visit {
	return []visit{
		{0, 0, "08:00:00", "Plus d'Internet depuis hier soir", "Repair", 1, "Le client travaille de la maison : l'appeler avant d'arriver.", Doc{"priority": "high"}},
		{1, 0, "09:30:00", "Installation intérieure et lecture de l'ONT", "Installation", 2, "", Doc{"assistants": []any{Doc{"technician": Assistant, "confirmed": 1}}}},
		{2, 0, "13:00:00", "Remplacer le routeur qui redémarre", "Repair", 1, "", nil},
		{3, 0, "14:30:00", "Relevé pour un nouveau branchement", "Survey", 1.5, "Mesurer depuis le poteau du rang.", nil},
		{4, -1, "13:00:00", "Téléviseur de plus au salon", "TV", 1, "", Doc{"status": "Completed", "actual_end": p.date(-1) + " 14:05:00"}},
		{5, 1, "08:30:00", "Déménager la prise au sous-sol", "Move", 2, "", nil},
		{6, 1, "13:00:00", "Visite d'entretien annuelle", "Maintenance", 1, "", nil},
	}
}

// templates say what a visit is asked at its end: each kind of work something else.
func (p Plan) templates() {
	p.Put("Checklist Template", Doc{"template_name": "Installation", "job_type": "Installation", "items": []any{
		Doc{"label": "ONT posé et lu", "required": 1, "answer_type": "check"},
		Doc{"label": "Puissance reçue (dBm)", "required": 1, "answer_type": "number"},
		Doc{"label": "Emplacement de l'ONT", "required": 1, "answer_type": "select", "choices": "Sous-sol\nRez-de-chaussée\nÉtage\nGarage"},
		Doc{"label": "Photo de l'ONT", "required": 0, "answer_type": "photo"},
		Doc{"label": "Wi-Fi montré au client", "required": 0, "answer_type": "check"},
	}})
	p.Put("Checklist Template", Doc{"template_name": "Entretien", "job_type": "Maintenance", "items": []any{
		Doc{"label": "Connecteurs nettoyés", "required": 1, "answer_type": "check"},
		Doc{"label": "Remarques", "required": 0, "answer_type": "text"},
	}})
}

// places say how to get in. Such notes are for the technician alone.
func (p Plan) places() {
	for i, each := range []Doc{
		{"access_notes": "Code de la porte : 4471#. Chien gentil dans la cour.", "contact_name": "Voisine du 2", "contact_phone": "+14505550161"},
		{"access_notes": "Entrée par le garage, clé sous le pot bleu."},
		{"access_notes": "Sonner deux fois; la sonnette du bas ne marche pas."},
		{"access_notes": "Chemin privé : fermer la barrière derrière soi.", "contact_name": "Gérant de la ferme", "contact_phone": "+14505550162"},
	} {
		each["name"] = p.Stops[i].Location
		p.Put("Service Location", each)
	}
}

// devices are three in the van and one router at each of the first stops; the box
// of one in the van bears the number of a router that is in use elsewhere.
func (p Plan) devices() {
	for i := range 3 {
		serial := fmt.Sprintf("ZZTG%08X", 0x5010+i)
		p.Put("Service Equipment", Doc{
			"equipment_type": "ONT", "brand": "Fibrelux", "model": "FX-2", "serial_number": serial, "gpon_serial": serial,
			"mac_address": fmt.Sprintf("02:7A:50:10:00:%02X", i), "barcode": fmt.Sprintf("FX2%06d", 5010+i), "status": "inventory", "held_by_technician": Technician,
		})
	}
	p.Put("Service Equipment", Doc{
		"equipment_type": "Router", "brand": "Nordik", "model": "AX-18", "serial_number": "NK0400700", "mac_address": "02:7A:40:07:00:01", "status": "inventory",
		"held_by_technician": Technician,
	})
	p.Put("Service Equipment", Doc{ // taken back, written down by hand
		"equipment_type": "Modem", "brand": "Coax", "model": "M-3", "serial_number": "CX 77-0001", "mac_address": "02-7a-77-00-00-01", "status": "returned",
		"held_by_technician": Technician,
	})
	for _, each := range []struct {
		stop   int
		serial string
	}{{2, "NK0400702"}, {5, Taken}} {
		p.Put("Service Equipment", Doc{
			"equipment_type": "Router", "brand": "Nordik", "model": "AX-18", "serial_number": each.serial, "mac_address": fmt.Sprintf("02:7A:40:07:07:%02X", each.stop),
			"status": "active", "customer": p.Stops[each.stop].Customer, "service_location": p.Stops[each.stop].Location,
			"wifi_ssid": fmt.Sprintf("Tournee-%d", each.stop), "wifi_password": fmt.Sprintf("invente-%04d", 4000+each.stop),
		})
	}
}

func (p Plan) date(offset int) string { return p.Today.AddDate(0, 0, offset).Format(time.DateOnly) }
