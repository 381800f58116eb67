// Package fee says what it costs to end a contract before its term. All of it is
// exact arithmetic on facts; nothing is read or written.
//
// A residential customer is protected by Quebec's consumer law. Whoever had a
// rebate on goods that the service needs (a modem, a router) owes at most what is
// left of that rebate, which melts evenly from the first month to the last.
// Everybody else owes at most the lesser of 50 $ and 10 % of the price of the
// services not yet supplied; a rebate on the price of the service itself changes
// nothing in that. A month that has begun counts as elapsed. Below that ceiling
// the house asks only for what is open of an installation that it financed:
// promotions and gifts are never taken back.
//
// A commercial customer owes the payments of the months that are left and what is
// left of the benefits.
//
// All amounts, the ceiling too, are before tax. What is charged for the end of a
// taxable service is taxed like the service: TPS and TVQ come on top of it, on the
// invoice.
//
// It has no routes and no events, calls no system and remembers nothing.
package fee

import (
	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// The tracks.
const (
	Residential = "residential"
	Commercial  = "commercial"
)

// The kinds of benefits, as the rows of a contract spell them.
const (
	GoodsRebate     = erpnext.BenefitGoods
	ServiceDiscount = erpnext.BenefitService
	InstallWaiver   = erpnext.BenefitInstall
	Gift            = erpnext.BenefitGift
)

// Rules are what the owner decides.
type Rules struct {
	// Separate makes the open part of a financed installation a debt of its own,
	// beside the fee and not under its ceiling. Unset, the ceiling covers it.
	Separate bool
	// InstallMonths is in how many months an installation is paid off: 240 $ at
	// 10 $ a month and 120 $ at 5 $ are both 24. 24 when 0.
	InstallMonths int
}

// Facts are what the contract says.
type Facts struct {
	Track        string // Residential or Commercial
	Start, End   erpnext.Date
	Months       int // agreed; 0 and no End is a contract without a term
	Monthly      hub.Money
	InstallFee   hub.Money // financed by the house
	NotInstalled bool      // so nothing of it is owed
	Over         bool      // the contract has run its course, whatever its dates say
	Benefits     []erpnext.ContractBenefit
}

// Fee is what ending the contract on a day costs.
type Fee struct {
	Track          string
	Total          int // months agreed
	Elapsed        int // months begun
	Remaining      int // months not begun
	GoodsResidual  hub.Money
	NoGoodsCap     hub.Money
	InstallBalance hub.Money // open of the financed installation
	InstallDue     hub.Money // of that, what is asked for beside the fee
	CommercialLeft hub.Money // payments of the months not begun
	LegalCap       *hub.Money
	FeeBenefits    hub.Money
	FeeRemaining   hub.Money
	FeeTotal       hub.Money // FeeBenefits + FeeRemaining; never above LegalCap
	Ended, NoTerm  bool
	Capped, NotYet bool // the ceiling took something off; the day is before the first
	GoodsRebated   bool
}

// Due is all that is asked for: the fee and the debt beside it.
func (f Fee) Due() hub.Money { return f.FeeTotal.Plus(f.InstallDue) }

// Written is the fee that a person has written on a contract, of which a part may be
// for benefits. It never passes the ceiling of the law.
func (f Fee) Written(benefits, total hub.Money) Fee {
	sum := notBelowZero(total.Decimal)
	if f.LegalCap != nil {
		sum = decimal.Min(sum, f.LegalCap.Decimal)
	}
	part := decimal.Min(notBelowZero(benefits.Decimal), sum)
	f.FeeTotal, f.FeeBenefits, f.FeeRemaining = hub.Money{Decimal: sum}, hub.Money{Decimal: part}, hub.Money{Decimal: sum.Sub(part)}
	f.Capped, f.InstallDue = sum.LessThan(total.Decimal), hub.Money{}
	return f
}

// The ceiling of the law without a rebate on goods.
var (
	flatCap = decimal.NewFromInt(50)
	share   = decimal.RequireFromString("0.1")
)

// Of computes the fee of ending the contract on the day. A term whose beginning
// nobody knows is refused (fee-undated).
func Of(facts Facts, on erpnext.Date, rules Rules) (Fee, error) {
	f := Fee{Track: facts.Track}
	if on.Time().IsZero() {
		return f, hub.Fail(hub.Invalid, "invalid", "The date is no day of the calendar.", nil, hub.WithField("/date", "write YYYY-MM-DD"))
	}
	if facts.Track == Residential {
		f.LegalCap = &hub.Money{}
	}
	if facts.Over {
		f.Ended = true
		return f, nil
	}
	term, err := termOf(facts)
	if err != nil || term.months == 0 {
		f.NoTerm = err == nil
		return f, err
	}
	f.Total, f.NotYet = term.months, on < term.start
	f.Elapsed, f.Ended = term.elapsed(on), term.over(on)
	if f.Ended {
		f.Elapsed = f.Total
	}
	f.Remaining = f.Total - f.Elapsed
	f.amounts(facts, rules)
	if facts.Track == Residential {
		f.residential(rules)
	} else {
		f.FeeRemaining = f.CommercialLeft
		f.FeeBenefits = f.left(facts.Benefits, "")
	}
	f.FeeTotal = f.FeeBenefits.Plus(f.FeeRemaining)
	return f, nil
}

// amounts are the parts from which both tracks are made.
func (f *Fee) amounts(facts Facts, rules Rules) {
	monthly := notBelowZero(facts.Monthly.Decimal)
	left := monthly.Mul(decimal.NewFromInt(int64(f.Remaining)))
	f.CommercialLeft = hub.Money{Decimal: left.Round(2)}
	f.NoGoodsCap = hub.Money{Decimal: decimal.Min(flatCap, left.Mul(share)).Truncate(2)}
	f.GoodsResidual = f.left(facts.Benefits, GoodsRebate)
	for _, b := range facts.Benefits {
		f.GoodsRebated = f.GoodsRebated || b.Kind == GoodsRebate && economy(b).IsPositive()
	}
	if months := rules.installMonths(); !facts.NotInstalled && !f.Ended {
		f.InstallBalance = part(notBelowZero(facts.InstallFee.Decimal), months-f.Elapsed, months)
	}
}

// residential keeps what is asked for under the ceiling of the law.
func (f *Fee) residential(rules Rules) {
	legal := f.NoGoodsCap
	if f.GoodsRebated {
		legal = f.GoodsResidual
	}
	f.LegalCap = &legal
	if rules.Separate {
		f.InstallDue = f.InstallBalance
		return
	}
	f.FeeRemaining = hub.Money{Decimal: decimal.Min(f.InstallBalance.Decimal, legal.Decimal)}
	f.Capped = f.FeeRemaining.LessThan(f.InstallBalance.Decimal)
}

// left is what is left of the benefits of a kind ("" is all kinds), each melting
// evenly over the term.
func (f *Fee) left(benefits []erpnext.ContractBenefit, kind string) hub.Money {
	var sum hub.Money
	for _, b := range benefits {
		if kind == "" || b.Kind == kind {
			sum = sum.Plus(part(economy(b), f.Remaining, f.Total))
		}
	}
	return sum
}

// economy is what the customer saved: never below zero, whatever was written.
// Where the amount itself is missing the two prices tell it.
func economy(b erpnext.ContractBenefit) decimal.Decimal {
	if !b.Economy.IsZero() {
		return notBelowZero(b.Economy.Decimal)
	}
	return notBelowZero(b.RegularPrice.Sub(b.GrantedPrice.Decimal))
}

// part is n of the months of an amount, cut to the cent: what is owed is never
// more than the law or the agreement says, not by a fraction of a cent either.
func part(amount decimal.Decimal, n, months int) hub.Money {
	if n <= 0 || months <= 0 {
		return hub.Money{}
	}
	q, _ := amount.Mul(decimal.NewFromInt(int64(n))).QuoRem(decimal.NewFromInt(int64(months)), 2)
	return hub.Money{Decimal: q}
}

func notBelowZero(d decimal.Decimal) decimal.Decimal {
	if d.IsNegative() {
		return decimal.Zero
	}
	return d
}

func (r Rules) installMonths() int {
	if r.InstallMonths <= 0 {
		return 24
	}
	return r.InstallMonths
}
