package life

import (
	"cmp"
	"context"
	"slices"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// PlanOrder asks for another plan from a day on.
type PlanOrder struct {
	Subscription string       `json:"subscription"`
	Contract     string       `json:"contract"`
	Customer     string       `json:"customer"`
	Plan         string       `json:"plan_name"`
	Item         string       `json:"item,omitempty"`
	Keeps        string       `json:"keeps,omitempty"` // item that stays although the plan has another name
	Price        hub.Money    `json:"monthly_price"`
	On           erpnext.Date `json:"on"`
	Reason       string       `json:"reason"`
	By           string       `json:"by"`
}

// Former is what stood on the subscription and its contract before.
type Former struct {
	Plan   string       `json:"plan_name"`
	Item   string       `json:"item"`
	Price  hub.Money    `json:"monthly_price"`
	Rate   hub.Money    `json:"monthly_rate"` // of the contract
	Status string       `json:"status"`
	Start  erpnext.Date `json:"start_date"`
	Cycle  string       `json:"billing_cycle"`
	Promo  hub.Money    `json:"promo_amount"`
	Ends   erpnext.Date `json:"promo_end_date"`
	Place  string       `json:"service_location"`
}

// PlanAnswer is what became of it.
type PlanAnswer struct {
	Former     *Former   `json:"former,omitempty"` // remembered before anything is written
	Difference hub.Money `json:"difference"`
	Invoice    string    `json:"invoice"`
	Rate       hub.Money `json:"monthly_rate"`
}

// changing is a change of plan on its way.
type changing struct {
	PlanOrder
	id     string
	answer *PlanAnswer
}

// openPlan gives the steps.
func (d *Desk) openPlan(_ context.Context, job keep.Job, o PlanOrder, answer *PlanAnswer) ([]saga.Step, error) {
	c := &changing{PlanOrder: o, id: job.ID, answer: answer}
	on := func(do func(context.Context, *changing) (string, error)) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) { return do(ctx, c) }
	}
	return []saga.Step{
		{Name: "former", Carries: true, Do: on(d.former)},
		{Name: "subscription", Carries: true, Do: on(d.renamed)},
		{Name: "contract", Do: on(d.rated)},
		{Name: "invoice", Do: on(d.differed)},
		{Name: "comment", Do: on(d.said)},
		{Name: "event", Do: on(d.changed)},
	}, nil
}

// former reads what stood there before anything is written: the difference is
// computed from it, however often the steps are walked.
func (d *Desk) former(ctx context.Context, c *changing) (string, error) {
	if c.answer.Former != nil {
		return c.answer.Former.Plan, nil
	}
	sub, err := d.clerk.Subscription(ctx, c.Subscription)
	if hub.HasCode(err, "subscription-not-found") {
		return "", keep.Reject(err)
	}
	if err != nil {
		return "", err
	}
	f := &Former{
		Plan: sub.PlanName, Item: sub.Item, Price: sub.MonthlyPrice, Status: sub.Status, Start: sub.StartDate, Cycle: sub.BillingCycle,
		Promo: sub.PromoAmount, Ends: sub.PromoEndDate, Place: sub.ServiceLocation,
	}
	contract, err := d.contractOf(ctx, sub)
	if err != nil {
		return "", err
	}
	if contract != nil {
		f.Rate = contract.MonthlyRate
	}
	if err := d.Store.Audit(ctx, keep.Record{ // before any write, so that no crash can lose it
		Actor: c.By, Action: "subscription.change", Doctype: "Service Subscription", Name: c.Subscription,
		Detail: f.Plan + " " + f.Price.String() + " $, then " + c.Plan + " " + c.Price.String() + " $ from " + string(c.On) + ": " + c.Reason,
	}); err != nil {
		return "", err
	}
	c.answer.Former = f // only now: a try that was not audited begins anew
	return f.Plan, nil
}

// renamed writes the plan on the subscription.
func (d *Desk) renamed(ctx context.Context, c *changing) (string, error) {
	_, err := erpnext.Revise(ctx, d.ERPNext, "Service Subscription", c.Subscription, func(s *erpnext.ServiceSubscription) (erpnext.Values, error) {
		switch {
		case c.stands(s):
			return nil, nil
		case s.Status == erpnext.StatusCancelled:
			return nil, keep.Reject(refused("The subscription has ended.", map[string]any{"subscription": s.Name, "status": s.Status}))
		}
		values := erpnext.Values{"plan_name": c.Plan, "monthly_price": c.Price}
		if c.Item != "" {
			values["item"] = c.Item
		}
		return values, nil
	})
	return c.Subscription, err
}

// stands tells that the subscription has the plan.
func (o PlanOrder) stands(s *erpnext.ServiceSubscription) bool {
	return s.PlanName == o.Plan && s.MonthlyPrice.Equal(o.Price.Decimal) && (o.Item == "" || s.Item == o.Item)
}

