package schedule_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/schedule"
)

func toronto(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(hub.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

func ruleOf(t testing.TB, spec string) schedule.Rule {
	t.Helper()
	rule, err := schedule.ParseRule(spec, toronto(t))
	if err != nil {
		t.Fatalf("%s: %v", spec, err)
	}
	return rule
}

// walk lists the instants between two, each as people read it.
func walk(rule schedule.Rule, from, to time.Time) []string {
	list := []string{}
	for at := rule.Next(from); at.Before(to); at = rule.Next(at) {
		list = append(list, at.In(from.Location()).Format("01-02 15:04 MST"))
	}
	return list
}

// TestClockChanges goes through the hours around the changes of both years.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, spec, from string
		hours            int
		want             []string
	}{
		{"a time that does not exist", "30 2 * * *", "2027-03-13T12:00:00-05:00", 48, []string{"03-14 03:00 EDT", "03-15 02:30 EDT"}},
		{"two that do not exist", "15,45 2 * * *", "2027-03-14T00:00:00-05:00", 24, []string{"03-14 03:00 EDT"}},
		{"one that does not and the next that does", "0 2,3 * * *", "2027-03-14T00:00:00-05:00", 24, []string{"03-14 03:00 EDT"}},
		{"every other hour in spring", "0 */2 * * *", "2027-03-13T23:30:00-05:00", 6, []string{"03-14 00:00 EST", "03-14 03:00 EDT", "03-14 04:00 EDT", "03-14 06:00 EDT"}},
		{"half hours in spring", "*/30 * * * *", "2027-03-14T00:45:00-05:00", 3, []string{
			"03-14 01:00 EST", "03-14 01:30 EST", "03-14 03:00 EDT", "03-14 03:30 EDT", "03-14 04:00 EDT", "03-14 04:30 EDT",
		}},
		{"a time that exists twice, 2026", "30 1 * * *", "2026-10-31T12:00:00-04:00", 48, []string{"11-01 01:30 EDT", "11-02 01:30 EST"}},
		{"a time that exists twice, 2027", "30 1 * * *", "2027-11-06T12:00:00-04:00", 48, []string{"11-07 01:30 EDT", "11-08 01:30 EST"}},
		{"half hours in autumn", "*/30 * * * *", "2026-11-01T00:45:00-04:00", 3, []string{
			"11-01 01:00 EDT", "11-01 01:30 EDT", "11-01 01:00 EST", "11-01 01:30 EST", "11-01 02:00 EST", "11-01 02:30 EST",
		}},
		{"hourly in autumn 2027", "@hourly", "2027-11-07T00:30:00-04:00", 3, []string{"11-07 01:00 EDT", "11-07 01:00 EST", "11-07 02:00 EST"}},
		{"real time", "@every 45m", "2026-11-01T00:31:00-04:00", 3, []string{
			"11-01 01:15 EDT", "11-01 01:00 EST", "11-01 01:45 EST", "11-01 02:30 EST",
		}},
		{"asked in the second hour", "10,50 1 * * *", "2026-11-01T01:20:00-05:00", 24, []string{"11-02 01:10 EST"}},
		{"daily over both", "@daily", "2026-10-31T12:00:00-04:00", 60, []string{"11-01 00:00 EDT", "11-02 00:00 EST"}},
		{"weekly", "0 3 * * 0", "2027-03-08T00:00:00-05:00", 24 * 14, []string{"03-14 03:00 EDT", "03-21 03:00 EDT"}},
		{"monthly", "0 6 1 * *", "2026-10-15T00:00:00-04:00", 24 * 60, []string{"11-01 06:00 EST", "12-01 06:00 EST"}},
		{"the last day of February", "30 4 29 2 *", "2027-01-01T00:00:00-05:00", 24 * 365 * 2, []string{"02-29 04:30 EST"}},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		from = from.In(toronto(t))
		got := walk(ruleOf(t, c.spec), from, from.Add(time.Duration(c.hours)*time.Hour))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestRuleMovesForward tries any line that can be read at any instant of years
// with changes: the next instant lies after, nothing lies between, and a line
// that names hours comes once a day for each of them.
func TestRuleMovesForward(t *testing.T) {
	t.Parallel()
	zone := toronto(t)
	rapid.Check(t, func(rt *rapid.T) {
		spec := rapid.StringMatching(`(\*|\*/[1-9]|[1-5]?[0-9]) (\*|\*/[2-5]|[0-9]|1[0-9]) (\*|[1-9]) (\*) (\*|[0-6])`).Draw(rt, "spec")
		rule, err := schedule.ParseRule(spec, zone)
		if err != nil {
			rt.Fatalf("%s: %v", spec, err)
		}
		from := time.Unix(rapid.Int64Range(1780000000, 1830000000).Draw(rt, "from"), 0)
		first := rule.Next(from)
		between := from.Add(time.Duration(rapid.Float64Range(0, 1).Draw(rt, "part") * float64(first.Sub(from)-1)))
		if !first.After(from) || !rule.Next(between).Equal(first) {
			rt.Fatalf("%s: after %s comes %s, but after %s comes %s", spec, from, first, between, rule.Next(between))
		}
	})
}

func TestOncePerDay(t *testing.T) {
	t.Parallel()
	for hour := range 4 {
		spec := "30 " + time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC).Format("15") + " * * *"
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, toronto(t))
		days := map[string]int{}
		for at, rule := from, ruleOf(t, spec); at.Year() < 2028; at = rule.Next(at) {
			if at != from {
				days[at.In(toronto(t)).Format(time.DateOnly)]++
			}
		}
		for day, n := range days {
			if n != 1 {
				t.Errorf("%s came %d times on %s", spec, n, day)
			}
		}
		if len(days) != 730 {
			t.Errorf("%s came on %d days of two years", spec, len(days))
		}
	}
}

func TestRefusedRules(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{
		"", "* * * *", "* * * * * *", "61 * * * *", "CRON_TZ=UTC 0 0 * * *", "CRON_TZ=UTC", "TZ=", "@every", "@every x", "@reboot",
		"0 0 31 2 *", "*/0 * * * *", "a b c d e",
	} {
		if _, err := schedule.ParseRule(spec, time.UTC); err == nil {
			t.Errorf("%q was accepted", spec)
		}
	}
}
