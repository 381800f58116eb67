package main

import (
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing/month"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
)

// TestTheSameCents: for the part of a month in which a service starts the dry run
// comes to what the activation invoices, on every day of four years, whatever the
// price, the promotion and the cycle.
func TestTheSameCents(t *testing.T) {
	t.Parallel()
	amount := func(text string) hub.Money {
		m, err := hub.Dollars(text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	var offers []erpnext.ServiceSubscription
	for _, price := range []string{"39.95", "-10", "0.15", "79.99", "-0.01", "125.005"} {
		for _, promo := range []string{"0", "10", "-2.345", "500"} {
			for _, cycle := range []string{erpnext.BilledMonthly, erpnext.BilledQuarterly, erpnext.BilledSemiAnnual, erpnext.BilledAnnual} {
				offers = append(offers, erpnext.ServiceSubscription{
					Status: erpnext.StatusActive, MonthlyPrice: amount(price), PromoAmount: amount(promo), BillingCycle: cycle,
				})
			}
		}
	}
	for n, day := 0, time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2029; n, day = n+1, day.AddDate(0, 0, 1) {
		for i := n % 4; i < len(offers); i += 4 + n%2 {
			s := offers[i]
			s.StartDate = erpnext.Date(day.Format(time.DateOnly))
			if i%3 > 0 && !s.PromoAmount.IsZero() { // a promotion that is over, ends within, or later
				s.PromoEndDate = prorata.Shift(s.StartDate, (n+i)%40-4)
			}
			compareCents(t, s)
		}
	}
}

// compareCents compares one service in the month of its start.
func compareCents(t *testing.T, s erpnext.ServiceSubscription) {
	t.Helper()
	m, err := month.Parse(string(s.StartDate[:7]))
	if err != nil {
		t.Fatal(err)
	}
	line, reason, _ := m.Bill(&s, false)
	if prorata.Whole(s.StartDate) && s.BillingCycle != erpnext.BilledMonthly {
		return // the whole first cycle: the activation invoices nothing
	}
	want := prorata.Price{Monthly: s.MonthlyPrice, Promo: s.PromoAmount, Ends: s.PromoEndDate}.From(s.StartDate)
	if reason != "" && reason != month.Free || !line.Amount.Equal(want.Decimal) {
		t.Fatalf("the dry run of %s comes to %s (%s), the activation to %s: %+v", m, line.Amount, reason, want, s)
	}
	if from, to := prorata.Period(s.StartDate); reason == "" && (line.Start != from || line.End != to) {
		t.Fatalf("the dry run pays from %s to %s, the activation from %s to %s", line.Start, line.End, from, to)
	}
	if _, reason, _ := m.Bill(&s, true); !prorata.Whole(s.StartDate) && reason != month.AlreadyBilled {
		t.Fatalf("%s from %s is billed twice: %q", s.BillingCycle, s.StartDate, reason)
	}
}
