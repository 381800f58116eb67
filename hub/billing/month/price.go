package month

import (
	"math/big"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/hub"
)

// line counts the days and their price, each month by itself.
func (p *span) line() (Line, Reason) {
	leaves, returns := p.vacation()
	promoted, ends := p.promoted()
	total, l := new(big.Rat), Line{
		Subscription: p.sub.Name, Plan: p.sub.PlanName, Category: p.sub.ServiceCategory, Location: p.sub.ServiceLocation,
		Cycle: p.sub.BillingCycle,
	}
	for m := p.from.month(); m.since(p.to.month()) <= 0; m = m.Plus(1) {
		full, less := 0, 0
		for d := max(p.from, m.first()); d <= min(p.to, m.last()); d++ {
			if leaves <= d && d <= returns {
				continue
			}
			if l.Days++; l.Start == "" {
				l.Start = d.date()
			}
			l.End = d.date()
			if full++; d <= ends {
				less++
			}
		}
		if less > 0 {
			p.told(&l, promoted)
		}
		due := new(big.Rat).Mul(p.sub.MonthlyPrice.Rat(), big.NewRat(int64(full), 1))
		due.Sub(due, new(big.Rat).Mul(promoted, big.NewRat(int64(less), 1)))
		total.Add(total, due.Quo(due, big.NewRat(int64(m.last()-m.first()+1), 1)))
	}
	l.Amount = Cents(total)
	switch {
	case l.Days == 0:
		return l, Vacation
	case total.Sign() == 0:
		return l, Free
	}
	return l, ""
}

// told writes down that a promotion is in the amount.
func (p *span) told(l *Line, promoted *big.Rat) {
	if promoted.Sign() != 0 {
		l.Promo, l.PromoEnds = Cents(new(big.Rat).Abs(promoted)), p.sub.PromoEndDate
	}
}

// vacation is from which day to which nothing is paid. Without a last day it goes
// on; without a first day there is none.
func (p *span) vacation() (leaves, returns day) {
	leaves, known := read(p.sub.VacationFrom)
	if !known {
		return p.to + 1, p.to
	}
	if returns, known = read(p.sub.VacationTo); !known {
		returns = p.to
	}
	return leaves, returns
}

// promoted is what the promotion takes off a month, towards zero and never past
// it, and its last day. Without a last day it is for good.
func (p *span) promoted() (off *big.Rat, ends day) {
	least := p.sub.PromoAmount.Abs()
	if price := p.sub.MonthlyPrice.Abs(); least.GreaterThan(price) {
		least = price
	}
	if p.sub.MonthlyPrice.IsNegative() {
		least = least.Neg()
	}
	ends, known := read(p.sub.PromoEndDate)
	if !known {
		ends = p.to
	}
	return least.Rat(), ends
}

// Cents rounds an exact amount to the cent, half away from zero.
func Cents(amount *big.Rat) hub.Money {
	return hub.Money{Decimal: decimal.RequireFromString(amount.FloatString(2))}
}
