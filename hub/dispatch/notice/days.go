package notice

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

const mostRows = 2000

// planned is a job of the days, in the hub's words.
type planned struct {
	erpnext.DispatchJob
	Town   string `json:"place_city"` // where the customer lives, and no more of it
	wanted bool   // it shall be published
}

// days is the plan as it stands.
type days struct {
	jobs    []*planned // given to somebody and not final, in the order of the work
	crew    []*erpnext.DispatchTechnician
	skipped []Skipped
}

// fields are what is read of a job: who, when and what, and the town.
var fields = []string{
	"name", "modified", "status", "assigned_tech", "scheduled_date", "start_time", "route_order", "job_type", "published", "service_location",
	"service_location.city as place_city",
}

// days reads the jobs of the days and the technicians: two calls, and a third when
// jobs are named that are not among them.
func (n *Notices) days(ctx context.Context, o Order) (*days, error) {
	var rows []planned
	d := &days{skipped: []Skipped{}}
	work, in := errgroup.WithContext(ctx)
	work.Go(func() error {
		return n.ERPNext.List(in, erpnext.Query{
			Doctype: "Dispatch Job", Fields: fields, OrderBy: "scheduled_date asc, start_time asc, route_order asc, name asc", Limit: mostRows + 1,
			Filters: []erpnext.Filter{
				erpnext.Between("scheduled_date", o.From, o.To), erpnext.IsSet("assigned_tech"),
				erpnext.Where("status", "not in", n.Words.All(erpnext.JobCompleted, erpnext.JobCancelled)),
			},
		}, &rows)
	})
	work.Go(func() error {
		return n.ERPNext.List(in, erpnext.Query{Doctype: "Dispatch Technician", OrderBy: "name asc", Limit: mostRows}, &d.crew)
	})
	if err := work.Wait(); err != nil {
		return nil, fmt.Errorf("reading the days: %w", err)
	}
	if len(rows) > mostRows {
		return nil, hub.Fail(hub.Invalid, "invalid", "There are too many jobs on these days.", nil, hub.WithField("/to", "publish fewer days at a time"))
	}
	for i := range rows {
		n.Words.Read(&rows[i].DispatchJob)
		rows[i].wanted = o.wants(&rows[i].DispatchJob)
		d.jobs = append(d.jobs, &rows[i])
	}
	slices.SortStableFunc(d.jobs, func(a, b *planned) int { return a.Turn().Compare(b.Turn()) })
	if o.Technician != "" && !slices.ContainsFunc(d.crew, func(t *erpnext.DispatchTechnician) bool { return t.Name == o.Technician }) {
		return nil, wrong("technician", "there is no such technician")
	}
	return d, n.missing(ctx, o, d)
}

func (o Order) wants(job *erpnext.DispatchJob) bool {
	return (o.Technician == "" || job.AssignedTech == o.Technician) && (len(o.Jobs) == 0 || slices.Contains(o.Jobs, job.Name))
}

// missing says of the named jobs that are not among those of the days why not.
func (n *Notices) missing(ctx context.Context, o Order, d *days) error {
	missing := slices.DeleteFunc(slices.Clone(o.Jobs), func(name string) bool {
		return slices.ContainsFunc(d.jobs, func(job *planned) bool { return job.Name == name })
	})
	if len(missing) == 0 {
		return nil
	}
	rows, err := erpnext.ByNames[erpnext.DispatchJob](ctx, n.ERPNext, "Dispatch Job", missing...)
	if err != nil {
		return fmt.Errorf("reading the other work orders: %w", err)
	}
	for _, name := range missing {
		reason := "not-found"
		if i := slices.IndexFunc(rows, func(job erpnext.DispatchJob) bool { return job.Name == name }); i >= 0 {
			switch job := rows[i]; {
			case machine.Final(n.Words.In(job.Status)):
				reason = "final"
			case job.AssignedTech == "":
				reason = "unassigned"
			default:
				reason = "other-day"
			}
		}
		d.skipped = append(d.skipped, Skipped{Job: name, Reason: reason})
	}
	return nil
}

// concerned finds those whose days the order is about: who has the jobs, and who
// was told that he has them and has them no more.
func (n *Notices) concerned(ctx context.Context, o Order, d *days) ([]*person, error) {
	people := []*person{}
	for _, t := range d.crew {
		if o.Technician != "" && o.Technician != t.Name {
			continue
		}
		p := &person{DispatchTechnician: t}
		mine := o.Technician != ""
		for _, job := range d.jobs {
			if job.AssignedTech != t.Name {
				continue
			}
			mine = mine || job.wanted
			if bool(job.Published) {
				p.jobs = append(p.jobs, job)
			} else {
				p.drafts = append(p.drafts, job.Name)
			}
		}
		var err error
		if p.knew, _, err = n.recall(ctx, t.Name); err != nil {
			return nil, err
		}
		if mine || p.knew.owes(o, p) {
			people = append(people, p)
		}
	}
	return people, nil
}

// has tells whether the job is his on these days.
func (p *person) has(name string) bool {
	return slices.Contains(p.drafts, name) || slices.ContainsFunc(p.jobs, func(job *planned) bool { return job.Name == name })
}

// lost reads what became of the jobs that people were told of and do not have on
// these days any more: one call.
func (n *Notices) lost(ctx context.Context, people []*person) (map[string]erpnext.DispatchJob, error) {
	var names []string
	for _, p := range people {
		for name := range p.knew.Jobs {
			if !p.has(name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	rows, err := erpnext.ByNames[erpnext.DispatchJob](ctx, n.ERPNext, "Dispatch Job", slices.Compact(names)...)
	if err != nil {
		return nil, fmt.Errorf("reading the work orders of before: %w", err)
	}
	lost := map[string]erpnext.DispatchJob{}
	for _, job := range rows {
		n.Words.Read(&job)
		lost[job.Name] = job
	}
	return lost, nil
}

// tongues reads in which language the users of the technicians work. Nobody is
// left without a notice for it: French is understood.
func (n *Notices) tongues(ctx context.Context, people []*person) map[string]hub.Lang {
	var users []string
	for _, p := range people {
		if p.User != "" {
			users = append(users, p.User)
		}
	}
	var rows []struct {
		Name     string `json:"name"`
		Language string `json:"language"`
	}
	err := n.ERPNext.List(ctx, erpnext.Query{Doctype: "User", Filters: []erpnext.Filter{erpnext.In("name", users...)}, Limit: mostRows}, &rows)
	if err != nil {
		n.Log.WarnContext(ctx, "languages of technicians not readable, French taken", "err", err)
	}
	speak := map[string]hub.Lang{}
	for _, row := range rows {
		speak[row.Name] = hub.LangOf(row.Language)
	}
	return speak
}
