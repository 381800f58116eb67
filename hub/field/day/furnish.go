package day

import (
	"context"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// furnish makes work orders of rows, with everything around them.
func (d *Desk) furnish(ctx context.Context, technician string, rows []row) ([]Job, error) {
	out := make([]Job, 0, len(rows))
	if len(rows) == 0 {
		return out, nil
	}
	a, err := d.look(ctx, rows)
	if err != nil {
		return nil, err
	}
	zone, err := d.ERPNext.Zone(ctx)
	if err != nil {
		return nil, err
	}
	v := view{Desk: d, around: a, technician: technician, zone: zone, today: erpnext.DateOf(d.Now())}
	for i := range rows {
		rows[i].Status = d.States.In(rows[i].Status)
		out = append(out, v.job(&rows[i]))
	}
	if d.Shown != nil {
		d.Shown(ctx, technician, gather(rows, func(r row) string { return r.Name }))
	}
	return out, nil
}

// view is how one technician sees his work.
type view struct {
	*Desk
	*around
	technician string
	zone       *time.Location
	today      erpnext.Date
}

func (v *view) job(r *row) Job {
	final := erpnext.DispatchJob{Status: r.Status}.Final()
	j := Job{
		Name: r.Name, Modified: r.Modified, Role: "assistant", Late: !final && r.ScheduledDate != "" && r.ScheduledDate < v.today, Draft: !bool(r.Published),
		Subject: r.Subject, Description: r.Description, JobType: r.JobType, Priority: r.Priority, Status: r.Status, Steps: v.steps(r.Status),
		NeedsReason: v.NeedsReason != nil && v.NeedsReason(r.JobType),
		Date:        r.ScheduledDate, Start: clock(r.StartTime), End: ends(r.StartTime, r.DurationH), DurationH: r.DurationH, RouteOrder: r.RouteOrder,
		Began: instant(r.ActualStart, v.zone), Ended: instant(r.ActualEnd, v.zone),
		Customer: Customer{Name: r.Customer, Full: r.CustomerName}, Place: place(r), Contact: contact(r), Team: v.team(r), Pinned: pinned(r), Notes: v.notes(r.Name),
		Tags: v.tagsOf(r.Name), Checklist: v.checklist(r), Devices: v.devicesOf(r.Location), Equipment: v.handovers(r.Name), Materials: v.materialsOf(r.Name),
		Photos: v.photosOf(r.Name), Signed: r.Signature != "", AlsoHere: v.alsoHere(r), WaitsFor: v.waitsFor(r),
	}
	if r.Customer != "" {
		j.Customer.Lang = string(erpnext.Customer{Language: r.CustomerLang}.Contact().Lang)
	}
	if r.AssignedTech == v.technician {
		j.Role = "lead"
	}
	switch {
	case final:
		j.When = Done
	case r.ScheduledDate > v.today:
		j.When = Upcoming
	default:
		j.When = Today
	}
	j.Warnings = warnings(&j)
	return j
}

// steps are the states that a technician may choose now, in the order of the work.
func (v *view) steps(state string) []string {
	allowed, out := v.States.Next(state), []string{}
	for _, step := range []string{erpnext.JobEnRoute, erpnext.JobInProgress, erpnext.JobPaused, erpnext.JobCompleted} {
		if slices.Contains(allowed, step) {
			out = append(out, step)
		}
	}
	return out
}

// warnings are what to know before setting out.
func warnings(j *Job) []string {
	out := []string{}
	add := func(is bool, word string) {
		if is {
			out = append(out, word)
		}
	}
	open := j.When != Done
	add(j.Status == erpnext.JobCancelled, "cancelled")
	add(j.Late, "late")
	add(open && len(j.WaitsFor) > 0, "blocked")
	add(open && j.Draft, "draft")
	add(open && j.Place.Address == "" && j.Place.Geo == "", "no-address")
	add(open && j.Contact == nil, "no-phone")
	add(open && j.Status == erpnext.JobInProgress && j.Checklist.Missing > 0, "checklist-open")
	add(open && slices.ContainsFunc(j.AlsoHere, func(e Elsewhere) bool { return e.Doctype == doctype && !e.Mine }), "opens-elsewhere")
	return out
}

func (v *view) team(r *row) []Person {
	out := []Person{}
	add := func(id string, lead bool) {
		if id == "" || slices.ContainsFunc(out, func(p Person) bool { return p.Technician == id }) {
			return
		}
		p := Person{Technician: id, Name: id, Lead: lead}
		for _, who := range v.people {
			if who.Name == id && who.FullName != "" {
				p.Name = who.FullName
			}
		}
		out = append(out, p)
	}
	add(r.AssignedTech, true)
	for _, helper := range v.around.team {
		if helper.Parent == r.Name {
			add(helper.Technician, false)
		}
	}
	return out
}

func (v *view) alsoHere(r *row) []Elsewhere {
	out := []Elsewhere{}
	for _, o := range v.here {
		if r.Location != "" && o.Location == r.Location && o.Name != r.Name {
			out = append(out, Elsewhere{
				Doctype: doctype, Name: o.Name, Subject: o.Subject, Status: v.States.In(o.Status), Date: o.Date, Mine: o.AssignedTech == v.technician,
			})
		}
	}
	for _, o := range v.issues {
		if r.Location != "" && o.Location == r.Location && o.Name != r.SourceIssue {
			out = append(out, Elsewhere{Doctype: "Issue", Name: o.Name, Subject: o.Subject, Status: o.Status, Date: o.Date})
		}
	}
	return out
}

func (v *view) waitsFor(r *row) []Elsewhere {
	names := []string{}
	for _, w := range v.waits {
		if w.Parent == r.Name {
			names = append(names, w.Job)
		}
	}
	if r.DependsOn != "" && !slices.Contains(names, r.DependsOn) {
		names = append(names, r.DependsOn)
	}
	out := []Elsewhere{}
	for _, o := range v.ahead {
		if state := v.States.In(o.Status); slices.Contains(names, o.Name) && state != erpnext.JobCompleted {
			out = append(out, Elsewhere{
				Doctype: doctype, Name: o.Name, Subject: o.Subject, Status: state, Date: o.Date, Mine: o.AssignedTech == v.technician,
			})
		}
	}
	return out
}
