package agenda

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Shift is when people work, by the clock on the wall. The zero value is never.
type Shift struct {
	spans  []span
	always bool
	uneven bool // days differ from each other
}

// span are the same hours of some days. One that ends before it begins, or as it
// begins, runs past midnight and belongs to the day on which it begins.
type span struct {
	on       days
	from, to int // minutes of the day; to is up to 24:00
}

// days are days of the week, by time.Weekday.
type days [7]bool

const wholeDay = 24 * 60

// ParseShift reads "Mon-Sat 06:00-20:00", and more of them with semicolons between:
// "Mon-Fri 06:00-20:00; Sat,Sun 08:00-12:00". Days are those of English or French,
// three letters at least; "always" is always, whatever ERPNext says of days; "" is
// never.
func ParseShift(text string) (Shift, error) {
	var s Shift
	if strings.EqualFold(strings.TrimSpace(text), "always") {
		return Shift{always: true}, nil
	}
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		on, hours, found := cutLast(part)
		if !found {
			return Shift{}, fmt.Errorf("%q is not written as Mon-Sat 06:00-20:00", part)
		}
		from, to, found := strings.Cut(hours, "-")
		if !found {
			return Shift{}, fmt.Errorf("%q are no hours like 06:00-20:00", hours)
		}
		var (
			one span
			err error
		)
		if one.on, err = parseDays(on); err != nil {
			return Shift{}, err
		}
		if one.from, err = clock(from); err != nil {
			return Shift{}, err
		}
		if one.to, err = clock(to); err != nil {
			return Shift{}, err
		}
		if one.from == wholeDay {
			return Shift{}, fmt.Errorf("nothing begins at %s", from)
		}
		s.uneven = s.uneven || len(s.spans) > 0 && s.spans[0].on != one.on
		s.spans = append(s.spans, one)
	}
	return s, nil
}

// cutLast cuts at the last blank: days may stand apart.
func cutLast(text string) (before, after string, found bool) {
	i := strings.LastIndexAny(text, " \t")
	if i < 0 {
		return "", "", false
	}
	return strings.TrimSpace(text[:i]), text[i+1:], true
}

// clock reads "06:00" as minutes of the day.
func clock(text string) (int, error) {
	h, m, found := strings.Cut(strings.TrimSpace(text), ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	at := hour*60 + minute
	if !found || err1 != nil || err2 != nil || hour < 0 || minute < 0 || minute > 59 || at > wholeDay {
		return 0, fmt.Errorf("%q is no time of the day like 06:00", text)
	}
	return at, nil
}

// parseDays reads "Mon-Sat", "Mon,Tue Wed", "lundi-vendredi", "1-5" (Monday is 1,
// Sunday 0 or 7) or ["Monday", "Tuesday"]; nothing is no day.
func parseDays(text string) (days, error) {
	var on days
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" ,\t\n[]\"'", r) }) {
		first, last, run := strings.Cut(part, "-")
		from, known := weekday(first)
		to := from
		if known && run {
			to, known = weekday(last)
		}
		if !known {
			return days{}, fmt.Errorf("%q are no days like Mon-Sat", part)
		}
		for on[from] = true; from != to; on[from] = true {
			from = (from + 1) % 7
		}
	}
	return on, nil
}

func weekday(text string) (time.Weekday, bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if n, err := strconv.Atoi(text); err == nil {
		return time.Weekday(((n % 7) + 7) % 7), n >= 0 && n <= 7
	}
	if len(text) < 3 {
		return 0, false
	}
	for i, names := range [7][2]string{
		{"sunday", "dimanche"}, {"monday", "lundi"}, {"tuesday", "mardi"}, {"wednesday", "mercredi"},
		{"thursday", "jeudi"}, {"friday", "vendredi"}, {"saturday", "samedi"},
	} {
		if strings.HasPrefix(names[0], text) || strings.HasPrefix(names[1], text) {
			return time.Weekday(i), true
		}
	}
	return 0, false
}

// covers tells whether people work at an instant, in the zone in which it is
// written. only, when given, are the days on which they do, whatever the shift says
// of days; where its days differ from each other, each has its own hours, and only
// leaves some out.
func (s Shift) covers(at time.Time, only *days) bool {
	minute := at.Hour()*60 + at.Minute()
	today := at.Weekday()
	yesterday := (today + 6) % 7
	for _, one := range s.spans {
		on := one.on
		if only != nil {
			on = only.within(on, s.uneven)
		}
		overnight := one.to <= one.from
		switch {
		case !overnight && on[today] && minute >= one.from && minute < one.to:
			return true
		case overnight && (on[today] && minute >= one.from || on[yesterday] && minute < one.to):
			return true
		}
	}
	return s.always
}

// within are these days, or only those of them that are among others.
func (d days) within(others days, limited bool) days {
	for i := range d {
		d[i] = d[i] && (!limited || others[i])
	}
	return d
}
