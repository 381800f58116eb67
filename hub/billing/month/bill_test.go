package month_test

import (
	"fmt"
	"maps"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing/month"
)

func dollars(text string) hub.Money {
	m, err := hub.Dollars(text)
	if err != nil {
		panic(err)
	}
	return m
}

// active is an ordinary service; set changes it.
func active(price string, set func(*erpnext.ServiceSubscription)) *erpnext.ServiceSubscription {
	s := &erpnext.ServiceSubscription{
		Status: erpnext.StatusActive, MonthlyPrice: dollars(price), BillingCycle: erpnext.BilledMonthly, StartDate: "2024-01-15",
	}
	if set != nil {
		set(s)
	}
	return s
}

type sub = erpnext.ServiceSubscription

// rule is one of the run: a service in a month, and what is due.
type rule struct {
	month, price string
	set          func(*sub)
	drafted      bool
	want         string // "amount first last days" or the reason
}

// TestBill is every rule of the run.
func TestBill(t *testing.T) {
	t.Parallel()
	rules := states()
	maps.Copy(rules, prices())
	for name, test := range rules {
		m, err := month.Parse(test.month)
		if err != nil {
			t.Fatal(err)
		}
		line, reason, odd := m.Bill(active(test.price, test.set), test.drafted)
		got := string(reason)
		if reason == "" {
			got = fmt.Sprintf("%s %s %s %d", line.Amount.String(), line.Start, line.End, line.Days)
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
		if lacks := name == "without a start" || name == "without a cycle"; lacks != (len(odd) == 1) {
			t.Errorf("%s: odd is %v", name, odd)
		}
	}
}

// states are about days: April 2026 has 30 of them.
func states() map[string]rule {
	return map[string]rule{
		"all month":                     {"2026-04", "39.95", nil, false, "39.95 2026-04-01 2026-04-30 30"},
		"a leap February":               {"2028-02", "39.95", nil, false, "39.95 2028-02-01 2028-02-29 29"},
		"in time to come":               {"2026-04", "39.95", func(s *sub) { s.StartDate = "2026-05-01" }, false, "not-started"},
		"from the 24th":                 {"2026-04", "39.95", func(s *sub) { s.StartDate = "2026-04-24" }, false, "9.32 2026-04-24 2026-04-30 7"},
		"from the 24th, billed":         {"2026-04", "39.95", func(s *sub) { s.StartDate = "2026-04-24" }, true, "already-billed"},
		"from the 1st, a stray draft":   {"2026-04", "39.95", func(s *sub) { s.StartDate = "2026-04-01" }, true, "39.95 2026-04-01 2026-04-30 30"},
		"from the last day":             {"2026-04", "39.95", func(s *sub) { s.StartDate = "2026-04-30" }, false, "1.33 2026-04-30 2026-04-30 1"},
		"until the 10th":                {"2026-04", "30", func(s *sub) { s.EndDate = "2026-04-10" }, false, "10.00 2026-04-01 2026-04-10 10"},
		"from the 5th to the 10th":      {"2026-04", "30", func(s *sub) { s.StartDate, s.EndDate = "2026-04-05", "2026-04-10" }, false, "6.00 2026-04-05 2026-04-10 6"},
		"over":                          {"2026-04", "30", func(s *sub) { s.EndDate = "2026-03-31" }, false, "ended"},
		"over before it began":          {"2026-04", "30", func(s *sub) { s.StartDate, s.EndDate = "2026-04-20", "2026-04-10" }, false, "ended"},
		"cancelled inside":              {"2026-04", "30", func(s *sub) { s.Status, s.EndDate = erpnext.StatusCancelled, "2026-04-15" }, false, "15.00 2026-04-01 2026-04-15 15"},
		"cancelled, one date":           {"2026-04", "30", func(s *sub) { s.Status, s.CancellationDate = erpnext.StatusCancelled, "2026-04-15" }, false, "15.00 2026-04-01 2026-04-15 15"},
		"cancelled, no date":            {"2026-04", "30", func(s *sub) { s.Status = erpnext.StatusCancelled }, false, "ended"},
		"pending":                       {"2026-04", "30", func(s *sub) { s.Status = erpnext.StatusPending }, false, "pending"},
		"another word":                  {"2026-04", "30", func(s *sub) { s.Status = "Active" }, false, "unknown-status"},
		"suspended":                     {"2026-04", "30", func(s *sub) { s.Status, s.SuspendedOn = erpnext.StatusSuspended, "2026-03-12" }, false, "suspended"},
		"suspended, nobody knows since": {"2026-04", "30", func(s *sub) { s.Status = erpnext.StatusSuspended }, false, "suspended"},
		"suspended inside":              {"2026-04", "30", func(s *sub) { s.Status, s.SuspendedOn = erpnext.StatusSuspended, "2026-04-11" }, false, "10.00 2026-04-01 2026-04-10 10"},
	}
}

// prices are about vacations, promotions and cycles.
func prices() map[string]rule {
	return map[string]rule{
		"on vacation":             {"2026-04", "30", func(s *sub) { s.VacationFrom, s.VacationTo = "2026-03-01", "2026-05-31" }, false, "vacation"},
		"vacation without an end": {"2026-04", "30", func(s *sub) { s.VacationFrom = "2026-04-11" }, false, "10.00 2026-04-01 2026-04-10 10"},
		"vacation inside":         {"2026-04", "30", func(s *sub) { s.VacationFrom, s.VacationTo = "2026-04-11", "2026-04-20" }, false, "20.00 2026-04-01 2026-04-30 20"},
		"back from a vacation": {"2026-04", "30", func(s *sub) {
			s.Status, s.SuspendedOn, s.VacationFrom, s.VacationTo = erpnext.StatusSuspended, "2026-03-01", "2026-03-01", "2026-04-20"
		}, false, "10.00 2026-04-21 2026-04-30 10"},
		"on vacation, suspended": {"2026-04", "30", func(s *sub) {
			s.Status, s.SuspendedOn, s.VacationFrom, s.VacationTo = erpnext.StatusSuspended, "2026-03-01", "2026-03-01", "2026-05-20"
		}, false, "vacation"},
		"suspended, an old vacation": {"2026-04", "30", func(s *sub) {
			s.Status, s.SuspendedOn, s.VacationFrom, s.VacationTo = erpnext.StatusSuspended, "2026-03-01", "2025-03-01", "2025-05-20"
		}, false, "suspended"},
		"vacation over":                   {"2026-04", "30", func(s *sub) { s.VacationFrom, s.VacationTo = "2026-01-01", "2026-03-31" }, false, "30.00 2026-04-01 2026-04-30 30"},
		"free":                            {"2026-04", "0", nil, false, "no-price"},
		"a rebate":                        {"2026-04", "-5", nil, false, "-5.00 2026-04-01 2026-04-30 30"},
		"a rebate for a time":             {"2026-04", "-5", func(s *sub) { s.PromoEndDate = "2026-04-15" }, false, "-2.50 2026-04-01 2026-04-15 15"},
		"a rebate that is over":           {"2026-04", "-5", func(s *sub) { s.PromoEndDate = "2026-03-31" }, false, "promo-ended"},
		"a promotion for good":            {"2026-04", "39.95", func(s *sub) { s.PromoAmount = dollars("10") }, false, "29.95 2026-04-01 2026-04-30 30"},
		"a promotion, written below zero": {"2026-04", "39.95", func(s *sub) { s.PromoAmount = dollars("-10") }, false, "29.95 2026-04-01 2026-04-30 30"},
		"a promotion that ends inside":    {"2026-04", "30", func(s *sub) { s.PromoAmount, s.PromoEndDate = dollars("10"), "2026-04-15" }, false, "25.00 2026-04-01 2026-04-30 30"},
		"a promotion that is over":        {"2026-04", "30", func(s *sub) { s.PromoAmount, s.PromoEndDate = dollars("10"), "2026-03-31" }, false, "30.00 2026-04-01 2026-04-30 30"},
		"an end and no promotion":         {"2026-04", "30", func(s *sub) { s.PromoEndDate = "2026-03-31" }, false, "30.00 2026-04-01 2026-04-30 30"},
		"a promotion of all":              {"2026-04", "30", func(s *sub) { s.PromoAmount = dollars("35") }, false, "free"},
		"without a start":                 {"2026-04", "30", func(s *sub) { s.StartDate = "" }, false, "30.00 2026-04-01 2026-04-30 30"},
		"without a cycle":                 {"2026-04", "30", func(s *sub) { s.BillingCycle = "" }, false, "30.00 2026-04-01 2026-04-30 30"},
		"by the week":                     {"2026-04", "30", func(s *sub) { s.BillingCycle = "Weekly" }, false, "unknown-cycle"},
		"by the quarter":                  {"2026-04", "30", func(s *sub) { s.BillingCycle = erpnext.BilledQuarterly }, false, "not-its-month"},
		"by the quarter, another month":   {"2026-05", "30", func(s *sub) { s.BillingCycle = erpnext.BilledQuarterly }, false, "90.00 2026-05-01 2026-07-31 92"},
		"by the half year":                {"2026-08", "30", func(s *sub) { s.BillingCycle = erpnext.BilledSemiAnnual }, false, "180.00 2026-08-01 2027-01-31 184"},
		"by the year":                     {"2027-02", "10", func(s *sub) { s.BillingCycle = erpnext.BilledAnnual }, false, "120.00 2027-02-01 2028-01-31 365"},
		"by the year, from the 1st":       {"2027-01", "10", func(s *sub) { s.BillingCycle, s.StartDate = erpnext.BilledAnnual, "2024-01-01" }, false, "120.00 2027-01-01 2027-12-31 365"},
		"by the year, December's start":   {"2027-01", "10", func(s *sub) { s.BillingCycle, s.StartDate = erpnext.BilledAnnual, "2025-12-31" }, false, "120.00 2027-01-01 2027-12-31 365"},
		"by the year, another month":      {"2026-07", "10", func(s *sub) { s.BillingCycle = erpnext.BilledAnnual }, false, "not-its-month"},
		"by the year, from nowhere":       {"2026-07", "10", func(s *sub) { s.BillingCycle, s.StartDate = erpnext.BilledAnnual, "" }, false, "no-start"},
		"by the quarter, ends inside":     {"2026-05", "30", func(s *sub) { s.BillingCycle, s.EndDate = erpnext.BilledQuarterly, "2026-06-30" }, false, "60.00 2026-05-01 2026-06-30 61"},
		"by the quarter, month of start":  {"2026-04", "30", quarterlyFrom("2026-04-21"), false, "10.00 2026-04-21 2026-04-30 10"},
		"by the quarter, start billed":    {"2026-04", "30", quarterlyFrom("2026-04-21"), true, "already-billed"},
		"by the quarter, first whole one": {"2026-05", "30", quarterlyFrom("2026-04-21"), true, "90.00 2026-05-01 2026-07-31 92"},
		"by the quarter, paid ahead":      {"2026-06", "30", quarterlyFrom("2026-04-21"), false, "not-its-month"},
		"by the quarter, the second one":  {"2026-08", "30", quarterlyFrom("2026-04-21"), false, "90.00 2026-08-01 2026-10-31 92"},
		"by the quarter, from the 1st":    {"2026-04", "30", quarterlyFrom("2026-04-01"), false, "90.00 2026-04-01 2026-06-30 91"},
		"by the quarter, not before":      {"2026-03", "30", quarterlyFrom("2026-04-01"), false, "not-started"},
		"by the quarter, in November":     {"2027-02", "30", quarterlyFrom("2026-11-30"), false, "not-its-month"},
		"by the quarter, over the year":   {"2026-12", "30", quarterlyFrom("2026-11-30"), false, "90.00 2026-12-01 2027-02-28 90"},
		"by the quarter, gone at once": {"2026-04", "30", func(s *sub) {
			quarterlyFrom("2026-04-21")(s)
			s.EndDate = "2026-04-25"
		}, false, "5.00 2026-04-21 2026-04-25 5"},
	}
}

func quarterlyFrom(start erpnext.Date) func(*sub) {
	return func(s *sub) { s.BillingCycle, s.StartDate = erpnext.BilledQuarterly, start }
}

// TestNoDayIsPaidTwice: whatever the cycle and the start, a run of every month
// pays for every day from the start on once.
func TestNoDayIsPaidTwice(t *testing.T) {
	t.Parallel()
	for _, cycle := range []string{erpnext.BilledMonthly, erpnext.BilledQuarterly, erpnext.BilledSemiAnnual, erpnext.BilledAnnual} {
		for day := time.Date(2027, 11, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2029; day = day.AddDate(0, 0, 1) {
			if d := day.Day(); d > 3 && d < 27 && d != 15 {
				continue // the ends of months are where it goes wrong
			}
			start := erpnext.Date(day.Format(time.DateOnly))
			s := active("31", func(s *sub) { s.BillingCycle, s.StartDate = cycle, start })
			next := start
			for n := range 26 { // from the month before
				m, err := month.Parse(time.Date(day.Year(), day.Month()-1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, n, 0).Format("2006-01"))
				if err != nil {
					t.Fatal(err)
				}
				line, reason, _ := m.Bill(s, false)
				if reason == "" && line.Start != next {
					t.Fatalf("%s from %s: %s pays from %s, want %s", cycle, start, m, line.Start, next)
				}
				if reason == "" {
					end, _ := time.Parse(time.DateOnly, string(line.End))
					next = erpnext.Date(end.AddDate(0, 0, 1).Format(time.DateOnly))
				}
			}
			if next < erpnext.Date(day.AddDate(2, 0, 0).Format(time.DateOnly)) {
				t.Fatalf("%s from %s is paid until %s only", cycle, start, next)
			}
		}
	}
}

// TestExact compares with the sum over all days as fractions, for any dates.
func TestExact(t *testing.T) {
	t.Parallel()
	day := func(t *rapid.T, label string) (erpnext.Date, time.Time) {
		d := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 4*365).Draw(t, label))
		return erpnext.Date(d.Format(time.DateOnly)), d
	}
	rapid.Check(t, func(t *rapid.T) {
		s := active("1", nil)
		s.MonthlyPrice = dollars(fmt.Sprintf("%d.%02d", rapid.IntRange(-200, 200).Draw(t, "price"), rapid.IntRange(1, 99).Draw(t, "cents")))
		s.PromoAmount = dollars(fmt.Sprint(rapid.IntRange(0, 50).Draw(t, "promo")))
		var start, end, until time.Time
		s.StartDate, start = day(t, "start")
		if s.EndDate, end = day(t, "end"); rapid.Bool().Draw(t, "no end") {
			s.EndDate, end = "", start.AddDate(50, 0, 0)
		}
		if s.PromoEndDate, until = day(t, "promo end"); s.PromoAmount.IsZero() || rapid.Bool().Draw(t, "no promo end") {
			s.PromoEndDate, until = "", start.AddDate(50, 0, 0)
		}
		first := time.Date(2024, time.Month(rapid.IntRange(1, 48).Draw(t, "month")), 1, 0, 0, 0, 0, time.UTC)
		m, err := month.Parse(first.Format("2006-01"))
		if err != nil {
			t.Fatal(err)
		}
		want, last := new(big.Rat), first.AddDate(0, 1, -1)
		off := new(big.Rat).Set(s.PromoAmount.Rat())
		if off.Cmp(s.MonthlyPrice.Abs().Rat()) > 0 {
			off = s.MonthlyPrice.Abs().Rat()
		}
		if s.MonthlyPrice.IsNegative() {
			off.Neg(off)
		}
		for d := first; !d.After(last); d = d.AddDate(0, 0, 1) {
			if d.Before(start) || d.After(end) {
				continue
			}
			price := new(big.Rat).Set(s.MonthlyPrice.Rat())
			if !d.After(until) {
				price.Sub(price, off)
			}
			want.Add(want, price.Quo(price, big.NewRat(int64(last.Day()), 1)))
		}
		line, reason, _ := m.Bill(s, false)
		if reason != "" && want.Sign() != 0 {
			t.Fatalf("%s, and %s is due: %+v", reason, want.FloatString(4), s)
		}
		if want.FloatString(2) != line.Amount.String() && want.Sign() != 0 { // rounds half away from zero too
			t.Fatalf("%s, want %s: %+v", line.Amount, want.FloatString(6), s)
		}
	})
}

// TestMonths: how they are read, and which comes next for people in Quebec.
func TestMonths(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "2026", "2026-13", "2026-5", "05-2026", "2026-05-01", "1999-12", "2026-05 "} {
		if _, err := month.Parse(text); !hub.HasCode(err, "invalid") {
			t.Errorf("%q is read: %v", text, err)
		}
	}
	for at, want := range map[string]string{
		"2026-04-24T12:00:00Z": "2026-05", "2026-12-15T12:00:00Z": "2027-01", "2026-05-01T03:00:00Z": "2026-05", "2026-05-01T05:00:00Z": "2026-06",
	} {
		instant, err := time.Parse(time.RFC3339, at)
		if got := month.After(instant).String(); got != want || err != nil {
			t.Errorf("after %s comes %s, want %s", at, got, want)
		}
	}
	if m, err := month.Parse("2028-02"); err != nil || m.First() != "2028-02-01" || m.Last() != "2028-02-29" {
		t.Errorf("%v from %s to %s, %v", m, m.First(), m.Last(), err)
	}
}
