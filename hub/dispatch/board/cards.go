package board

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// placed is a job with what it links to.
type placed struct {
	Card
	Street    string  `json:"place_street"`
	City      string  `json:"place_city"`
	Lat       float64 `json:"place_latitude"`
	Lon       float64 `json:"place_longitude"`
	Language  string  `json:"customer_tongue"`
	CellPhone string  `json:"customer_cell"`
	MobileNo  string  `json:"customer_mobile"`
	Reason    string  `json:"reopen_reason"` // why a person let it go although it waits
}

func (b *Board) cards(ctx context.Context, of Of) (cards []Card, more bool, err error) {
	var rows []placed
	query := of.query(b.words)
	query.Limit = b.most + 1
	if err := b.erp.List(ctx, query, &rows); err != nil {
		return nil, false, err
	}
	if more = len(rows) > b.most; more {
		rows = rows[:b.most]
	}
	slices.SortFunc(rows, inOrder)
	cards = make([]Card, len(rows))
	released := map[string]bool{}
	for i := range rows {
		rows[i].Status = b.words.In(rows[i].Status)
		cards[i], released[rows[i].Name] = rows[i].card(of.From), rows[i].Reason != ""
	}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return b.attach(ctx, cards, released) })
	reached := reach(rows) // while ERPNext looks the tables up
	if err := work.Wait(); err != nil {
		return nil, false, err
	}
	for i, contact := range reached {
		cards[i].CustomerLang, cards[i].CustomerSMS = string(contact.Lang), contact.Phone != ""
	}
	return cards, more, nil
}

// inOrder is the order of the board: by day, route order and start.
func inOrder(a, b placed) int {
	return cmp.Or(cmp.Compare(a.ScheduledDate, b.ScheduledDate), cmp.Compare(a.RouteOrder, b.RouteOrder),
		cmp.Compare(ledger.Clock(a.StartTime), ledger.Clock(b.StartTime)), cmp.Compare(a.Name, b.Name))
}

// reach finds out in which language the customers are spoken to, and whether they
// have a number that takes SMS; the number itself goes no further.
func reach(rows []placed) []erpnext.Contact {
	contacts := make([]erpnext.Contact, len(rows))
	for i, p := range rows {
		if p.Customer != "" {
			contacts[i] = erpnext.Customer{Language: p.Language, CellPhone: p.CellPhone, MobileNo: p.MobileNo}.Contact()
		}
	}
	return contacts
}

func (of Of) query(words machine.Words) erpnext.Query {
	q := erpnext.Query{
		Doctype: "Dispatch Job",
		Fields: []string{
			"name", "subject", "job_type", "priority", "status", "customer", "service_location", "address", "latitude", "longitude",
			"assigned_tech", "assigned_group", "scheduled_date", "start_time", "duration_h", "route_order", "depends_on", "parent_job",
			"source_issue", "service_contract", "published", "pinned", "modified", "reopen_reason", "source_issue.subject as issue_subject",
			"customer.customer_name as customer_name", "customer.language as customer_tongue",
			"customer.cell_phone as customer_cell", "customer.mobile_no as customer_mobile",
			"service_location.address_line as place_street", "service_location.city as place_city",
			"service_location.latitude as place_latitude", "service_location.longitude as place_longitude",
		},
		Filters: []erpnext.Filter{erpnext.Where("scheduled_date", "<=", of.To)}, // so is none
		Or: []erpnext.Filter{
			erpnext.Where("scheduled_date", ">=", of.From),
			erpnext.Where("status", "not in", words.All(erpnext.JobCompleted, erpnext.JobCancelled)),
		},
		OrderBy: "scheduled_date desc, name desc", // a backlog of years does not hide this week
	}
	if of.Group != "" {
		q.Filters = append(q.Filters, erpnext.Eq("assigned_group", of.Group))
	}
	return q
}

// card takes the place's address and coordinates where the job has none itself.
func (p *placed) card(from erpnext.Date) Card {
	c := p.Card
	c.WaitsFor, c.BlockedBy, c.Children = []string{}, []string{}, []string{}
	c.Tags, c.Assistants = []RequiredTag{}, []Assistant{}
	if c.DependsOn != "" {
		c.WaitsFor = append(c.WaitsFor, c.DependsOn)
	}
	if c.Address == "" {
		c.Address = strings.Trim(p.Street+", "+p.City, ", ")
	}
	if c.Latitude == 0 && c.Longitude == 0 {
		c.Latitude, c.Longitude = p.Lat, p.Lon
	}
	c.StartTime = ledger.Clock(c.StartTime)
	c.Late = c.ScheduledDate < from && c.ScheduledDate != "" && !machine.Final(c.Status)
	return c
}
