// Package pool lists the work that a group may take for itself: jobs that nobody
// was given and that wait for nothing.
//
// Routes: GET /dispatch/group-jobs. Events: none. Systems called: ERPNext
// (Dispatch Job, Dispatch Technician). Remembers: nothing.
package pool

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/web"
)

// Pool lists unassigned work.
type Pool struct {
	erp   *erpnext.Client
	words machine.Words
}

// New makes a pool; erp may be nil, words are the site's own for states.
func New(erp *erpnext.Client, words machine.Words) *Pool { return &Pool{erp: erp, words: words} }

// Mount registers the route.
func (p *Pool) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/dispatch/group-jobs", Guard: web.Staff.Or(web.Service).Or(web.Technician), Tag: "dispatch", ID: "dispatch-group-jobs", Calls: true,
		Summary:     "Jobs that a group may claim",
		Description: "Of the `group`, or of the group of a `technician`; a technician sees that of his own, and need name neither. Those without a day come last; jobs on hold are not among them. At most three calls to ERPNext.",
	}, p.list)
}

// Job is work that may be claimed, with what people need to choose.
type Job struct {
	Name            string       `json:"name"`
	Subject         string       `json:"subject"`
	JobType         string       `json:"job_type"`
	Priority        string       `json:"priority"`
	Status          string       `json:"status"`
	AssignedGroup   string       `json:"assigned_group"`
	Customer        string       `json:"customer"`
	CustomerName    string       `json:"customer_name"`
	ServiceLocation string       `json:"service_location"`
	Address         string       `json:"address"`
	Latitude        float64      `json:"latitude" doc:"0 when unknown"`
	Longitude       float64      `json:"longitude" doc:"0 when unknown"`
	ScheduledDate   erpnext.Date `json:"scheduled_date" doc:"empty for work without a day"`
	StartTime       string       `json:"start_time" doc:"HH:MM:SS, empty when open"`
	DurationH       float64      `json:"duration_h" doc:"hours"`
	SourceIssue     string       `json:"source_issue"`
	ServiceContract string       `json:"service_contract"`
	Modified        string       `json:"modified"`
}

// placed is a job with its place.
type placed struct {
	Job
	Street string  `json:"place_street"`
	City   string  `json:"place_city"`
	Lat    float64 `json:"place_latitude"`
	Lon    float64 `json:"place_longitude"`
}

type listInput struct {
	Technician string `query:"technician" maxLength:"140" doc:"whose group is meant"`
	Group      string `query:"group" maxLength:"140" doc:"which group is meant"`
	web.Paging
}

func (p *Pool) list(ctx context.Context, in *listInput) (*web.Listing[Job], error) {
	group, err := p.group(ctx, in.Technician, in.Group)
	if err != nil {
		return nil, err
	}
	if group == "" { // a technician of no group has nothing to choose from
		return web.List([]Job{}, ""), nil
	}
	jobs, next, err := p.Jobs(ctx, group, in.Limit, in.Cursor)
	return web.List(jobs, next), err
}

// group finds out whose work is asked for, and whether the caller may see it.
func (p *Pool) group(ctx context.Context, technician, group string) (string, error) {
	if p.erp == nil {
		return "", hub.PartOff("ERPNext")
	}
	if actor := hub.ActorOf(ctx); actor.Role == hub.RoleTechnician {
		return p.own(ctx, actor.ID, technician, group)
	}
	switch {
	case technician == "" && group == "":
		return "", wrong("group", "a group or a technician is needed")
	case technician == "":
		return group, nil
	}
	who, err := p.person(ctx, technician)
	if err != nil {
		return "", err
	}
	if group != "" && group != who.AssignedGroup {
		return "", wrong("group", "the technician is in another group")
	}
	return who.AssignedGroup, nil
}

// own is the group of a technician who asks for himself: he sees no other.
func (p *Pool) own(ctx context.Context, id, technician, group string) (string, error) {
	no := func(why string) error { return hub.Fail(hub.Forbidden, "forbidden", why, nil) }
	if technician != "" && technician != id {
		return "", no("These are the jobs of another technician's group.")
	}
	who, err := p.person(ctx, id)
	switch {
	case err != nil:
		return "", err
	case !bool(who.Active):
		return "", no("The technician does not work any more.")
	case group != "" && group != who.AssignedGroup:
		return "", no("These are the jobs of another group.")
	}
	return who.AssignedGroup, nil
}

func (p *Pool) person(ctx context.Context, technician string) (*erpnext.DispatchTechnician, error) {
	people, err := erpnext.ByNames[erpnext.DispatchTechnician](ctx, p.erp, "Dispatch Technician", technician)
	if err != nil {
		return nil, fmt.Errorf("reading technician %s: %w", technician, err)
	}
	if len(people) == 0 {
		return nil, wrong("technician", "there is no such technician")
	}
	return &people[0], nil
}

// Jobs reads a page of the group's claimable jobs, by day and name, those without
// a day last. Who claims one in between moves no other to another page.
func (p *Pool) Jobs(ctx context.Context, group string, limit int, cursor string) (jobs []Job, next string, err error) {
	at, err := placeOf(cursor)
	if err != nil {
		return nil, "", err
	}
	var rows []placed
	if at.day != undated {
		if err := p.erp.List(ctx, p.query(group, limit+1, at.dated()), &rows); err != nil {
			return nil, "", err
		}
	}
	if len(rows) <= limit {
		var rest []placed
		if at.day != undated {
			at = place{day: undated}
		}
		if err := p.erp.List(ctx, p.query(group, limit+1-len(rows), at.undated()), &rest); err != nil {
			return nil, "", err
		}
		rows = append(rows, rest...)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = after(rows[limit-1].Job)
	}
	jobs = make([]Job, len(rows))
	for i, row := range rows {
		jobs[i] = row.job(p.words)
	}
	return jobs, next, nil
}

func (p *Pool) query(group string, limit int, at span) erpnext.Query {
	return erpnext.Query{
		Doctype: "Dispatch Job", Limit: limit, OrderBy: at.order, Or: at.either,
		Fields: []string{
			"name", "subject", "job_type", "priority", "status", "assigned_group", "customer", "service_location", "address", "latitude", "longitude",
			"scheduled_date", "start_time", "duration_h", "source_issue", "service_contract", "modified", "customer.customer_name as customer_name",
			"service_location.address_line as place_street", "service_location.city as place_city",
			"service_location.latitude as place_latitude", "service_location.longitude as place_longitude",
		},
		Filters: append([]erpnext.Filter{
			erpnext.Eq("assigned_group", group), erpnext.IsEmpty("assigned_tech"),
			erpnext.In("status", p.words.All(erpnext.JobOpen, erpnext.JobAssigned, erpnext.JobScheduled)...),
		}, at.all...),
	}
}

// job takes the place's address and coordinates where the job has none itself. The
// notes on how to get in stay with who has the job.
func (row placed) job(words machine.Words) Job {
	j := row.Job
	j.Status, j.StartTime = words.In(j.Status), ledger.Clock(j.StartTime)
	if j.Address == "" {
		j.Address = strings.Trim(row.Street+", "+row.City, ", ")
	}
	if j.Latitude == 0 && j.Longitude == 0 {
		j.Latitude, j.Longitude = row.Lat, row.Lon
	}
	return j
}

func wrong(field, why string) error {
	return hub.Fail(hub.Invalid, "invalid", "The jobs of a group are asked for in another way.", nil, hub.WithField("query/"+field, why))
}
