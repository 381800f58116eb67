package agenda

import (
	"cmp"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// row is a work order with what it links to.
type row struct {
	Name       string           `json:"name"`
	Subject    string           `json:"subject"`
	JobType    string           `json:"job_type"`
	Status     string           `json:"status"`
	Technician string           `json:"assigned_tech"`
	Group      string           `json:"assigned_group"`
	Customer   string           `json:"customer"`
	Location   string           `json:"service_location"`
	Address    string           `json:"address"`
	Lat        float64          `json:"latitude"`
	Lon        float64          `json:"longitude"`
	Date       erpnext.Date     `json:"scheduled_date"`
	Start      string           `json:"start_time"`
	RouteOrder int              `json:"route_order"`
	Published  erpnext.Flag     `json:"published"`
	EnRouteAt  erpnext.Datetime `json:"en_route_at"`
	StartedAt  erpnext.Datetime `json:"actual_start"`
	EndedAt    erpnext.Datetime `json:"actual_end"`
	EtaAt      erpnext.Datetime `json:"eta_at"`
	Modified   erpnext.Datetime `json:"modified"`

	CustomerName string  `json:"customer_name"`
	Language     string  `json:"customer_tongue"`
	Street       string  `json:"place_street"`
	City         string  `json:"place_city"`
	PlaceLat     float64 `json:"place_latitude"`
	PlaceLon     float64 `json:"place_longitude"`
}

func fields() []string {
	return []string{
		"name", "subject", "job_type", "status", "assigned_tech", "assigned_group", "customer", "service_location", "address",
		"latitude", "longitude", "scheduled_date", "start_time", "route_order", "published",
		"en_route_at", "actual_start", "actual_end", "eta_at", "modified",
		"customer.customer_name as customer_name", "customer.language as customer_tongue",
		"service_location.address_line as place_street", "service_location.city as place_city",
		"service_location.latitude as place_latitude", "service_location.longitude as place_longitude",
	}
}

func (a *Agenda) visit(r *row, zone *time.Location) Visit {
	v := Visit{
		Job: r.Name, Subject: r.Subject, JobType: r.JobType, Status: a.Words.In(r.Status), Technician: r.Technician, Group: r.Group,
		Customer: r.Customer, CustomerName: r.CustomerName, Language: r.Language, Location: r.Location, Address: r.Address,
		Date: r.Date, RouteOrder: r.RouteOrder, Published: bool(r.Published),
		EnRouteAt: instant(r.EnRouteAt, zone), StartedAt: instant(r.StartedAt, zone), EndedAt: instant(r.EndedAt, zone),
		EtaAt: instant(r.EtaAt, zone), Modified: instant(r.Modified, zone),
	}
	if v.Address == "" {
		v.Address = strings.Trim(r.Street+", "+r.City, ", ")
	}
	if p := cmp.Or(somewhere(r.Lat, r.Lon), somewhere(r.PlaceLat, r.PlaceLon)); p != nil {
		v.Place, v.Placed = *p, true
	}
	v.From, v.To = a.window(r.Date, r.Start)
	return v
}

// window is when the technician is expected.
func (a *Agenda) window(day erpnext.Date, start string) (from, to time.Time) {
	if day == "" || start == "" {
		return from, to
	}
	start, _, _ = strings.Cut(start, ".") // microseconds
	for _, layout := range []string{time.TimeOnly, "15:04"} {
		if at, err := time.ParseInLocation("2006-01-02 "+layout, string(day)+" "+start, a.zone); err == nil {
			return at.UTC(), at.Add(a.Window).UTC()
		}
	}
	return from, to
}

func instant(d erpnext.Datetime, zone *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	if at := d.In(zone); !at.IsZero() {
		return at.UTC()
	}
	return time.Time{}
}
