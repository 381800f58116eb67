// Package prorata says what a part of a month costs: a service that begins
// today plus one is paid from that day to the end of the month, by the day. All
// of it is exact arithmetic on hub.Money; only the last step rounds, to the cent,
// half away from zero, so that a rebate mirrors the charge it goes with.
//
// It has no routes and no events, calls no system and remembers nothing.
package prorata

import (
	"time"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Start is the first day that is paid for: the day after the instant, as people
// in Quebec read the calendar. The day of the activation is a courtesy.
func Start(activated time.Time) erpnext.Date { return After(erpnext.DateOf(activated)) }

// After is the day after a day; "" has none. Days are counted on the calendar,
// not in hours, so the days on which the clock changes are days like others.
func After(day erpnext.Date) erpnext.Date { return Shift(day, 1) }

// Shift is the day n days after a day, before it when n is below zero; "" has none.
func Shift(day erpnext.Date, n int) erpnext.Date {
	t, ok := calendar(day)
	if !ok {
		return ""
	}
	return written(t.AddDate(0, 0, n))
}

// Days tells how many days of its month are left, the day itself included, and
// how many days the month has; zeros when the day is none.
func Days(start erpnext.Date) (left, of int) {
	t, ok := calendar(start)
	if !ok {
		return 0, 0
	}
	of = last(t).Day()
	return of - t.Day() + 1, of
}

// Period is from the day to the end of its month.
func Period(start erpnext.Date) (from, to erpnext.Date) {
	t, ok := calendar(start)
	if !ok {
		return "", ""
	}
	return start, written(last(t))
}

// Whole tells that the period is a whole month, which the monthly run bills: a
// service that starts on the 1st has no part of a month.
func Whole(start erpnext.Date) bool {
	t, ok := calendar(start)
	return ok && t.Day() == 1
}

// Of is what the days from start to the end of its month cost at a monthly price,
// to the cent: price × days left ÷ days of the month. It is nothing when the
// month is whole, or the day is none.
func Of(monthly hub.Money, start erpnext.Date) hub.Money {
	if Whole(start) {
		return hub.Money{}
	}
	return Price{Monthly: monthly}.From(start)
}

// Price is what a service costs a month, and what is taken off for a time.
type Price struct {
	Monthly hub.Money
	Promo   hub.Money    // taken off every month; the sign in which it is written does not matter
	Ends    erpnext.Date // the last day of the promotion; "" is for good
}

// From is what the days from start to the end of its month cost, to the cent. A
// promotion that ends within is taken off for its own days only.
func (p Price) From(start erpnext.Date) hub.Money {
	left, of := Days(start)
	if of == 0 {
		return hub.Money{}
	}
	total := p.Monthly.Mul(decimal.NewFromInt(int64(left)))
	total = total.Sub(p.off().Mul(decimal.NewFromInt(int64(p.promoted(start, left)))))
	return hub.Money{Decimal: total.DivRound(decimal.NewFromInt(int64(of)), 2)}
}

// off is what the promotion takes off a month, towards zero and never past it: a
// rebate's promotion, like a charge's, makes the amount smaller.
func (p Price) off() decimal.Decimal {
	off := decimal.Min(p.Promo.Abs(), p.Monthly.Abs())
	if p.Monthly.IsNegative() {
		return off.Neg()
	}
	return off
}

// promoted counts the days from start, left at most, that the promotion covers.
func (p Price) promoted(start erpnext.Date, left int) int {
	if p.Ends == "" {
		return left
	}
	first, ok := calendar(start)
	until, known := calendar(p.Ends)
	if !ok || !known {
		return 0
	}
	return min(left, max(0, int(until.Sub(first).Hours()/24)+1))
}

// calendar reads a day without a zone, where every day has 24 hours.
func calendar(day erpnext.Date) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, string(day))
	return t, err == nil
}

func last(t time.Time) time.Time { return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC) }

func written(t time.Time) erpnext.Date { return erpnext.Date(t.Format(time.DateOnly)) }

// Months is the same day n months on, or the last of its month where that is
// shorter: a month after 31 January is the end of February. "" has none.
func Months(day erpnext.Date, n int) erpnext.Date {
	t, ok := calendar(day)
	if !ok {
		return ""
	}
	end := last(time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC))
	return written(end.AddDate(0, 0, min(t.Day(), end.Day())-end.Day()))
}
