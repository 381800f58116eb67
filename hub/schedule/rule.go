package schedule

import (
	"errors"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// Rule says when a task is due: a cron line that is read in a zone.
//
// The clock change is treated as people expect it. A line whose hour field is
// free ("*/30 * * * *", @hourly) and @every count real time: they go on through
// the hour that exists twice, and lose nothing to the one that does not exist.
// Any other line names times of the day: one that does not exist on the day of
// the change (02:30 in spring) is due at the instant of the change, one that
// exists twice (01:30 in autumn) is due once, the first time.
type Rule struct {
	every time.Duration
	flows bool // the hour field is free
	line  *cron.SpecSchedule
	zone  *time.Location
}

// anyHour is the bit by which the parser marks a field that was a plain star.
const anyHour = 1 << 63

// ParseRule reads a cron line of five fields (minute, hour, day of the month,
// month, day of the week) or a descriptor (@daily, @every 90s, at least a
// second). A zone inside the line is refused, as is a line that is never due.
func ParseRule(spec string, zone *time.Location) (Rule, error) {
	if strings.Contains(spec, "TZ=") {
		return Rule{}, errors.New("the zone is a setting of its own, not a part of the line")
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	parsed, err := parser.Parse(strings.TrimSpace(spec))
	if err != nil {
		return Rule{}, errors.New("not a cron line: five fields, or @hourly, @daily, @weekly, @monthly, @yearly, @every 90s")
	}
	switch parsed := parsed.(type) {
	case cron.ConstantDelaySchedule:
		return Rule{every: parsed.Delay, zone: zone}, nil
	case *cron.SpecSchedule:
		r := Rule{line: parsed, zone: zone, flows: parsed.Hour&anyHour != 0}
		r.line.Location = time.UTC
		if r.flows {
			r.line.Location = zone
		}
		if r.Next(time.Date(2023, 6, 1, 0, 0, 0, 0, time.UTC)).IsZero() { // reaches a 29 February
			return Rule{}, errors.New("the line names a day that never comes")
		}
		return r, nil
	}
	return Rule{}, errors.New("not a cron line")
}

// Next returns the first due instant after the one given; zero when there is
// none for years. @every is counted from the epoch, not from the last run, so
// that all replicas mean the same instants.
func (r Rule) Next(after time.Time) time.Time {
	switch {
	case r.every > 0:
		epoch := time.Unix(0, 0)
		return epoch.Add(after.Sub(epoch).Truncate(r.every) + r.every).In(r.zone)
	case r.flows:
		return r.line.Next(after.In(r.zone))
	}
	for wall := asUTC(after.In(r.zone)); ; {
		wall = r.line.Next(wall)
		if wall.IsZero() {
			return wall
		}
		if at := instant(wall, r.zone); at.After(after) {
			return at
		}
	}
}

// asUTC gives what the clock on the wall shows the form of an instant.
func asUTC(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// instant finds when the clock on the wall of the zone shows what wall does as
// UTC: the first time when it does twice, the instant of the change when never.
func instant(wall time.Time, zone *time.Location) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	start, end := at.ZoneBounds()
	shown := asUTC(at)
	switch {
	case shown.Before(wall):
		return end
	case shown.After(wall):
		return start
	case start.IsZero():
		return at
	}
	_, now := at.Zone()
	_, before := start.Add(-time.Second).Zone()
	if first := at.Add(time.Duration(now-before) * time.Second); first.Before(at) && asUTC(first).Equal(wall) {
		return first
	}
	return at
}
