package life

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// plan is the agenda's word for a change of plan.
const plan = "plan"

// priceMost is above every price: what is higher was typed wrongly.
var priceMost = decimal.NewFromInt(10_000)

type planInput struct {
	Body struct {
		Subscription string `json:"subscription" minLength:"1" maxLength:"140"`
		PlanName     string `json:"plan_name" minLength:"1" maxLength:"140"`
		Item         string `json:"item,omitempty" maxLength:"140" doc:"Of the catalogue; the former one stays when empty"`
		MonthlyPrice any    `json:"monthly_price" doc:"Dollars before tax, a number or a decimal string with at most 2 places"`
		Date         string `json:"date,omitempty" maxLength:"10" doc:"YYYY-MM-DD; today when empty"`
		Reason       string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

// Planned is how a change of plan stands.
type Planned struct {
	Subscription string           `json:"subscription"`
	Contract     string           `json:"contract"`
	PlanName     string           `json:"plan_name"`
	MonthlyPrice hub.Money        `json:"monthly_price"`
	On           erpnext.Date     `json:"on"`
	State        string           `json:"state" enum:"planned,pending,done"`
	Difference   hub.Money        `json:"difference" doc:"For the days that are left of the month, before tax; below zero it is credited"`
	Invoice      string           `json:"invoice" doc:"A draft: an invoice, or a credit note"`
	MonthlyRate  hub.Money        `json:"monthly_rate" doc:"Of the contract, once it has followed"`
	Change       string           `json:"change,omitempty" doc:"Of GET /contract/changes, while it is planned"`
	Steps        []saga.StepState `json:"steps" nullable:"false"`
	Work         string           `json:"work,omitempty"`
}

type plannedOutput struct{ Body Planned }

// changePlan answers POST /contract/change-plan.
func (d *Desk) changePlan(ctx context.Context, in *planInput) (*plannedOutput, error) {
	o, err := d.wish(in)
	if err != nil {
		return nil, err
	}
	o.By = hub.ActorOf(ctx).String()
	sub, err := d.clerk.Subscription(ctx, o.Subscription)
	if err != nil {
		return nil, err
	}
	if err := d.allowed(ctx, sub, &o); err != nil {
		return nil, err
	}
	if o.On > d.today() {
		return d.planLater(ctx, sub, o)
	}
	job, err := d.planNow(ctx, sub, o)
	if err != nil {
		return nil, err
	}
	account, err := d.plans.Await(ctx, job.ID, answerWithin)
	if err == nil {
		err = stuck(account)
	}
	if err != nil {
		return nil, err
	}
	out := o.answer(account.State)
	out.Body.Steps, out.Body.Work = account.Steps, job.ID
	out.Body.Difference, out.Body.Invoice, out.Body.MonthlyRate = account.Answer.Difference, account.Answer.Invoice, account.Answer.Rate
	return out, nil
}

func (o PlanOrder) answer(state string) *plannedOutput {
	return &plannedOutput{Body: Planned{
		Subscription: o.Subscription, Contract: o.Contract, PlanName: o.Plan, MonthlyPrice: o.Price, On: o.On, State: state, Steps: []saga.StepState{},
	}}
}

// wish reads what is asked for.
func (d *Desk) wish(in *planInput) (PlanOrder, error) {
	reason, err := reasoned(in.Body.Reason)
	if err != nil {
		return PlanOrder{}, err
	}
	on, err := d.day(in.Body.Date, "/date")
	if err != nil {
		return PlanOrder{}, err
	}
	price, err := priced(in.Body.MonthlyPrice)
	if err != nil {
		return PlanOrder{}, err
	}
	name := strings.TrimSpace(in.Body.PlanName)
	if name == "" {
		return PlanOrder{}, hub.Fail(hub.Invalid, "invalid", "The plan has no name.", nil, hub.WithField("/plan_name", "write it"))
	}
	return PlanOrder{Subscription: in.Body.Subscription, Plan: name, Item: in.Body.Item, Price: price, On: on, Reason: reason}, nil
}

// priced reads a price, a number or a text.
func priced(v any) (hub.Money, error) {
	var price decimal.Decimal
	var err error
	switch v := v.(type) {
	case float64:
		price = decimal.NewFromFloat(v)
	case string:
		price, err = decimal.NewFromString(v)
	default:
		err = fmt.Errorf("a price is no %T", v)
	}
	if err != nil || price.Abs().GreaterThan(priceMost) || !price.Equal(price.Round(2)) {
		return hub.Money{}, hub.Fail(hub.Invalid, "money-invalid", "This is not a price.", err, hub.WithField("/monthly_price", "dollars, with at most 2 places"))
	}
	return hub.Money{Decimal: price}, nil
}

// allowed refuses what cannot be, and completes the order.
func (d *Desk) allowed(ctx context.Context, sub *erpnext.ServiceSubscription, o *PlanOrder) error {
	o.Contract, o.Customer = sub.ServiceContract, sub.Customer
	state := map[string]any{"subscription": sub.Name, "status": sub.Status}
	if sub.Status == erpnext.StatusCancelled {
		return refused("The subscription has ended.", state)
	}
	if o.Price.IsNegative() && !sub.MonthlyPrice.IsNegative() {
		return hub.Fail(hub.Invalid, "invalid", "Only a rebate costs less than nothing.", nil, hub.WithField("/monthly_price", "zero or more"))
	}
	contract, err := d.contractOf(ctx, sub)
	if err == nil {
		err = inForce(contract)
	}
	if err != nil || o.Item == "" {
		return err
	}
	var item erpnext.Item
	err = d.ERPNext.Get(ctx, "Item", o.Item, &item)
	if erpnext.IsNotFound(err) {
		return hub.Fail(hub.Invalid, "invalid", "There is no such item.", nil, hub.WithField("/item", "an item of the catalogue"))
	}
	return err
}

// planNow begins the change. One that stands already answers what it answered
// when it was made.
func (d *Desk) planNow(ctx context.Context, sub *erpnext.ServiceSubscription, o PlanOrder) (keep.Job, error) {
	if o.stands(sub) {
		job, found, err := d.plans.Find(ctx, "Service Subscription", sub.Name)
		if err != nil {
			return job, err
		}
		if found {
			before, err := d.plans.Order(job)
			if err != nil || before.stands(sub) && before.On == o.On {
				return job, err
			}
		}
		return job, refused("The subscription has this plan already.", map[string]any{"subscription": sub.Name, "plan_name": sub.PlanName})
	}
	job, _, err := d.plans.Begin(ctx, saga.Wish[PlanOrder]{
		Key:  strings.Join([]string{sub.Name, string(o.On), o.Plan, o.Price.String(), o.Item}, "/"),
		Lane: dossier.LaneOf(sub), Subject: subjectOf(sub), Order: o, Again: true,
	})
	return job, err
}

// planLater puts the change on the agenda: one for a day.
func (d *Desk) planLater(ctx context.Context, sub *erpnext.ServiceSubscription, o PlanOrder) (*plannedOutput, error) {
	changes, err := d.Agenda.For(ctx, "", sub.Name)
	if err != nil {
		return nil, err
	}
	for _, c := range changes {
		if c.Kind != plan || c.State != agenda.Planned || c.On != o.On {
			continue
		}
		var before PlanOrder
		if err := json.Unmarshal(c.Order, &before); err != nil {
			return nil, fmt.Errorf("reading change %s: %w", c.ID, err)
		}
		if before.Plan != o.Plan || !before.Price.Equal(o.Price.Decimal) || before.Item != o.Item {
			return nil, refused("Another plan is planned for that day: call it off first.", map[string]any{"change": c.ID, "on": c.On})
		}
		out := before.answer(agenda.Planned)
		out.Body.Change = c.ID
		return out, nil
	}
	order, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	entry, _, err := d.Agenda.Plan(ctx, agenda.Change{
		Kind: plan, Contract: o.Contract, Subscription: o.Subscription, Customer: o.Customer, On: o.On, Reason: o.Reason, By: o.By, Order: order,
	})
	out := o.answer(agenda.Planned)
	out.Body.Change = entry.ID
	return out, err
}

// planned carries out changes of plan whose day has come.
type planned struct{ *Desk }

// Begin starts the change, if the subscription still can have it.
func (p planned) Begin(ctx context.Context, id string, c agenda.Change) (string, error) {
	key := "change/" + id
	if job, known, err := p.plans.Known(ctx, key); err != nil || known {
		return job.ID, err
	}
	var o PlanOrder
	if err := json.Unmarshal(c.Order, &o); err != nil {
		return "", fmt.Errorf("reading change %s: %w", id, err)
	}
	sub, err := p.clerk.Subscription(ctx, o.Subscription)
	if err != nil {
		return "", err
	}
	if err := p.allowed(ctx, sub, &o); err != nil {
		return "", err
	}
	job, _, err := p.plans.Begin(ctx, saga.Wish[PlanOrder]{Key: key, Lane: dossier.LaneOf(sub), Subject: subjectOf(sub), Order: o})
	return job.ID, err
}

// CallOff lets a planned change be called off: nothing was written ahead.
func (p planned) CallOff(context.Context, []agenda.Entry) error { return nil }
