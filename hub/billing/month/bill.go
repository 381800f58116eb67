package month

import (
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Line is what one service costs in the month.
type Line struct {
	Subscription string
	Plan         string
	Category     string
	Location     string
	Cycle        string
	Start, End   erpnext.Date // the first and the last day that is paid for
	Days         int          // that are paid for
	Amount       hub.Money    // before taxes; below zero for a rebate
	Promo        hub.Money    // what a promotion takes off a month in it, towards zero; 0 when there is none
	PromoEnds    erpnext.Date // its last day; "" is for good
}

// Reason says why nothing is due.
type Reason string

// The reasons.
const (
	Pending       Reason = "pending"        // not active yet
	Suspended     Reason = "suspended"      // on the whole of the period
	Vacation      Reason = "vacation"       // on the whole of the period
	Ended         Reason = "ended"          // cancelled or over before the period
	NotStarted    Reason = "not-started"    // begins after the period
	NoPrice       Reason = "no-price"       // the price is zero
	Free          Reason = "free"           // a promotion takes all of the price
	PromoEnded    Reason = "promo-ended"    // a rebate that was for a time
	NotItsMonth   Reason = "not-its-month"  // bills by three, six or twelve months, in another one
	AlreadyBilled Reason = "already-billed" // the activation's own invoice has these days
	NoStart       Reason = "no-start"       // bills by several months and nobody knows from when
	NoCustomer    Reason = "no-customer"    // belongs to nobody
	UnknownStatus Reason = "unknown-status" // a word that is none of the states
	UnknownCycle  Reason = "unknown-cycle"  // a word that is none of the cycles
)

// What is odd about a service that is billed nevertheless.
const (
	StartMissing = "start-missing" // it pays whole months
	CycleMissing = "cycle-missing" // it pays by the month
)

// Bill is what a service costs in the month: its line, or the reason why there is
// none. drafted tells that an invoice of its activation has the days from its
// start to the end of the month of the start. odd is what somebody should look at.
func (m Month) Bill(s *erpnext.ServiceSubscription, drafted bool) (line Line, reason Reason, odd []string) {
	p := span{Month: m, sub: s}
	for _, step := range []func() Reason{p.state, p.cycle, p.end, p.begin, p.rebate, func() Reason { return p.activation(drafted) }} {
		if reason = step(); reason != "" {
			return Line{}, reason, nil
		}
	}
	if line, reason = p.line(); reason != "" {
		return Line{}, reason, nil
	}
	return line, "", p.odd
}

// span is the time that a service pays for in a month, as it becomes known.
type span struct {
	Month
	sub      *erpnext.ServiceSubscription
	months   int // of the cycle
	from, to day
	stopped  Reason // why it ends when it ends before it begins
	odd      []string
}

// state looks at the status, and at the price.
func (p *span) state() Reason {
	switch p.sub.Status {
	case erpnext.StatusPending:
		return Pending
	case erpnext.StatusActive, erpnext.StatusSuspended, erpnext.StatusCancelled:
	default:
		return UnknownStatus
	}
	if p.sub.MonthlyPrice.IsZero() {
		return NoPrice
	}
	return ""
}

// cycle finds how many months are paid at once.
func (p *span) cycle() Reason {
	switch p.sub.BillingCycle {
	case "":
		p.months, p.odd = 1, append(p.odd, CycleMissing)
	case erpnext.BilledMonthly:
		p.months = 1
	case erpnext.BilledQuarterly:
		p.months = 3
	case erpnext.BilledSemiAnnual:
		p.months = 6
	case erpnext.BilledAnnual:
		p.months = 12
	default:
		return UnknownCycle
	}
	p.from, p.to = p.first(), p.Plus(p.months-1).last()
	return ""
}

// end finds the last day. Who is cancelled without a day for it pays nothing.
func (p *span) end() Reason {
	ends, known := read(p.sub.EndDate)
	if !known && p.sub.Status == erpnext.StatusCancelled {
		if ends, known = read(p.sub.CancellationDate); !known {
			return Ended
		}
	}
	if known {
		p.until(ends, Ended)
	}
	if p.sub.Status == erpnext.StatusSuspended && !p.away() {
		since, known := read(p.sub.SuspendedOn)
		if !known {
			return Suspended
		}
		p.until(since-1, Suspended)
	}
	if p.to < p.from {
		return p.stopped
	}
	return ""
}

// away tells that a suspension is a vacation with a last day: after that the
// service goes on by itself.
func (p *span) away() bool {
	leaves, there := read(p.sub.VacationFrom)
	returns, ends := read(p.sub.VacationTo)
	since, known := read(p.sub.SuspendedOn)
	return there && ends && (!known || leaves <= since && since <= returns)
}

// until brings the last day forward.
func (p *span) until(last day, why Reason) {
	if last < p.to {
		p.to, p.stopped = last, why
	}
}

// begin finds the first day, and whether the month is one in which is paid.
func (p *span) begin() Reason {
	start, known := read(p.sub.StartDate)
	if !known {
		if p.months > 1 {
			return NoStart
		}
		p.odd = append(p.odd, StartMissing)
		return ""
	}
	if start > p.last() {
		return NotStarted
	}
	anchor := (start - 1).month().Plus(1) // the first month that begins on or after the start
	switch after := p.since(anchor); {
	case after < 0:
		p.from, p.to = start, min(p.to, p.last())
	case after%p.months != 0:
		return NotItsMonth
	}
	if p.to < p.from {
		return p.stopped
	}
	return ""
}

// rebate ends one that is for a time: a price below zero with the last day of a
// promotion and no amount of its own. Without a last day it is for good.
func (p *span) rebate() Reason {
	if ends, known := read(p.sub.PromoEndDate); known && p.sub.MonthlyPrice.IsNegative() && p.sub.PromoAmount.IsZero() {
		p.until(ends, PromoEnded)
	}
	if p.to < p.from {
		return p.stopped
	}
	return ""
}

// activation leaves out the days that the activation's own invoice has.
func (p *span) activation(drafted bool) Reason {
	if drafted && p.from > p.first() {
		return AlreadyBilled
	}
	return ""
}
