package day

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
)

const doctype = "Dispatch Job"

// row is a work order with what it links to, as one call reads it.
type row struct {
	Name          string           `json:"name"`
	Modified      string           `json:"modified"`
	Subject       string           `json:"subject"`
	Description   string           `json:"description"`
	Notes         string           `json:"notes"`
	JobType       string           `json:"job_type"`
	Priority      string           `json:"priority"`
	Status        string           `json:"status"`
	Customer      string           `json:"customer"`
	Location      string           `json:"service_location"`
	SourceIssue   string           `json:"source_issue"`
	AssignedTech  string           `json:"assigned_tech"`
	ScheduledDate erpnext.Date     `json:"scheduled_date"`
	StartTime     string           `json:"start_time"`
	DurationH     float64          `json:"duration_h"`
	RouteOrder    int              `json:"route_order"`
	DependsOn     string           `json:"depends_on"`
	Published     erpnext.Flag     `json:"published"`
	Latitude      float64          `json:"latitude"`
	Longitude     float64          `json:"longitude"`
	Address       string           `json:"address"`
	ActualStart   erpnext.Datetime `json:"actual_start"`
	ActualEnd     erpnext.Datetime `json:"actual_end"`
	Signature     string           `json:"customer_signature"`

	CustomerName  string `json:"customer_name"`
	CustomerLang  string `json:"customer_tongue"`
	CustomerCell  string `json:"customer_cell"`
	CustomerOther string `json:"customer_mobile"`
	CustomerHome  string `json:"customer_home"`
	CustomerNotes string `json:"customer_notes"`

	PlaceTitle   string  `json:"place_title"`
	Street       string  `json:"place_street"`
	City         string  `json:"place_city"`
	Province     string  `json:"place_province"`
	PostalCode   string  `json:"place_postal"`
	PlaceLat     float64 `json:"place_latitude"`
	PlaceLon     float64 `json:"place_longitude"`
	Connection   string  `json:"place_connection"`
	AccessNotes  string  `json:"place_access"`
	ContactName  string  `json:"place_contact"`
	ContactPhone string  `json:"place_phone"`
}

// columns are those of row, with their places.
func columns() []string {
	return []string{
		"name", "modified", "subject", "description", "notes", "job_type", "priority", "status", "customer", "service_location", "source_issue",
		"assigned_tech", "scheduled_date", "start_time", "duration_h", "route_order", "depends_on", "published", "latitude", "longitude", "address",
		"actual_start", "actual_end", "customer_signature",
		"customer.customer_name as customer_name", "customer.language as customer_tongue", "customer.cell_phone as customer_cell",
		"customer.mobile_no as customer_mobile", "customer.tel_home as customer_home", "customer.notes as customer_notes",
		"service_location.location_name as place_title", "service_location.address_line as place_street", "service_location.city as place_city",
		"service_location.province as place_province", "service_location.postal_code as place_postal",
		"service_location.latitude as place_latitude", "service_location.longitude as place_longitude",
		"service_location.connection_type as place_connection", "service_location.access_notes as place_access",
		"service_location.contact_name as place_contact", "service_location.contact_phone as place_phone",
	}
}

// rows reads the work orders that the technician leads, and those in which he
// assists, in two calls at once; the newest days first, so that a backlog hides
// nothing.
func (d *Desk) rows(ctx context.Context, technician string, s Sheet) ([]row, error) {
	query := func(who erpnext.Filter) erpnext.Query {
		return erpnext.Query{
			Doctype: doctype, Fields: columns(), OrderBy: "scheduled_date desc, name desc", Limit: mostJobs + 1,
			Filters: []erpnext.Filter{who, erpnext.Where("scheduled_date", "<=", s.To)},
			Or: []erpnext.Filter{
				erpnext.Where("scheduled_date", ">=", s.From),
				erpnext.Where("status", "not in", d.States.All(erpnext.JobCompleted, erpnext.JobCancelled)),
			},
		}
	}
	var leads, helps []row
	work, reading := errgroup.WithContext(ctx)
	work.Go(func() error { return d.ERPNext.List(reading, query(erpnext.Eq("assigned_tech", technician)), &leads) })
	work.Go(func() error {
		return d.ERPNext.List(reading, query(erpnext.Eq("technician", technician).Of("Dispatch Job Assistant")), &helps)
	})
	if err := work.Wait(); err != nil {
		return nil, fmt.Errorf("reading the work of %s: %w", technician, err)
	}
	seen, all := map[string]bool{}, append(leads, helps...)
	all = slices.DeleteFunc(all, func(r row) bool {
		twice := seen[r.Name]
		seen[r.Name] = true
		return twice
	})
	slices.SortStableFunc(all, func(a, b row) int {
		return strings.Compare(string(b.ScheduledDate)+b.Name, string(a.ScheduledDate)+a.Name)
	})
	return all, nil
}

// named reads work orders by name.
func (d *Desk) named(ctx context.Context, names []string) (rows []row, err error) {
	q := erpnext.Query{Doctype: doctype, Fields: columns(), Filters: []erpnext.Filter{erpnext.In("name", names...)}, Limit: max(len(names), 1)}
	if err := d.ERPNext.List(ctx, q, &rows); err != nil {
		return nil, fmt.Errorf("reading work orders: %w", err)
	}
	return rows, nil
}

// instant is a time of the site; nil when it is empty.
func instant(at erpnext.Datetime, zone *time.Location) *time.Time {
	if at.IsZero() {
		return nil
	}
	t := at.In(zone).UTC().Truncate(time.Second)
	return &t
}

// clock is a time of day as people write it: "8:00:00" is 08:00.
func clock(text string) string {
	parts := strings.Split(text, ":")
	if len(parts) < 2 {
		return ""
	}
	if len(parts[0]) == 1 {
		parts[0] = "0" + parts[0]
	}
	return parts[0] + ":" + parts[1]
}
