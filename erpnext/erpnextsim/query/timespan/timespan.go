// Package timespan knows the named time spans of Frappe's filters: "last 7 days",
// "this quarter". It calls nothing and remembers nothing.
package timespan

import "time"

// Around is the first and last day of a named time span around now, as YYYY-MM-DD.
// op is "timespan", "previous" or "next"; the latter two are other names of
// calendar periods.
func Around(op, name string, now time.Time) (from, to string, ok bool) {
	if op != "timespan" {
		long, known := map[string]string{
			"1 week": "week", "1 month": "month", "3 months": "quarter", "6 months": "6 months", "1 year": "year",
		}[name]
		if !known {
			return "", "", false
		}
		name = map[string]string{"previous": "last ", "next": "next "}[op] + long
	}
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	first, last, ok := span(today, name)
	return first.Format(time.DateOnly), last.Format(time.DateOnly), ok
}

// span knows the names that stand for days around today, and hands the longer
// ones to stretch.
func span(today time.Time, name string) (first, last time.Time, ok bool) {
	days := map[string][2]int{
		"today": {0, 0}, "yesterday": {-1, -1}, "tomorrow": {1, 1},
		"last 7 days": {-7, 0}, "last 14 days": {-14, 0}, "last 30 days": {-30, 0},
		"next 7 days": {0, 7}, "next 14 days": {0, 14}, "next 30 days": {0, 30},
	}
	if d, ok := days[name]; ok {
		return today.AddDate(0, 0, d[0]), today.AddDate(0, 0, d[1]), true
	}
	week := today.AddDate(0, 0, -int(today.Weekday()))
	weeks := map[string]int{"last week": -7, "this week": 0, "next week": 7}
	if d, ok := weeks[name]; ok {
		return week.AddDate(0, 0, d), week.AddDate(0, 0, d+6), true
	}
	return stretch(today, name)
}

// stretch knows the names that stand for whole months. Half a year is two quarters.
func stretch(today time.Time, name string) (first, last time.Time, ok bool) {
	month := today.AddDate(0, 0, 1-today.Day())
	quarter := month.AddDate(0, -(int(month.Month())-1)%3, 0)
	year := time.Date(today.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	known := map[string]struct {
		base          time.Time
		shift, months int
	}{
		"last month": {month, -1, 1}, "this month": {month, 0, 1}, "next month": {month, 1, 1},
		"last quarter": {quarter, -3, 3}, "this quarter": {quarter, 0, 3}, "next quarter": {quarter, 3, 3},
		"last 6 months": {quarter, -6, 6}, "next 6 months": {quarter, 3, 6},
		"last year": {year, -12, 12}, "this year": {year, 0, 12}, "next year": {year, 12, 12},
	}
	k, ok := known[name]
	if !ok {
		return first, last, false
	}
	first = k.base.AddDate(0, k.shift, 0)
	return first, first.AddDate(0, k.months, -1), true
}
