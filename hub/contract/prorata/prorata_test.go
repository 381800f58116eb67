package prorata

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

func dollars(t rapid.TB, text string) hub.Money {
	t.Helper()
	m, err := hub.Dollars(text)
	if err != nil {
		t.Fatalf("%q is no amount: %v", text, err)
	}
	return m
}

func TestWorkedExamples(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		monthly, want, tps, tvq string
		start                   erpnext.Date
	}{
		{"39.95", "9.32", "0.47", "0.93", "2026-04-24"}, // 7 days of 30
		{"39.95", "0.00", "0.00", "0.00", "2026-04-01"}, // the monthly run bills whole months
		{"39.95", "1.33", "0.07", "0.13", "2026-04-30"}, // the last day
		{"39.95", "38.62", "1.93", "3.85", "2026-04-02"},
		{"39.95", "1.43", "0.07", "0.14", "2026-02-28"},     // 1 of 28
		{"39.95", "2.76", "0.14", "0.28", "2028-02-28"},     // 2 of 29
		{"39.95", "1.38", "0.07", "0.14", "2028-02-29"},     // 1 of 29
		{"39.95", "1.29", "0.06", "0.13", "2026-12-31"},     // 1 of 31
		{"39.95", "38.66", "1.93", "3.86", "2027-01-02"},    // 30 of 31
		{"-39.95", "-9.32", "-0.47", "-0.93", "2026-04-24"}, // a rebate mirrors its charge
		{"-10", "-2.33", "-0.12", "-0.23", "2026-04-24"},
		{"0", "0.00", "0.00", "0.00", "2026-04-24"},
		{"0.15", "0.04", "0.00", "0.00", "2026-04-24"}, // 0.035 goes up
		{"-0.15", "-0.04", "0.00", "0.00", "2026-04-24"},
		{"39.95", "0.00", "0.00", "0.00", ""},
		{"39.95", "0.00", "0.00", "0.00", "2026-02-30"},
	} {
		got := Of(dollars(t, c.monthly), c.start)
		if diff := cmp.Diff([]string{c.want, c.tps, c.tvq}, []string{got.String(), got.TPS().String(), got.TVQ().String()}); diff != "" {
			t.Errorf("%s from %s (-want +got):\n%s", c.monthly, c.start, diff)
		}
	}
}

func TestStartIsTomorrowInQuebec(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]erpnext.Date{
		"2026-04-23T15:00:00-04:00": "2026-04-24",
		"2026-04-23T23:30:00-04:00": "2026-04-24", // 24 April already in UTC
		"2026-04-24T03:30:00Z":      "2026-04-24",
		"2026-04-24T04:00:00Z":      "2026-04-25",
		"2026-03-08T01:59:00-05:00": "2026-03-09", // the clock goes forward: 23 hours
		"2026-03-07T23:30:00-05:00": "2026-03-08",
		"2026-03-08T23:30:00-04:00": "2026-03-09",
		"2026-10-31T23:30:00-04:00": "2026-11-01", // it goes back: 25 hours
		"2026-11-01T00:30:00-04:00": "2026-11-02",
		"2026-11-01T23:30:00-05:00": "2026-11-02",
		"2026-12-31T23:30:00-05:00": "2027-01-01",
		"2028-02-28T23:30:00-05:00": "2028-02-29",
	} {
		instant, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := Start(instant); got != want {
			t.Errorf("activated at %s it starts on %s, want %s", at, got, want)
		}
	}
}

func TestDaysAndPeriods(t *testing.T) {
	t.Parallel()
	for start, want := range map[erpnext.Date][]any{
		"2026-04-24": {7, 30, erpnext.Date("2026-04-30"), false},
		"2026-04-01": {30, 30, erpnext.Date("2026-04-30"), true},
		"2026-02-01": {28, 28, erpnext.Date("2026-02-28"), true},
		"2028-02-10": {20, 29, erpnext.Date("2028-02-29"), false},
		"2026-12-31": {1, 31, erpnext.Date("2026-12-31"), false},
		"":           {0, 0, erpnext.Date(""), false},
	} {
		left, of := Days(start)
		_, end := Period(start)
		if diff := cmp.Diff(want, []any{left, of, end, Whole(start)}); diff != "" {
			t.Errorf("%q (-want +got):\n%s", start, diff)
		}
	}
}

func TestMonthsEndWhereTheMonthDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		day, want erpnext.Date
		n         int
	}{
		{"2026-04-24", "2028-04-24", 24}, {"2026-01-31", "2026-02-28", 1}, {"2028-01-31", "2028-02-29", 1}, {"2026-12-15", "2027-01-15", 1},
		{"2028-02-29", "2029-02-28", 12}, {"2026-03-31", "2026-02-28", -1}, {"2026-04-24", "2026-04-24", 0}, {"", "", 1},
	} {
		if got := Months(c.day, c.n); got != c.want {
			t.Errorf("%d months after %q is %s, want %s", c.n, c.day, got, c.want)
		}
	}
}

