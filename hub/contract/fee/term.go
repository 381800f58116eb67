package fee

import (
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
)

// term is the time that was agreed upon. No months is a contract without a term.
type term struct {
	start  erpnext.Date
	end    erpnext.Date // as written; "" when it is not
	months int
}

// termOf reads the term. Of beginning, end and number of months, any two tell the
// third.
func termOf(f Facts) (term, error) {
	t := term{start: f.Start, end: f.End, months: max(0, f.Months)}
	switch {
	case t.months == 0 && t.end == "":
		return term{}, nil
	case t.start == "" && (t.months == 0 || t.end == ""):
		return term{}, hub.Fail(hub.Invalid, "fee-undated", "The contract has a term, but nobody wrote when it begins.", nil,
			hub.WithField("/contract", "its start_date is empty; write it first"))
	case t.start == "":
		t.start = prorata.Months(t.end, -t.months)
	case t.months == 0:
		t.months = monthsUntil(t.start, t.end)
	}
	return t, nil
}

// monthsUntil is how many months, the last one possibly not whole, lie between.
func monthsUntil(start, end erpnext.Date) int {
	if end <= start {
		return 0
	}
	n := apart(start, end)
	if prorata.Months(start, n) < end {
		n++
	}
	return n
}

// elapsed counts the months that have begun on the day, that of the day included.
func (t term) elapsed(day erpnext.Date) int {
	if day < t.start {
		return 0
	}
	n := apart(t.start, day)
	if prorata.Months(t.start, n) <= day {
		n++
	}
	return min(n, t.months)
}

// over tells that nothing is left of the term on the day.
func (t term) over(day erpnext.Date) bool {
	return day >= prorata.Months(t.start, t.months) || t.end != "" && day > t.end
}

// apart is how many pages of the calendar lie between two days.
func apart(from, to erpnext.Date) int {
	a, b := from.Time(), to.Time()
	return (b.Year()-a.Year())*12 + int(b.Month()-a.Month())
}
