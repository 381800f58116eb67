package fee_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/fee"
)

// law is the ceiling in exact fractions, read anew from the rule: nothing is
// rounded, so a fee may not be above it by any part of a cent.
func law(f fee.Facts, elapsed, total int) *big.Rat {
	left := big.NewRat(int64(total-elapsed), 1)
	rebate, goods := new(big.Rat), false
	for _, b := range f.Benefits {
		if b.Kind != fee.GoodsRebate {
			continue
		}
		saved := b.Economy.Rat()
		if b.Economy.IsZero() {
			saved = new(big.Rat).Sub(b.RegularPrice.Rat(), b.GrantedPrice.Rat())
		}
		if saved.Sign() > 0 {
			goods = true
			rebate.Add(rebate, saved)
		}
	}
	if goods {
		return rebate.Mul(rebate, left).Quo(rebate, big.NewRat(int64(total), 1))
	}
	price := f.Monthly.Rat()
	if price.Sign() < 0 {
		price = new(big.Rat)
	}
	tenth := new(big.Rat).Mul(price, left)
	tenth.Quo(tenth, big.NewRat(10, 1))
	if fifty := big.NewRat(50, 1); tenth.Cmp(fifty) > 0 {
		return fifty
	}
	return tenth
}

// elapsed counts months day by day, as a person with a calendar would.
func elapsed(start, day time.Time, total int) int {
	n := 0
	for n < total {
		begins := time.Date(start.Year(), start.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		for begins.Day() < start.Day() && begins.AddDate(0, 0, 1).Month() == begins.Month() {
			begins = begins.AddDate(0, 0, 1)
		}
		if begins.After(day) {
			break
		}
		n++
	}
	return n
}

func TestResidentialFeeNeverPassesTheLaw(t *testing.T) {
	t.Parallel()
	cents := func(low, high int64) *rapid.Generator[hub.Money] {
		return rapid.Custom(func(t *rapid.T) hub.Money {
			return hub.Money{Decimal: decimal.New(rapid.Int64Range(low, high).Draw(t, "cents"), -2)}
		})
	}
	kinds := rapid.SampledFrom([]string{fee.GoodsRebate, fee.ServiceDiscount, fee.InstallWaiver, fee.Gift, ""})
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		start := first.AddDate(0, 0, rapid.IntRange(0, 1500).Draw(t, "start"))
		day := start.AddDate(0, 0, rapid.IntRange(-40, 1500).Draw(t, "day"))
		f := fee.Facts{
			Track: fee.Residential, Start: erpnext.Date(start.Format(time.DateOnly)), Months: rapid.IntRange(1, 60).Draw(t, "months"),
			Monthly: cents(-2000, 20000).Draw(t, "monthly"), InstallFee: cents(0, 50000).Draw(t, "install"),
		}
		for range rapid.IntRange(0, 4).Draw(t, "benefits") {
			f.Benefits = append(f.Benefits, erpnext.ContractBenefit{Kind: kinds.Draw(t, "kind"), Economy: cents(-5000, 50000).Draw(t, "economy"),
				RegularPrice: cents(0, 30000).Draw(t, "regular"), GrantedPrice: cents(0, 30000).Draw(t, "granted")})
		}
		rules := fee.Rules{Separate: rapid.Bool().Draw(t, "separate")}
		got, err := fee.Of(f, erpnext.Date(day.Format(time.DateOnly)), rules)
		if err != nil {
			t.Fatal(err)
		}
		n := elapsed(start, day, f.Months)
		if !got.Ended && got.Elapsed != n || got.Total != f.Months || got.Remaining < 0 {
			t.Fatalf("%d of %d elapsed, want %d", got.Elapsed, got.Total, n)
		}
		exact := law(f, got.Elapsed, got.Total)
		if got.FeeTotal.Rat().Cmp(exact) > 0 || got.LegalCap.Rat().Cmp(exact) > 0 || got.FeeTotal.GreaterThan(got.LegalCap.Decimal) {
			t.Fatalf("fee %s, cap %s, law %s", got.FeeTotal, got.LegalCap, exact.FloatString(6))
		}
		if got.FeeTotal.IsNegative() || got.LegalCap.IsNegative() || got.InstallDue.IsNegative() || !got.FeeBenefits.IsZero() {
			t.Fatalf("amounts: %+v", got)
		}
		if got.FeeTotal.GreaterThan(got.InstallBalance.Decimal) || got.Due().GreaterThan(f.InstallFee.Decimal) {
			t.Fatalf("more than what is open of the installation: %+v", got)
		}
	})
}

func TestCommercialFeeNeverPassesWhatRemains(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := fee.Facts{Track: fee.Commercial, Start: "2026-01-31", Months: rapid.IntRange(1, 60).Draw(t, "months"),
			Monthly: hub.Money{Decimal: decimal.New(rapid.Int64Range(-100, 30000).Draw(t, "monthly"), -2)}}
		saved := hub.Money{Decimal: decimal.New(rapid.Int64Range(-100, 90000).Draw(t, "economy"), -2)}
		f.Benefits = []erpnext.ContractBenefit{{Kind: fee.Gift, Economy: saved}}
		day := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 2000).Draw(t, "day"))
		got, err := fee.Of(f, erpnext.Date(day.Format(time.DateOnly)), fee.Rules{})
		if err != nil {
			t.Fatal(err)
		}
		most := decimal.Max(f.Monthly.Decimal, decimal.Zero).Mul(decimal.NewFromInt(int64(got.Remaining))).Add(decimal.Max(saved.Decimal, decimal.Zero))
		if got.LegalCap != nil || got.FeeTotal.IsNegative() || got.FeeTotal.GreaterThan(most) || got.Ended && !got.FeeTotal.IsZero() {
			t.Fatalf("fee %s of at most %s: %+v", got.FeeTotal, most, got)
		}
	})
}
