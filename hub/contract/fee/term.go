package fee

import (
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// term is the time that was agreed upon. No months is a contract without a term.
type term struct {
	start  time.Time
	end    time.Time // as written; zero when it is not
	months int
}

// termOf reads the term. Of beginning, end and number of months, any two tell the
// third.
func termOf(f Facts) (term, error) {
	start, begins := calendar(f.Start)
	end, ends := calendar(f.End)
	months := max(0, f.Months)
	switch {
	case months == 0 && !ends:
		return term{}, nil
	case !begins && (months == 0 || !ends):
		return term{}, hub.Fail(hub.Invalid, "fee-undated", "The contract has a term, but nobody wrote when it begins.", nil,
			hub.WithField("/contract", "its start_date is empty; write it first"))
	case !begins:
		start = addMonths(end, -months)
	case months == 0:
		months = monthsUntil(start, end)
	}
	return term{start: start, end: end, months: months}, nil
}

// monthsUntil is how many months, the last one possibly not whole, lie between.
func monthsUntil(start, end time.Time) int {
	if !end.After(start) {
		return 0
	}
	n := (end.Year()-start.Year())*12 + int(end.Month()-start.Month())
	if addMonths(start, n).Before(end) {
		n++
	}
	return n
}

// elapsed counts the months that have begun on the day, that of the day included.
func (t term) elapsed(day time.Time) int {
	if day.Before(t.start) {
		return 0
	}
	n := (day.Year()-t.start.Year())*12 + int(day.Month()-t.start.Month())
	if !addMonths(t.start, n).After(day) {
		n++
	}
	return min(n, t.months)
}

// over tells that nothing is left of the term on the day.
func (t term) over(day time.Time) bool {
	return !day.Before(addMonths(t.start, t.months)) || !t.end.IsZero() && day.After(t.end)
}

// addMonths goes n months further; where the month is too short, to its last day.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// calendar reads a day without a zone, where every day has 24 hours.
func calendar(day erpnext.Date) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, string(day))
	return t, err == nil
}
