package life

import (
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
)

// rules say when nobody is suspended: support must be there for whoever pays at
// once and wants the service back.
type rules struct {
	friday   time.Duration // after midnight; below zero: no such rule
	holidays bool
	more     map[string]bool
}

// off in the settings switches a rule off.
const off = "off"

func (c Config) rules() (rules, error) {
	r := rules{friday: -1, holidays: !c.BeforeHolidays, more: map[string]bool{}}
	if c.FridayUntil != "" && c.FridayUntil != off {
		t, err := time.Parse("15:04", c.FridayUntil)
		if err != nil {
			return r, config.Wrong("friday_until", "must be a time like 12:00, or off")
		}
		r.friday = time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	for day := range strings.SplitSeq(c.Holidays, ",") {
		if day = strings.TrimSpace(day); day == "" {
			continue
		}
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return r, config.Wrong("holidays", "must be days like 2026-12-26 with commas between them")
		}
		r.more[day] = true
	}
	return r, nil
}

// forbids says in words why nobody is suspended at the instant; "" when it may be.
func (r rules) forbids(at time.Time) string {
	local := at.In(hub.Local())
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	switch tomorrow := local.AddDate(0, 0, 1); {
	case r.friday >= 0 && local.Weekday() == time.Friday && clock >= r.friday:
		return "Nobody is suspended on a Friday afternoon."
	case r.holidays && r.holiday(tomorrow):
		return "Nobody is suspended on the day before a holiday."
	}
	return ""
}

func (r rules) holiday(day time.Time) bool {
	return r.more[day.Format(time.DateOnly)] || statutory(day.Date())
}

// statutory tells the holidays of Quebec's labour standards, Good Friday and
// Easter Monday both, since either may be chosen, and Boxing Day, on which nobody
// answers.
func statutory(year int, month time.Month, day int) bool {
	weekday := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Weekday()
	switch month {
	case time.January:
		return day == 1 || day == 2
	case time.May: // the Monday before the 25th
		return weekday == time.Monday && day >= 18 && day <= 24
	case time.June:
		return day == 24
	case time.July:
		return day == 1
	case time.September: // the first Monday
		return weekday == time.Monday && day <= 7
	case time.October: // the second Monday
		return weekday == time.Monday && day >= 8 && day <= 14
	case time.December:
		return day == 25 || day == 26
	}
	if month != time.March && month != time.April {
		return false
	}
	sunday := easter(year)
	at := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	return at.Equal(sunday.AddDate(0, 0, -2)) || at.Equal(sunday.AddDate(0, 0, 1))
}

// easter is Easter Sunday in the Gregorian calendar (the computus of Meeus).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}