func TestPromotions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		promo, want string
		ends        erpnext.Date
		monthly     string
	}{
		"for good":                        {"10", "6.99", "", "39.95"},           // 29.95 × 7 / 30
		"over the whole period":           {"10", "6.99", "2026-04-30", "39.95"}, //
		"beyond it":                       {"10", "6.99", "2027-04-30", "39.95"}, //
		"ends within":                     {"10", "8.32", "2026-04-26", "39.95"}, // 3 days of it
		"ends on the first day":           {"10", "8.99", "2026-04-24", "39.95"}, //
		"is over":                         {"10", "9.32", "2026-04-23", "39.95"}, //
		"none":                            {"0", "9.32", "", "39.95"},            //
		"written below zero":              {"-10", "6.99", "", "39.95"},          //
		"more than the price":             {"50", "0.00", "", "39.95"},           //
		"of a rebate makes it smaller":    {"4", "-1.40", "", "-10"},             // -6 × 7 / 30
		"more than the rebate":            {"40", "0.00", "2026-04-30", "-10"},   //
		"an end that cannot be read":      {"10", "9.32", "bientôt", "39.95"},    //
		"on a service that costs nothing": {"10", "0.00", "", "0"},               //
	} {
		price := Price{Monthly: dollars(t, c.monthly), Promo: dollars(t, c.promo), Ends: c.ends}
		if got := price.From("2026-04-24"); got.String() != c.want {
			t.Errorf("promotion %s: %s, want %s", name, got, c.want)
		}
	}
}

// exact rounds a fraction to cents, half away from zero.
func exact(r *big.Rat) string {
	cents := new(big.Rat).Mul(r, big.NewRat(100, 1))
	half := big.NewRat(1, 2)
	if cents.Sign() < 0 {
		half.Neg(half)
	}
	cents.Add(cents, half)
	whole := new(big.Int).Quo(cents.Num(), cents.Denom()) // towards zero
	return decimal.NewFromBigInt(whole, -2).StringFixed(2)
}

func rat(m hub.Money) *big.Rat { return m.Rat() }

// TestAgainstFractions compares every day of four years, a leap year among them,
// with exact fractions, at random prices and promotions.
func TestAgainstFractions(t *testing.T) {
	t.Parallel()
	dice := rand.New(rand.NewPCG(2026, 4))
	cents := func(digits int32) hub.Money {
		return hub.Money{Decimal: decimal.New(dice.Int64N(60001)-30000, -digits)}
	}
	for day := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2029; day = day.AddDate(0, 0, 1) {
		for range 2 {
			price := Price{Monthly: cents(2)}
			compare(t, price, day)
			price.Promo, price.Ends = cents(3), erpnext.Date(day.AddDate(0, 0, dice.IntN(45)-5).Format(time.DateOnly))
			compare(t, price, day)
		}
	}
}

// TestAnyPriceAndDay lets rapid look for a counterexample in a century.
func TestAnyPriceAndDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 36524).Draw(t, "day"))
		price := Price{
			Monthly: hub.Money{Decimal: decimal.New(rapid.Int64Range(-9e9, 9e9).Draw(t, "monthly"), -rapid.Int32Range(0, 4).Draw(t, "places"))},
			Promo:   hub.Money{Decimal: decimal.New(rapid.Int64Range(-9e7, 9e7).Draw(t, "promo"), -2)},
		}
		if rapid.Bool().Draw(t, "promotion ends") {
			price.Ends = erpnext.Date(day.AddDate(0, 0, rapid.IntRange(-3, 40).Draw(t, "ends")).Format(time.DateOnly))
		}
		compare(t, price, day)
	})
}

func compare(t rapid.TB, price Price, day time.Time) {
	t.Helper()
	end := time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -1)
	sum, whole := new(big.Rat), big.NewRat(int64(end.Day()), 1)
	for d := day; !d.After(end); d = d.AddDate(0, 0, 1) { // day by day, as nobody would
		one := rat(price.Monthly)
		if price.Ends == "" || d.Format(time.DateOnly) <= string(price.Ends) {
			off := new(big.Rat).Abs(rat(price.Promo))
			if limit := new(big.Rat).Abs(one); off.Cmp(limit) > 0 {
				off = limit
			}
			if one.Sign() < 0 {
				off.Neg(off)
			}
			one = new(big.Rat).Sub(one, off)
		}
		sum.Add(sum, one.Quo(one, whole))
	}
	start := erpnext.Date(day.Format(time.DateOnly))
	got := price.From(start)
	net, _ := new(big.Rat).SetString(exact(sum))
	want := []string{exact(sum), exact(new(big.Rat).Mul(net, big.NewRat(5, 100))), exact(new(big.Rat).Mul(net, big.NewRat(9975, 100000)))}
	if diff := cmp.Diff(want, []string{got.String(), got.TPS().String(), got.TVQ().String()}); diff != "" {
		t.Fatalf("%+v from %s (-exact +got):\n%s", price, start, diff)
	}
	if mirrored := (Price{Monthly: hub.Money{Decimal: price.Monthly.Neg()}, Promo: price.Promo, Ends: price.Ends}).From(start); !mirrored.Equal(got.Neg()) {
		t.Fatalf("%+v from %s is %s, its mirror %s", price, start, got, mirrored)
	}
}
