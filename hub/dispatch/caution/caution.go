// Package caution tells dispatchers what they may not have seen when they gave work
// to somebody: another visit at the same time, too long a day. It forbids nothing,
// and what it cannot find out it does not say.
//
// Routes, events: none. Systems called: ERPNext (Dispatch Job, read only).
// Remembers: nothing.
package caution

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// Warning is something that a dispatcher may not have seen.
type Warning struct {
	Code   string   `json:"code" enum:"overlap,day-too-long,other-group,technician-away,day-past,draft"`
	Detail string   `json:"detail"`
	Jobs   []string `json:"jobs,omitempty" doc:"overlap: the visits at that time"`
}

// The codes of warnings.
const (
	Overlap    = "overlap"         // another visit of the technician at that time
	TooLong    = "day-too-long"    // more hours than the technician works in a day
	OtherGroup = "other-group"     // the job waits for a group that he is not of
	Away       = "technician-away" // his state is paused or off
	Past       = "day-past"
	Draft      = "draft" // it was published, and is so no more
)

const (
	mostRows = 5000
	patience = 3 * time.Second // nobody waits long for a warning
)

// Lookout looks at plans.
type Lookout struct {
	erp   *erpnext.Client
	words machine.Words
	now   func() time.Time
	log   *slog.Logger
}

// New makes a lookout.
func New(erp *erpnext.Client, words machine.Words, now func() time.Time, log *slog.Logger) *Lookout {
	return &Lookout{erp: erp, words: words, now: now, log: log}
}

// visit is a job of a technician's day, with what of him matters.
type visit struct {
	Name       string       `json:"name"`
	Technician string       `json:"assigned_tech"`
	Date       erpnext.Date `json:"scheduled_date"`
	Start      string       `json:"start_time"`
	Duration   float64      `json:"duration_h"`
	Status     string       `json:"status"`
	Hours      float64      `json:"person_hours"`
	Group      string       `json:"person_group"`
	State      string       `json:"person_state"`
}

// Unpublished is the warning about a job that was published until it was moved.
func Unpublished() Warning {
	return Warning{Code: Draft, Detail: "It is a draft now: publish it, then the technician is told."}
}

// Look says what is odd about jobs as they stand now, by name: one call to ERPNext,
// whatever their number, and none for jobs that nobody has.
func (l *Lookout) Look(ctx context.Context, jobs ...*erpnext.DispatchJob) map[string][]Warning {
	days, err := l.days(ctx, jobs)
	if err != nil {
		l.log.WarnContext(ctx, "assignments not looked over", "jobs", len(jobs), "err", err)
	}
	warnings, today := map[string][]Warning{}, erpnext.DateOf(l.now())
	for _, job := range jobs {
		var found []Warning
		if job.ScheduledDate != "" && job.ScheduledDate < today {
			found = append(found, Warning{Code: Past, Detail: fmt.Sprintf("The day %s is over.", job.ScheduledDate)})
		}
		if job.AssignedTech != "" {
			found = append(found, ofPerson(job, days)...)
			found = append(found, ofDay(job, days)...)
		}
		warnings[job.Name] = found
	}
	return warnings
}

// days reads what the technicians of the jobs have on those days.
func (l *Lookout) days(ctx context.Context, jobs []*erpnext.DispatchJob) (visits []visit, err error) {
	var people, dates []string
	for _, job := range jobs {
		if job.AssignedTech != "" {
			people, dates = append(people, job.AssignedTech), append(dates, string(job.ScheduledDate))
		}
	}
	if len(people) == 0 {
		return nil, nil
	}
	slices.Sort(people)
	slices.Sort(dates)
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	err = l.erp.List(ctx, erpnext.Query{
		Doctype: "Dispatch Job", OrderBy: "scheduled_date asc, start_time asc, name asc", Limit: mostRows,
		Fields: []string{
			"name", "assigned_tech", "scheduled_date", "start_time", "duration_h", "status", "assigned_tech.max_daily_hours as person_hours",
			"assigned_tech.assigned_group as person_group", "assigned_tech.status as person_state",
		},
		Filters: []erpnext.Filter{
			erpnext.In("assigned_tech", slices.Compact(people)...), erpnext.In("scheduled_date", slices.Compact(dates)...),
			erpnext.Where("status", "not in", l.words.All(erpnext.JobCancelled)),
		},
	}, &visits)
	for i := range visits {
		visits[i].Status = l.words.In(visits[i].Status)
	}
	return visits, err
}
