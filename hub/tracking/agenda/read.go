package agenda

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/roads"
)

// Limits of one reading.
const (
	mostVisits      = 3000
	mostTechnicians = 5000
	readBudget      = 20 * time.Second
	settingsFor     = 15 * time.Minute // so long ERPNext's working days are believed
)

// Refresh reads ERPNext now.
func (a *Agenda) Refresh(ctx context.Context) error {
	if a.ERPNext == nil {
		return nil
	}
	a.reading.Lock()
	defer a.reading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readBudget)
	defer cancel()
	asOf := a.Now().UTC() // what changes while we read is not in it for sure
	var (
		visits []Visit
		people []Technician
	)
	zone, err := a.ERPNext.Zone(ctx)
	if err != nil {
		return fmt.Errorf("reading the zone of the site: %w", err)
	}
	work, reading := errgroup.WithContext(ctx)
	work.Go(func() (err error) { visits, err = a.visits(reading, zone, a.today()); return err })
	work.Go(func() (err error) { people, err = a.technicians(reading); return err })
	work.Go(func() error { return a.workingDays(reading) })
	if err := work.Wait(); err != nil {
		return err
	}
	a.sheet.Store(newSheet(asOf, visits, people))
	return nil
}

// today asks for the visits of the day, and for those of other days that are under
// way.
func (a *Agenda) today() erpnext.Query {
	return erpnext.Query{
		Doctype: "Dispatch Job", Fields: fields(), Limit: mostVisits, OrderBy: "scheduled_date desc, name desc",
		Filters: []erpnext.Filter{erpnext.IsSet("assigned_tech")},
		Or: []erpnext.Filter{
			erpnext.Eq("scheduled_date", erpnext.DateOf(a.Now())),
			erpnext.In("status", a.Words.All(underWay()...)...),
		},
	}
}

// visits reads visits and leaves out what is only planned yet: a draft is nobody's
// day.
func (a *Agenda) visits(ctx context.Context, zone *time.Location, q erpnext.Query) ([]Visit, error) {
	var rows []row
	if err := a.ERPNext.List(ctx, q, &rows); err != nil {
		return nil, err
	}
	if len(rows) == mostVisits {
		a.Log.WarnContext(ctx, "the day has more visits than are followed", "limit", mostVisits)
	}
	visits := make([]Visit, 0, len(rows))
	for i := range rows {
		if v := a.visit(&rows[i], zone); v.Published || !v.Waiting() {
			visits = append(visits, v)
		}
	}
	return visits, nil
}

func (a *Agenda) technicians(ctx context.Context) ([]Technician, error) {
	var rows []struct {
		Name     string       `json:"name"`
		FullName string       `json:"full_name"`
		Status   string       `json:"status"`
		Group    string       `json:"assigned_group"`
		Device   string       `json:"traccar_device_id"`
		Photo    string       `json:"photo"`
		Active   erpnext.Flag `json:"active"`
		HomeLat  float64      `json:"home_base_latitude"`
		HomeLon  float64      `json:"home_base_longitude"`
		EndLat   float64      `json:"end_point_latitude"`
		EndLon   float64      `json:"end_point_longitude"`
	}
	if err := a.ERPNext.List(ctx, erpnext.Query{Doctype: "Dispatch Technician", OrderBy: "name asc", Limit: mostTechnicians}, &rows); err != nil {
		return nil, err
	}
	people := make([]Technician, len(rows))
	for i, r := range rows {
		people[i] = Technician{
			Name: r.Name, FullName: r.FullName, Status: r.Status, Group: r.Group, Device: strings.TrimSpace(r.Device), Photo: r.Photo,
			Active: bool(r.Active), Home: somewhere(r.HomeLat, r.HomeLon), End: somewhere(r.EndLat, r.EndLon),
		}
	}
	return people, nil
}

// somewhere is a place that somebody filled in; nil when a half of it is missing.
func somewhere(lat, lon float64) *roads.Point {
	if p := (roads.Point{Lat: lat, Lon: lon}); lat != 0 && lon != 0 && p.Usable() {
		return &p
	}
	return nil
}

// workingDays reads on which days people work, where ERPNext says so.
func (a *Agenda) workingDays(ctx context.Context) error {
	if now := a.Now(); !a.daysAt.IsZero() && now.Sub(a.daysAt) < settingsFor {
		return nil
	}
	var settings struct {
		WorkingDays string `json:"working_days"`
	}
	err := a.ERPNext.Get(ctx, "Dispatch Settings", "Dispatch Settings", &settings)
	if err != nil && !erpnext.IsNotFound(err) && !erpnext.IsPermission(err) {
		return err
	}
	a.daysAt = a.Now()
	set, err := parseDays(settings.WorkingDays)
	if err != nil {
		a.Log.WarnContext(ctx, "the working days of ERPNext cannot be read, the hub's own count")
	}
	if err != nil || set == (days{}) {
		a.days.Store(nil)
		return nil
	}
	a.days.Store(&set)
	return nil
}
