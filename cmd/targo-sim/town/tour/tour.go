// Package tour gives a technician of the simulated town the visits that customers
// can watch him drive to: he is on his way to the first one, and the way to each
// of the others goes along the streets. The portraits that customers see are drawn
// here, too. It calls nothing but the site that it is given, and remembers nothing.
package tour

import (
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town/streets"
)

// Who drives, since when, and how fast. Nothing is asked at the end of his visits:
// none of their kinds has a checklist.
const (
	Technician = "TECH-03"
	Since      = 4 * time.Minute
	Kmh        = 62.0
)

// Doc is the values of a document.
type Doc = map[string]any

// Stop is a customer with a place of service.
type Stop struct {
	Customer, Location, Address string
	At                          streets.Point
}

// Plan is what the visits are made of. Put stores a document and returns its name.
type Plan struct {
	Put     func(doctype string, values Doc) string
	Now     time.Time // on the clock of the place
	Streets *streets.Map
	From    streets.Point // where the first way began
	Stops   []Stop
}

// Leg is a visit and the way to it; that to the first one is what is left of it.
type Leg struct {
	Job, Customer string
	Way           []streets.Point
}

// Fill lays out the visits, an hour after the other. All of them are today's, also
// in the last hour of the day.
func (p Plan) Fill() []Leg {
	kinds := []struct{ subject, kind string }{
		{"Ajouter un téléviseur à l'étage", "TV"}, {"Move the router to the office", "Move"}, {"Brancher le téléphone IP", "Telephony"},
		{"Déplacer le boîtier extérieur", "Move"}, {"Installer un deuxième récepteur", "TV"}, {"Vérifier la ligne téléphonique", "Telephony"},
	}
	var legs []Leg
	from := p.From
	for i, s := range p.Stops {
		k := kinds[i%len(kinds)]
		values := Doc{
			"subject": k.subject, "job_type": k.kind, "status": "Assigned", "priority": "medium", "assigned_tech": Technician, "assigned_group": "Installation",
			"customer": s.Customer, "service_location": s.Location, "address": s.Address, "latitude": s.At.Lat, "longitude": s.At.Lon,
			"scheduled_date": p.Now.Format(time.DateOnly), "start_time": p.start(i), "duration_h": 1, "route_order": i + 1, "published": 1,
		}
		way := p.Streets.Way(from, s.At)
		if i == 0 {
			values["status"], values["en_route_at"] = "En Route", p.Now.Add(-Since).Format(time.DateTime)
			way = streets.After(way, Since.Hours()*Kmh*1000)
		}
		legs = append(legs, Leg{Job: p.Put("Dispatch Job", values), Customer: s.Customer, Way: way})
		from = s.At
	}
	return legs
}

// start is the hour that the customer was promised: the first one is soon.
func (p Plan) start(n int) string {
	hour := min(23, p.Now.Hour()+n)
	half := "00"
	if p.Now.Minute() >= 30 {
		half = "30"
	}
	return fmt.Sprintf("%02d:%s:00", hour, half)
}
