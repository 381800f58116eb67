package dispatch

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Board reads everything that a dispatcher sees at once. It costs five calls to
// ERPNext, whatever its size: names of customers and addresses come joined with
// the jobs, tags joined with the technicians.
type Board struct {
	erp *erpnext.Client
	now func() time.Time
}

// NewBoard makes a board; now is the clock by which "today" is read.
func NewBoard(erp *erpnext.Client, now func() time.Time) *Board { return &Board{erp: erp, now: now} }

// Limits of one board. More jobs than these are left out, and the answer says so.
const (
	boardJobs = 2000
	boardRows = 10_000 // of tags, predecessors, technicians
	boardDays = 7      // shown when nothing else is asked for
	boardSpan = 92     // days at most
)

// BoardOf is which part of the work to show: the days from From to To, both
// included, and of one group when Group is given. Unfinished work of days before
// From is shown too: it must not fall off the board.
type BoardOf struct {
	From, To erpnext.Date
	Group    string
}

// Read reads the board. A zero From is today, a zero To a week after From.
func (b *Board) Read(ctx context.Context, of BoardOf) (*Sheet, error) {
	if b.erp == nil {
		return nil, hub.Fail(hub.Unavailable, "part-off", "This needs ERPNext, which is not configured.", nil)
	}
	of, err := of.bounded(b.now())
	if err != nil {
		return nil, err
	}
	sheet := &Sheet{From: of.From, To: of.To, Group: of.Group, Positions: []Position{}}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() (err error) { sheet.Technicians, err = b.technicians(ctx); return err })
	work.Go(func() (err error) { sheet.Tags, err = b.tags(ctx); return err })
	work.Go(func() (err error) { sheet.Jobs, sheet.More, err = b.cards(ctx, of); return err })
	return sheet, work.Wait()
}

// bounded fills in the days that were left out and refuses what cannot be.
func (of BoardOf) bounded(now time.Time) (BoardOf, error) {
	wrong := func(field, why string) error {
		return hub.Fail(hub.Invalid, "invalid", "The days of the board are not usable.", nil, hub.WithField("query/"+field, why))
	}
	if of.From == "" {
		of.From = erpnext.DateOf(now)
	}
	from := of.From.Time()
	if from.IsZero() {
		return of, wrong("from", "expected a day as YYYY-MM-DD")
	}
	if of.To == "" {
		of.To = erpnext.DateOf(from.AddDate(0, 0, boardDays-1))
	}
	to := of.To.Time()
	switch {
	case to.IsZero():
		return of, wrong("to", "expected a day as YYYY-MM-DD")
	case to.Before(from):
		return of, wrong("to", "must not be before from")
	case to.After(from.AddDate(0, 0, boardSpan)):
		return of, wrong("to", fmt.Sprintf("at most %d days after from", boardSpan))
	}
	return of, nil
}

// placed is a job with what it links to.
type placed struct {
	Card
	Street string  `json:"place_street"`
	City   string  `json:"place_city"`
	Lat    float64 `json:"place_latitude"`
	Lon    float64 `json:"place_longitude"`
}

func (b *Board) cards(ctx context.Context, of BoardOf) (cards []Card, more bool, err error) {
	var rows []placed
	if err := b.erp.List(ctx, of.query(), &rows); err != nil {
		return nil, false, err
	}
	if more = len(rows) > boardJobs; more {
		rows = rows[:boardJobs]
	}
	cards = make([]Card, len(rows))
	for i, row := range rows {
		cards[i] = row.card(of.From)
	}
	return cards, more, b.attach(ctx, cards)
}

func (of BoardOf) query() erpnext.Query {
	q := erpnext.Query{
		Doctype: "Dispatch Job",
		Fields: []string{
			"name", "subject", "job_type", "priority", "status", "customer", "service_location", "address", "latitude", "longitude",
			"assigned_tech", "assigned_group", "scheduled_date", "start_time", "duration_h", "route_order", "depends_on",
			"source_issue", "service_contract", "published", "modified", "customer.customer_name as customer_name",
			"service_location.address_line as place_street", "service_location.city as place_city",
			"service_location.latitude as place_latitude", "service_location.longitude as place_longitude",
		},
		Filters: []erpnext.Filter{erpnext.Where("scheduled_date", "<=", of.To)}, // so is none
		Or: []erpnext.Filter{
			erpnext.Where("scheduled_date", ">=", of.From),
			erpnext.Where("status", "not in", []string{erpnext.JobCompleted, erpnext.JobCancelled}),
		},
		OrderBy: "scheduled_date asc, route_order asc, start_time asc, name asc", Limit: boardJobs + 1,
	}
	if of.Group != "" {
		q.Filters = append(q.Filters, erpnext.Eq("assigned_group", of.Group))
	}
	return q
}

// card takes the place's address and coordinates where the job has none itself.
func (p placed) card(from erpnext.Date) Card {
	c := p.Card
	c.WaitsFor, c.Tags = []string{}, []RequiredTag{}
	if c.DependsOn != "" {
		c.WaitsFor = append(c.WaitsFor, c.DependsOn)
	}
	if c.Address == "" {
		c.Address = strings.Trim(p.Street+", "+p.City, ", ")
	}
	if c.Latitude == 0 && c.Longitude == 0 {
		c.Latitude, c.Longitude = p.Lat, p.Lon
	}
	c.StartTime = clock(c.StartTime)
	c.Late = c.ScheduledDate < from && c.ScheduledDate != "" && !erpnext.DispatchJob{Status: c.Status}.Final()
	return c
}

// attach reads the tags and the predecessors of all jobs, at once.
func (b *Board) attach(ctx context.Context, cards []Card) error {
	var tags []struct {
		Parent string `json:"parent"`
		RequiredTag
	}
	var waits []struct {
		Parent string `json:"parent"`
		Job    string `json:"job"`
	}
	names, byName := make([]string, len(cards)), make(map[string]*Card, len(cards))
	for i := range cards {
		names[i], byName[cards[i].Name] = cards[i].Name, &cards[i]
	}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return b.erp.List(ctx, rowsOf("Dispatch Tag Link", names), &tags) })
	work.Go(func() error { return b.erp.List(ctx, rowsOf("Dispatch Job Predecessor", names), &waits) })
	if err := work.Wait(); err != nil {
		return err
	}
	for _, row := range tags {
		card := byName[row.Parent]
		card.Tags = append(card.Tags, row.RequiredTag)
	}
	for _, row := range waits {
		if card := byName[row.Parent]; !slices.Contains(card.WaitsFor, row.Job) {
			card.WaitsFor = append(card.WaitsFor, row.Job)
		}
	}
	return nil
}

// rowsOf asks for a child table of many jobs in one call: the list of names is
// sent in a body when it is long.
func rowsOf(child string, jobs []string) erpnext.Query {
	return erpnext.Query{
		Doctype: child, Parent: "Dispatch Job", OrderBy: "parent asc, idx asc", Limit: boardRows,
		Filters: []erpnext.Filter{erpnext.Eq("parenttype", "Dispatch Job"), erpnext.In("parent", jobs...)},
	}
}
