package query

import (
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// period is the first and last day of a named time span.
func period(op, name string, now time.Time) (from, to string, ok bool) {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, time.UTC)
	var first, last time.Time
	switch op {
	case "previous":
		first, last, ok = back(today, name), today, true
	case "next":
		first, last, ok = today, ahead(today, name), true
	default:
		first, last, ok = span(today, name)
	}
	if first.IsZero() || last.IsZero() {
		return "", "", false
	}
	return first.Format(time.DateOnly), last.Format(time.DateOnly), ok
}

func back(today time.Time, name string) time.Time {
	switch name {
	case "1 week":
		return today.AddDate(0, 0, -7)
	case "1 month":
		return today.AddDate(0, -1, 0)
	case "3 months":
		return today.AddDate(0, -3, 0)
	case "6 months":
		return today.AddDate(0, -6, 0)
	case "1 year":
		return today.AddDate(-1, 0, 0)
	}
	return time.Time{}
}

func ahead(today time.Time, name string) time.Time {
	before := back(today, name)
	if before.IsZero() {
		return before
	}
	years, months, days := 0, 0, 0
	switch name {
	case "1 week":
		days = 7
	case "1 month":
		months = 1
	case "3 months":
		months = 3
	case "6 months":
		months = 6
	case "1 year":
		years = 1
	}
	return today.AddDate(years, months, days)
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

// stretch knows the names that stand for whole months.
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
		"last 6 months": {month, -6, 6}, "next 6 months": {month, 1, 6},
		"last year": {year, -12, 12}, "this year": {year, 0, 12}, "next year": {year, 12, 12},
	}
	k, ok := known[name]
	if !ok {
		return first, last, false
	}
	first = k.base.AddDate(0, k.shift, 0)
	return first, first.AddDate(0, k.months, -1), true
}

func (b *builder) between(c column, v any) (string, error) {
	list := items(v)
	today := b.s.Today()
	for len(list) < 2 {
		list = append(list, today)
	}
	from, err := b.bound(c, list[0])
	if err != nil {
		return "", err
	}
	to, err := b.bound(c, list[1])
	if err != nil {
		return "", err
	}
	timed := c.field != nil && c.field.Type == "Datetime" || c.name == "creation" || c.name == "modified"
	if end := meta.Text(list[1]); timed && len(strings.TrimSpace(end)) == len(time.DateOnly) {
		to = strings.TrimSpace(end) + " 23:59:59.999999"
	}
	b.args = append(b.args, from, to)
	return c.sql + " BETWEEN ? AND ?", nil
}

// tree compares with the branch of a tree above or below a node.
func (b *builder) tree(c column, op, node string) (string, error) {
	target := c.owner
	if c.field != nil && c.field.Type == "Link" {
		target = b.s.Set.Get(c.field.Options)
	}
	if target == nil || !target.Tree {
		return "", exception.Raise("OperationalError", `(1054, "Unknown column 'lft' in 'field list'")`)
	}
	table := store.Table(target.Name)
	inside := "t.lft > n.lft AND t.rgt < n.rgt"
	switch {
	case strings.Contains(op, "ancestors"):
		inside = "t.lft < n.lft AND t.rgt > n.rgt"
	case strings.Contains(op, "inclusive"):
		inside = "t.lft >= n.lft AND t.rgt <= n.rgt"
	}
	in := " IN "
	if strings.HasPrefix(op, "not ") {
		in = " NOT IN "
	}
	b.args = append(b.args, node)
	return b.safe(c) + in + "(SELECT t.name FROM " + table + " t, " + table + " n WHERE n.name = ? AND " + inside + ")", nil
}
