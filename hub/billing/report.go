package billing

import (
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing/month"
)

// Report is what a month would be billed.
type Report struct {
	Month       string    `json:"month" doc:"2026-05"`
	PeriodStart string    `json:"period_start"`
	PeriodEnd   string    `json:"period_end"`
	PreparedAt  string    `json:"prepared_at"`
	Invoices    []Invoice `json:"invoices" nullable:"false" doc:"One for each customer, by name"`
	Skipped     []Skip    `json:"skipped" nullable:"false" doc:"Services that are not billed"`
	Warnings    []Warning `json:"warnings" nullable:"false" doc:"What somebody should look at"`
	Counts      Counts    `json:"counts"`
	Totals      Totals    `json:"totals"`
	Complete    bool      `json:"complete" doc:"Always true: a report that broke off has no end"`
}

// Invoice is what one customer would be billed.
type Invoice struct {
	Customer string     `json:"customer"`
	Name     string     `json:"customer_name"`
	Lang     hub.Lang   `json:"language"`
	Lines    []Line     `json:"lines" nullable:"false" doc:"By address, rebates under what they are for"`
	Subtotal hub.Money  `json:"subtotal"`
	TPS      hub.Money  `json:"tps"`
	TVQ      hub.Money  `json:"tvq"`
	Total    hub.Money  `json:"total"`
	Credit   *hub.Money `json:"credit_carried,omitempty" doc:"When the total is below zero: nobody pays, it is kept for later"`
}

// Line is one service of an invoice.
type Line struct {
	Subscription string    `json:"subscription"`
	Plan         string    `json:"plan"`
	Category     string    `json:"category,omitempty"`
	Location     string    `json:"location"`
	Cycle        string    `json:"cycle"`
	PeriodStart  string    `json:"period_start"`
	PeriodEnd    string    `json:"period_end"`
	Days         int       `json:"days" doc:"That are paid for"`
	Amount       hub.Money `json:"amount" doc:"Before taxes; below zero for a rebate"`
	Note         string    `json:"note,omitempty" doc:"Its promotion, its planned end, a change of plan and the invoice of that"`
}

// Skip is a service that is not billed.
type Skip struct {
	Subscription string       `json:"subscription"`
	Customer     string       `json:"customer"`
	Name         string       `json:"customer_name"`
	Plan         string       `json:"plan,omitempty"`
	Reason       month.Reason `json:"reason" enum:"pending,suspended,vacation,ended,not-started,no-price,free,promo-ended,not-its-month,already-billed,no-start,no-customer,unknown-status,unknown-cycle"`
	Invoice      string       `json:"invoice,omitempty" doc:"That has its days"`
	Note         string       `json:"note,omitempty" doc:"What is planned for it"`
}

// Warning is something odd that is billed nevertheless.
type Warning struct {
	Customer     string `json:"customer,omitempty"`
	Subscription string `json:"subscription,omitempty"`
	Code         string `json:"code" enum:"customer-disabled,language-missing,start-missing,cycle-missing,price-worked-out,not-seen"`
	Detail       string `json:"detail"`
}

// Counts of a report.
type Counts struct {
	Subscriptions int                  `json:"subscriptions"`
	Customers     int                  `json:"customers" doc:"All there are"`
	Invoices      int                  `json:"invoices"`
	Lines         int                  `json:"lines"`
	Skipped       map[month.Reason]int `json:"skipped"`
}

// Totals of a report, over all invoices.
type Totals struct {
	Subtotal hub.Money `json:"subtotal"`
	TPS      hub.Money `json:"tps"`
	TVQ      hub.Money `json:"tvq"`
	Total    hub.Money `json:"total"`
	Credits  hub.Money `json:"credits_carried" doc:"Of those whose total is below zero"`
}

// addUp makes the totals of an invoice.
func (i *Invoice) addUp() {
	for _, l := range i.Lines {
		i.Subtotal = i.Subtotal.Plus(l.Amount)
	}
	i.TPS, i.TVQ = i.Subtotal.TPS(), i.Subtotal.TVQ()
	i.Total = i.Subtotal.Plus(i.TPS).Plus(i.TVQ)
	if i.Total.IsNegative() {
		credit := hub.Money{Decimal: i.Total.Abs()}
		i.Credit = &credit
	}
}

// count takes an invoice into the totals.
func (r *Report) count(i *Invoice) {
	r.Counts.Invoices++
	r.Counts.Lines += len(i.Lines)
	r.Totals.Subtotal = r.Totals.Subtotal.Plus(i.Subtotal)
	r.Totals.TPS, r.Totals.TVQ = r.Totals.TPS.Plus(i.TPS), r.Totals.TVQ.Plus(i.TVQ)
	r.Totals.Total = r.Totals.Total.Plus(i.Total)
	if i.Credit != nil {
		r.Totals.Credits = r.Totals.Credits.Plus(*i.Credit)
	}
}

// priceWorkedOut is odd about a service whose plan has changed in the month.
const priceWorkedOut = "price-worked-out"

func lineOf(l month.Line) Line {
	return Line{
		Subscription: l.Subscription, Plan: l.Plan, Category: l.Category, Location: l.Location, Cycle: l.Cycle,
		PeriodStart: string(l.Start), PeriodEnd: string(l.End), Days: l.Days, Amount: l.Amount,
	}
}

func warningOf(s Skip, code string) Warning {
	detail := map[string]string{
		month.StartMissing: "The service has no start date; it is billed for whole months.",
		month.CycleMissing: "The service has no billing cycle; it is billed by the month.",
		priceWorkedOut:     "The plan changed in the month: the price before was worked out from the invoice of the change, to some cents.",
	}[code]
	return Warning{Customer: s.Customer, Subscription: s.Subscription, Code: code, Detail: detail}
}