// rated has the monthly rate of the contract follow: by as much as the price has
// changed, so that what else stands in it stays.
func (d *Desk) rated(ctx context.Context, c *changing) (string, error) {
	if c.Contract == "" {
		return "", saga.Skip("the subscription has no contract")
	}
	f := c.answer.Former
	rate := hub.Money{Decimal: decimal.Max(f.Rate.Add(c.Price.Sub(f.Price.Decimal)), decimal.Zero)}
	if f.Rate.IsZero() {
		rate = hub.Money{Decimal: decimal.Max(c.Price.Decimal, decimal.Zero)}
	}
	_, err := erpnext.Revise(ctx, d.ERPNext, "Service Contract", c.Contract, func(s *erpnext.ServiceContract) (erpnext.Values, error) {
		if s.MonthlyRate.Equal(rate.Decimal) || inForce(s) != nil {
			return nil, nil
		}
		return erpnext.Values{"monthly_rate": rate}, nil
	})
	if erpnext.IsNotFound(err) {
		return "", saga.Skip("the contract is gone")
	}
	c.answer.Rate = rate
	return c.Contract, err
}

// differed drafts the difference for the days that are left of the month: an
// invoice, or a credit note when the new plan costs less.
func (d *Desk) differed(ctx context.Context, c *changing) (string, error) {
	from, why := c.billable()
	if why != "" {
		return "", saga.Skip(why)
	}
	f := c.answer.Former
	price := func(monthly hub.Money) decimal.Decimal {
		return prorata.Price{Monthly: monthly, Promo: f.Promo, Ends: f.Ends}.From(from).Decimal
	}
	c.answer.Difference = hub.Money{Decimal: price(c.Price).Sub(price(f.Price))}
	if c.answer.Difference.IsZero() {
		return "", saga.Skip("both plans cost the same")
	}
	_, until := prorata.Period(from)
	lang, err := d.langOf(ctx, c.Customer)
	if err != nil {
		return "", err
	}
	words := "Changement de forfait : "
	if lang == hub.English {
		words = "Change of plan: "
	}
	invoice, _, err := d.Bills.Draft(ctx, bill.Order{
		Key: c.Subscription + "/" + string(c.On) + "/change/" + c.id, Customer: c.Customer, Subscription: c.Subscription, Location: f.Place,
		Date: c.On, PeriodStart: from, PeriodEnd: until, Return: c.answer.Difference.IsNegative(),
		Lines: []bill.Line{{Item: cmp.Or(c.Item, f.Item), Rate: hub.Money{Decimal: c.answer.Difference.Abs()},
			Description: words + f.Plan + " → " + c.Plan + " (" + prorata.Part(from, lang) + ")"}},
		Remarks: words + c.Subscription, // the reason is the agent's own note, and no word to the customer
	})
	c.answer.Invoice = invoice
	return invoice, err
}

// billable is the first day for which the difference is to be paid, or why there
// is none.
func (c *changing) billable() (from erpnext.Date, why string) {
	f := c.answer.Former
	monthly := []string{"", erpnext.BilledMonthly}
	from = max(c.On, f.Start)
	switch {
	case f.Status != erpnext.StatusActive:
		return "", "the service is " + f.Status + ": nothing of this month is billed"
	case f.Start == "":
		return "", "the subscription has no start_date: what was billed of it is for a person to say"
	case !slices.Contains(monthly, f.Cycle):
		return "", "it is billed " + f.Cycle + ": the difference is for a person to bill"
	case from[:7] != c.On[:7] || prorata.Whole(from):
		return "", "the monthly run bills the whole month at the new price"
	}
	return from, ""
}

// said says it under the customer.
func (d *Desk) said(ctx context.Context, c *changing) (string, error) {
	f := c.answer.Former
	text := "Forfait de " + c.Subscription + " changé le " + hub.Day(c.On.Time(), hub.French) + " : " + f.Plan + " (" + f.Price.In(hub.French) + ") → " +
		c.Plan + " (" + c.Price.In(hub.French) + "). Motif : " + c.Reason + "."
	if c.answer.Invoice != "" {
		text += " Brouillon " + c.answer.Invoice + " : " + c.answer.Difference.In(hub.French) + " avant taxes."
	}
	return d.clerk.Comment(ctx, c.Customer, c.id, text)
}

// changed tells the news once.
func (d *Desk) changed(ctx context.Context, c *changing) (string, error) {
	key := hub.SubscriptionChanged + ":" + c.Subscription + ":" + c.id
	return key, d.News.Publish(ctx, hub.NewEvent(hub.TopicDocuments, hub.SubscriptionChanged, key, map[string]any{
		"subscription": c.Subscription, "contract": c.Contract, "customer": c.Customer, "plan_name": c.Plan, "monthly_price": c.Price, "on": c.On,
	}))
}
