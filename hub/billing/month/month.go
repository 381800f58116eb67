// Package month says what one service costs in one month: which days are paid
// for, at which price, and if nothing is due, why. It is a room of hub/billing:
// pure arithmetic on documents, exact, rounded once, to the cent, half away from
// zero. It has no routes and no events, calls no system and remembers nothing.
//
// A service that bills by the month pays for the days of the month on which it is
// active. One that bills by three, six or twelve months pays for all of them in the
// first month that begins on or after its start, in the months that lie so many
// apart from that one, and for nothing in the others; the days before its first
// whole month are paid in the month of the start. What a month has fewer of (a start or an end inside, a vacation,
// a suspension) is paid by the day: price × days ÷ days of that month.
package month

import (
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Month is a month of the calendar.
type Month struct {
	year  int
	month time.Month
}

// Parse reads "2026-05".
func Parse(text string) (Month, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil || t.Year() < 2000 {
		return Month{}, fmt.Errorf("reading month: %w", hub.Fail(hub.Invalid, "invalid", "The month is written like 2026-05.", err,
			hub.WithField("query/month", "expected YYYY-MM")))
	}
	return Month{t.Year(), t.Month()}, nil
}

// After is the month that follows an instant, as people read the calendar.
func After(t time.Time) Month {
	t = t.In(hub.Local())
	return Month{t.Year(), t.Month()}.Plus(1)
}

// Plus is the month n months on.
func (m Month) Plus(n int) Month {
	t := time.Date(m.year, m.month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	return Month{t.Year(), t.Month()}
}

// String writes "2026-05".
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", m.year, m.month) }

// First is the first day of the month.
func (m Month) First() erpnext.Date { return m.first().date() }

// Last is the last day of the month.
func (m Month) Last() erpnext.Date { return m.last().date() }

// Left tells how many days of the month are left on a day, itself included, and
// how many days the month has. A day of another month has all of them.
func (m Month) Left(from erpnext.Date) (left, of int) {
	of = int(m.last()-m.first()) + 1
	if d, known := read(from); known && m.first() <= d && d <= m.last() {
		return int(m.last()-d) + 1, of
	}
	return of, of
}

func (m Month) first() day { return dayOf(time.Date(m.year, m.month, 1, 0, 0, 0, 0, time.UTC)) }
func (m Month) last() day  { return m.Plus(1).first() - 1 }

// since counts the months from another one.
func (m Month) since(o Month) int { return (m.year-o.year)*12 + int(m.month) - int(o.month) }

// day counts days of the calendar; clocks and their changes play no part.
type day int

func dayOf(t time.Time) day { return day(t.Unix() / (24 * 60 * 60)) }

// read is the day that is written; ok is false when none is.
func read(d erpnext.Date) (day, bool) {
	t, err := time.Parse(time.DateOnly, string(d))
	return dayOf(t), err == nil
}

func (d day) time() time.Time    { return time.Unix(int64(d)*24*60*60, 0).UTC() }
func (d day) date() erpnext.Date { return erpnext.Date(d.time().Format(time.DateOnly)) }
func (d day) month() Month       { t := d.time(); return Month{t.Year(), t.Month()} }
