package pool

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
)

// place is where a page begins: behind a job of a day. The day is "" before the
// first one, and undated behind all days.
type place struct{ day, name string }

const undated = "-"

// placeOf reads a cursor, "2026-11-23/DJ-00012" or "-/DJ-00012".
func placeOf(cursor string) (place, error) {
	if cursor == "" {
		return place{}, nil
	}
	day, name, found := strings.Cut(cursor, "/")
	if !found || name == "" || day != undated && erpnext.Date(day).Time().IsZero() {
		return place{}, wrong("cursor", "not one of ours")
	}
	return place{day: day, name: name}, nil
}

// after is the cursor behind a job.
func after(j Job) string {
	if j.ScheduledDate == "" {
		return undated + "/" + j.Name
	}
	return string(j.ScheduledDate) + "/" + j.Name
}

// span is a part of the list: conditions that all hold, some of which one holds,
// and its order.
type span struct {
	all, either []erpnext.Filter
	order       string
}

// dawn is before all work; a condition on days without it would let those through
// that have none.
const dawn = "1970-01-01"

// dated are the jobs with a day behind the place.
func (p place) dated() span {
	s := span{order: "scheduled_date asc, name asc"}
	if p.day == "" {
		s.all = []erpnext.Filter{erpnext.Where("scheduled_date", ">=", dawn)}
		return s
	}
	s.all = []erpnext.Filter{erpnext.Where("scheduled_date", ">=", p.day)}
	s.either = []erpnext.Filter{erpnext.Where("scheduled_date", ">", p.day), erpnext.Where("name", ">", p.name)}
	return s
}

// undated are the jobs without a day behind the place.
func (p place) undated() span {
	s := span{order: "name asc", all: []erpnext.Filter{erpnext.IsEmpty("scheduled_date")}}
	if p.name != "" {
		s.all = append(s.all, erpnext.Where("name", ">", p.name))
	}
	return s
}
