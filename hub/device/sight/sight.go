// Package sight knows what of a device a caller may see and do: the office all of
// it, a technician what is at the places of his visits. He writes for visits that
// are his own only, and reads the Wi-Fi of a device only where he has to work.
//
// It is a room of package device: no routes, no events. Systems called: ERPNext
// (Dispatch Job). It remembers nothing.
package sight

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Visit is a work order of a technician.
type Visit struct {
	Name     string       `json:"name"`
	Customer string       `json:"customer"`
	Location string       `json:"service_location"`
	Assigned string       `json:"assigned_tech"`
	Status   string       `json:"status"`
	Date     erpnext.Date `json:"scheduled_date"`
}

// View is what one caller may see. The zero View sees nothing.
type View struct {
	All        bool // the office
	Technician string
	Link       string `json:"-"` // the visit that his link was made for, if any
	Today      erpnext.Date
	Visits     []Visit
}

// Clerk finds out what callers may see.
type Clerk struct {
	ERPNext *erpnext.Client
	Final   []string // states in which a work order is over; Completed and Cancelled when empty
	Now     func() time.Time
}

// How far from today a visit still lets a technician see.
const (
	daysBack  = 7
	daysAhead = 30
	most      = 300
)

// Of gives the view of a caller. A technician's visits are those that he is
// assigned to or helps with, some days back and ahead, and that of his link
// whenever it is.
func (c Clerk) Of(ctx context.Context, actor hub.Actor) (View, error) {
	now := c.Now().In(hub.Local())
	v := View{All: actor.Role == hub.RoleStaff || actor.Role == hub.RoleService, Today: erpnext.DateOf(now)}
	if v.All || actor.Role != hub.RoleTechnician || actor.ID == "" {
		return v, nil
	}
	v.Technician, v.Link = actor.ID, actor.Job
	err := c.ERPNext.List(ctx, erpnext.Query{
		Doctype: "Dispatch Job", Fields: []string{"name", "customer", "service_location", "assigned_tech", "status", "scheduled_date"},
		Filters: []erpnext.Filter{
			erpnext.Where("scheduled_date", ">=", erpnext.DateOf(now.AddDate(0, 0, -daysBack))),
			erpnext.Where("scheduled_date", "<=", erpnext.DateOf(now.AddDate(0, 0, daysAhead))),
		},
		Or:      []erpnext.Filter{erpnext.Eq("assigned_tech", actor.ID), erpnext.Eq("technician", actor.ID).Of("Dispatch Job Assistant")},
		OrderBy: "scheduled_date desc, name desc", Limit: most,
	}, &v.Visits)
	if err != nil {
		return View{Today: v.Today}, fmt.Errorf("reading the visits of %s: %w", actor.ID, err)
	}
	if v.Link != "" && !slices.ContainsFunc(v.Visits, func(visit Visit) bool { return visit.Name == v.Link }) {
		job, err := c.Visit(ctx, actor, v.Link)
		switch {
		case err == nil:
			v.Visits = append(v.Visits, Visit{job.Name, job.Customer, job.ServiceLocation, job.AssignedTech, job.Status, job.ScheduledDate})
		case !hub.IsKind(err, hub.Forbidden) && !hub.IsKind(err, hub.NotFound):
			return View{Today: v.Today}, err
		}
	}
	v.Visits = slices.DeleteFunc(v.Visits, func(visit Visit) bool { return visit.Status == erpnext.JobCancelled })
	return v, nil
}

// Sees tells whether the caller may know whose the device is, and where.
func (v View) Sees(e *erpnext.ServiceEquipment) bool {
	if v.All || e.Customer == "" && e.ServiceLocation == "" {
		return true
	}
	return slices.ContainsFunc(v.Visits, func(visit Visit) bool {
		if e.ServiceLocation != "" && visit.Location != "" {
			return visit.Location == e.ServiceLocation
		}
		return e.Customer != "" && visit.Customer == e.Customer
	})
}

// Works gives the visit of the technician's own at the very place where the device
// is in service; false when there is none. It is one of today, or an open one that
// is due by tomorrow (pages are fetched the evening before) or that his link was
// made for. Assistants have none, and neither has the office.
func (c Clerk) Works(v View, e *erpnext.ServiceEquipment) (Visit, bool) {
	if v.Technician == "" || e.Status != erpnext.EquipmentActive || e.ServiceLocation == "" {
		return Visit{}, false
	}
	tomorrow := erpnext.DateOf(c.Now().In(hub.Local()).AddDate(0, 0, 1))
	i := slices.IndexFunc(v.Visits, func(visit Visit) bool {
		open := !slices.Contains(c.Over(), visit.Status) && (visit.Date <= tomorrow || visit.Name == v.Link)
		return visit.Assigned == v.Technician && visit.Location == e.ServiceLocation && (open || visit.Date == v.Today)
	})
	if i < 0 {
		return Visit{}, false
	}
	return v.Visits[i], true
}

// Over lists the states in which a work order is over.
func (c Clerk) Over() []string {
	if len(c.Final) > 0 {
		return c.Final
	}
	return []string{erpnext.JobCompleted, erpnext.JobCancelled}
}

// Visit reads a work order that the caller may read: the office any, a technician
// those that he is assigned to or helps with.
func (c Clerk) Visit(ctx context.Context, actor hub.Actor, name string) (*erpnext.DispatchJob, error) {
	job, err := erpnext.Get[erpnext.DispatchJob](ctx, c.ERPNext, "Dispatch Job", name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "job-not-found", "There is no such work order.", err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading work order %s: %w", name, err)
	}
	if actor.Role == hub.RoleTechnician && job.AssignedTech != actor.ID && !helps(job, actor.ID) {
		return nil, hub.Fail(hub.Forbidden, "job-forbidden", "This work order is somebody else's.", nil)
	}
	return job, nil
}

func helps(job *erpnext.DispatchJob, technician string) bool {
	return slices.ContainsFunc(job.Assistants, func(a erpnext.JobAssistant) bool { return a.Technician == technician })
}

// Mine refuses a work order that is not the technician's own at this moment; the
// office, "", may write for any.
func Mine(technician string, job *erpnext.DispatchJob) error {
	if technician == "" || job.AssignedTech == technician {
		return nil
	}
	return hub.Fail(hub.Forbidden, "job-forbidden", "This work order is somebody else's.", nil)
}
