package life

import (
	"context"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// priceMost is above every price: what is higher was typed wrongly.
var priceMost = decimal.NewFromInt(10_000)

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
	if o.On > d.Agenda.Today() {
		return d.planLater(ctx, sub, o)
	}
	job, err := d.planNow(ctx, sub, o)
	if err != nil {
		return nil, err
	}
	account, err := settled(ctx, d.plans, job.ID)
	if err != nil {
		return nil, err
	}
	if o, err = d.plans.Order(job); err != nil { // of the one that stands, which may have been wished before
		return nil, err
	}
	out := o.answer(ctx, account.State)
	out.Body.Steps, out.Body.Work, out.Body.Invoice = account.Steps, job.ID, account.Answer.Invoice
	for _, step := range account.Steps { // a zero that nobody has worked out would look like a price
		over := step.State == saga.Done || step.State == saga.Skipped
		switch {
		case step.Name == "invoice" && over:
			out.Body.Difference = &account.Answer.Difference
		case step.Name == "contract" && step.State == saga.Done:
			out.Body.MonthlyRate = &account.Answer.Rate
		}
	}
	return out, nil
}

func (o PlanOrder) answer(ctx context.Context, state string) *plannedOutput {
	out := &plannedOutput{Body: Planned{
		Subscription: o.Subscription, Contract: o.Contract, PlanName: o.Plan, MonthlyPrice: o.Price, On: o.On, State: state,
		Steps: []saga.StepState{}, Warnings: []Warning{},
	}}
	if o.Keeps != "" {
		detail := "L'article reste " + o.Keeps + ", bien que le forfait s'appelle maintenant « " + o.Plan + " » : nommer l'article (item) s'il doit suivre."
		if web.CallerOf(ctx).Lang == hub.English {
			detail = "The item is still " + o.Keeps + " although the plan is now called \"" + o.Plan + "\": name the item if it should follow."
		}
		out.Body.Warnings = append(out.Body.Warnings, Warning{Code: "item-kept", Detail: detail, Item: o.Keeps})
	}
	return out
}

// wish reads what is asked for.
func (d *Desk) wish(in *planInput) (PlanOrder, error) {
	reason, err := agenda.Reason(in.Body.Reason)
	if err != nil {
		return PlanOrder{}, err
	}
	on, err := d.Agenda.Day(in.Body.Date, "/date")
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
	o.Contract, o.Customer, o.Keeps = sub.ServiceContract, sub.Customer, ""
	if o.Item == "" && o.Plan != sub.PlanName {
		o.Keeps = sub.Item
	}
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
	job, found, err := d.plans.Find(ctx, "Service Subscription", sub.Name)
	if err == nil && found && job.Status == keep.Done { // perhaps in this moment: only what stands there now tells
		sub, err = d.clerk.Subscription(ctx, sub.Name)
	}
	if err != nil {
		return job, err
	}
	if o.stands(sub) {
		if found {
			before, err := d.plans.Order(job)
			if err != nil {
				return job, err
			}
			if before.stands(sub) && before.On == o.On {
				return d.plans.Resume(ctx, job)
			}
		}
		return job, refused("The subscription has this plan already.", map[string]any{"subscription": sub.Name, "plan_name": sub.PlanName})
	}
	job, err = d.plans.Begin(ctx, saga.Wish[PlanOrder]{
		Key:  strings.Join([]string{sub.Name, string(o.On), o.Plan, o.Price.String(), o.Item}, "/"),
		Lane: dossier.Lane(KindPlan, sub.ServiceContract, sub.Name), Subject: subjectOf(sub), Order: o, Again: true,
	})
	return job, err
}
